package lenient

import (
	"slices"
	"strings"
	"unicode"

	"signer/pkg/output/python"
)

// timeTokens parts text into runs of letters, runs of digits, blanks and single
// other characters. Dots are the difficulty: one within a number is part of it, but
// those of "6.May.2024" or "20.11.2024" part tokens, and only the end of such a run
// shows which it was.
func timeTokens(text string) []string {
	var tokens []string
	rest := []rune(asciiDigits(strings.ReplaceAll(text, "\x00", "")))
	for len(rest) > 0 {
		n := 1
		switch first := rest[0]; {
		case unicode.IsLetter(first), isDigit(first):
			var parts []string
			n, parts = timeRun(rest)
			tokens = append(tokens, parts...)
		case python.IsSpace(first):
			tokens = append(tokens, " ")
		default:
			tokens = append(tokens, string(first))
		}
		rest = rest[n:]
	}
	return tokens
}

// runKind is what a run of letters, digits and dots consists of at its end.
type runKind int

const (
	word runKind = iota
	number
	dottedWord
	dottedNumber
)

// timeRun returns the length of the run at the start of text, and its tokens. A
// letter counts for the parting only if something stands behind it: "6.a" is whole
// at the end of the text, and no number then.
func timeRun(text []rune) (int, []string) {
	kind := word
	if isDigit(text[0]) {
		kind = number
	}
	n, letters := 1, false
	for ; n < len(text); n++ {
		letters = letters || kind == word || kind == dottedWord
		next, more := kind.goesOn(text[:n], text[n])
		if !more {
			break
		}
		kind = next
	}
	return n, parted(string(text[:n]), kind, letters)
}

// goesOn tells whether c belongs to the run, and what the run is then.
func (k runKind) goesOn(run []rune, c rune) (runKind, bool) {
	last := run[len(run)-1]
	switch k {
	case word:
		if c == '.' {
			return dottedWord, true
		}
		return word, unicode.IsLetter(c)
	case number:
		if c == '.' || c == ',' && len(run) >= 2 { // some write seconds with a comma
			return dottedNumber, true
		}
		return number, isDigit(c)
	case dottedWord:
		if last == '.' && isDigit(c) {
			return dottedNumber, true
		}
		return dottedWord, c == '.' || unicode.IsLetter(c)
	}
	if last == '.' && unicode.IsLetter(c) {
		return dottedWord, true
	}
	return dottedNumber, c == '.' || isDigit(c)
}

// parted returns the tokens of a run. Only a number with one dot inside stays whole.
func parted(run string, kind runKind, letters bool) []string {
	dots := strings.Count(run, ".")
	if kind != dottedWord && kind != dottedNumber {
		return []string{run}
	}
	if letters || dots > 1 || strings.ContainsAny(run[len(run)-1:], ".,") {
		spaced := strings.NewReplacer(".", "\x00.\x00", ",", "\x00,\x00").Replace(run)
		return slices.DeleteFunc(strings.Split(spaced, "\x00"), func(s string) bool { return s == "" })
	}
	if dots == 0 {
		run = strings.ReplaceAll(run, ",", ".")
	}
	return []string{run}
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
