package document_test

import (
	"fmt"
	"math/big"
	"testing"

	"signer/pkg/document"
)

func TestObjectKeepsOrder(t *testing.T) {
	o := document.New()
	for i := range 40 { // enough for the map to be made
		o.Set(fmt.Sprint("m", 39-i), int64(i))
	}
	o.Set("m39", "first")
	o.Delete("m20")
	if got := o.Names(); len(got) != 39 || got[0] != "m39" || got[38] != "m0" {
		t.Errorf("names = %v", got)
	}
	if v, ok := o.Get("m0"); !ok || v != int64(39) {
		t.Errorf("m0 = %v, %v", v, ok)
	}
	if o.Has("m20") {
		t.Error("m20 is still there")
	}
}

func TestParseJSON(t *testing.T) {
	for _, tc := range []struct{ in, out string }{
		{`{"b": 1, "a": [true, null], "b": 2}`, `{"b": 2, "a": [true, null]}`},
		{` [1.0, 1e2, -0, 1E400, NaN, 10000000000000000000000] `, `[1.0, 100.0, 0, Infinity, NaN, 10000000000000000000000]`},
		{`"\u00e9\ud83d\ude00\"\\\/\n"`, `"\u00e9\ud83d\ude00\"\\/\n"`},
		{`"é😀"`, `"\u00e9\ud83d\ude00"`},
		{"\"~\u007f\"", `"~\u007f"`},
		{`{}`, `{}`},
		{`[]`, `[]`},
	} {
		v, err := document.ParseJSON(tc.in)
		if err != nil {
			t.Errorf("%s: %v", tc.in, err)
		} else if got := string(document.AppendJSON(nil, v)); got != tc.out {
			t.Errorf("%s: got %s, want %s", tc.in, got, tc.out)
		}
	}
}

// The texts are those of CPython 3.11.
func TestParseJSONErrors(t *testing.T) {
	for _, tc := range []struct{ in, err string }{
		{``, "Expecting value: line 1 column 1 (char 0)"},
		{`{`, "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
		{`{"a"}`, "Expecting ':' delimiter: line 1 column 5 (char 4)"},
		{"{\"é\":\n  1 2}", "Expecting ',' delimiter: line 2 column 5 (char 10)"},
		{`{"a":1,}`, "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"},
		{`[1 , ]`, "Expecting value: line 1 column 6 (char 5)"},
		{`["a`, "Unterminated string starting at: line 1 column 2 (char 1)"},
		{"\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"},
		{`"\x"`, `Invalid \escape: line 1 column 2 (char 1)`},
		{`"\u12"`, `Invalid \uXXXX escape: line 1 column 3 (char 2)`},
		{`1 2`, "Extra data: line 1 column 3 (char 2)"},
		{`01`, "Extra data: line 1 column 2 (char 1)"},
		{`[-]`, "Expecting value: line 1 column 2 (char 1)"},
	} {
		if _, err := document.ParseJSON(tc.in); err == nil || err.Error() != tc.err {
			t.Errorf("%q: got %v, want %s", tc.in, err, tc.err)
		}
	}
}

func TestFormatFloat(t *testing.T) {
	for f, want := range map[float64]string{
		1: "1.0", 0.1: "0.1", 1e-7: "1e-07", 1e20: "1e+20", 123456789.5: "123456789.5", 1e16: "1e+16", 1e15: "1000000000000000.0",
		0.0001: "0.0001", 0.00001: "1e-05",
	} {
		if got := document.FormatFloat(f); got != want {
			t.Errorf("%g: got %s, want %s", f, got, want)
		}
	}
}

func TestEqual(t *testing.T) {
	a := document.New(document.Member{Name: "x", Value: document.List{big.NewInt(5), "y", []byte{1}}})
	b := document.New(document.Member{Name: "x", Value: document.List{big.NewInt(5), "y", []byte{1}}})
	if !document.Equal(a, b) {
		t.Error("equal trees differ")
	}
	b.Set("z", nil)
	if document.Equal(a, b) || document.Equal("2024-01-02", document.Date("2024-01-02")) || document.Equal("1", int64(1)) || document.Equal(nil, document.List{}) {
		t.Error("unequal trees are equal")
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"\ud83d\ude00",null]}`, `[[[[`, `"\ud800x"`, `{"a":1,}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := document.ParseJSON(text)
		if err != nil {
			return
		}
		again, err := document.ParseJSON(string(document.AppendJSON(nil, v)))
		if err != nil {
			t.Fatalf("what was written does not read: %v", err)
		}
		if a, b := document.AppendJSON(nil, v), document.AppendJSON(nil, again); string(a) != string(b) {
			t.Fatalf("%s became %s", a, b)
		}
	})
}
