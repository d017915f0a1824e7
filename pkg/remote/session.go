package remote

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/smithy-go"
)

// sso: a profile whose credentials an SSO session gets. The session's token is
// where "aws sso login" has left it.
func (l *loader) sso(name string) source {
	return func(context.Context) (aws.CredentialsProvider, error) {
		s, err := l.ssoSettings(name)
		if s == nil || err != nil {
			return nil, err
		}
		config, err := l.nestedConfig("sso", aws.AnonymousCredentials{})
		if err != nil {
			return nil, err
		}
		config.Region = s["sso_region"]
		key := s["sso_start_url"]
		if session, ok := s["sso_session"]; ok {
			key = session
		}
		file := l.settings.Expand(path.Join("~/.aws/sso/cache", fmt.Sprintf("%x.json", sha1.Sum([]byte(key)))))
		provider := ssocreds.New(sso.NewFromConfig(config), s["sso_account_id"], s["sso_role_name"], s["sso_start_url"], func(o *ssocreds.Options) {
			o.CachedTokenFilepath = file
			if _, ok := s["sso_session"]; ok {
				o.SSOTokenProvider = l.ssoToken(config, file)
			}
		})
		return l.later(func(ctx context.Context) (aws.Credentials, error) {
			if _, err := l.settings.ReadFile(file); err != nil {
				return aws.Credentials{}, &Error{Text: fmt.Sprintf("Error loading SSO Token: Token for %s does not exist", key), Err: err}
			}
			found, err := provider.Retrieve(ctx)
			return found, ssoError(err)
		}), nil
	}
}

// ssoToken renews a session's token when it has expired.
func (l *loader) ssoToken(config aws.Config, file string) *ssocreds.SSOTokenProvider {
	if endpoint, err := l.configuredEndpoint("sso_oidc"); err == nil && endpoint != "" {
		config.BaseEndpoint = &endpoint
	}
	return ssocreds.NewSSOTokenProvider(ssooidc.NewFromConfig(config), file)
}

// ssoError puts a failure into the AWS CLI's words.
func ssoError(err error) error {
	var invalid *ssocreds.InvalidTokenError
	var refused *types.UnauthorizedException
	var call *smithy.OperationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid), errors.As(err, &refused):
		return &Error{Text: "The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the corresponding profile.", Err: err}
	case errors.As(err, &call) && call.ServiceID == sso.ServiceID:
		return err
	}
	return &Error{Text: "Error when retrieving token from sso: Token has expired and refresh failed", Err: err}
}

// checkToken judges the session that a profile names even where its credentials are
// others: the AWS CLI looks there for a token, which AWS Signer has no use for.
func (l *loader) checkToken() error {
	name := l.settings.Name()
	session, ok := l.settings.Profile(name).Value("sso_session")
	if !ok {
		return nil
	}
	begun := fmt.Sprintf(`The profile "%s" is configured to use the SSO token provider but `, name)
	all := l.settings.Session(session).All()
	if len(all) == 0 {
		return &Error{Text: fmt.Sprintf(`%sthe "%s" sso_session configuration does not exist.`, begun, session)}
	}
	missing := slices.DeleteFunc([]string{"'sso_start_url'", "'sso_region'"}, func(setting string) bool {
		_, ok := all[strings.Trim(setting, "'")]
		return ok
	})
	if len(missing) > 0 {
		return &Error{Text: fmt.Sprintf("%sis missing the following configuration: [%s].", begun, strings.Join(missing, ", "))}
	}
	return nil
}

// ssoSettings are a profile's settings with those of its SSO session, or nil where
// it has none to do with SSO.
func (l *loader) ssoSettings(name string) (map[string]string, error) {
	p := l.settings.Profile(name)
	_, role := p.Value("sso_role_name")
	_, account := p.Value("sso_account_id")
	if !role && !account {
		return nil, nil
	}
	all, needed := p.All(), []string{"sso_role_name", "sso_account_id", "sso_start_url", "sso_region"}
	if err := l.addSession(all); err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(needed, func(setting string) bool { _, ok := all[setting]; return ok })
	if len(missing) > 0 {
		return nil, &Error{Text: fmt.Sprintf(`The profile "%s" is configured to use SSO but is missing required configuration: %s`, name, strings.Join(missing, ", "))}
	}
	return all, nil
}

func (l *loader) addSession(all map[string]string) error {
	name, ok := all["sso_session"]
	if !ok {
		return nil
	}
	session := l.settings.Session(name)
	if session == nil {
		return &Error{Text: fmt.Sprintf(`The specified sso-session does not exist: "%s"`, name)}
	}
	for setting, v := range session.All() {
		if own, ok := all[setting]; ok && own != v {
			return &Error{Text: fmt.Sprintf("The value for %s is inconsistent between profile (%s) and sso-session (%s).", setting, own, v)}
		}
		all[setting] = v
	}
	return nil
}

// login: a session that "aws login" has opened, and left the token of.
func (l *loader) login(name string) source {
	return func(ctx context.Context) (aws.CredentialsProvider, error) {
		session, ok := l.settings.Profile(name).Value("login_session")
		if !ok {
			return nil, nil
		}
		folder, ok := l.settings.Env("AWS_LOGIN_CACHE_DIRECTORY")
		if !ok {
			folder = "~/.aws/login/cache"
		}
		file := l.settings.Expand(path.Join(folder, fmt.Sprintf("%x.json", sha256.Sum256([]byte(strings.TrimSpace(session))))))
		if _, err := l.settings.ReadFile(file); err != nil {
			return nil, &Error{Text: fmt.Sprintf("Error loading login session token: Unable to load a existing login session for session %s, Please reauthenticate with 'aws login'.", session), Err: err}
		}
		config, err := l.nestedConfig("signin", aws.AnonymousCredentials{})
		if err != nil {
			return nil, err
		}
		provider := logincreds.New(signin.NewFromConfig(config), file)
		return l.later(func(ctx context.Context) (aws.Credentials, error) {
			found, err := provider.Retrieve(ctx)
			if err != nil {
				return found, &Error{Text: "Your session has expired or credentials have changed. Please reauthenticate using 'aws login'.", Err: err}
			}
			return found, nil
		}), nil
	}
}
