package param_test

import (
	"strings"
	"testing"
	"time"

	"signer/pkg/document"
	"signer/pkg/param"
)

func read(r *param.Reader, in param.Input) string {
	o, err := r.Document(in)
	if o == nil && err == nil {
		return "nothing"
	}
	return shown(o, err)
}

func TestDocument(t *testing.T) {
	const (
		badJSON = "252 Error parsing parameter 'cli-input-json': Invalid JSON received."
		badYAML = "252 Error parsing parameter 'cli-input-yaml': Invalid YAML received."
	)
	notMap := func(flag, kind string) string {
		return "252 Error parsing parameter '--cli-input-" + flag + "': Invalid type: expecting map, received <class '" + kind + "'>"
	}
	files := map[string]string{
		"in.json": `{"a": 1}`, "in.yaml": "a: 1\r\nb: [x]\r\n", "marked": "\ufeff{\"a\": 1}", "sixteen": "\xff\xfe{\x00}\x00", "bytes": "{\"a\": \"\xff\"}",
		"empty": "",
	}
	r := &param.Reader{File: func(name string) ([]byte, error) { return []byte(files[name]), nil }}
	given := func(s string) *string { return &s }
	for _, tc := range []struct {
		name       string
		json, yaml *string
		want       string
	}{
		{"nothing", nil, nil, "nothing"},
		{"JSON", given(`{"b": 1, "a": [null, 1.0], "b": 2}`), nil, `{"b": 2, "a": [null, 1.0]}`},
		{"JSON from a file", given("file://in.json"), nil, `{"a": 1}`},
		{"JSON from bytes", given("fileb://in.json"), nil, `{"a": 1}`},
		{"marked bytes", given("fileb://marked"), nil, `{"a": 1}`},
		{"bytes in UTF-16", given("fileb://sixteen"), nil, `{}`},
		{"a mark in text", given("file://marked"), nil, badJSON},
		{"broken bytes", given("fileb://bytes"), nil, badJSON},
		{"broken JSON", given(`{bad`), nil, badJSON},
		{"a file's name without its scheme", given(`in.json`), nil, badJSON},
		{"empty JSON", given(""), nil, badJSON},
		{"an empty file", given("file://empty"), nil, badJSON},
		{"JSON list", given(`[]`), nil, notMap("json", "list")},
		{"JSON string", given(`"x"`), nil, notMap("json", "str")},
		{"JSON integer", given(`1`), nil, notMap("json", "int")},
		{"JSON float", given(`1.5`), nil, notMap("json", "float")},
		{"JSON boolean", given(`true`), nil, notMap("json", "bool")},
		{"JSON null", given(`null`), nil, notMap("json", "NoneType")},
		{"YAML", nil, given("a: 1\nb: {c: d}"), `{"a": 1, "b": {"c": "d"}}`},
		{"YAML from a file", nil, given("file://in.yaml"), `{"a": 1, "b": ["x"]}`},
		{"YAML from bytes", nil, given("fileb://in.yaml"), `{"a": 1, "b": ["x"]}`},
		{"YAML with a mark", nil, given("fileb://marked"), `{"a": 1}`},
		{"broken YAML", nil, given("a: [b"), badYAML},
		{"not Unicode", nil, given("a: \xff"), badYAML},
		{"YAML of version 1.2", nil, given("# first\n%YAML 1.2\n---\na: yes"), `{"a": "yes"}`},
		{"YAML with a directive that nobody knows", nil, given("%WHAT ever\n---\na: 1"), `{"a": 1}`},
		{"YAML with a handle", nil, given("%TAG ! tag:x,2000:\n---\na: 1"), `{"a": 1}`},
		{"a name that is a number", nil, given("1: a"), "255 The name of a parameter must be text: 1 is none."},
		{"a name that is a list", nil, given("[a]: b"), `255 The name of a parameter must be text: ["a"] is none.`},
		{"a name that is an object", nil, given("{a: b}: c"), badYAML},
		{"a number for a name, further inside", nil, given("a: {1: b}"), `{"a": {"1": "b"}}`},
		{"empty YAML", nil, given(""), notMap("yaml", "NoneType")},
		{"YAML list", nil, given("- a"), notMap("yaml", "list")},
		{"YAML string", nil, given("hello"), notMap("yaml", "str")},
		{"YAML integer", nil, given("12"), notMap("yaml", "int")},
		{"YAML date", nil, given("2024-01-02"), notMap("yaml", "datetime.date")},
		{"YAML time", nil, given("2024-01-02T03:04:05Z"), notMap("yaml", "datetime.datetime")},
		{"YAML bytes", nil, given("!!binary aGk="), notMap("yaml", "bytes")},
		{"both", given("{}"), given("{}"), "252 Only one --cli-input- parameter may be specified."},
		{"both, before either is read", given("{bad"), given("a: ["), "252 Only one --cli-input- parameter may be specified."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := read(r, param.Input{JSON: tc.json, YAML: tc.yaml}); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	lost := "252 Error parsing parameter '--cli-input-yaml': Unable to load paramfile file://no: No such file or directory: 'no'"
	if got := read(reader(), param.Input{JSON: given("{bad"), YAML: given("file://no")}); got != lost {
		t.Errorf("files come before everything else: got %s", got)
	}
}

// A pipe can be read only once.
func TestDocumentIsReadOnce(t *testing.T) {
	reads := 0
	r := &param.Reader{File: func(string) ([]byte, error) { reads++; return []byte("{}"), nil }}
	word := "file:///dev/stdin"
	if got := read(r, param.Input{JSON: &word}); got != "{}" || reads != 1 {
		t.Errorf("got %s after %d reads", got, reads)
	}
}

func TestYAML(t *testing.T) {
	const bad = "252 Error parsing parameter 'cli-input-yaml': Invalid YAML received."
	for _, tc := range []struct{ name, in, want string }{
		// scalars
		{"booleans of YAML 1.2", "[true, True, TRUE, false]", `[true, true, true, false]`},
		{"words that YAML 1.1 took for booleans", "[yes, No, on, off, y, n, tRUE]", `["yes", "No", "on", "off", "y", "n", "tRUE"]`},
		{"nulls", "[~, null, Null, NULL, nULL, ]", `[null, null, null, null, "nULL"]`},
		{"integers", "[12, -5, +5, 0123, 08, 0o17, 0b101, 0x1F, 1_000]", `[12, -5, 5, 123, 8, 15, 5, 31, 1000]`},
		{"large integer", "[123456789012345678901234567890]", `[123456789012345678901234567890]`},
		{"no integers", "[0o8, 0xg, _1, 1:30, 1 2]", `["0o8", "0xg", "_1", "1:30", "1 2"]`},
		{"floats", "[1.5, -.5, 5., 1e3, 1_0.5, 1E-3]", `[1.5, -0.5, 5.0, 1000.0, 10.5, 0.001]`},
		{"odd floats", "[.inf, -.INF, .nan, 1e400]", `[Infinity, -Infinity, NaN, Infinity]`},
		{"no floats", "[1e, .e3, inf, nan, 1.2.3]", `["1e", ".e3", "inf", "nan", "1.2.3"]`},
		{"no number", "[-_]", "255 The YAML document has '-_' where an integer must stand"},
		{"dates", "[2024-01-02, 2024-1-2]", `["2024-01-02", "2024-1-2"]`},
		{"times", "[2024-01-02T03:04:05Z, 2024-1-2 3:04:05, 2024-01-02t03:04:05.25 +02:30]",
			`["2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z", "2024-01-02T00:34:05.25Z"]`},
		{"times are rounded", "[2024-01-02T03:04:05.1234565Z, 2024-01-02T03:04:05.9999999-01]",
			`["2024-01-02T03:04:05.123457Z", "2024-01-02T04:04:06Z"]`},
		{"dates that do not exist", "[2024-02-30]", "255 day is out of range for month"},
		{"quotes", `["1", 'true', "a\tb\u00e9", 'it''s', ~x]`, `["1", "true", "a\tb\u00e9", "it's", "~x"]`},
		{"blocks", "- |\n  a\n   b\n- >-\n  a\n  b\n", `["a\n b\n", "a b"]`},
		{"the value key", "[=]", bad},
		{"the merge key as a value", "[<<]", bad},

		// tags
		{"string", "[!!str 12, !!str ]", `["12", ""]`},
		{"other types", `[!!int "0x10", !!float 1, !!bool "yes", !!null x]`, `[16, 1.0, true, null]`},
		{"bytes", "[!!binary aGk=]", `["aGk="]`},
		{"broken bytes", "[!!binary a]", bad},
		{"date by tag", `[!!timestamp "2024-1-2"]`, `["2024-01-02"]`},
		{"no date by tag", "[!!timestamp x]", bad},
		{"no integer by tag", "[!!int x]", "255 The YAML document has 'x' where an integer must stand"},
		{"no float by tag", "[!!float x]", "255 The YAML document has 'x' where a number must stand"},
		{"no boolean by tag", "[!!bool x]", "255 The YAML document has 'x' where a boolean must stand"},
		{"tags of collections", "!!seq [!!map {a: 1}, !!omap [b: 1, a: 2]]", `[{"a": 1}, {"b": 1, "a": 2}]`},
		{"broken ordered map", "[!!omap [a, b]]", bad},
		{"unknown tag", "[!mine x]", bad},
		{"unknown tag of a mapping", "[!mine {}]", bad},
		{"unknown tag of a sequence", "[!mine []]", bad},

		// collections
		{"order", "[{b: 1, a: 2, c: 3}]", `[{"b": 1, "a": 2, "c": 3}]`},
		{"keys that are no strings", "[{7: a, 1.50: b, true: c, ~: d, 2024-01-02: e}]", `[{"7": "a", "1.5": "b", "True": "c", "None": "d", "2024-01-02": "e"}]`},
		{"the same key", "[{a: 1, a: 2}]", bad},
		{"keys that are lists", "[{[a]: 1}]", bad},
		{"aliases", "- &x {a: 1}\n- *x\n- &y b\n- *y", `[{"a": 1}, {"a": 1}, "b", "b"]`},
		{"unknown alias", "[*x]", bad},
		{"alias of itself", "&x [*x]", bad},
		{"merge", "- &x {a: 1, b: 2}\n- {c: 4, <<: *x, b: 3}", `[{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}]`},
		{"merge of several, the first strongest", "- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y]", `[{"a": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}]`},
		{"merge of nothing", "[{<<: {}, a: 1}]", `[{"a": 1}]`},
		{"two merges", "[{<<: {a: 1}, <<: {b: 1}}]", bad},
		{"merge of a scalar", "[{<<: 5}]", bad},
		{"merge of scalars", "[{<<: [5]}]", bad},
		{"a quoted merge key is a key", `[{"<<": 5}]`, `[{"<<": 5}]`},
		{"comments", "# c\n- a # c\n- b#c\n", `["a", "b#c"]`},

		// tabs
		{"tab after a colon", "- a:\tb", bad},
		{"tab at the end", "- b\t\n", bad},
		{"tab in a word", "- a\tb", bad},
		{"tab before a comment", "- b\t# c", bad},
		{"tab as indentation", "- a:\n\t- b", bad},
		{"tab after a tag", "- !!str\t'x'", bad},
		{"tab in quotes", "- \"a\\\"\tb\"\n- 'it''s\tb'\n- \"é\": '\t'", `["a\"\tb", "it's\tb", {"\u00e9": "\t"}]`},
		{"tab in a comment", "#\tc\n- b #\tc\n", `["b"]`},
		{"tab in a block", "- |\n  a\tb\n  \tc\n- >\n  d\te", `["a\tb\n\tc\n", "d\te"]`},
		{"tab behind a block's bar", "- |\t\n  a\n", bad},
		{"tab behind a block", "- |\n  a\n- b\t", bad},
		{"tab between lines in quotes", "- \"a\n\tb\"", `["a b"]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := tc.want
			if !strings.HasPrefix(want, "25") {
				want = `{"v": ` + want + "}"
			}
			text := "v:\n  " + strings.ReplaceAll(tc.in, "\n", "\n  ")
			if got := read(new(param.Reader), param.Input{YAML: &text}); got != want {
				t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
			}
		})
	}
}

func TestYAMLStreams(t *testing.T) {
	const bad = "252 Error parsing parameter 'cli-input-yaml': Invalid YAML received."
	deep := strings.Repeat("[", 900)
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'j'; c++ {
		before := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+before+", ", 9) + "*" + before + "]\n"
	}
	for _, tc := range []struct{ name, in, want string }{
		{"one document", "---\na: 1\n...\n", `{"a": 1}`},
		{"two documents", "a: 1\n---\nb: 2\n", bad},
		{"two empty documents", "---\n---\n", bad},
		{"a comment before", "# c\n---\na: 1\n", `{"a": 1}`},
		{"JSON", `{"a": {"b": [1, "c", null]}}`, `{"a": {"b": [1, "c", null]}}`},
		{"the document is merged into", "<<: {a: 1}\nb: 2\n", `{"a": 1, "b": 2}`},
		{"unknown directive of tags", "%TAG ! tag:x,2000:\n---\na: !y b\n", bad},
		{"a tab in front", "\ta: b", bad},
		{"a tab by itself", "a: b\n\t\n", bad},
		{"too deep", "a: " + strings.Repeat(deep, 2) + strings.Repeat("]", 1800), bad},
		{"too many by aliases", bomb, bad},
		{"a mapping within itself", "a: &a {b: *a}", bad},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := read(new(param.Reader), param.Input{YAML: &tc.in}); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestYAMLTypes(t *testing.T) {
	text := "d: 2024-01-02\nt: 2024-01-02T03:04:05Z\nb: !!binary aGk=\ns: '2024-01-02'\n"
	o, err := new(param.Reader).Document(param.Input{YAML: &text})
	if err != nil {
		t.Fatal(err)
	}
	want := document.New(
		document.Member{Name: "d", Value: document.Date("2024-01-02")},
		document.Member{Name: "t", Value: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)},
		document.Member{Name: "b", Value: []byte("hi")},
		document.Member{Name: "s", Value: "2024-01-02"})
	if !document.Equal(o, want) {
		t.Errorf("got %s", shown(o, nil))
	}
}

func FuzzYAML(f *testing.F) {
	for _, s := range []string{"a: &x {b: 1}\nc: {<<: *x, d: 2024-01-02}", "- a\t# b", "a: |\n  b\tc\n", "a: \"b\\\n c\"", "? [a]\n: !!binary aGk=", "%YAML 1.2\n---\na: 'b''c'", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := &param.Reader{File: func(string) ([]byte, error) { return []byte(text), nil }}
		for _, word := range []string{"file://x", "fileb://x"} {
			o, err := r.Document(param.Input{YAML: &word})
			finished(t, r, all, o, err)
		}
	})
}
