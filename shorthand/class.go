package shorthand

import "unicode"

// A class tells which characters may stand at a place in a bare value. That the
// classes are odd (a "}" may start a value, and no emoji may occur in one) is the
// AWS CLI's doing, and scripts rely on where its values end.
type class func(rune) bool

// inKey tells whether c may occur in a key.
func inKey(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '-', '_', '.', '#', '/', ':':
		return true
	}
	return false
}

// low are the characters up to "<" that no bare value minds.
func low(r rune) bool {
	return r == '!' || '#' <= r && r <= '&' || '(' <= r && r <= '+' || '-' <= r && r <= '<'
}

// start are the characters that a bare value may begin with.
func start(r rune) bool {
	return low(r) || '>' <= r && r <= 'Z' || '\\' <= r && r <= 'z' || '|' <= r && r <= 0xffff
}

// bare1 are those it may go on with, where a "]" or a "}" ends it.
func bare1(r rune) bool {
	return low(r) || isSpace(r) || '=' <= r && r <= '\\' || '^' <= r && r <= '|' || '~' <= r && r <= 0xffff
}

// bare2 are those it may go on with in the later parts of "a=b,c,d".
func bare2(r rune) bool {
	return low(r) || isSpace(r) || '>' <= r && r <= 0xffff
}

// isSpace is Python's idea of white space.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
}
