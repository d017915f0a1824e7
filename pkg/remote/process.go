package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/document"
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
		return l.now(ctx, func(ctx context.Context) (aws.Credentials, error) {
			out, err := runProcess(ctx, command)
			if err != nil {
				return aws.Credentials{}, err
			}
			return l.readProcess(out)
		})
	}
}

func runProcess(ctx context.Context, command string) (out []byte, err error) {
	words, err := profile.Words(command)
	switch {
	case err != nil:
		return nil, &Error{Text: err.Error(), Err: err}
	case len(words) == 0:
		return nil, &Error{Text: "credential_process is empty"}
	}
	var printed, complaint bytes.Buffer
	program := exec.CommandContext(ctx, words[0], words[1:]...)
	program.Stdout, program.Stderr = &printed, &complaint
	err = program.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		return nil, processError("%s", complaint.String())
	case err != nil:
		return nil, retrievalError("custom-process", err)
	}
	return printed.Bytes(), nil
}

func processError(format string, args ...any) error {
	return retrievalError("custom-process", fmt.Errorf(format, args...))
}

// readProcess reads what such a program prints. Errors do not show it: it is
// secret.
func (l *loader) readProcess(out []byte) (aws.Credentials, error) {
	v, err := document.ParseJSON(string(out))
	if err != nil {
		return aws.Credentials{}, &Error{Text: err.Error(), Err: err}
	}
	o, ok := v.(*document.Object)
	if !ok {
		return aws.Credentials{}, processError("what it printed is no object")
	}
	version, ok := o.Get("Version")
	if !ok {
		version = "<Version key not provided>"
	}
	if version != int64(1) && version != 1.0 && version != true {
		return aws.Credentials{}, processError("Unsupported version '%v' for credential process provider, supported versions: 1", version)
	}
	for _, name := range []string{"AccessKeyId", "SecretAccessKey"} {
		if !o.Has(name) {
			return aws.Credentials{}, processError("Missing required key in response: '%s'", name)
		}
	}
	found, err := textsOf(o, "SessionToken")
	if err != nil {
		return found, retrievalError("custom-process", err)
	}
	found.AccountID, _ = textOf(o, "AccountId")
	if until, _ := o.Get("Expiration"); until != nil {
		return l.until(found, until)
	}
	return found, nil
}

// textsOf reads the credentials that stand in an object, the token by its name there.
func textsOf(o *document.Object, token string) (found aws.Credentials, err error) {
	ok := false
	if found.AccessKeyID, ok = textOf(o, "AccessKeyId"); !ok {
		return found, errors.New("AccessKeyId is no text")
	}
	if found.SecretAccessKey, ok = textOf(o, "SecretAccessKey"); !ok {
		return found, errors.New("SecretAccessKey is no text")
	}
	found.SessionToken, _ = textOf(o, token)
	return found, nil
}

func textOf(o *document.Object, name string) (string, bool) {
	v, _ := o.Get(name)
	s, ok := v.(string)
	return s, ok
}
