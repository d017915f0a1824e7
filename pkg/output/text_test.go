package output_test

import (
	"testing"

	"signer/pkg/output"
)

func TestText(t *testing.T) {
	check(t, output.Text, []printCase{
		{"scalars in the order of their names", "", `{"b": "2", "a": "1", "C": "3"}`, "3\t1\t2\n"},
		{"nested members after the scalars", "", `{"c": {"d": "x"}, "b": "2", "a": {"e": "y", "f": {"g": "z"}}}`, "2\nA\ty\nF\tz\nC\tx\n"},
		{"a list of objects has columns", "", `{"jobs": [{"b": 1, "a": "x"}, {"c": null}]}`, "JOBS\tx\t1\t\nJOBS\t\t\tNone\n"},
		{"what is nested in a row follows it", "", `{"jobs": [{"id": 1, "s3": {"k": "v"}}, {"id": 2}]}`, "JOBS\t1\nS3\tv\nJOBS\t2\n"},
		{"a member that is scalar somewhere is a cell everywhere", "", `{"jobs": [{"a": "x"}, {"a": {"k": ["it's", 1.0]}}]}`, "JOBS\tx\nJOBS\t{'k': [\"it's\", 1.0]}\n"},
		{"a list of scalars", "", `{"names": ["a", "b"], "x": 1}`, "1\nNAMES\ta\nNAMES\tb\n"},
		{"a bare list of scalars", "names", `{"names": ["a", 1, 1.5, true, null]}`, "a\t1\t1.5\tTrue\tNone\n"},
		{"a list of lists", "rows", `{"rows": [["a", null], ["b", 2]]}`, "a\tNone\nb\t2\n"},
		{"scalars before lists", "rows", `{"rows": ["a", ["b"], "c", ["d", ["e"]]]}`, "a\tc\nb\nd\ne\n"},
		{"lists under a name", "", `{"rows": [["a", "b"], "c"]}`, "ROWS\tc\nROWS\ta\nROWS\tb\n"},
		{"no escapes", "", `{"a": "x\ty\nz", "b": "é"}`, "x\ty\nz\té\n"},
		{"nothing", "", `{}`, ""},
		{"nothing in it", "", `{"a": {}, "b": [], "c": [[]], "d": [{}]}`, ""},
		{"a bare scalar", "a", `{"a": 1e20}`, "1e+20\n"},
		{"an empty string", "a", `{"a": ""}`, "\n"},
		{"null", "nope", `{}`, "None\n"},
		{"names in upper case", "", `{"straße": {"a": 1}, "é": [2], "": [3]}`, "\t3\nSTRASSE\t1\nÉ\t2\n"},
	})
}

func TestTextMixedList(t *testing.T) {
	got, err := printed(t, output.Text, "", `{"a": "x", "b": ["y"], "c": [{"d": 1}, null], "e": "z"}`)
	if got != "x\tz\nB\ty\n" || err == nil {
		t.Errorf("got %q, %v", got, err)
	}
}
