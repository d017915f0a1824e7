package python

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"signer/pkg/document"
)

// IsSpace tells whether Python counts r as white space.
func IsSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
}

// ParseNumber returns the number that int(text) or else float(text) gives: white
// space around it and underscores between digits are let pass, so are "inf" and
// "nan", and the digits may be those of any script.
func ParseNumber(text string) (document.Value, bool) {
	text, ok := plainDigits(strings.TrimFunc(text, IsSpace))
	if !ok {
		return nil, false
	}
	digits := strings.TrimPrefix(text, "-")
	if digits == text {
		digits = strings.TrimPrefix(text, "+")
	}
	if isDigits(digits) {
		return document.Integer(strings.TrimPrefix(text, "+")), true
	}
	return parseFloat(text, strings.ToLower(digits))
}

// parseFloat refuses the forms that Go reads and Python does not: hexadecimal.
func parseFloat(text, digits string) (document.Value, bool) {
	switch digits {
	case "nan":
		return math.NaN(), true
	case "inf", "infinity":
	default:
		if strings.Trim(digits, "0123456789.e+-") != "" {
			return nil, false
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, false
	}
	return f, true
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// plainDigits turns digits of all scripts into ASCII and takes out underscores.
// It is not ok if one of those does not stand between two digits.
func plainDigits(s string) (plain string, ok bool) {
	var b strings.Builder
	afterDigit, afterUnderscore := false, false
	for _, r := range s {
		digit := Digit(r)
		switch {
		case digit >= 0:
			b.WriteByte(byte('0' + digit))
		case r == '_' && afterDigit:
		case r == '_' || afterUnderscore:
			return "", false
		default:
			b.WriteRune(r)
		}
		afterDigit, afterUnderscore = digit >= 0, r == '_'
	}
	return b.String(), !afterUnderscore
}

// Digit returns what a decimal digit of any script counts, or -1. Unicode keeps the
// ten digits of a script together and in order.
func Digit(r rune) int {
	if '0' <= r && r <= '9' {
		return int(r - '0')
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return -1
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	return -1
}

// Upper returns s in upper case. Unlike Go, Python lets a letter become several
// (Unicode, SpecialCasing.txt).
func Upper(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	for _, r := range s {
		if at := strings.Index(manyLetters, " "+string(r)); at >= 0 {
			several, _, _ := strings.Cut(manyLetters[at+1+len(string(r)):], " ")
			b.WriteString(several)
		} else {
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

// manyLetters has each letter with what it is in upper case, after a blank.
const manyLetters = "" +
	" ßSS ŉʼN ǰJ\u030c ΐΙ\u0308\u0301 ΰΥ\u0308\u0301 ևԵՒ ẖH\u0331 ẗT\u0308 ẘW\u030a ẙY\u030a ẚAʾ ὐΥ\u0313 ὒΥ\u0313\u0300 ὔΥ\u0313\u0301" +
	" ὖΥ\u0313\u0342 ᾀἈΙ ᾁἉΙ ᾂἊΙ ᾃἋΙ ᾄἌΙ ᾅἍΙ ᾆἎΙ ᾇἏΙ ᾈἈΙ ᾉἉΙ ᾊἊΙ ᾋἋΙ ᾌἌΙ ᾍἍΙ" +
	" ᾎἎΙ ᾏἏΙ ᾐἨΙ ᾑἩΙ ᾒἪΙ ᾓἫΙ ᾔἬΙ ᾕἭΙ ᾖἮΙ ᾗἯΙ ᾘἨΙ ᾙἩΙ ᾚἪΙ ᾛἫΙ ᾜἬΙ" +
	" ᾝἭΙ ᾞἮΙ ᾟἯΙ ᾠὨΙ ᾡὩΙ ᾢὪΙ ᾣὫΙ ᾤὬΙ ᾥὭΙ ᾦὮΙ ᾧὯΙ ᾨὨΙ ᾩὩΙ ᾪὪΙ ᾫὫΙ" +
	" ᾬὬΙ ᾭὭΙ ᾮὮΙ ᾯὯΙ ᾲᾺΙ ᾳΑΙ ᾴΆΙ ᾶΑ\u0342 ᾷΑ\u0342Ι ᾼΑΙ ῂῊΙ ῃΗΙ ῄΉΙ ῆΗ\u0342" +
	" ῇΗ\u0342Ι ῌΗΙ ῒΙ\u0308\u0300 ΐΙ\u0308\u0301 ῖΙ\u0342 ῗΙ\u0308\u0342 ῢΥ\u0308\u0300 ΰΥ\u0308\u0301 ῤΡ\u0313 ῦΥ\u0342 ῧΥ\u0308\u0342 ῲῺΙ ῳΩΙ" +
	" ῴΏΙ ῶΩ\u0342 ῷΩ\u0342Ι ῼΩΙ ﬀFF ﬁFI ﬂFL ﬃFFI ﬄFFL ﬅST ﬆST ﬓՄՆ ﬔՄԵ ﬕՄԻ" +
	" ﬖՎՆ ﬗՄԽ" + " "
