package python_test

import (
	"math"
	"math/big"
	"testing"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

func parse(t *testing.T, text string) document.Value {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestStr(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`"it's"`, `it's`},
		{`null`, `None`},
		{`[true, false, null]`, `[True, False, None]`},
		{`[1, 1.0, 1e-7, 1e20, NaN, -Infinity, 123456789012345678901]`, `[1, 1.0, 1e-07, 1e+20, nan, -inf, 123456789012345678901]`},
		{`{"b": {"k": "v"}, "a": []}`, `{'b': {'k': 'v'}, 'a': []}`},
		{`[{}, [[]], ""]`, `[{}, [[]], '']`},
		{`["it's", "\"", "'\"", "\\"]`, `["it's", '"', '\'"', '\\']`},
		{`["\n\r\t\u0001\u007f\u00a0\u00e9\u200b\ud83d\ude00\udb40\udc01"]`, `['\n\r\t\x01\x7f\xa0é\u200b😀\U000e0001']`},
	} {
		if got := python.Str(parse(t, tc.in)); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestTypeAndTruth(t *testing.T) {
	for _, tc := range []struct {
		in, typ string
		truth   bool
	}{
		{`null`, "NoneType", false}, {`true`, "bool", true}, {`false`, "bool", false},
		{`0`, "int", false}, {`10000000000000000000000`, "int", true}, {`0.0`, "float", false}, {`0.1`, "float", true},
		{`""`, "str", false}, {`"0"`, "str", true}, {`[]`, "list", false}, {`[0]`, "list", true},
		{`{}`, "dict", false}, {`{"a": null}`, "dict", true},
	} {
		v := parse(t, tc.in)
		if got := python.Type(v); got != tc.typ {
			t.Errorf("type of %s: got %s, want %s", tc.in, got, tc.typ)
		}
		if got := python.Truth(v); got != tc.truth {
			t.Errorf("truth of %s: got %v", tc.in, got)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{`1`, `1.0`, true},
		{`[1, 0]`, `[true, false]`, true},
		{`9007199254740993`, `9007199254740992.0`, false},
		{`100000000000000000000`, `1e20`, true},
		{`NaN`, `NaN`, false},
		{`{"a": 1, "b": 2}`, `{"b": 2, "a": 1}`, true},
		{`{"a": 1}`, `{"a": 1, "b": 2}`, false},
		{`{"a": null}`, `{"b": null}`, false},
		{`[1, 2]`, `[1]`, false},
		{`"1"`, `1`, false},
		{`null`, `false`, false},
		{`[]`, `{}`, false},
	} {
		if got := python.Equal(parse(t, tc.a), parse(t, tc.b)); got != tc.want {
			t.Errorf("%s == %s: got %v", tc.a, tc.b, got)
		}
	}
	if same := (document.List{math.NaN()}); !python.Equal(same, same) {
		t.Error("a list differs from itself")
	}
}

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
		ok   bool
	}{
		{`1`, `2`, -1, true}, {`2.5`, `2`, 1, true}, {`-100000000000000000000`, `1`, -1, true},
		{`9007199254740993`, `9007199254740992.0`, 1, true}, {`Infinity`, `1e308`, 1, true},
		{`"a"`, `"B"`, 1, true}, {`"a"`, `1`, 0, false}, {`NaN`, `1`, 0, false}, {`true`, `1`, 0, false},
	} {
		got, ok := python.Compare(parse(t, tc.a), parse(t, tc.b))
		if ok != tc.ok || ok && got != tc.want {
			t.Errorf("%s, %s: got %d, %v", tc.a, tc.b, got, ok)
		}
	}
}

// The sums are those of CPython 3.13.
func TestSum(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`[]`, `0`},
		{`[9223372036854775807, 1]`, `9223372036854775808`},
		{`[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]`, `1.0`},
		{`[1, 2.5]`, `3.5`},
		{`[2.5, 1]`, `3.5`},
		{`[1e100, 1.0, -1e100]`, `1.0`},
		{`[1e308, 1e308]`, `inf`},
		{`[5, 1e100, -1e100]`, `0.0`},
		{`[0.0, 1e20, 1e100, -1e100, 18446744073709551616, 1e100, 1.0, -1e100]`, `0.0`},
		{`[18446744073709551616, 1, -18446744073709551616, 0.5]`, `1.5`},
	} {
		sum, err := python.Sum(parse(t, tc.in).(document.List))
		if got := python.Str(sum); err != nil || got != tc.want {
			t.Errorf("%s: got %s, %v, want %s", tc.in, got, err, tc.want)
		}
	}
	huge := new(big.Int).Lsh(big.NewInt(1), 2000)
	if _, err := python.Sum(document.List{1.5, huge}); err == nil {
		t.Error("an integer beyond all floats was added to one")
	}
}

func TestRound(t *testing.T) {
	for _, tc := range []struct{ in, floor, ceil string }{
		{`1.5`, `1`, `2`}, {`-1.5`, `-2`, `-1`}, {`7`, `7`, `7`}, {`1e20`, `100000000000000000000`, `100000000000000000000`},
	} {
		floor, err := python.Round(parse(t, tc.in), math.Floor)
		if python.Str(floor) != tc.floor || err != nil {
			t.Errorf("floor of %s: got %v, %v", tc.in, floor, err)
		}
		ceil, err := python.Round(parse(t, tc.in), math.Ceil)
		if python.Str(ceil) != tc.ceil || err != nil {
			t.Errorf("ceil of %s: got %v, %v", tc.in, ceil, err)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1)} {
		if n, err := python.Round(f, math.Floor); err == nil {
			t.Errorf("floor of %v: got %v", f, n)
		}
	}
}

func TestAbs(t *testing.T) {
	for in, want := range map[string]string{`-3`: `3`, `-0.0`: `0.0`, `-9223372036854775808`: `9223372036854775808`} {
		if got := python.Str(python.Abs(parse(t, in))); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{" 007\n", "7"}, {"+5", "5"}, {"-5", "-5"}, {"1_000", "1000"}, {"12345678901234567890123", "12345678901234567890123"},
		{"1.", "1.0"}, {".5e1", "5.0"}, {"1_0.2_5", "10.25"}, {"1e400", "inf"}, {"-Infinity", "-inf"}, {"+nan", "nan"}, {"٣٤", "34"}, {"١.٥", "1.5"},
		{"", ""}, {"_1", ""}, {"1__0", ""}, {"1_", ""}, {"1_.5", ""}, {"0x1F", ""}, {"0x1p-2", ""}, {"1e", ""}, {"--1", ""}, {"+-1", ""},
		{"1 2", ""}, {"inf1", ""}, {"½", ""},
	} {
		v, ok := python.ParseNumber(tc.in)
		if ok != (tc.want != "") || ok && python.Str(v) != tc.want {
			t.Errorf("%q: got %v, %v, want %s", tc.in, v, ok, tc.want)
		}
	}
}

func TestUpper(t *testing.T) {
	for in, want := range map[string]string{"jobs": "JOBS", "é1": "É1", "straße": "STRASSE", "ŉ": "ʼN", "ﬃ": "FFI", "ΐ": "Ι\u0308\u0301", " ß": " SS"} {
		if got := python.Upper(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	list, object := document.List{"a"}, document.New()
	again, alike := list, object
	if python.Identity(list) != python.Identity(again) || python.Identity(object) != python.Identity(alike) {
		t.Error("a value is not identical to itself")
	}
	if python.Identity(list) == python.Identity(document.List{"a"}) || python.Identity(object) == python.Identity(document.New()) {
		t.Error("equal values are identical")
	}
	if python.Identity(python.Distinct()) == python.Identity(python.Distinct()) || python.Identity(python.Distinct()) == nil {
		t.Error("distinct lists are not distinct")
	}
	if python.Identity("a") != nil || python.Identity(document.List{}) != nil {
		t.Error("a scalar has an identity")
	}
}
