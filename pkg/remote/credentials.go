package remote

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"signer/pkg/document"
	"signer/pkg/lenient"
)

// source looks for credentials in one place. It returns nil where there are none,
// and an error where somebody has begun to write some. What it returns may ask the
// network when it is used.
type source func(context.Context) (aws.CredentialsProvider, error)

// credentials finds the credentials to sign with. That there are none is an error
// only once a request is signed.
func (l *loader) credentials(ctx context.Context) (aws.CredentialsProvider, error) {
	if l.NoSignRequest {
		return aws.AnonymousCredentials{}, nil
	}
	name := l.settings.Name()
	var sources []source
	if !l.settings.Explicit() {
		sources = append(sources, l.environment)
	}
	sources = append(sources, l.assumedRole(name))
	sources = append(sources, l.ofProfile(name, !l.settings.Explicit())...)
	sources = append(sources, l.container, l.machineRole)
	found, err := first(ctx, sources)
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return none{}, nil
	}
	return found, nil
}

// ofProfile are the places where a profile has credentials of its own. The
// environment may stand for the profile's web identity.
func (l *loader) ofProfile(name string, environment bool) []source {
	return []source{
		l.webIdentity(name, environment),
		l.sso(name),
		static("shared-credentials-file", l.settings.Profile(name).InCredentials),
		l.login(name),
		l.process(name),
		static("config-file", l.settings.Profile(name).InConfig),
	}
}

// first returns what the first source has that has something.
func first(ctx context.Context, sources []source) (aws.CredentialsProvider, error) {
	for _, look := range sources {
		if found, err := look(ctx); found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

// environment: AWS_ACCESS_KEY_ID and its companions. Empty is not set.
func (l *loader) environment(context.Context) (aws.CredentialsProvider, error) {
	env := func(name string) string {
		v, _ := l.settings.Env(name)
		return v
	}
	key, secret := env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")
	switch {
	case key == "":
		return nil, nil
	case secret == "":
		return nil, partial("env", "AWS_SECRET_ACCESS_KEY")
	}
	token := env("AWS_SECURITY_TOKEN")
	if token == "" {
		token = env("AWS_SESSION_TOKEN")
	}
	found := credentials.NewStaticCredentialsProvider(key, secret, token)
	if until := env("AWS_CREDENTIAL_EXPIRATION"); until != "" {
		return l.expiring(found, until)
	}
	return found, nil
}

// expiring are credentials that are good until a time, which is text.
func (l *loader) expiring(found aws.CredentialsProvider, text string) (aws.CredentialsProvider, error) {
	t, zoned, err := lenient.Time(text, l.Now())
	if err != nil || !zoned {
		return nil, &Error{Text: fmt.Sprintf("AWS_CREDENTIAL_EXPIRATION is no time with a zone, such as 2030-01-31T12:00:00Z: %q", text)}
	}
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if !l.Now().Before(t) {
			return aws.Credentials{}, final{errExpired}
		}
		return found.Retrieve(ctx)
	}), nil
}

var errExpired = &Error{Text: "Credentials were refreshed, but the refreshed credentials are still expired."}

// until sets when credentials end, which must be text that is a time with a zone.
func (l *loader) until(found aws.Credentials, end document.Value) (aws.Credentials, error) {
	text, ok := end.(string)
	if !ok {
		return found, &Error{Text: "The Expiration of credentials must be text."}
	}
	t, zoned, err := lenient.Date(text, l.Now())
	switch {
	case err != nil:
		return found, &Error{Text: err.Error(), Err: err}
	case !zoned:
		return found, &Error{Text: fmt.Sprintf("The Expiration of credentials must name a zone, as 2030-01-31T12:00:00Z does: %q", text)}
	}
	found.CanExpire, found.Expires = true, t
	return found, nil
}

// static: an access key in one of the files.
func static(method string, value func(string) (string, bool)) source {
	return func(context.Context) (aws.CredentialsProvider, error) {
		key, ok := value("aws_access_key_id")
		if !ok {
			return nil, nil
		}
		secret, ok := value("aws_secret_access_key")
		if !ok {
			return nil, partial(method, "aws_secret_access_key")
		}
		token, ok := value("aws_security_token")
		if !ok {
			token, _ = value("aws_session_token")
		}
		return credentials.NewStaticCredentialsProvider(key, secret, token), nil
	}
}

func partial(method, missing string) error {
	return &Error{Text: fmt.Sprintf("Partial credentials found in %s, missing: %s", method, missing)}
}

// retrievalError is what the AWS CLI says of a source that would not give
// credentials.
func retrievalError(method string, err error) error {
	return &Error{Text: fmt.Sprintf("Error when retrieving credentials from %s: %v", method, err), Err: err}
}

// none are the credentials of somebody who has none.
type none struct{}

// Retrieve returns the error.
func (none) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, &Error{Code: "NoCredentials", Text: `Unable to locate credentials. You can configure credentials by running "aws login".`}
}

// later are credentials that are fetched when a request is to be signed.
func (l *loader) later(retrieve aws.CredentialsProviderFunc) aws.CredentialsProvider {
	return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		found, err := retrieve(ctx)
		switch {
		case err != nil:
			return found, final{err}
		case found.CanExpire && !l.Now().Before(found.Expires):
			return found, final{errExpired}
		}
		return found, nil
	}))
}

// now are credentials that are fetched at once, and again when they have expired, which
// they may have from the first.
func (l *loader) now(ctx context.Context, retrieve aws.CredentialsProviderFunc) (aws.CredentialsProvider, error) {
	first, err := retrieve(ctx)
	var own *Error
	switch {
	case errors.As(err, &own):
		return nil, own
	case err != nil:
		return nil, err
	}
	var asked atomic.Bool
	return l.later(func(ctx context.Context) (aws.Credentials, error) {
		if asked.Swap(true) || first.CanExpire && !l.Now().Before(first.Expires) {
			return retrieve(ctx)
		}
		return first, nil
	}), nil
}

// final is a failure to get credentials: whoever fetched them has tried often
// enough, so that the request they are for is not tried again.
type final struct{ error }

// Unwrap returns the failure.
func (e final) Unwrap() error { return e.error }

// RetryableError tells the SDK's retryer.
func (e final) RetryableError() bool { return false }
