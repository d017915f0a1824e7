package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/document"
)

// container: the credentials that a container is given by what runs it.
func (l *loader) container(ctx context.Context) (aws.CredentialsProvider, error) {
	address, ok := l.containerAddress()
	if !ok {
		return nil, nil
	}
	token, err := l.containerToken()
	if err != nil {
		return nil, err
	}
	if err := checkContainer(address); err != nil {
		return nil, err
	}
	return l.now(ctx, func(ctx context.Context) (aws.Credentials, error) {
		answer, err := askContainer(ctx, address, token)
		if err != nil {
			return aws.Credentials{}, containerError(fmt.Errorf("Error retrieving metadata: %w", err))
		}
		return l.readContainer(answer)
	})
}

func containerError(err error) error { return retrievalError("container-role", err) }

// The address that containers of ECS find their credentials at.
const containers = "169.254.170.2"

func (l *loader) containerAddress() (string, bool) {
	if v, ok := l.settings.Env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); ok {
		return "http://" + containers + v, true
	}
	return l.settings.Env("AWS_CONTAINER_CREDENTIALS_FULL_URI")
}

// checkContainer refuses an address to which a token must not be sent in the clear.
func checkContainer(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return &Error{Text: "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL.", Err: err}
	}
	allowed := []string{containers, "169.254.170.23", "fd00:ec2::23", "localhost"}
	host := u.Hostname()
	if u.Scheme == "https" || slices.Contains(allowed, host) || net.ParseIP(host).IsLoopback() {
		return nil
	}
	if host == "" {
		host = "None"
	}
	return &Error{Text: fmt.Sprintf("Unsupported host '%s'.  Can only retrieve metadata from a loopback address or one of these hosts: %s", host, strings.Join(allowed, ", "))}
}

func (l *loader) containerToken() (token string, err error) {
	if file, ok := l.settings.Env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); ok {
		text, err := l.settings.ReadFile(file)
		if err != nil {
			return "", &Error{Text: "The file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: " + err.Error(), Err: err}
		}
		token = string(text)
	} else {
		token, _ = l.settings.Env("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	}
	if strings.ContainsAny(token, "\r\n") {
		return "", &Error{Text: "Auth token value is not a legal header value"}
	}
	return token, nil
}

const (
	containerAttempts = 3
	containerPause    = time.Second     // between attempts
	containerPatience = 2 * time.Second // with a connection, and with an answer
	containerAnswer   = 1 << 20         // bytes that an answer may have
)

// askContainer returns the JSON of an answer. No failure is taken for the last word
// before there have been three.
func askContainer(ctx context.Context, address, token string) (document.Value, error) {
	for attempt := 1; ; attempt++ {
		v, err := askContainerOnce(ctx, address, token)
		if err == nil || attempt == containerAttempts {
			return v, err
		}
		select {
		case <-time.After(containerPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func askContainerOnce(ctx context.Context, address, token string) (document.Value, error) {
	status, text, err := readNearby(ctx, address, token)
	switch {
	case err != nil:
		//lint:ignore ST1005 the AWS CLI's words
		return nil, fmt.Errorf("Received error when attempting to retrieve container metadata: %w", err)
	case status != http.StatusOK:
		//lint:ignore ST1005 the AWS CLI's words
		return nil, fmt.Errorf("Received non 200 response %d from container metadata: %s", status, text)
	}
	v, err := document.ParseJSON(text)
	if err != nil {
		return nil, errors.New("Unable to parse JSON returned from container metadata services") //lint:ignore ST1005 the AWS CLI's words
	}
	return v, nil
}

// readNearby gets what is at an address, through no proxy and with little patience.
func readNearby(ctx context.Context, address, token string) (status int, text string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &trip{request: r, ctx: inner, cancel: cancel}
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: containerPatience}).DialContext, ResponseHeaderTimeout: containerPatience, DisableKeepAlives: true}
	response, err := transport.RoundTrip(once(t.traced()))
	if err != nil {
		return 0, "", t.failed(err)
	}
	answer := &body{ReadCloser: response.Body, trip: t, patience: containerPatience}
	defer answer.Close()
	content, err := io.ReadAll(io.LimitReader(answer, containerAnswer))
	return response.StatusCode, string(content), err
}

// readContainer reads the credentials in an answer, which must have all four members.
func (l *loader) readContainer(answer document.Value) (aws.Credentials, error) {
	o, ok := answer.(*document.Object)
	if !ok {
		return aws.Credentials{}, containerError(errors.New("the answer is no object"))
	}
	for _, name := range []string{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} {
		if !o.Has(name) {
			return aws.Credentials{}, containerError(fmt.Errorf("the answer has no %s", name))
		}
	}
	found, err := textsOf(o, "Token")
	if err != nil {
		return found, containerError(err)
	}
	until, _ := o.Get("Expiration")
	return l.until(found, until)
}
