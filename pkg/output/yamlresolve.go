package output

import "strings"

// resolves tells whether a YAML 1.2 reader, as the AWS CLI's library is one, takes
// plain text for something else than a string.
func resolves(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "=", "<<":
		return true
	}
	if strings.IndexByte("+-."+decimal, text[0]) < 0 { // where no reader looks for a number, not even in _1
		return false
	}
	unsigned := strings.TrimPrefix(text, "-")
	if unsigned == text {
		unsigned = strings.TrimPrefix(text, "+")
	}
	return isYAMLInteger(unsigned) || isYAMLFloat(unsigned, unsigned == text) || isYAMLDate(text)
}

const decimal = "0123456789"

func isYAMLInteger(s string) bool {
	return only(s, decimal+"_") ||
		prefixed(s, "0b", "01_") || prefixed(s, "0o", "01234567_") || prefixed(s, "0x", decimal+"abcdefABCDEF_")
}

// only tells whether s is of those characters, and not empty.
func only(s, chars string) bool { return s != "" && strings.Trim(s, chars) == "" }

func prefixed(s, prefix, chars string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	return ok && only(rest, chars)
}

// isYAMLFloat takes the text without its sign.
func isYAMLFloat(s string, hadNoSign bool) bool {
	switch s {
	case ".inf", ".Inf", ".INF":
		return true
	case ".nan", ".NaN", ".NAN":
		return hadNoSign
	}
	mantissa, exponent, hasExponent := cutAny(s, "eE")
	whole, part, hasPoint := strings.Cut(mantissa, ".")
	switch {
	case whole == "":
		return hasPoint && only(part, decimal+"_") && (!hasExponent || isExponent(exponent, true))
	case strings.Contains(decimal, whole[:1]) && only(whole, decimal+"_"):
		return (hasPoint || hasExponent) && strings.Trim(part, decimal+"_") == "" && (!hasExponent || isExponent(exponent, false))
	}
	return false
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func isExponent(s string, needsSign bool) bool {
	unsigned := s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		unsigned = s[1:]
	}
	return only(unsigned, decimal) && (!needsSign || unsigned != s)
}

// isYAMLDate recognizes 2001-12-14 and 2001-12-14T21:59:43.10-05:00 with all that
// YAML lets vary in it.
func isYAMLDate(text string) bool {
	day := rest{text, true}
	day.date(2)
	if day.ok && day.text == "" {
		return true
	}
	r := rest{text, true}
	r.date(1)
	if !r.one("Tt") {
		r.some(" \t", 1, len(text))
	}
	r.some(decimal, 1, 2)
	for range 2 { // minutes, seconds
		r.must(":")
		r.some(decimal, 2, 2)
	}
	if r.one(".") {
		r.some(decimal, 0, len(text))
	}
	if r.text != "" {
		r.zone()
	}
	return r.ok && r.text == ""
}

// rest is the text that was not recognized yet. It is not ok once something was
// missing.
type rest struct {
	text string
	ok   bool
}

// date takes a year, a month and a day, the latter two of least digits.
func (r *rest) date(least int) {
	r.some(decimal, 4, 4)
	for range 2 {
		r.must("-")
		r.some(decimal, least, 2)
	}
}

func (r *rest) zone() {
	r.some(" \t", 0, len(r.text))
	if r.one("Z") {
		return
	}
	r.must("+-")
	r.some(decimal, 1, 2)
	if r.one(":") {
		r.some(decimal, 2, 2)
	}
}

// some takes as many of the characters as there are, up to most.
func (r *rest) some(chars string, least, most int) {
	n := 0
	for n < min(most, len(r.text)) && strings.IndexByte(chars, r.text[n]) >= 0 {
		n++
	}
	r.text = r.text[n:]
	r.ok = r.ok && n >= least
}

// one takes one of the characters if it comes next.
func (r *rest) one(chars string) bool {
	before := len(r.text)
	r.some(chars, 0, 1)
	return len(r.text) < before
}

func (r *rest) must(chars string) { r.some(chars, 1, 1) }
