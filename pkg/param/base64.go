package param

import (
	"strings"
	"unicode"
)

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeBase64 decodes text as leniently as Python: what is not in the alphabet is
// passed over, padding that completes a group of four ends the text, other padding
// is passed over, too. It tells whether the groups come out even.
func decodeBase64(text string) ([]byte, bool) {
	out := make([]byte, 0, len(text)/4*3)
	var group, held, padding int // the characters of the group, their bits, and "=" since the last
	for i := 0; i < len(text); i++ {
		if text[i] == '=' && group >= 2 {
			if padding++; group+padding >= 4 {
				return out, true
			}
			continue
		}
		six := strings.IndexByte(base64Alphabet, text[i])
		if six < 0 {
			continue
		}
		if held = held<<6 | six; group > 0 {
			out = append(out, byte(held>>(6-2*group)))
		}
		group, padding, held = (group+1)%4, 0, held&0xffff
	}
	return out, group == 0
}

// isASCII tells whether every character of text is.
func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}
