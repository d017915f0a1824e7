package bucket

import (
	"cmp"
	"net/url"
	"strings"
)

// The tree under objects/ is described in the package comment.

// A key is cut into at most maxSlashes pieces that end with a slash, so that
// directories nest no deeper than that and what a key of 1 KB has in pieces of
// maxPiece bytes. Escaped, a piece has at most 240 bytes.
const (
	maxSlashes = 16
	maxPiece   = 80
)

// piece is a part of a key that one directory stands for.
type piece struct {
	tag  byte
	text string // a slashTag's with the slash that it ends with
}

// Tags begin the names of directories and tell what these hold. That of a key is
// less than the other one that can have the same text.
const (
	keyTag   = '=' // the versions of the key that ends with the piece
	slashTag = '+' // the keys that go on after the piece and its slash
	cutTag   = '@' // the keys that go on after the piece
)

// cut takes the first piece off what is left of a key at this depth. A piece that
// is not the last ends with the first slash, or has maxPiece bytes and, up to
// maxSlashes, no slash. Hence of the pieces at one place none that goes on is
// the beginning of another one, and they sort as the keys do that begin with
// them.
func cut(rest string, depth int) (p piece, left string) {
	if depth < maxSlashes {
		if i := strings.IndexByte(rest[:min(maxPiece, len(rest))], '/'); i >= 0 {
			return piece{slashTag, rest[:i+1]}, rest[i+1:]
		}
	}
	if len(rest) > maxPiece {
		return piece{cutTag, rest[:maxPiece]}, rest[maxPiece:]
	}
	return piece{keyTag, rest}, ""
}

// keyPath returns the path of a key's directory under objects/.
func keyPath(key string) string {
	dir, _, rest := prefixPath(key)
	return dir + piece{keyTag, rest}.name()
}

// prefixPath returns the path, empty or ending with a slash, of the directory
// under objects/ that holds all keys with this prefix, how deep it is, and what
// of the prefix tells the keys in it apart.
func prefixPath(prefix string) (dir string, depth int, rest string) {
	var b strings.Builder
	for {
		p, left := cut(prefix, depth)
		if p.tag == keyTag {
			return b.String(), depth, prefix
		}
		b.WriteString(p.name())
		b.WriteByte('/')
		prefix = left
		depth++
	}
}

// name returns the name of the piece's directory.
func (p piece) name() string {
	if p.tag == slashTag {
		return escape(slashTag, p.text[:len(p.text)-1])
	}
	return escape(p.tag, p.text)
}

// parsePiece is the inverse of name for a directory at this depth. It refuses
// names that no key gives there.
func parsePiece(name string, depth int) (p piece, ok bool) {
	if name == "" {
		return piece{}, false
	}
	text, ok := unescape(name)
	if !ok {
		return piece{}, false
	}
	deep := depth >= maxSlashes
	slashed := strings.Contains(text, "/") && !deep
	switch name[0] {
	case keyTag:
		return piece{keyTag, text}, len(text) <= maxPiece && !slashed
	case cutTag:
		return piece{cutTag, text}, len(text) == maxPiece && !slashed
	case slashTag:
		return piece{slashTag, text + "/"}, len(text) < maxPiece && !slashed && !deep
	}
	return piece{}, false
}

// compare orders the pieces at one place as the keys that begin with them.
func (p piece) compare(q piece) int {
	return cmp.Or(strings.Compare(p.text, q.text), cmp.Compare(p.tag, q.tag))
}

const hexDigits = "0123456789abcdef"

// escape returns tag and text with only those bytes left plain that mean
// themselves in every file system. A dot at the end is none: Windows drops it.
func escape(tag byte, text string) string {
	b := make([]byte, 1, 1+len(text)+16)
	b[0] = tag
	for i := range len(text) {
		if c := text[i]; plain(c, i == len(text)-1) {
			b = append(b, c)
		} else {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(b)
}

func plain(c byte, last bool) bool {
	return lowerOrDigit(c) || c == '-' || c == '_' || c == '.' && !last
}

// unescape is the inverse of escape, without the tag. It refuses what escape
// does not give.
func unescape(name string) (text string, ok bool) {
	if strings.IndexByte(name, '%') < 0 { // most names: no copy is made of these
		return name[1:], plainText(name[1:])
	}
	text, err := url.PathUnescape(name[1:])
	return text, err == nil && escape(name[0], text) == name
}

func plainText(s string) bool {
	for i := range len(s) {
		if !plain(s[i], i == len(s)-1) {
			return false
		}
	}
	return true
}
