package verify

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"unicode/utf8"

	"signer/pkg/interrupt"
	"signer/pkg/sign"
)

// scanner reads JSON from strangers piece by piece: memory does not grow with what
// is read, and a text can be streamed. It is stricter than encoding/json: names are
// told apart by case, no name occurs twice in one object, and text is UTF-8. Where
// that ends it reports a corrupt object.
type scanner struct {
	in *bufio.Reader
}

func scan(ctx context.Context, src sign.Source) *scanner {
	section := io.NewSectionReader(src, 0, src.Size())
	return &scanner{in: bufio.NewReaderSize(interrupt.Reader(ctx, section), 64<<10)}
}

const (
	maxMembers = 1 << 10 // of an object
	maxName    = 1 << 10 // bytes
	maxText    = 1 << 20 // bytes of a text that is kept
	maxWord    = 1 << 10 // bytes of a number
	maxDepth   = 100
)

func errJSON(what string) error {
	return corrupt("It is not JSON as it should be: %s.", what)
}

// failed tells an input that ends too early from one that cannot be read.
func failed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errJSON("it is cut short")
	}
	return err
}

// peek returns the next byte that is not a blank, without taking it.
func (s *scanner) peek() (byte, error) {
	c, err := s.peekByte()
	if err != nil {
		return 0, failed(err)
	}
	return c, nil
}

func (s *scanner) peekByte() (byte, error) {
	for {
		b, err := s.in.Peek(1)
		if err != nil {
			return 0, err
		}
		switch b[0] {
		case ' ', '\t', '\r', '\n':
			s.in.Discard(1)
		default:
			return b[0], nil
		}
	}
}

// take takes the next byte that is not a blank, which must be one of some.
func (s *scanner) take(some string) (byte, error) {
	c, err := s.peek()
	if err != nil {
		return 0, err
	}
	for i := range len(some) {
		if c == some[i] {
			s.in.Discard(1)
			return c, nil
		}
	}
	return 0, errJSON("there is " + strconv.QuoteRune(rune(c)) + " where " + strconv.Quote(some) + " belongs")
}

// end makes sure that nothing is left.
func (s *scanner) end() error {
	switch _, err := s.peekByte(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return errJSON("something follows it")
}

// object reads an object. member is called with each name, and must read the value.
func (s *scanner) object(member func(name string) error) error {
	if _, err := s.take("{"); err != nil {
		return err
	}
	seen := map[string]bool{}
	return s.sequence('}', func() error {
		name, err := s.text(maxName)
		switch {
		case err != nil:
			return err
		case seen[name]:
			return errJSON("its member " + strconv.Quote(name) + " occurs twice")
		case len(seen) == maxMembers:
			return errJSON("it has too many members")
		}
		seen[name] = true
		if _, err := s.take(":"); err != nil {
			return err
		}
		return member(name)
	})
}

// list reads a list; element must read the next value.
func (s *scanner) list(element func() error) error {
	if _, err := s.take("["); err != nil {
		return err
	}
	return s.sequence(']', element)
}

// sequence reads what commas part, up to the closing byte.
func (s *scanner) sequence(closing byte, element func() error) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c == closing {
		_, err := s.take(string(closing))
		return err
	}
	for {
		if err := element(); err != nil {
			return err
		}
		c, err := s.take("," + string(closing))
		if err != nil || c == closing {
			return err
		}
	}
}

// texts reads a list of texts.
func (s *scanner) texts(most int) ([]string, error) {
	var all []string
	err := s.list(func() error {
		if len(all) == most {
			return errJSON("a list is too long")
		}
		t, err := s.text(maxText)
		all = append(all, t)
		return err
	})
	return all, err
}

// text reads a text that is not longer than most bytes.
func (s *scanner) text(most int64) (string, error) {
	r, err := s.stream()
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return "", err
	case int64(len(b)) > most:
		return "", errJSON("a text is too long")
	case !utf8.Valid(b):
		return "", errJSON("a text is not UTF-8")
	}
	return string(b), nil
}

// integer reads a number that is a whole one and not negative.
func (s *scanner) integer() (int64, error) {
	word, err := s.word()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(word, 10, 63)
	if err != nil || len(word) > 1 && word[0] == '0' {
		return 0, errJSON("there is no number where one belongs")
	}
	return int64(n), nil
}

// word reads the letters and digits of a number, or of null, true and false.
func (s *scanner) word() (string, error) {
	if _, err := s.peek(); err != nil {
		return "", err
	}
	var word []byte
	for len(word) < maxWord {
		b, err := s.in.Peek(1)
		if err != nil {
			return "", failed(err)
		}
		if c := b[0]; c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		word = append(word, b[0])
		s.in.Discard(1)
	}
	if len(word) == 0 {
		return "", errJSON("there is no value where one belongs")
	}
	return string(word), nil
}

// skip passes over a value, whatever it is.
func (s *scanner) skip() error { return s.skipWithin(maxDepth) }

// skipWithin passes over a value that may hold others, down to a depth. Names that
// occur twice are of no interest there.
func (s *scanner) skipWithin(depth int) error {
	c, err := s.peek()
	switch {
	case err != nil:
		return err
	case depth == 0:
		return errJSON("it is nested too deeply")
	case c == '"':
		return s.skipText()
	case c == '{':
		s.in.Discard(1)
		return s.sequence('}', func() error { return s.skipMember(depth - 1) })
	case c == '[':
		s.in.Discard(1)
		return s.sequence(']', func() error { return s.skipWithin(depth - 1) })
	}
	word, err := s.word()
	if err == nil && !json.Valid([]byte(word)) {
		err = errJSON("there is no value where one belongs")
	}
	return err
}

func (s *scanner) skipMember(depth int) error {
	if err := s.skipText(); err != nil {
		return err
	}
	if _, err := s.take(":"); err != nil {
		return err
	}
	return s.skipWithin(depth)
}

func (s *scanner) skipText() error {
	r, err := s.stream()
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}
