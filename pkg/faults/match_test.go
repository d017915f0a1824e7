package faults

import (
	"strings"
	"testing"
)

func TestFits(t *testing.T) {
	for _, tc := range []struct {
		pattern, fit, unfit string
	}{
		{"", "a,,b/c", ""},
		{"*", ",a,a/b", ""},
		{"a", "a", ",b,aa"},
		{"?", "a,é", ",aa"},
		{"a*", "a,ab,a/b", ",ba"},
		{"*.zip", ".zip,a.zip,a/b.zip", "zip,a.zipx"},
		{"a*b*c", "abc,aXbXc,abbcc,abcbc", "ac,abcd,acb"},
		{"*ab", "ab,aab,abab", "aba,b"},
		{"a?c*", "abc,abcd", "ac,abd"},
		{"[a]", "[a]", "a"},
	} {
		for text := range strings.SplitSeq(tc.fit, ",") {
			if !fits(tc.pattern, text) {
				t.Errorf("%q does not fit %q", tc.pattern, text)
			}
		}
		for text := range strings.SplitSeq(tc.unfit, ",") {
			if tc.unfit != "" && fits(tc.pattern, text) {
				t.Errorf("%q fits %q", tc.pattern, text)
			}
		}
	}
}

// A pattern cannot make matching slow.
func TestFitsIsQuick(t *testing.T) {
	if fits(strings.Repeat("a*", 500)+"b", strings.Repeat("a", 5000)) {
		t.Error("it fits")
	}
}
