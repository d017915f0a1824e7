package output_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"signer/pkg/document"
	"signer/pkg/output"
)

func TestYAML(t *testing.T) {
	check(t, output.YAML, []printCase{
		{"sorted keys, lists no further in", "", `{"b": [{"y": 1, "x": [2]}, []], "a": {"d": {}, "c": null}, "B": true}`, `B: true
a:
  c: null
  d: {}
b:
- x:
  - 2
  y: 1
- []
`},
		{"lists in lists", "", `{"a": [["b", ["c"]], [{"d": "e"}]]}`, "a:\n- - b\n  - - c\n- - d: e\n"},
		{"nothing", "", `{}`, ""},
		{"an empty list", "a", `{"a": []}`, "[]\n"},
		{"a bare scalar is JSON", "a", `{"a": "é: x"}`, "\"é: x\"\n"},
		{"null", "nope", `{}`, "null\n"},
		{"numbers", "", `{"a": [1, 1.0, 1e20, 1e-7, 100000000000000000000, NaN, Infinity, -Infinity]}`,
			"a:\n- 1\n- 1.0\n- 1e+20\n- 1e-07\n- 100000000000000000000\n- .nan\n- .inf\n- -.inf\n"},
		{"long keys and keys with line breaks", "", `{"a\nb": 1, "` + strings.Repeat("é", 64) + `": 2, "` + strings.Repeat("é", 65) + `": [3], "` + strings.Repeat("z", 129) + `": {"y": 4}}`,
			"? 'a\n\n  b'\n: 1\n? " + strings.Repeat("z", 129) + "\n: y: 4\n" + strings.Repeat("é", 64) + ": 2\n? " + strings.Repeat("é", 65) + "\n: - 3\n"},
		{"an object that is met twice", "{a: x, b: [x, y], c: y}", `{"x": {"k": "v"}, "y": ["w"]}`,
			"a: &id001\n  k: v\nb:\n- *id001\n- &id002\n  - w\nc: *id002\n"},
		{"empty lists are met twice too", "{a: x, b: x, c: `[]`, d: `[]`}", `{"x": []}`, "a: &id001 []\nb: *id001\nc: []\nd: []\n"},
		{"equal is not the same", "[x[], x[], {a: `1`}, {a: `1`}]", `{"x": [1]}`, "- - 1\n- - 1\n- a: 1\n- a: 1\n"},
	})
}

// Which of the styles a string is written in, when it is a member's value.
func TestYAMLStrings(t *testing.T) {
	for in, want := range map[string]string{
		// plain
		"a b": "a b", "yes": "yes", "On": "On", "y": "y", "1:30": "1:30", "nULL": "nULL", "0x": "0x", "1e": "1e", "+": "+", "5-": "5-", "-x": "-x",
		":x": ":x", "?x": "?x", "a,b": "a,b", "a#b": "a#b", "a'b\"c": "a'b\"c", `C:\x`: `C:\x`, "http://x": "http://x", "é日": "é日", "\u00a0\u200b": "\u00a0\u200b",
		"_1": "_1", "2001-1-1": "2001-1-1", "0b2": "0b2", "0o8": "0o8", "nan": "nan", "2001-01-01x": "2001-01-01x", "1e5x": "1e5x", "+.nan": "+.nan", ".5e1": ".5e1",
		"2001-01-01 01:01": "2001-01-01 01:01", "20010-01-01": "20010-01-01", "--": "--", "==": "==", "tRUE": "tRUE", "\ufffd": "\ufffd", "a  b": "a  b",
		// single quotes, because it would be read as something else
		"": "''", "~": "'~'", "null": "'null'", "True": "'True'", "=": "'='", "<<": "'<<'", "1": "'1'", "-0": "'-0'", "017": "'017'", "0o17": "'0o17'", "0b1": "'0b1'",
		"0x1F": "'0x1F'", "1_000": "'1_000'", "1.": "'1.'", ".5": "'.5'", "+.5": "'+.5'", ".5e+1": "'.5e+1'", "1e3": "'1e3'", "12e03": "'12e03'", "1.5E-3": "'1.5E-3'",
		".inf": "'.inf'", "-.INF": "'-.INF'", ".NaN": "'.NaN'", "+_1": "'+_1'", "2001-01-01": "'2001-01-01'", "2001-12-14 21:59:43": "'2001-12-14 21:59:43'",
		"2001-1-1t1:01:01.5-05:00": "'2001-1-1t1:01:01.5-05:00'", "2001-12-14T21:59:43.Z": "'2001-12-14T21:59:43.Z'", "2001-12-14 21:59:43 +5": "'2001-12-14 21:59:43 +5'",
		// single quotes, because of what it is made of
		" a": "' a'", "a ": "'a '", "- a": "'- a'", "-": "'-'", "? a": "'? a'", "?": "'?'", ":": "':'", "a:": "'a:'", "a: b": "'a: b'", "a #b": "'a #b'", "#a": "'#a'",
		",a": "',a'", "[a": "'[a'", "]": "']'", "{a": "'{a'", "}": "'}'", "&a": "'&a'", "*a": "'*a'", "!a": "'!a'", "|a": "'|a'", ">a": "'>a'", "'a": "'''a'", "'": "''''",
		"\"a": "'\"a'", "%a": "'%a'", "@a": "'@a'", "`a": "'`a'", "---a": "'---a'", "...": "'...'",
		"a\nb": "'a\n\n  b'", "a\n\nb\n": "'a\n\n\n  b\n\n  '", "\n": "'\n\n  '", "a\u2028b": "'a\u2028  b'", "it's\n": "'it''s\n\n  '",
		// double quotes
		"\t": `"\t"`, "a\rb": `"a\rb"`, "\x00\a\b\v\f\x1b": `"\0\a\b\v\f\e"`, "\u0085": `"\N"`, "\x7f\u0080": `"\x7F\x80"`, "\ufeff": `"\uFEFF"`, "\ufffe": `"\uFFFE"`,
		"😀": `"\U0001F600"`, "a \nb": `"a \nb"`, "a\n b": `"a\n b"`, "\t\u2028\u2029\"\\é": `"\t\L\P\"\\é"`, "\u2028 ": `"\L "`,
	} {
		p, b := printer(t, output.Config{Format: output.YAML})
		err := p.Print(document.New(document.Member{Name: "k", Value: in}))
		if got := b.String(); err != nil || got != "k: "+want+"\n" {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

// A line is broken at the first blank beyond column 80.
func TestYAMLFolding(t *testing.T) {
	word := strings.Repeat("word ", 15) // 75 columns
	for _, tc := range []struct{ name, in, want string }{
		{"plain", word + "four five six", "k: " + word + "four\n  five six\n"},
		{"at column 80 there is room", word + "xx yyy", "k: " + word + "xx yyy\n"},
		{"no blank", strings.Repeat("x", 100) + " y", "k: " + strings.Repeat("x", 100) + "\n  y\n"},
		{"two blanks stay together", word + "four  five six", "k: " + word + "four  five\n  six\n"},
		{"single quotes", word + "four: five six ", "k: '" + word + "four:\n  five six '\n"},
		{"a blank at the end is kept", word + "four: ", "k: '" + word + "four: '\n"},
		{"double quotes", "\t" + word + "four five", "k: \"\\t" + word + "four\n  five\"\n"},
		{"double quotes escape a blank that begins a line", "\t" + word + "four  five", "k: \"\\t" + word + "four\n  \\ five\"\n"},
		{"columns are characters", strings.Repeat("é ", 45), "k: '" + strings.Repeat("é ", 38) + "é\n  " + strings.Repeat("é ", 6) + "'\n"},
	} {
		p, b := printer(t, output.Config{Format: output.YAML})
		err := p.Print(document.New(document.Member{Name: "k", Value: tc.in}))
		if got := b.String(); err != nil || got != tc.want {
			t.Errorf("%s: got\n%s, want\n%s", tc.name, got, tc.want)
		}
	}
}

func TestYAMLKeysAreNotFolded(t *testing.T) {
	key := strings.Repeat("long ", 25)
	if got, err := printed(t, output.YAML, "", `{"`+key+`": 1}`); err != nil || got != "'"+key+"': 1\n" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestYAMLStream(t *testing.T) {
	check(t, output.YAMLStream, []printCase{
		{"an answer is a list of one", "", `{"b": 1, "a": [2]}`, "- a:\n  - 2\n  b: 1\n"},
		{"a scalar", "b", `{"b": "x"}`, "- x\n"},
		{"null", "c", `{"b": "x"}`, "- null\n"},
		{"nothing", "", `{}`, ""},
		{"nothing found", "a", `{"a": {}}`, ""},
		{"an empty list", "a", `{"a": []}`, "- []\n"},
	})
}

// What is printed is the same text when it is read by somebody else.
func FuzzYAML(f *testing.F) {
	for _, s := range []string{"a: b", "it's\n\nso", "x\u2028y", "\t\x00\"\\", "- 1", strings.Repeat("word  word ", 20), strings.Repeat("word ", 30) + "\n", "😀 é", "---", "_1", "? x"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		if !utf8.ValidString(key) || !utf8.ValidString(value) || strings.ContainsAny(key+value, "\u2028\u2029") { // those become line breaks of another kind
			return
		}
		p, b := printer(t, output.Config{Format: output.YAML})
		inner := document.New(document.Member{Name: key, Value: document.List{value}})
		if err := p.Print(document.New(document.Member{Name: "k", Value: inner})); err != nil {
			t.Fatal(err)
		}
		var read map[string]map[string][]string
		if err := yaml.Unmarshal(b.Bytes(), &read); err != nil {
			t.Fatalf("%q does not read: %v", b, err)
		}
		if d := cmp.Diff(map[string]map[string][]string{"k": {key: {value}}}, read); d != "" {
			t.Errorf("%q: %s", b, d)
		}
	})
}
