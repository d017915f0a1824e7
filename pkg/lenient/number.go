package lenient

import (
	"math"
	"strconv"
	"strings"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// TrimSpace cuts off what Python takes for white space around text. Around numbers
// the four separators of ASCII are none, and strings.TrimSpace does the same.
func TrimSpace(s string) string { return strings.TrimFunc(s, python.IsSpace) }

// asciiDigits writes the decimal digits of every script as 0 to 9.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if n := python.Digit(r); n >= 0 {
			return '0' + rune(n)
		}
		return r
	}, s)
}

// MaxDigits is how many digits an integer may have.
const MaxDigits = 4300

// Integer reads an integer the way Python's int does: with blanks around it,
// single underscores between its digits, and the digits of any script. It tells
// whether the text is one; the value is that of document.Integer.
func Integer(text string) (document.Value, bool) {
	s := asciiDigits(strings.TrimSpace(text))
	if !isDigits(unsigned(s)) || len(s) > 2*MaxDigits {
		return nil, false
	}
	s = strings.ReplaceAll(s, "_", "")
	return document.Integer(s), len(s) <= MaxDigits+1
}

// Float reads a number the way Python's float does; inf and nan are numbers, and
// one that is too large is infinite. It tells whether the text is a number.
func Float(text string) (float64, bool) {
	s := asciiDigits(strings.TrimSpace(text))
	switch {
	case isNoNumber(unsigned(s)):
		if s[len(s)-1]|0x20 == 'n' { // Go reads no signs before nan
			return math.NaN(), true
		}
	case !isFloat(unsigned(s)):
		return 0, false
	}
	f, _ := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64) // out of range is infinite
	return f, true
}

func isFloat(s string) bool {
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		if !isDigits(unsigned(s[e+1:])) {
			return false
		}
		s = s[:e]
	}
	whole, fraction, dot := strings.Cut(s, ".")
	if whole == "" {
		return dot && isDigits(fraction)
	}
	return isDigits(whole) && (fraction == "" || isDigits(fraction))
}

// isNoNumber tells whether s is one of the words that a float may be.
func isNoNumber(s string) bool {
	return strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity") || strings.EqualFold(s, "nan")
}

// unsigned returns s without the sign before it.
func unsigned(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// isDigits tells whether s is digits with single underscores between them.
func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		between := i > 0 && i+1 < len(s) && s[i-1] != '_'
		if !isDigit(rune(s[i])) && (s[i] != '_' || !between) {
			return false
		}
	}
	return s != ""
}
