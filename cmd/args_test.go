package cmd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// read runs the parser over a small grammar and tells what it made of the words.
func read(words []string) string {
	var got []string
	opt := func(name string, a arity, choices ...string) *option {
		return &option{name: "--" + name, arity: a, choices: choices, set: func(w []string) error {
			got = append(got, fmt.Sprintf("%s%q", name, w))
			return nil
		}}
	}
	count := opt("count", one)
	count.integer = true
	g := &grammar{
		options: []*option{opt("name", one), opt("names-all", many), opt("flag", none), opt("kind", optional, "in", "out"), count, opt("nearby", one)},
		positionals: []*positional{{name: "help", arity: optional, set: func(w []string) error {
			got = append(got, fmt.Sprintf("help%q", w))
			return nil
		}}},
	}
	rest, missing, err := g.parse(words)
	if err != nil {
		return strings.TrimSpace(err.Error())
	}
	if len(rest) > 0 {
		got = append(got, fmt.Sprintf("rest%q", rest))
	}
	if len(missing) > 0 {
		got = append(got, fmt.Sprintf("missing%q", missing))
	}
	return strings.Join(got, " ")
}

func TestParse(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"--name|x", `name["x"] help[]`},
		{"--name=x=y", `name["x=y"] help[]`},
		{"--name=", `name[""] help[]`},
		{"--name|-", `name["-"] help[]`},
		{"--name|-5", `name["-5"] help[]`},
		{"--name|-.5", `name["-.5"] help[]`},
		{"--name|-a b", `name["-a b"] help[]`},
		{"--name|-x", "argument --name: expected one argument"},
		{"--name|-1e3", "argument --name: expected one argument"},
		{"--name|--flag", "argument --name: expected one argument"},
		{"--name", "argument --name: expected one argument"},
		{"--fl", `flag[] help[]`},
		{"--flag=true", "argument --flag: ignored explicit argument 'true'"},
		{"--n|x", "ambiguous option: --n could match --name, --names-all, --nearby"},
		{"--n=x", "ambiguous option: --n=x could match --name, --names-all, --nearby"},
		{"--names-all|a|b|--flag|c", `names-all["a" "b"] flag[] help["c"]`},
		{"--names-all=a|b", `names-all["a"] help["b"]`},
		{"--names-all", `names-all[] help[]`},
		{"--kind|--flag", `kind[] flag[] help[]`},
		{"--kind|out", `kind["out"] help[]`},
		{"--kind|ouz", "argument --kind: Found invalid choice 'ouz'"},
		{"--count| 1_0 ", `count[" 1_0 "] help[]`},
		{"--count|x", "argument --count: invalid int value: 'x'"},
		{"--count|'x'\t", `argument --count: invalid int value: "'x'\t"`},
		{"--count|١", `count["١"] help[]`},
		{"--count|99999999999999999999", `count["99999999999999999999"] help[]`},
		{"--foo|bar|baz|-x", `help["bar"] rest["--foo" "baz" "-x"]`},
		{"extra|more", `help["extra"] rest["more"]`},
		{"--name|x|--|--flag", `name["x"] help["--flag"]`},
		{"-name|x", `help["x"] rest["-name"]`},
	} {
		t.Run(tc.in, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, read(strings.Split(tc.in, "|"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The lists are those of Python's difflib.get_close_matches with a cutoff of 0.8.
func TestCloseMatches(t *testing.T) {
	names := strings.Fields("add-profile-permission cancel-signing-profile describe-signing-job get-signing-platform get-signing-profile " +
		"list-signing-jobs list-signing-platforms list-signing-profiles help wait")
	for word, want := range map[string]string{
		"list-signing-p":       "list-signing-jobs list-signing-profiles",
		"list-signing-prof":    "list-signing-profiles list-signing-jobs",
		"get-signing-profiles": "get-signing-profile list-signing-profiles cancel-signing-profile",
		"list-signing":         "list-signing-jobs",
		"hlp":                  "help",
		"wat":                  "wait",
		"get-signing-platfor":  "get-signing-platform list-signing-platforms",
		"zzz":                  "",
	} {
		if got := strings.Join(closeMatches(word, names), " "); got != want {
			t.Errorf("%s: got %s, want %s", word, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--name|x|--|-5")
	f.Fuzz(func(t *testing.T, line string) { read(strings.Split(line, "|")) })
}
