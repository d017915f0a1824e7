package document

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep lists and objects may be nested in JSON text. Python
// gives up at about the same depth.
const maxDepth = 1000

// SyntaxError says where JSON text is broken. Its words are those of Python's
// json module, since the AWS CLI shows them to people.
type SyntaxError struct {
	Reason       string
	Line, Column int // from 1; the column counts code points
	Char         int // from 0; counts code points
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: line %d column %d (char %d)", e.Reason, e.Line, e.Column, e.Char)
}

// ParseJSON reads one JSON value (RFC 8259, and NaN, Infinity and -Infinity as
// Python does). Of members with the same name the last wins, at the place of the
// first. The error is a *SyntaxError.
func ParseJSON(text string) (Value, error) {
	p := &jsonParser{text: text}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(text) {
		return nil, p.fail("Extra data", p.at)
	}
	return v, nil
}

type jsonParser struct {
	text string
	at   int
}

func (p *jsonParser) fail(reason string, at int) error {
	before := p.text[:at]
	chars := utf8.RuneCountInString(before)
	line := strings.Count(before, "\n")
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &SyntaxError{Reason: reason, Line: line + 1, Column: column + 1, Char: chars}
}

func (p *jsonParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *jsonParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

var jsonWords = []struct {
	text  string
	value Value
}{
	{"null", nil},
	{"true", true},
	{"false", false},
	{"NaN", math.NaN()},
	{"Infinity", math.Inf(1)},
	{"-Infinity", math.Inf(-1)},
}

func (p *jsonParser) value(depth int) (Value, error) {
	if depth > maxDepth {
		return nil, p.fail("Too many nested lists and objects", p.at)
	}
	switch p.peek() {
	case '"':
		return p.str()
	case '{':
		return p.object(depth)
	case '[':
		return p.list(depth)
	}
	for _, w := range jsonWords {
		if strings.HasPrefix(p.text[p.at:], w.text) {
			p.at += len(w.text)
			return w.value, nil
		}
	}
	return p.number()
}

func (p *jsonParser) object(depth int) (Value, error) {
	o := New()
	p.at++
	p.space()
	if p.peek() == '}' {
		p.at++
		return o, nil
	}
	for {
		if err := p.member(o, depth); err != nil {
			return nil, err
		}
		more, err := p.separator('}')
		if err != nil {
			return nil, err
		}
		if !more {
			return o, nil
		}
	}
}

func (p *jsonParser) member(o *Object, depth int) error {
	if p.peek() != '"' {
		return p.fail("Expecting property name enclosed in double quotes", p.at)
	}
	name, err := p.str()
	if err != nil {
		return err
	}
	p.space()
	if p.peek() != ':' {
		return p.fail("Expecting ':' delimiter", p.at)
	}
	p.at++
	p.space()
	v, err := p.value(depth + 1)
	if err != nil {
		return err
	}
	o.Set(name, v)
	return nil
}

func (p *jsonParser) list(depth int) (Value, error) {
	l := List{}
	p.at++
	p.space()
	if p.peek() == ']' {
		p.at++
		return l, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
		more, err := p.separator(']')
		if err != nil {
			return nil, err
		}
		if !more {
			return l, nil
		}
	}
}

// separator reads what follows a member or an element: a comma, or the end of
// what it stands in. Python versions differ on a comma before the end; this is
// what those before 3.13 say, for whom the next member or element is missing.
func (p *jsonParser) separator(end byte) (more bool, err error) {
	p.space()
	switch p.peek() {
	case end:
		p.at++
		return false, nil
	case ',':
		p.at++
		p.space()
		return true, nil
	}
	return false, p.fail("Expecting ',' delimiter", p.at)
}

func (p *jsonParser) number() (Value, error) {
	start := p.at
	end := start
	if end < len(p.text) && p.text[end] == '-' {
		end++
	}
	whole := digits(p.text, end)
	if whole > 0 && p.text[end] == '0' {
		whole = 1
	}
	if whole == 0 {
		return nil, p.fail("Expecting value", start)
	}
	end += whole
	mark := end
	end = fraction(p.text, end)
	end = exponent(p.text, end)
	p.at = end
	if end == mark {
		return Integer(p.text[start:end]), nil
	}
	f, _ := strconv.ParseFloat(p.text[start:end], 64) // out of range is infinite, as in Python
	return f, nil
}

func digits(s string, from int) int {
	n := 0
	for from+n < len(s) && s[from+n] >= '0' && s[from+n] <= '9' {
		n++
	}
	return n
}

func fraction(s string, at int) int {
	if at < len(s) && s[at] == '.' {
		if n := digits(s, at+1); n > 0 {
			return at + 1 + n
		}
	}
	return at
}

func exponent(s string, at int) int {
	if at >= len(s) || s[at] != 'e' && s[at] != 'E' {
		return at
	}
	from := at + 1
	if from < len(s) && (s[from] == '+' || s[from] == '-') {
		from++
	}
	if n := digits(s, from); n > 0 {
		return from + n
	}
	return at
}

func (p *jsonParser) str() (string, error) {
	open := p.at
	p.at++
	var b strings.Builder
	for {
		if p.at >= len(p.text) {
			return "", p.fail("Unterminated string starting at", open)
		}
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\':
			if err := p.escape(&b, open); err != nil {
				return "", err
			}
		case c < 0x20:
			return "", p.fail("Invalid control character at", p.at)
		default:
			b.WriteByte(c)
			p.at++
		}
	}
}

const (
	escapes   = `"\/bfnrt`
	unescaped = "\"\\/\b\f\n\r\t"
)

func (p *jsonParser) escape(b *strings.Builder, open int) error {
	if p.at+1 >= len(p.text) {
		return p.fail("Unterminated string starting at", open)
	}
	c := p.text[p.at+1]
	if c == 'u' {
		return p.unicode(b)
	}
	i := strings.IndexByte(escapes, c)
	if i < 0 {
		return p.fail(`Invalid \escape`, p.at)
	}
	b.WriteByte(unescaped[i])
	p.at += 2
	return nil
}

func (p *jsonParser) unicode(b *strings.Builder) error {
	r, ok := p.unit(p.at)
	if !ok {
		return p.fail(`Invalid \uXXXX escape`, p.at+1)
	}
	p.at += 6
	if utf16.IsSurrogate(r) {
		low, ok := p.unit(p.at)
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			r = pair
			p.at += 6
		}
	}
	b.WriteRune(r) // half a pair becomes U+FFFD
	return nil
}

// unit reads a \uXXXX that begins at from.
func (p *jsonParser) unit(from int) (rune, bool) {
	if from+6 > len(p.text) || p.text[from] != '\\' || p.text[from+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[from+2:from+6], 16, 32)
	return rune(n), err == nil
}
