// Package profile tells what the AWS configuration says: the config and
// credentials files, the environment, and the profile chosen among them, read by
// the rules of the AWS CLI (botocore).
//
// It is lazy: nothing is read before the first question, each file is read once,
// and one that is not there costs the attempt to open it. It writes nothing, calls
// nobody, and judges no value: what a region or a retry mode may be is the affair
// of those who ask.
package profile

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// Config says where settings come from. The zero Config leads to no settings.
type Config struct {
	Name      *string                           // the profile, as --profile gave it; nil when it was not given
	LookupEnv func(name string) (string, bool)  // the environment; nil is an empty one
	ReadFile  func(name string) ([]byte, error) // opens a file; nil is a machine without files
	UserHome  func(user string) (string, error) // the home directory of a user named in ~user; nil knows none
}

// Settings answers questions about the configuration. It may be used from several
// goroutines at once. Make one with New.
type Settings struct {
	config Config
	load   func() (*files, error)
}

// New returns the settings that the Config leads to. It reads nothing yet.
func New(c Config) *Settings {
	s := &Settings{config: c}
	s.load = sync.OnceValues(s.read)
	return s
}

// ParseError says that a file of the configuration cannot be understood. Its text
// is the AWS CLI's.
type ParseError struct {
	Path   string
	Reason error
}

func (e *ParseError) Error() string { return "Unable to parse config file: " + e.Path }

// Unwrap returns the reason.
func (e *ParseError) Unwrap() error { return e.Reason }

// MissingError says that the profile that was asked for is in none of the files.
// Its text is the AWS CLI's.
type MissingError struct{ Profile string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("The config profile (%s) could not be found", e.Profile)
}

// Load reads the files. The error is a *ParseError; the methods that cannot
// report it answer then as if no file said anything.
func (s *Settings) Load() error {
	_, err := s.load()
	return err
}

// Check tells whether the files can be read and the profile that was asked for is
// in them. The error is a *ParseError or a *MissingError. The default profile need
// not be there while nobody asks for it by name.
func (s *Settings) Check() error {
	f, err := s.load()
	if err != nil {
		return err
	}
	if name, asked := s.asked(); asked && f.profiles[name] == nil {
		return &MissingError{name}
	}
	return nil
}

// Explicit tells whether Config.Name chose the profile. Credentials in the
// environment do not count then.
func (s *Settings) Explicit() bool { return s.config.Name != nil }

// Name returns the name of the profile: Config.Name, AWS_PROFILE,
// AWS_DEFAULT_PROFILE, or else "default".
func (s *Settings) Name() string {
	if name, asked := s.asked(); asked {
		return name
	}
	return "default"
}

func (s *Settings) asked() (string, bool) {
	if s.config.Name != nil {
		return *s.config.Name, true
	}
	return s.firstEnv("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
}

// Env returns a variable of the environment and whether it is there; it may be
// there and empty.
func (s *Settings) Env(name string) (string, bool) {
	if s.config.LookupEnv == nil {
		return "", false
	}
	return s.config.LookupEnv(name)
}

func (s *Settings) firstEnv(names ...string) (string, bool) {
	for _, name := range names {
		if v, ok := s.Env(name); ok {
			return v, true
		}
	}
	return "", false
}

// Value returns a setting of the chosen profile, such as "output", and whether
// there is one. Names of settings are in small letters.
func (s *Settings) Value(setting string) (string, bool) { return s.Chosen().Value(setting) }

// Lookup returns the first of these environment variables that is set, be it
// empty, or else the setting of the chosen profile.
func (s *Settings) Lookup(setting string, env ...string) (string, bool) {
	if v, ok := s.firstEnv(env...); ok {
		return v, true
	}
	return s.Value(setting)
}

// Bool is Lookup for a switch: "true" in any spelling turns it on, and nothing
// else does.
func (s *Settings) Bool(setting string, env ...string) bool {
	v, _ := s.Lookup(setting, env...)
	return strings.EqualFold(v, "true")
}

// Chosen returns the chosen profile, or nil where there is none of its name.
func (s *Settings) Chosen() *Group { return s.Profile(s.Name()) }

// Profile returns a profile by its name, or nil. Where both files have a setting
// of it, the credentials file's counts.
func (s *Settings) Profile(name string) *Group {
	f, _ := s.load()
	return f.profiles[name]
}

// Session returns the [sso-session name] of the config file, or nil.
func (s *Settings) Session(name string) *Group {
	f, _ := s.load()
	return f.sessions[name]
}

// Services returns the [services name] of the config file, or nil.
func (s *Settings) Services(name string) *Group {
	f, _ := s.load()
	return f.services[name]
}

// Aliases returns the sections of ~/.aws/cli/alias: none where there is no such
// file. The error is a *ParseError.
func (s *Settings) Aliases() ([]*Section, error) { return s.sections("~/.aws/cli/alias") }

// ReadFile reads a file that a setting names; see Expand.
func (s *Settings) ReadFile(name string) ([]byte, error) {
	if s.config.ReadFile == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s.config.ReadFile(s.Expand(name))
}

// Expand replaces $VAR and ${VAR} in the name of a file by the environment's
// values, where there are any, and "~" or "~user" at its start by the home
// directory.
func (s *Settings) Expand(name string) string {
	name = variables(name, s.Env)
	rest, tilde := strings.CutPrefix(name, "~")
	user, rest, _ := strings.Cut(rest, "/")
	if home := s.home(user); tilde && home != "" {
		return path.Join(home, rest)
	}
	return name
}

func (s *Settings) home(user string) string {
	if user == "" {
		home, _ := s.Env("HOME")
		return home
	}
	if s.config.UserHome == nil {
		return ""
	}
	home, err := s.config.UserHome(user)
	if err != nil {
		return ""
	}
	return home
}
