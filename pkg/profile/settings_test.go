package profile_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/profile"
)

// world is an environment and some files, and counts what is opened.
type world struct {
	env, files map[string]string
	opened     map[string]int
}

func (w *world) settings(name *string) *profile.Settings {
	w.opened = map[string]int{}
	return profile.New(profile.Config{
		Name: name,
		LookupEnv: func(name string) (string, bool) {
			v, ok := w.env[name]
			return v, ok
		},
		ReadFile: func(name string) ([]byte, error) {
			w.opened[name]++
			text, ok := w.files[name]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return []byte(text), nil
		},
	})
}

func TestFilesAreReadOnceAndLate(t *testing.T) {
	w := &world{env: map[string]string{"HOME": "/h"}}
	s := w.settings(nil)
	s.Env("HOME")
	if len(w.opened) != 0 {
		t.Errorf("opened %v before the first question", w.opened)
	}
	s.Value("output")
	s.Value("region")
	if want := map[string]int{"/h/.aws/config": 1, "/h/.aws/credentials": 1}; !cmp.Equal(w.opened, want) {
		t.Errorf("opened %v, want %v", w.opened, want)
	}
}

const config = `
[default]
region = eu-north-1
[profile dev]
region = eu-west-3
output = text
aws_access_key_id = CONFIG
s3 =
  addressing_style = path
services = mine
[profile "two words"]
output = yaml
[profile a b]
output = table
[sso-session s]
sso_region = us-east-1
[services mine]
signer =
  endpoint_url = http://localhost:1
[dev]
output = json
`

func TestSettings(t *testing.T) {
	w := &world{
		env: map[string]string{"AWS_CONFIG_FILE": "~/c", "HOME": "/h", "AWS_SHARED_CREDENTIALS_FILE": "$DIR/${FILE}", "DIR": "/d", "FILE": "f", "EMPTY": ""},
		files: map[string]string{
			"/h/c": config,
			"/d/f": "[dev]\naws_access_key_id = CREDENTIALS\n[only]\noutput = off\nuse_fips_endpoint = TRUE\n[two words]\nx = 1\n",
		},
	}
	name := "dev"
	s := w.settings(&name)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"region": "eu-west-3", "output": "text", "aws_access_key_id": "CREDENTIALS"}
	for key, want := range values {
		if got, ok := s.Value(key); !ok || got != want {
			t.Errorf("%s = %q, %v, want %q", key, got, ok, want)
		}
	}
	if v, _ := s.Chosen().InConfig("aws_access_key_id"); v != "CONFIG" {
		t.Errorf("the config file's key = %q", v)
	}
	if diff := cmp.Diff(map[string]string{"addressing_style": "path"}, s.Chosen().Block("s3")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"endpoint_url": "http://localhost:1"}, s.Services("mine").Block("signer")); diff != "" {
		t.Error(diff)
	}
	if v, _ := s.Session("s").Value("sso_region"); v != "us-east-1" {
		t.Errorf("the session's region = %q", v)
	}
	if diff := cmp.Diff(map[string]string{"output": "yaml", "x": "1"}, s.Profile("two words").All()); diff != "" {
		t.Error(diff)
	}
	if s.Profile("a b") != nil || s.Profile("a") != nil {
		t.Error("a name of two words without quotes is a profile")
	}
	if v, _ := s.Lookup("output", "NONE", "EMPTY"); v != "" {
		t.Errorf("a variable that is empty gave way to %q", v)
	}
}

func TestChoiceOfProfile(t *testing.T) {
	dev, none, empty := "dev", "none", ""
	for _, tc := range []struct {
		name     string
		flag     *string
		env      map[string]string
		want     string
		explicit bool
		err      string
	}{
		{name: "nothing said", want: "default"},
		{name: "the flag", flag: &dev, env: map[string]string{"AWS_PROFILE": "x"}, want: "dev", explicit: true},
		{name: "AWS_PROFILE first", env: map[string]string{"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": "x"}, want: "dev"},
		{name: "AWS_DEFAULT_PROFILE", env: map[string]string{"AWS_DEFAULT_PROFILE": "only"}, want: "only"},
		{name: "missing", flag: &none, want: "none", explicit: true, err: "The config profile (none) could not be found"},
		{name: "the default asked for", env: map[string]string{"AWS_PROFILE": "default"}, want: "default", err: "The config profile (default) could not be found"},
		{name: "empty", flag: &empty, explicit: true, err: "The config profile () could not be found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{env: map[string]string{"HOME": "/h"}, files: map[string]string{"/h/.aws/config": "[profile dev]\n", "/h/.aws/credentials": "[only]\n"}}
			for k, v := range tc.env {
				w.env[k] = v
			}
			s := w.settings(tc.flag)
			if s.Name() != tc.want || s.Explicit() != tc.explicit {
				t.Errorf("profile %q, explicit %v", s.Name(), s.Explicit())
			}
			got := ""
			if err := s.Check(); err != nil {
				got = err.Error()
			}
			if got != tc.err {
				t.Errorf("error %q, want %q", got, tc.err)
			}
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"config":      {"/h/c": "[default\n"},
		"credentials": {"/h/k": "[a]\n[a]\n"},
		"a block":     {"/h/c": "[default]\ns3 =\n  x\n"},
	} {
		w := &world{env: map[string]string{"HOME": "/h", "AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "~/k"}, files: files}
		s := w.settings(nil)
		var broken *profile.ParseError
		if err := s.Load(); !errors.As(err, &broken) || err.Error() != "Unable to parse config file: "+broken.Path {
			t.Errorf("%s: got %v", name, err)
		}
		if v, ok := s.Value("region"); ok {
			t.Errorf("%s: region = %q", name, v)
		}
	}
}

func TestAliases(t *testing.T) {
	w := &world{env: map[string]string{"HOME": "/h"}, files: map[string]string{
		"/h/.aws/cli/alias": "[toplevel]\nwho = sts get-caller-identity\nrun =\n  !f() {\n    echo\n  }; f\n[command signer]\njobs = list-signing-jobs\n",
	}}
	got, err := w.settings(nil).Aliases()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Values["run"] != "\n!f() {\necho\n}; f" || got[1].Values["jobs"] != "list-signing-jobs" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"who", "run"}, got[0].Keys()); diff != "" {
		t.Error(diff)
	}
}

func TestExpand(t *testing.T) {
	s := profile.New(profile.Config{
		LookupEnv: func(name string) (string, bool) { return "/h", name == "HOME" },
		UserHome: func(user string) (string, error) {
			if user != "ann" {
				return "", errors.New("no such user")
			}
			return "/home/ann", nil
		},
	})
	for name, want := range map[string]string{
		"~": "/h", "~/x": "/h/x", "~ann/x": "/home/ann/x", "~bob/x": "~bob/x", "a~": "a~", "$HOME/x": "/h/x", "${HOME}x": "/hx",
		"$NONE/x": "$NONE/x", "${NONE": "${NONE", "$": "$", "$$HOME": "$/h", "${}": "${}",
	} {
		if got := s.Expand(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestNothingAtAll(t *testing.T) {
	s := profile.New(profile.Config{})
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if v, ok := s.Lookup("region", "AWS_REGION"); ok {
		t.Errorf("region = %q", v)
	}
	if s.Bool("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT") || s.Chosen().Block("s3") != nil || len(s.Chosen().All()) != 0 {
		t.Error("there are settings")
	}
}
