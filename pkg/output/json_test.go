package output_test

import (
	"encoding/json"
	"strings"
	"testing"

	"signer/pkg/document"
	"signer/pkg/output"
)

func TestJSON(t *testing.T) {
	check(t, output.JSON, []printCase{
		{"order and nesting", "", `{"b": {"z": [1, [2, {}], []], "y": {}}, "a": null}`, `{
    "b": {
        "z": [
            1,
            [
                2,
                {}
            ],
            []
        ],
        "y": {}
    },
    "a": null
}
`},
		{"nothing", "", `{}`, ""},
		{"nothing found", "a", `{"a": {}}`, ""},
		{"null", "nope", `{}`, "null\n"},
		{"empty list", "a", `{"a": []}`, "[]\n"},
		{"string", "a", `{"a": "x"}`, "\"x\"\n"},
		{"numbers", "a", `{"a": [5, 5.0, 1e20, 1e-7, 100000000000000000000, -0.0, NaN, -Infinity]}`, `[
    5,
    5.0,
    1e+20,
    1e-07,
    100000000000000000000,
    -0.0,
    NaN,
    -Infinity
]
`},
		{"booleans", "a", `{"a": [true, false]}`, "[\n    true,\n    false\n]\n"},
		{"strings", "a", `{"a": ["\"\\/<&>", "\n\r\t\b\f\u0000\u001f\u007f", "é日😀\u2028\ufeff"]}`,
			"[\n    \"\\\"\\\\/<&>\",\n    \"\\n\\r\\t\\b\\f\\u0000\\u001f\x7f\",\n    \"é日😀\u2028\ufeff\"\n]\n"},
	})
}

func TestJSONDeep(t *testing.T) {
	got, err := printed(t, output.JSON, "", strings.Repeat("[", 50)+"1"+strings.Repeat("]", 50))
	if err != nil || !strings.Contains(got, "\n"+strings.Repeat(" ", 200)+"1\n") {
		t.Errorf("got %s, %v", got, err)
	}
}

// A reference that was not used is found only when it is its turn.
func TestUnprintable(t *testing.T) {
	for _, tc := range []struct {
		format      output.Format
		query, want string
		fails       bool
	}{
		{output.JSON, "&a", "", true},
		{output.JSON, "{x: a, y: [&a]}", "{\n    \"x\": 1,\n    \"y\": [\n        ", true},
		{output.YAML, "{x: a, y: [&a]}", "", true},
		{output.Text, "[&a]", "<expression>\n", false},
		{output.Table, "&a", "-------\n|Title|\n+-----+\n", false},
	} {
		got, err := printed(t, tc.format, tc.query, `{"a": 1}`)
		if got != tc.want || tc.fails != (err != nil) {
			t.Errorf("%s of %s: got %q, %v", tc.format, tc.query, got, err)
		}
		if tc.fails && err.Error() != "Encountered unrecognized type in JSON encoder." {
			t.Errorf("%s of %s: %v", tc.format, tc.query, err)
		}
	}
}

// What is printed as JSON says the same when it is read, here and elsewhere.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, 2.5, "x\n\u0001", null], "b": {}}`, `["\ud83d\ude00\"\\", 1e300, -0.0, [[]], {"": ""}]`, `12345678901234567890`, `[1e999, NaN]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := document.ParseJSON(text)
		if err != nil || v == nil {
			return
		}
		if o, ok := v.(*document.Object); ok && o.Len() == 0 {
			return
		}
		p, b := printer(t, output.Config{})
		if err := p.Print(v); err != nil {
			t.Fatal(err)
		}
		again, err := document.ParseJSON(b.String())
		if err != nil {
			t.Fatalf("%q does not read: %v", b, err)
		}
		if want, got := document.AppendJSON(nil, v), document.AppendJSON(nil, again); string(want) != string(got) {
			t.Fatalf("%s became %s", want, got)
		}
		if printed := b.String(); !strings.Contains(printed, "NaN") && !strings.Contains(printed, "Infinity") && !json.Valid(b.Bytes()) {
			t.Fatalf("%q is not valid", b)
		}
	})
}
