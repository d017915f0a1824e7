package profile_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/profile"
)

type sections map[string]map[string]string

// parsed is what a file says, or nil where it is refused.
func parsed(text string) sections {
	list, err := profile.Parse(text)
	if err != nil {
		return nil
	}
	all := sections{}
	for _, s := range list {
		all[s.Name] = s.Values
	}
	return all
}

var iniCases = []struct {
	name, text string
	want       sections
}{
	{"equals and colon", "[a]\nX = 1\ny : z=2\n", sections{"a": {"x": "1", "y": "z=2"}}},
	{"comments only at the start of a line", "[a]\n# c\n ; c\nx = 1 # no\ny = a;b\n", sections{"a": {"x": "1 # no", "y": "a;b"}}},
	{"a value goes on", "[a]\nx = 1\n  2\n\n\t3\n\n[b]\n", sections{"a": {"x": "1\n2\n\n3"}, "b": {}}},
	{"a block", "[a]\ns3 =\n  k = v\n  # c\n  l = w\nx = 1\n", sections{"a": {"s3": "\nk = v\nl = w", "x": "1"}}},
	{"an indented setting", "[a]\n  x = 1\n   y = 2\n z = 3\n", sections{"a": {"x": "1\ny = 2", "z": "3"}}},
	{"an indented header goes on with a value", "[a]\nx = 1\n [b]\ny = 1\n", sections{"a": {"x": "1\n[b]", "y": "1"}}},
	{"names of sections", "[ a ]\n[b]c]\n[d] # e\n", sections{" a ": {}, "b]c": {}, "d": {}}},
	{"what is common to all", "[DEFAULT]\nx = 1\ny = 1\n[a]\nX = 2\n", sections{"a": {"x": "2", "y": "1"}}},
	{"other ends of lines", "[a]\r\nx = 1\r\n 2\r[b]\r", sections{"a": {"x": "1\n2"}, "b": {}}},
	{"an empty value", "[a]\nx =\ny=1\n", sections{"a": {"x": "", "y": "1"}}},
	{"empty", "", sections{}},
	{"the same section twice", "[a]\n[b]\n[a]\n", nil},
	{"the same setting twice", "[a]\nx = 1\nX = 2\n", nil},
	{"a setting before the first section", "x = 1\n[a]\n", nil},
	{"a line without equals", "[a]\nx\n", nil},
	{"a setting without a name", "[a]\n= 1\n", nil},
	{"a header without an end", "[a\nx = 1\n", nil},
	{"a header without a name", "[]\n", nil},
	{"a byte order mark", "\ufeff[a]\n", nil},
	{"not UTF-8", "[a]\nx = \xff\n", nil},
}

func TestParse(t *testing.T) {
	for _, tc := range iniCases {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, parsed(tc.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The rules are those of Python's configparser, so it is asked as well.
const configparser = `
import configparser, json, sys
def read(data):
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(bytes.fromhex(data).decode().replace('\r\n', '\n').replace('\r', '\n'))
    except (configparser.Error, UnicodeDecodeError):
        return None
    return {s: dict(parser.items(s)) for s in parser.sections()}
json.dump([read(d) for d in json.load(sys.stdin)], sys.stdout)
`

func TestParseAgreesWithPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	var texts []string
	for _, tc := range iniCases {
		texts = append(texts, hexOf(tc.text))
	}
	in, _ := json.Marshal(texts)
	cmd := exec.Command(python, "-c", configparser)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []sections
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	for i, tc := range iniCases {
		if diff := cmp.Diff(tc.want, answers[i]); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func hexOf(text string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(text) {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		`profile dev`:          {"profile", "dev"},
		`profile "a b"`:        {"profile", "a b"},
		`profile 'a "b'`:       {"profile", `a "b`},
		`  a\ b  c"d"e ""`:     {"a b", "cde", ""},
		`"a\"b\\c\d" 'e\f'`:    {`a"b\c\d`, `e\f`},
		`/bin/cat ${HOME}/x#y`: {"/bin/cat", "${HOME}/x#y"},
		``:                     nil,
	} {
		got, err := profile.Words(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
	for _, line := range []string{`a "b`, `a 'b`, `a\`} {
		if got, err := profile.Words(line); err == nil {
			t.Errorf("%s: got %q", line, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, tc := range iniCases {
		f.Add(tc.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := profile.Parse(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, s := range list {
			if seen[s.Name] {
				t.Errorf("section %q stands there twice", s.Name)
			}
			seen[s.Name] = true
			if len(s.Keys()) != len(s.Values) {
				t.Errorf("section %q: keys %q, values %q", s.Name, s.Keys(), s.Values)
			}
		}
	})
}
