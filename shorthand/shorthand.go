// Package shorthand reads the AWS CLI's shorthand syntax: "a=1,b=[x,y]" becomes
// an object with the string "1" and a list of two strings.
//
// It knows nothing of any API and nothing of files. Giving words their types is
// the work of package param, and so is deciding what a value after "@=" stands
// for. The grammar, with its odd corners, is the AWS CLI's; what it refuses is
// refused in the same words, with a caret under the same character.
package shorthand

import (
	"errors"
	"strings"
	"unicode/utf8"

	"signer/pkg/document"
)

// maxDepth is how deep lists and hashes may be nested.
const maxDepth = 1000

// Load returns what a scalar after "@=" stands for: the content of a file that it
// names, or the scalar itself.
type Load func(scalar string) (document.Value, error)

// Parse reads text and returns its keys and values in the order they stand there.
// A value is a string, a List, an *Object, or whatever load made of a scalar whose
// key ends in "@"; without load such scalars stay as they are.
//
// The error is an *Error where text breaks the grammar, and load's own where load
// failed.
func Parse(text string, load Load) (*document.Object, error) {
	p := &parser{text: text, load: load}
	o := document.New()
	for first := true; first || p.at < len(text); first = false {
		if err := p.member(o, first); err != nil {
			return nil, err
		}
	}
	return o, nil
}

type parser struct {
	text  string
	at    int // a byte offset, always at the start of a character
	end   int // where the last value of the top level ended
	load  Load
	file  bool // the key read last ends in "@"
	depth int
}

// member reads one "key=values" of the top level, and the comma before it unless
// it is the first.
func (p *parser) member(o *document.Object, first bool) error {
	if !first {
		if err := p.expect(','); err != nil {
			return err
		}
	}
	name, err := p.key()
	if err != nil {
		return err
	}
	v, err := p.values()
	if err != nil {
		return err
	}
	if o.Has(name) {
		return &Error{Text: p.text, At: p.end + width(p.text[p.end:]), Key: name, duplicate: true}
	}
	o.Set(name, v)
	p.end = p.at
	return nil
}

// key reads a name and the "=" or "@=" behind it.
func (p *parser) key() (string, error) {
	from := p.at
	for p.at < len(p.text) && inKey(p.text[p.at]) {
		p.at++
	}
	name := p.text[from:p.at]
	p.space()
	p.file = p.peek() == '@'
	if p.file {
		p.at++
	}
	return name, p.expect('=')
}

// values reads what follows an "=" at the top level.
func (p *parser) values() (document.Value, error) {
	switch p.peek() {
	case '[':
		return p.list()
	case '{':
		return p.hash()
	}
	return p.csv()
}

// item reads what follows an "=" in a hash, or an element of a list.
func (p *parser) item() (document.Value, error) {
	switch p.peek() {
	case '[':
		return p.list()
	case '{':
		return p.hash()
	}
	return p.scalar(bare1, true)
}

func (p *parser) list() (document.Value, error) {
	l := document.List{}
	err := p.enclosed('[', ']', func() error {
		v, err := p.item()
		l = append(l, v)
		return err
	})
	return l, err
}

// hash reads a "{...}". Unlike at the top level the last of several members with
// the same name wins.
func (p *parser) hash() (document.Value, error) {
	o := document.New()
	err := p.enclosed('{', '}', func() error {
		name, err := p.key()
		if err != nil {
			return err
		}
		v, err := p.item()
		o.Set(name, v)
		return err
	})
	return o, err
}

// enclosed reads parts between two brackets. A comma stands between them; one
// behind the last does no harm.
func (p *parser) enclosed(open, end rune, part func() error) error {
	if p.depth++; p.depth > maxDepth {
		return &Error{Text: p.text, At: p.at, tooDeep: true}
	}
	defer func() { p.depth-- }()
	if err := p.expect(open); err != nil {
		return err
	}
	for p.peek() != end {
		if err := part(); err != nil {
			return err
		}
		if p.space(); p.peek() == end {
			break
		}
		if err := p.expect(','); err != nil {
			return err
		}
	}
	p.at++
	return nil
}

// csv reads a scalar, or several between commas, which make a list. That "a=b,c=d"
// is two members and not a list shows only at the second "=": there, as at
// whatever else goes wrong before the end of the text, the list ends at the comma
// nearest before.
func (p *parser) csv() (document.Value, error) {
	first, err := p.scalar(bare1, true)
	if err != nil {
		return nil, err
	}
	if p.space(); p.peek() != ',' {
		return first, nil
	}
	if err := p.expect(','); err != nil {
		return nil, err
	}
	l, err := p.rest(document.List{first})
	if err != nil {
		return nil, err
	}
	if len(l) == 1 {
		return first, nil
	}
	return l, nil
}

func (p *parser) rest(l document.List) (document.List, error) {
	for {
		v, more, err := p.second()
		var broken *Error
		if errors.As(err, &broken) && p.at < len(p.text) {
			p.at = strings.LastIndexByte(p.text[:p.at+1], ',')
			return l, nil
		}
		if err != nil {
			return nil, err
		}
		l = append(l, v)
		if !more {
			return l, nil
		}
	}
}

// second reads a later part of a list and the comma behind it, unless the text
// ends.
func (p *parser) second() (v document.Value, more bool, err error) {
	v, err = p.scalar(bare2, false)
	if err != nil {
		return nil, false, err
	}
	if p.space(); p.at == len(p.text) {
		return v, false, nil
	}
	return v, true, p.expect(',')
}

// scalar reads a quoted or a bare value, whose characters after the first are
// those of follow.
func (p *parser) scalar(follow class, mayBeEmpty bool) (document.Value, error) {
	if q := p.peek(); q == '"' || q == '\'' {
		s, err := p.quoted(byte(q))
		if err != nil {
			return nil, err
		}
		return p.loaded(s)
	}
	s := p.bare(follow)
	if s == "" {
		if mayBeEmpty {
			return "", nil
		}
		return nil, p.missing("<second>")
	}
	return p.loaded(strings.TrimRightFunc(strings.ReplaceAll(s, `\,`, ","), isSpace))
}

func (p *parser) loaded(s string) (document.Value, error) {
	if p.file && p.load != nil {
		return p.load(s)
	}
	return s, nil
}

func (p *parser) bare(follow class) string {
	from := p.at
	for in := start; p.at < len(p.text); in = follow {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		switch {
		case strings.HasPrefix(p.text[p.at:], `\,`):
			p.at += 2
		case in(r):
			p.at += n
		default:
			return p.text[from:p.at]
		}
	}
	return p.text[from:]
}

// quoted reads up to the next quote that has no backslash before it. If there is
// none, the last quote of the text will do.
func (p *parser) quoted(quote byte) (string, error) {
	body := p.text[p.at+1:]
	end := closing(body, quote)
	if end < 0 {
		if quote == '"' {
			return "", p.missing("<double quoted>")
		}
		return "", p.missing("<singled quoted>")
	}
	p.at += end + 2
	q := string(quote)
	return strings.ReplaceAll(strings.ReplaceAll(body[:end], `\`+q, q), `\\`, `\`), nil
}

func closing(body string, quote byte) int {
	for i := 0; i < len(body); i++ {
		if body[i] == quote && (i == 0 || body[i-1] != '\\') {
			return i
		}
	}
	return strings.LastIndexByte(body, quote)
}

// expect reads c and the white space around it.
func (p *parser) expect(c rune) error {
	p.space()
	if p.peek() != c {
		return &Error{Text: p.text, At: p.at, Expected: string(c), Received: p.here()}
	}
	p.at++
	p.space()
	return nil
}

func (p *parser) missing(what string) error {
	return &Error{Text: p.text, At: p.at, Expected: what, Received: "<none>"}
}

func (p *parser) here() string {
	if p.at == len(p.text) {
		return "EOF"
	}
	return p.text[p.at : p.at+width(p.text[p.at:])]
}

// peek returns the next character, or one that is never met at the end.
func (p *parser) peek() rune {
	if p.at == len(p.text) {
		return -1
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return r
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r\v\f", p.text[p.at]) >= 0 {
		p.at++
	}
}

func width(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
