package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/profile"
)

// process: the program of a profile's credential_process. It is run without a
// shell, as the AWS CLI runs it.
func (l *loader) process(name string) source {
	return func(ctx context.Context) (aws.CredentialsProvider, error) {
		command, ok := l.settings.Profile(name).Value("credential_process")
		if !ok {
			return nil, nil
		}
		return now(ctx, func(ctx context.Context) (aws.Credentials, error) {
			found, err := runProcess(ctx, command)
			if err != nil {
				return found, retrievalError("custom-process", err)
			}
			return found, nil
		})
	}
}

func runProcess(ctx context.Context, command string) (aws.Credentials, error) {
	words, err := profile.Words(command)
	if err != nil {
		return aws.Credentials{}, err
	}
	if len(words) == 0 {
		return aws.Credentials{}, errors.New("credential_process is empty")
	}
	var out, complaint bytes.Buffer
	program := exec.CommandContext(ctx, words[0], words[1:]...)
	program.Stdout, program.Stderr = &out, &complaint
	switch err := program.Run(); {
	case err != nil && complaint.Len() > 0:
		return aws.Credentials{}, errors.New(complaint.String())
	case err != nil:
		return aws.Credentials{}, err
	}
	return readProcess(out.Bytes())
}

// readProcess reads what such a program prints. Errors do not show it: it is
// secret.
func readProcess(out []byte) (aws.Credentials, error) {
	var printed struct {
		Version                                                any
		AccessKeyId, SecretAccessKey, SessionToken, Expiration *string
		AccountId                                              string
	}
	if err := json.Unmarshal(out, &printed); err != nil {
		return aws.Credentials{}, errors.New("what it printed is not JSON of the form that is expected")
	}
	if printed.Version == nil {
		printed.Version = "<Version key not provided>"
	}
	if printed.Version != 1.0 {
		return aws.Credentials{}, &Error{Text: fmt.Sprintf("Unsupported version '%v' for credential process provider, supported versions: 1", printed.Version)}
	}
	switch {
	case printed.AccessKeyId == nil:
		return aws.Credentials{}, &Error{Text: "Missing required key in response: 'AccessKeyId'"}
	case printed.SecretAccessKey == nil:
		return aws.Credentials{}, &Error{Text: "Missing required key in response: 'SecretAccessKey'"}
	}
	found := aws.Credentials{AccessKeyID: *printed.AccessKeyId, SecretAccessKey: *printed.SecretAccessKey, SessionToken: aws.ToString(printed.SessionToken), AccountID: printed.AccountId, Source: "process"}
	if printed.Expiration == nil {
		return found, nil
	}
	var err error
	if found.Expires, err = time.Parse(time.RFC3339, *printed.Expiration); err != nil {
		return aws.Credentials{}, &Error{Text: "Expiration is not a time"}
	}
	found.CanExpire = true
	return found, nil
}
