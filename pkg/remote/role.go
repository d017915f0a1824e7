package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"signer/pkg/profile"
)

// assumedRole: a profile's role_arn, assumed with the credentials of another
// profile or place.
func (l *loader) assumedRole(name string) source {
	return func(ctx context.Context) (aws.CredentialsProvider, error) {
		if !hasRole(l.settings.Profile(name)) {
			return nil, nil
		}
		return l.role(ctx, name, []string{name})
	}
}

// hasRole tells whether a profile is a role; one with a web identity is not meant.
func hasRole(p *profile.Group) bool {
	_, role := p.Value("role_arn")
	_, web := p.Value("web_identity_token_file")
	return role && !web
}

func hasKeys(p *profile.Group) bool {
	_, key := p.Value("aws_access_key_id")
	_, secret := p.Value("aws_secret_access_key")
	return key || secret
}

// role returns the credentials of a profile's role. Visited are the profiles that
// led here, this one last.
func (l *loader) role(ctx context.Context, name string, visited []string) (aws.CredentialsProvider, error) {
	p := l.settings.Profile(name)
	from, err := l.roleSource(ctx, name, p, visited)
	if err != nil {
		return nil, err
	}
	client, err := l.sts(from)
	if err != nil {
		return nil, err
	}
	arn, _ := p.Value("role_arn")
	return l.later(stscreds.NewAssumeRoleProvider(client, arn, l.roleOptions(p)).Retrieve), nil
}

// roleSource returns the credentials that a role is assumed with.
func (l *loader) roleSource(ctx context.Context, name string, p *profile.Group, visited []string) (aws.CredentialsProvider, error) {
	place, inPlace := p.Value("credential_source")
	other, inProfile := p.Value("source_profile")
	switch {
	case inPlace && inProfile:
		return nil, &Error{Text: fmt.Sprintf(`The profile "%s" contains both source_profile and credential_source.`, name)}
	case inPlace:
		return l.namedSource(ctx, name, place)
	case inProfile:
		return l.sourceProfile(ctx, name, other, visited)
	}
	return nil, partial("assume-role", "source_profile or credential_source")
}

func (l *loader) namedSource(ctx context.Context, name, place string) (aws.CredentialsProvider, error) {
	look, ok := map[string]source{"Environment": l.environment, "EcsContainer": l.container, "Ec2InstanceMetadata": l.machineRole}[place]
	if !ok {
		return nil, &Error{Text: fmt.Sprintf(`The credential source "%s" referenced in profile "%s" is not valid.`, place, name)}
	}
	found, err := look(ctx)
	if found == nil && err == nil {
		return nil, retrievalError(place, errors.New("No credentials found in credential_source referenced in profile "+name))
	}
	return found, err
}

func (l *loader) sourceProfile(ctx context.Context, name, other string, visited []string) (aws.CredentialsProvider, error) {
	p := l.settings.Profile(other)
	if p == nil {
		return nil, &Error{Text: fmt.Sprintf(`The source_profile "%s" referenced in the profile "%s" does not exist.`, other, name)}
	}
	if slices.Contains(visited, other) && (other != name || !hasKeys(p)) {
		return nil, &Error{Text: fmt.Sprintf("Infinite loop in credential configuration detected. Attempting to load from profile %s which has already been visited. Visited profiles: ['%s']",
			other, strings.Join(visited, "', '"))}
	}
	if hasRole(p) && !hasKeys(p) {
		return l.role(ctx, other, append(visited, other))
	}
	found, err := first(ctx, l.ofProfile(other, false))
	if found == nil && err == nil {
		return nil, &Error{Text: fmt.Sprintf(`The source profile "%s" must have credentials.`, other)}
	}
	return found, err
}

func (l *loader) roleOptions(p *profile.Group) func(*stscreds.AssumeRoleOptions) {
	return func(o *stscreds.AssumeRoleOptions) {
		o.Duration = time.Hour // what the service grants when it is not asked for a time
		if v, _ := p.Value("duration_seconds"); v != "" {
			if n, err := strconv.Atoi(v); err == nil {
				o.Duration = time.Duration(n) * time.Second
			}
		}
		o.RoleSessionName, _ = p.Value("role_session_name")
		if id, ok := p.Value("external_id"); ok {
			o.ExternalID = &id
		}
		if serial, ok := p.Value("mfa_serial"); ok {
			o.SerialNumber = &serial
			o.TokenProvider = func() (string, error) { return l.code(serial) }
		}
	}
}

func (l *loader) code(serial string) (string, error) {
	if l.MFA == nil {
		return "", &Error{Text: fmt.Sprintf("The role needs a code of the device %s, and there is nobody to ask for it.", serial)}
	}
	return l.MFA(serial)
}

// webIdentity: a role assumed with a token that somebody keeps in a file.
func (l *loader) webIdentity(name string, environment bool) source {
	return func(context.Context) (aws.CredentialsProvider, error) {
		value := func(setting, variable string) string {
			if v, ok := l.settings.Env(variable); ok && environment {
				return v
			}
			v, _ := l.settings.Profile(name).Value(setting)
			return v
		}
		file := value("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE")
		if file == "" {
			return nil, nil
		}
		arn := value("role_arn", "AWS_ROLE_ARN")
		if arn == "" {
			return nil, &Error{Text: "The provided profile or the current environment is configured to assume role with web identity but has no role ARN configured. " +
				"Ensure that the profile has the role_arnconfiguration set or the AWS_ROLE_ARN env var is set."} // sic
		}
		client, err := l.sts(aws.AnonymousCredentials{})
		if err != nil {
			return nil, err
		}
		return l.later(stscreds.NewWebIdentityRoleProvider(client, arn, tokenFile{l.settings, file}, func(o *stscreds.WebIdentityRoleOptions) {
			o.RoleSessionName = value("role_session_name", "AWS_ROLE_SESSION_NAME")
		}).Retrieve), nil
	}
}

// tokenFile is the file with the token of a web identity.
type tokenFile struct {
	settings *profile.Settings
	name     string
}

// GetIdentityToken reads the file.
func (f tokenFile) GetIdentityToken() ([]byte, error) {
	token, err := f.settings.ReadFile(f.name)
	if err != nil {
		return nil, &Error{Text: "The web identity token cannot be read: " + err.Error(), Err: err}
	}
	return token, nil
}

// sts returns a client for the service that roles are assumed at.
func (l *loader) sts(from aws.CredentialsProvider) (*sts.Client, error) {
	config, err := l.nestedConfig("sts", from)
	return sts.NewFromConfig(config), err
}

// nestedConfig is what a client is made from that fetches credentials.
func (l *loader) nestedConfig(service string, from aws.CredentialsProvider) (aws.Config, error) {
	c := aws.Config{Region: "us-east-1", Credentials: from, HTTPClient: l.nested}
	if l.region != nil && *l.region != "" {
		c.Region = *l.region
	}
	endpoint, err := l.configuredEndpoint(service)
	if endpoint != "" {
		c.BaseEndpoint = &endpoint
	}
	return c, err
}
