package query

import (
	"errors"
	"fmt"
	"strings"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

type kind int

const (
	eof kind = iota
	unquotedIdentifier
	quotedIdentifier
	literalToken
	number
	rbracket
	rparen
	rbrace
	comma
	colon
	currentToken
	expref
	pipe
	or
	and
	eq
	gt
	lt
	gte
	lte
	ne
	flattenToken
	star
	filter
	dot
	not
	lbrace
	lbracket
	lparen
)

// kinds has the name of each kind of token as error messages show it, and how
// strongly it binds what stands before it.
var kinds = [...]struct {
	name  string
	power int
}{
	eof:                {"eof", 0},
	unquotedIdentifier: {"unquoted_identifier", 0},
	quotedIdentifier:   {"quoted_identifier", 0},
	literalToken:       {"literal", 0},
	number:             {"number", 0},
	rbracket:           {"rbracket", 0},
	rparen:             {"rparen", 0},
	rbrace:             {"rbrace", 0},
	comma:              {"comma", 0},
	colon:              {"colon", 0},
	currentToken:       {"current", 0},
	expref:             {"expref", 0},
	pipe:               {"pipe", 1},
	or:                 {"or", 2},
	and:                {"and", 3},
	eq:                 {"eq", 5},
	gt:                 {"gt", 5},
	lt:                 {"lt", 5},
	gte:                {"gte", 5},
	lte:                {"lte", 5},
	ne:                 {"ne", 5},
	flattenToken:       {"flatten", 9},
	star:               {"star", 20},
	filter:             {"filter", 21},
	dot:                {"dot", 40},
	not:                {"not", 45},
	lbrace:             {"lbrace", 50},
	lbracket:           {"lbracket", 55},
	lparen:             {"lparen", 60},
}

// projectionStop is the power under which a token ends a projection.
const projectionStop = 10

func (k kind) String() string { return kinds[k].name }

func (k kind) power() int { return kinds[k].power }

// symbols are the tokens of fixed text; where one begins like another the longer
// stands first.
var symbols = []struct {
	text string
	kind kind
}{
	{"[]", flattenToken}, {"[?", filter}, {"[", lbracket}, {"]", rbracket},
	{"||", or}, {"|", pipe}, {"&&", and}, {"&", expref},
	{"==", eq}, {"!=", ne}, {"!", not}, {"<=", lte}, {"<", lt}, {">=", gte}, {">", gt},
	{".", dot}, {"*", star}, {",", comma}, {":", colon}, {"@", currentToken},
	{"(", lparen}, {")", rparen}, {"{", lbrace}, {"}", rbrace},
}

type token struct {
	kind  kind
	value document.Value // of an identifier, a number or a literal; else the text of the token
	start int            // in code points
}

type lexer struct {
	expression string
	chars      []rune
	at         int
	tokens     []token
}

// scan cuts an expression into tokens; the last is eof.
func scan(expression string) ([]token, error) {
	l := &lexer{expression: expression, chars: []rune(expression)}
	for l.at < len(l.chars) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	l.add(eof, "", len(l.chars))
	return l.tokens, nil
}

func (l *lexer) next() error {
	switch c := l.chars[l.at]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		l.at++
		return nil
	case isLetter(c):
		start := l.at
		l.add(unquotedIdentifier, l.run(func(c rune) bool { return isLetter(c) || isDigit(c) }), start)
		return nil
	case isDigit(c) || c == '-':
		return l.number()
	case c == '"':
		return l.quoted()
	case c == '\'':
		return l.raw()
	case c == '`':
		return l.literal()
	}
	return l.symbol()
}

func isLetter(c rune) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

func (l *lexer) add(k kind, v document.Value, start int) {
	l.tokens = append(l.tokens, token{k, v, start})
}

// fail makes the error that the text from start on is no token.
func (l *lexer) fail(reason string, start int) error {
	return failure(fmt.Sprintf("Bad jmespath expression: %s:\n%s\n%s^", reason, l.expression, strings.Repeat(" ", start)))
}

// run takes the first character and those after it that belong to it.
func (l *lexer) run(belongs func(rune) bool) string {
	start := l.at
	l.at++
	for l.at < len(l.chars) && belongs(l.chars[l.at]) {
		l.at++
	}
	return string(l.chars[start:l.at])
}

func (l *lexer) number() error {
	start := l.at
	digits := l.run(isDigit)
	if digits == "-" {
		return l.fail("Unknown token '-'", start)
	}
	l.add(number, document.Integer(digits), start)
	return nil
}

func (l *lexer) symbol() error {
	for _, s := range symbols {
		if n := len(s.text); l.at+n <= len(l.chars) && string(l.chars[l.at:l.at+n]) == s.text {
			l.add(s.kind, s.text, l.at)
			l.at += n
			return nil
		}
	}
	if c := l.chars[l.at]; c != '=' {
		return l.fail("Unknown token "+string(c), l.at)
	}
	return l.fail("Unknown token '='", l.at)
}

// until takes what stands between two delimiters, of which the first is the
// current character. A backslash keeps the character after it from being the
// delimiter, and stays.
func (l *lexer) until() (string, error) {
	start := l.at
	delimiter := l.chars[start]
	for l.at++; l.at < len(l.chars); l.at++ {
		switch l.chars[l.at] {
		case delimiter:
			l.at++
			return string(l.chars[start+1 : l.at-1]), nil
		case '\\':
			l.at++
		}
	}
	return "", l.fail(fmt.Sprintf("Unclosed %c delimiter", delimiter), start)
}

func (l *lexer) quoted() error {
	start := l.at
	text, err := l.until()
	if err != nil {
		return err
	}
	name, err := document.ParseJSON(`"` + text + `"`)
	if err != nil {
		return l.fail(reason(err), start)
	}
	l.add(quotedIdentifier, name, start)
	return nil
}

// reason is what is wrong with JSON text, without the place.
func reason(err error) string {
	var syntax *document.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Reason
	}
	return err.Error()
}

func (l *lexer) raw() error {
	start := l.at
	text, err := l.until()
	if err != nil {
		return err
	}
	l.add(literalToken, strings.ReplaceAll(text, `\'`, `'`), start)
	return nil
}

// literal reads JSON between backticks. What is not JSON is taken for a string
// whose quotes were left out, as it was allowed before JMESPath's JEP 12.
func (l *lexer) literal() error {
	start := l.at
	text, err := l.until()
	if err != nil {
		return err
	}
	text = strings.ReplaceAll(text, "\\`", "`")
	v, err := document.ParseJSON(text)
	if err != nil {
		v, err = document.ParseJSON(`"` + strings.TrimLeftFunc(text, python.IsSpace) + `"`)
	}
	if err != nil {
		return l.fail("Bad token "+text, start)
	}
	l.add(literalToken, distinct(v), start)
	return nil
}

// distinct gives the empty lists in v an identity of their own, so that YAML can
// tell one that is printed twice from two.
func distinct(v document.Value) document.Value {
	switch v := v.(type) {
	case document.List:
		if len(v) == 0 {
			return python.Distinct()
		}
		for i := range v {
			v[i] = distinct(v[i])
		}
	case *document.Object:
		for _, name := range v.Names() {
			member, _ := v.Get(name)
			v.Set(name, distinct(member))
		}
	}
	return v
}
