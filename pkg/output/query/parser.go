package query

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// maxDepth is how high the tree of an expression may be.
const maxDepth = 2000

// parser is a top down operator precedence parser (V. Pratt). A token has a
// meaning at the beginning of an expression, a prefix, or after one, an infix.
type parser struct {
	expression string
	tokens     []token
	at         int
	depth      int
}

func parse(expression string) (node, error) {
	tokens, err := scan(expression)
	if err != nil {
		return nil, err
	}
	p := &parser{expression: expression, tokens: tokens}
	root, err := p.parse(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != eof {
		return nil, p.fail(t, "Unexpected token: "+python.Str(t.value))
	}
	return root, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) is(k kind) bool { return p.tokens[p.at].kind == k }

// take returns the current token and goes on to the next. The eof is never taken.
func (p *parser) take() token {
	p.at++
	return p.tokens[p.at-1]
}

// took goes on to the next token if the current one is of kind k.
func (p *parser) took(k kind) bool {
	if !p.is(k) {
		return false
	}
	p.at++
	return true
}

// expect takes a token of kind k, or fails.
func (p *parser) expect(k kind) error {
	if !p.took(k) {
		return p.expected(k.String())
	}
	return nil
}

func (p *parser) expected(what string) error {
	t := p.peek()
	if t.kind == eof {
		return p.incomplete()
	}
	return p.fail(t, fmt.Sprintf("Expecting: %s, got: %s", what, t.kind))
}

func (p *parser) incomplete() error {
	end := utf8.RuneCountInString(p.expression)
	return failure(fmt.Sprintf("Invalid jmespath expression: Incomplete expression:\n\"%s\"\n%s", p.expression, caret(end)))
}

func (p *parser) fail(t token, reason string) error {
	return failure(fmt.Sprintf("%s: Parse error at column %d, token \"%s\" (%s), for expression:\n\"%s\"\n%s",
		reason, t.start, python.Str(t.value), strings.ToUpper(t.kind.String()), p.expression, caret(t.start)))
}

// caret points at a place in an expression that was shown in double quotes.
func caret(start int) string { return strings.Repeat(" ", start+1) + "^" }

// deeper counts a level of the tree; the caller restores p.depth.
func (p *parser) deeper() error {
	p.depth++
	if p.depth > maxDepth {
		return p.fail(p.peek(), "too deeply nested")
	}
	return nil
}

// parse reads an expression up to a token that binds no stronger than power.
func (p *parser) parse(power int) (node, error) {
	defer func(depth int) { p.depth = depth }(p.depth)
	if err := p.deeper(); err != nil {
		return nil, err
	}
	left, err := p.prefix()
	for err == nil && power < p.peek().kind.power() {
		if err = p.deeper(); err == nil {
			left, err = p.infix(left)
		}
	}
	return left, err
}

func (p *parser) prefix() (node, error) {
	t := p.peek()
	if t.kind == eof {
		return nil, p.incomplete()
	}
	p.at++
	switch t.kind {
	case literalToken:
		return literal{t.value}, nil
	case unquotedIdentifier:
		return field{t.value.(string)}, nil
	case quotedIdentifier:
		return p.quotedField(t)
	case currentToken:
		return current{}, nil
	case star:
		return p.projection(projection{over: values, base: current{}}, star.power())
	case filter:
		return p.filtered(current{})
	case flattenToken:
		return p.flattened(current{})
	case lbrace:
		return p.object()
	case lbracket:
		return p.bracket()
	case lparen:
		return p.grouped()
	case not:
		inner, err := p.parse(not.power())
		return negation{inner}, err
	case expref:
		inner, err := p.parse(expref.power())
		return reference{inner}, err
	}
	return nil, p.fail(t, "invalid token")
}

func (p *parser) infix(left node) (node, error) {
	t := p.peek()
	p.at++
	switch t.kind {
	case dot:
		return p.member(left)
	case pipe, or, and:
		right, err := p.parse(t.kind.power())
		return binary{t.kind, left, right}, err
	case eq, ne, lt, lte, gt, gte:
		right, err := p.parse(t.kind.power())
		return comparison{t.kind, left, right}, err
	case flattenToken:
		return p.flattened(left)
	case filter:
		return p.filtered(left)
	case lbracket:
		return p.index(left)
	case lparen:
		return p.call(left)
	}
	return nil, p.fail(t, "invalid token")
}

func (p *parser) grouped() (node, error) {
	inner, err := p.parse(0)
	if err == nil {
		err = p.expect(rparen)
	}
	return inner, err
}

func (p *parser) quotedField(t token) (node, error) {
	if p.is(lparen) {
		paren := p.peek()
		paren.start = 0
		return nil, p.fail(paren, "Quoted identifier not allowed for function names.")
	}
	return field{t.value.(string)}, nil
}

// bracket reads what follows a [ that has nothing before it: an index, a slice, a
// wildcard or a list of expressions.
func (p *parser) bracket() (node, error) {
	if p.is(number) || p.is(colon) {
		return p.subscript(current{})
	}
	if p.is(star) && p.tokens[p.at+1].kind == rbracket {
		p.at += 2
		return p.projection(projection{over: elements, base: current{}}, star.power())
	}
	return p.list()
}

// index reads what follows a [ after left: an index, a slice or a wildcard.
func (p *parser) index(left node) (node, error) {
	if p.is(number) || p.is(colon) {
		return p.subscript(left)
	}
	if err := p.expect(star); err != nil {
		return nil, err
	}
	if err := p.expect(rbracket); err != nil {
		return nil, err
	}
	return p.projection(projection{over: elements, base: left}, star.power())
}

// subscript reads an index or a slice of left. A slice projects, but not directly
// after another subscript: in a[0][1:].b the b is looked up in the slice itself.
// That is an oversight of jmespath.py that its users see.
func (p *parser) subscript(left node) (node, error) {
	step, err := p.indexOrSlice()
	if err != nil {
		return nil, err
	}
	_, again := left.(subscript)
	of := subscript{left, step}
	if _, ok := step.(slice); !ok || again {
		return of, nil
	}
	return p.projection(projection{over: elements, base: of}, star.power())
}

func (p *parser) indexOrSlice() (node, error) {
	if p.is(colon) || p.tokens[p.at+1].kind == colon {
		return p.slice()
	}
	n := p.take()
	return index{clamp(n.value)}, p.expect(rbracket)
}

// slice reads start:stop:step, each of which may be missing.
func (p *parser) slice() (node, error) {
	var parts [3]*int
	for part := 0; !p.is(rbracket); p.at++ {
		switch t := p.peek(); {
		case t.kind == number:
			n := clamp(t.value)
			parts[part] = &n
		case t.kind == colon && part < len(parts)-1:
			part++
		default:
			return nil, p.fail(t, "syntax error")
		}
	}
	p.at++
	return slice{parts[0], parts[1], parts[2]}, nil
}

// clamp returns a number as an index; one that is too large for that is beyond
// the end of any list in any case.
func clamp(v document.Value) int {
	n, ok := v.(int64)
	switch {
	case !ok && v.(*big.Int).Sign() < 0:
		return math.MinInt
	case !ok:
		return math.MaxInt
	}
	return int(max(math.MinInt, min(math.MaxInt, n)))
}

func (p *parser) filtered(base node) (node, error) {
	condition, err := p.parse(0)
	if err != nil {
		return nil, err
	}
	if err := p.expect(rbracket); err != nil {
		return nil, err
	}
	return p.projection(projection{over: elements, base: base, where: condition}, filter.power())
}

func (p *parser) flattened(base node) (node, error) {
	return p.projection(projection{over: elements, base: flatten{base}}, flattenToken.power())
}

// member reads what follows a dot.
func (p *parser) member(left node) (node, error) {
	if p.took(star) {
		return p.projection(projection{over: values, base: left}, dot.power())
	}
	right, err := p.afterDot(dot.power())
	return binary{dot, left, right}, err
}

func (p *parser) afterDot(power int) (node, error) {
	switch t := p.peek(); t.kind {
	case quotedIdentifier, unquotedIdentifier, star:
		return p.parse(power)
	case lbracket:
		p.at++
		return p.list()
	case lbrace:
		p.at++
		return p.object()
	default:
		const reason = "Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], got: "
		return nil, p.fail(t, reason+t.kind.String())
	}
}

// projection reads what is done to each element of a projection.
func (p *parser) projection(of projection, power int) (node, error) {
	each, err := p.projected(power)
	of.each = each
	return of, err
}

func (p *parser) projected(power int) (node, error) {
	switch t := p.peek(); {
	case t.kind.power() < projectionStop:
		return current{}, nil
	case t.kind == lbracket || t.kind == filter:
		return p.parse(power)
	case t.kind == dot:
		p.at++
		return p.afterDot(power)
	default:
		return nil, p.fail(t, "syntax error")
	}
}

func (p *parser) list() (node, error) {
	var items []node
	for {
		item, err := p.parse(0)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if p.took(rbracket) {
			return list{items}, nil
		}
		if err := p.expect(comma); err != nil {
			return nil, err
		}
	}
}

func (p *parser) object() (node, error) {
	var pairs []pair
	for {
		pair, err := p.pair()
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
		if !p.took(comma) && p.took(rbrace) {
			return object{pairs}, nil
		}
	}
}

func (p *parser) pair() (pair, error) {
	name := p.peek()
	if name.kind != quotedIdentifier && name.kind != unquotedIdentifier {
		return pair{}, p.expected("['quoted_identifier', 'unquoted_identifier']")
	}
	p.at++
	if err := p.expect(colon); err != nil {
		return pair{}, err
	}
	value, err := p.parse(0)
	return pair{name.value.(string), value}, err
}

// call reads the arguments of a function; commas between them may be missing.
func (p *parser) call(left node) (node, error) {
	name, ok := left.(field)
	if !ok {
		before := p.tokens[p.at-2]
		return nil, p.fail(before, "Invalid function name '"+python.Str(before.value)+"'")
	}
	var arguments []node
	for !p.took(rparen) {
		argument, err := p.parse(0)
		if err != nil {
			return nil, err
		}
		p.took(comma)
		arguments = append(arguments, argument)
	}
	return call{name.name, arguments}, nil
}
