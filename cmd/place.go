package cmd

import (
	"fmt"
	"os/user"
	"path/filepath"
	"strings"
	"unicode"

	"signer/pkg/remote"
)

// This file decides who does the work and where: this program in a home of its
// own, or AWS; for whom, and in which region.

// isRemote tells whether a service's operations go to AWS, or to an endpoint that
// stands for it. serviceEnv is the variable that names an endpoint for it alone.
func (s *session) isRemote(serviceEnv string) bool {
	switch s.engineName() {
	case "local":
		return false
	case "aws":
		return true
	}
	return s.endpoint(serviceEnv) != ""
}

func (s *session) engineName() string {
	if s.engine != "" {
		return s.engine
	}
	return s.env.getenv("SIGNER_ENGINE")
}

// checkEngine refuses words that name no engine. They would otherwise mean the local one,
// whose signatures nobody else trusts.
func (s *session) checkEngine() error {
	switch name := s.engineName(); name {
	case "", "local", "aws":
		return nil
	default:
		return &configError{"Configuration", fmt.Sprintf("SIGNER_ENGINE must be local or aws, not %q.", name)}
	}
}

// endpoint is the URL that requests are to be sent to, if one was given.
func (s *session) endpoint(serviceEnv string) string {
	if s.endpointURL != nil {
		return *s.endpointURL
	}
	if s.settings.Bool("ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
		return ""
	}
	if url := s.env.getenv(serviceEnv); url != "" {
		return url
	}
	return s.env.getenv("AWS_ENDPOINT_URL")
}

// homeDirectory is where the local engine keeps its state: --home, SIGNER_HOME, or
// the place that the XDG base directories have for it.
func (s *session) homeDirectory() (string, error) {
	home, err := s.homePath()
	if err == nil {
		err = unfinished(home)
	}
	return home, err
}

// homePath is homeDirectory for who can deal with one that is partly restored.
func (s *session) homePath() (string, error) {
	if s.home != "" {
		return s.home, nil
	}
	if home := s.env.getenv("SIGNER_HOME"); home != "" {
		return home, nil
	}
	if data := s.env.getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "signer"), nil
	}
	if home := s.env.getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "signer"), nil
	}
	return "", &configError{"Configuration", "There is no place for the local engine's state: set SIGNER_HOME, HOME or --home."}
}

// localRegion is the region that the local engine works in.
func (s *session) localRegion() (string, error) {
	if s.settings != nil {
		if err := s.settings.Check(); err != nil {
			return "", err
		}
	}
	region := "us-east-1"
	if r, ok := s.settings.Lookup("region", "AWS_REGION", "AWS_DEFAULT_REGION"); ok && r != "" {
		region = r
	}
	if s.region != nil && *s.region != "" {
		region = *s.region
	}
	return region, remote.CheckRegion(region)
}

// place is where the local engine works, and for whom.
type place struct{ home, region, account, principal string }

func (s *session) place() (p place, err error) {
	if p.home, err = s.homeDirectory(); err != nil {
		return p, err
	}
	if p.region, err = s.localRegion(); err != nil {
		return p, err
	}
	p.account, p.principal, err = s.caller()
	return p, err
}

// caller is the account and the principal that the local engine works for.
func (s *session) caller() (account, principal string, err error) {
	account = "000000000000"
	if id, ok := s.env.LookupEnv("SIGNER_ACCOUNT_ID"); ok {
		account = id
	}
	if len(account) != 12 || !isDigits(account) {
		return "", "", &configError{"Configuration", fmt.Sprintf("SIGNER_ACCOUNT_ID must have 12 digits, not %q.", account)}
	}
	switch arn := s.env.getenv("SIGNER_PRINCIPAL_ARN"); {
	case arn == "":
	case !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 5 || strings.ContainsFunc(arn, unicode.IsControl):
		return "", "", &configError{"Configuration", fmt.Sprintf("SIGNER_PRINCIPAL_ARN must be an ARN, such as arn:aws:iam::%s:user/maria, not %q.", account, arn)}
	default:
		return account, arn, nil
	}
	return account, fmt.Sprintf("arn:aws:iam::%s:user/%s", account, s.userName()), nil
}

// userName is the operating system's name for who runs the program.
func (s *session) userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return filepath.Base(u.Username)
	}
	if name := s.env.getenv("USER"); name != "" {
		return name
	}
	return "unknown"
}
