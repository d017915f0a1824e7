package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"signer/pkg/faults"
	"signer/pkg/keys"
	"signer/pkg/output/query"
	"signer/pkg/profile"
	"signer/pkg/remote"
)

// session is one run of the program.
type session struct {
	globals
	globalsRead bool // and none of them is wrong
	env         *Env
	name        string // what the program was called as: signer or aws
	settings    *profile.Settings
	query       *query.Query // nil: everything is printed
	warned      string       // what was last said of events
	faults      *faults.Plan // of the test mode; nil: not read yet
	faultsName  string
	bar         *progress // of the local engine's work; nil: nobody works

	shared     *sharing // of the home; nil: not read yet
	database   database
	keys       *keys.Store                    // of the local engine; nil: not needed yet
	elsewhere  func() (keys.Elsewhere, error) // where private keys are; nil: in the home
	nodes      map[*cobra.Command]*node
	operations map[*cobra.Command]*operation
}

func newSession(env *Env) *session {
	s := &session{env: env, name: programName(env.Args), nodes: map[*cobra.Command]*node{}, operations: map[*cobra.Command]*operation{}}
	s.elsewhere = sync.OnceValues(s.openElsewhere)
	return s
}

// run carries a command line out. What is wrong with it is found in the order in
// which the AWS CLI finds it.
func (s *session) run(ctx context.Context, words []string) error {
	root := newRoot(s)
	if len(words) > 0 && strings.HasPrefix(words[0], "__complete") {
		return s.complete(ctx, root, words)
	}
	if err := s.readFirst(words); err != nil {
		return err
	}
	return s.prompted(words, func() error { return s.follow(ctx, root, words) })
}

// follow reads a command line and does what it says.
func (s *session) follow(ctx context.Context, root *cobra.Command, words []string) error {
	own, err := s.readAliases()
	if err != nil {
		return err
	}
	r := &reader{root: root, nodes: s.nodes, toured: s.checkGlobals, aliases: own, dashHelp: s.name != "aws",
		external: func(command string, words []string) error { return s.runExternal(ctx, command, words) }}
	t, err := r.read(words)
	switch {
	case errors.Is(err, errVersion):
		_, err := fmt.Fprintln(s.env.Stdout, s.versionLine())
		return err
	case err != nil:
		return err
	case t.help:
		return s.help(t.command)
	}
	root.SetArgs(append(strings.Fields(t.command.CommandPath())[1:], append([]string{"--"}, t.words...)...))
	return root.ExecuteContext(ctx)
}

// readFirst looks at the two options that the AWS CLI reads before all others, and
// at the configuration that the environment leads to.
func (s *session) readFirst(words []string) error {
	var debug bool
	g := &grammar{options: []*option{
		{name: "--profile", arity: one, set: func([]string) error { return nil }}, // it counts once all global options are judged
		{name: "--debug", arity: none, set: func([]string) error { debug = true; return nil }},
	}}
	_, _, err := g.parse(words)
	s.settings = s.newSettings(nil)
	var usage *usageError
	if errors.As(err, &usage) {
		usage.usage, usage.block = false, "usage: "+s.name+" [--profile PROFILE] [--debug]"
		return usage
	}
	if err := s.settings.Load(); err != nil {
		return err
	}
	s.debug = debug
	s.log("start", "version", s.versionLine(), "profile", s.settings.Name())
	if slices.Contains(words, "--cli-auto-prompt") && slices.Contains(words, "--no-cli-auto-prompt") {
		return &usageError{text: "Both --cli-auto-prompt and --no-cli-auto-prompt cannot be specified at the same time."}
	}
	return nil
}

// newSettings are those of a profile that --profile named. An empty name is none.
func (s *session) newSettings(name *string) *profile.Settings {
	if name != nil && *name == "" {
		name = nil
	}
	return profile.New(profile.Config{Name: name, LookupEnv: s.env.LookupEnv, ReadFile: s.env.ReadFile, UserHome: userHome})
}

func userHome(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return u.HomeDir, nil
}

// checkGlobals judges the global options and the settings that stand for them. Until
// they are read nobody knows which format errors are wanted in, and until some of
// them are judged the profile is that of the environment.
func (s *session) checkGlobals() error {
	s.globalsRead = true
	if err := firstError(s.compileQuery, s.checkEndpoint, s.checkTimeouts); err != nil {
		return err
	}
	s.settings = s.newSettings(s.profile)
	return firstError(s.checkEncoding, s.checkTimestampFormat, s.checkBinaryFormat, s.checkMetadata, s.checkEngine)
}

func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) compileQuery() (err error) {
	if s.queryText == nil {
		return nil
	}
	if s.query, err = query.Compile(*s.queryText); err != nil {
		return &usageError{text: fmt.Sprintf("Bad value for --query %s: %v", *s.queryText, err)}
	}
	return nil
}

func (s *session) checkEndpoint() error {
	if s.endpointURL == nil {
		return nil
	}
	u, err := url.Parse(*s.endpointURL)
	if err == nil && u.Scheme != "" || err != nil && strings.Contains(*s.endpointURL, "://") {
		return nil
	}
	return &usageError{text: fmt.Sprintf("Bad value for --endpoint-url \"%s\": scheme is missing.  Must be of the form http://<hostname>/ or https://<hostname>/", *s.endpointURL)}
}

func (s *session) checkTimeouts() error {
	for _, t := range []*string{s.readTimeout, s.connectTimeout} {
		if t != nil && !isInteger(*t) {
			return notAnInteger(*t)
		}
	}
	return nil
}

func notAnInteger(text string) error {
	return fmt.Errorf("%s is not an integer", strconv.Quote(text))
}

// timestampFormat is how times are printed: wire or iso8601.
func (s *session) timestampFormat() string {
	if format, ok := s.settings.Value("cli_timestamp_format"); ok {
		return format
	}
	return "iso8601"
}

func (s *session) checkTimestampFormat() error {
	switch format := s.timestampFormat(); format {
	case "wire", "iso8601":
		return nil
	default:
		return &configError{"Configuration", fmt.Sprintf(`Unknown cli_timestamp_format value: %s, valid values are "wire" or "iso8601"`, format)}
	}
}

// blobFormat is how bytes are written in parameters.
func (s *session) blobFormat() string {
	if s.binaryFormat != "" {
		return s.binaryFormat
	}
	if format, ok := s.settings.Value("cli_binary_format"); ok {
		return format
	}
	return "base64"
}

func (s *session) checkBinaryFormat() error {
	switch format := s.blobFormat(); format {
	case "base64", "raw-in-base64-out":
		return nil
	default:
		return fmt.Errorf("'%s'", format) // all that the AWS CLI says
	}
}

// checkMetadata judges how the metadata service of a machine is to be asked, which
// counts only where operations go to AWS.
func (s *session) checkMetadata() error {
	if s.name != "aws" && !s.isRemote("AWS_ENDPOINT_URL_SIGNER") {
		return nil
	}
	return remote.CheckMetadata(s.settings)
}

// errorFormat is how errors are printed. Where the profile does not exist nobody
// can tell, and the AWS CLI falls back on its old ways.
func (s *session) errorFormat() string {
	if s.globalsRead && s.errorFormatFlag != "" {
		return s.errorFormatFlag
	}
	format, ok := s.env.LookupEnv("AWS_CLI_ERROR_FORMAT")
	if !ok {
		if s.settings.Check() != nil {
			return "legacy"
		}
		format, _ = s.settings.Value("cli_error_format")
	}
	if format = strings.ToLower(format); slices.Contains(errorFormats, format) {
		return format
	}
	return "enhanced"
}
