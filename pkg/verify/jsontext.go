package verify

import (
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// stream begins to read a text. It must be read to its end before anything else.
func (s *scanner) stream() (*literal, error) {
	if _, err := s.take(`"`); err != nil {
		return nil, err
	}
	return &literal{s: s}, nil
}

// literal reads what stands between two quotes.
type literal struct {
	s    *scanner
	rest []byte // of an escape, still to be read
	done bool
}

// Read reads up to the next escape.
func (l *literal) Read(p []byte) (int, error) {
	switch {
	case len(l.rest) > 0:
		n := copy(p, l.rest)
		l.rest = l.rest[n:]
		return n, nil
	case l.done:
		return 0, io.EOF
	}
	if _, err := l.s.in.Peek(1); err != nil {
		return 0, failed(err)
	}
	chunk, _ := l.s.in.Peek(l.s.in.Buffered()) // they are there
	n := 0
	for n < len(chunk) && n < len(p) && chunk[n] != '"' && chunk[n] != '\\' && chunk[n] >= ' ' {
		n++
	}
	if n == 0 && len(p) > 0 {
		return 0, l.special(chunk[0])
	}
	copy(p, chunk[:n])
	l.s.in.Discard(n)
	return n, nil
}

// special takes the byte that ends the text, or begins an escape.
func (l *literal) special(c byte) error {
	l.s.in.Discard(1)
	switch c {
	case '"':
		l.done = true
		return nil
	case '\\':
		return l.escape()
	}
	return errJSON("a text has a control character")
}

// escape reads an escape behind its backslash.
func (l *literal) escape() error {
	c, err := l.s.in.ReadByte()
	if err != nil {
		return failed(err)
	}
	plain := map[byte]string{'"': `"`, '\\': `\`, '/': "/", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t"}
	if text, ok := plain[c]; ok {
		l.rest = []byte(text)
		return nil
	}
	if c != 'u' {
		return errJSON("a text has an escape that there is not")
	}
	r, err := l.unit()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		if r, err = l.pair(r); err != nil {
			return err
		}
	}
	l.rest = utf8.AppendRune(nil, r)
	return nil
}

// pair reads the second half of a character that UTF-16 writes as two.
func (l *literal) pair(first rune) (rune, error) {
	var mark [2]byte
	if _, err := io.ReadFull(l.s.in, mark[:]); err != nil {
		return 0, failed(err)
	}
	second := rune(utf8.RuneError)
	if string(mark[:]) == `\u` {
		var err error
		if second, err = l.unit(); err != nil {
			return 0, err
		}
	}
	r := utf16.DecodeRune(first, second)
	if r == utf8.RuneError {
		return 0, errJSON("a text has half a character")
	}
	return r, nil
}

// unit reads four hexadecimal digits.
func (l *literal) unit() (rune, error) {
	var digits [4]byte
	if _, err := io.ReadFull(l.s.in, digits[:]); err != nil {
		return 0, failed(err)
	}
	n, err := strconv.ParseUint(string(digits[:]), 16, 16)
	if err != nil {
		return 0, errJSON("a text has an escape that there is not")
	}
	return rune(n), nil
}
