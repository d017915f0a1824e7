package query

import (
	"errors"
	"fmt"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// node is a part of a compiled expression. Its value depends on the current
// value only.
type node interface {
	eval(v document.Value) (document.Value, error)
}

// newList returns an empty list for n elements. It has room for one in any case,
// so that it is not taken for another (python.Identity).
func newList(n int) document.List { return make(document.List, 0, max(n, 1)) }

// isFalse tells what counts as false in JMESPath; zero does not.
func isFalse(v document.Value) bool {
	return !python.IsNumber(v) && !python.Truth(v)
}

// current is @, and what stands for nothing where something is needed.
type current struct{}

func (current) eval(v document.Value) (document.Value, error) { return v, nil }

type literal struct{ value document.Value }

func (n literal) eval(document.Value) (document.Value, error) { return n.value, nil }

type field struct{ name string }

func (n field) eval(v document.Value) (document.Value, error) {
	o, _ := v.(*document.Object)
	member, _ := o.Get(n.name)
	return member, nil
}

type index struct{ at int }

func (n index) eval(v document.Value) (document.Value, error) {
	l, _ := v.(document.List)
	at := n.at
	if at < 0 {
		at += len(l)
	}
	if at < 0 || at >= len(l) {
		return nil, nil
	}
	return l[at], nil
}

// slice is start:stop:step; nil where one is missing.
type slice struct{ start, stop, step *int }

func (n slice) eval(v document.Value) (document.Value, error) {
	l, ok := v.(document.List)
	if !ok {
		return nil, nil
	}
	step := 1
	if n.step != nil {
		step = *n.step
	}
	if step == 0 {
		return nil, errors.New("slice step cannot be zero")
	}
	if step < 0 {
		return n.backward(l, step), nil
	}
	return n.forward(l, step), nil
}

func (n slice) forward(l document.List, step int) document.List {
	start, stop := bound(n.start, 0, 0, len(l)), bound(n.stop, len(l), 0, len(l))
	picked := newList(0)
	for ; start < stop; start += min(step, len(l)) {
		picked = append(picked, l[start])
	}
	return picked
}

func (n slice) backward(l document.List, step int) document.List {
	start, stop := bound(n.start, len(l)-1, -1, len(l)), bound(n.stop, -1, -1, len(l))
	picked := newList(0)
	for ; start > stop; start += max(step, -len(l)) {
		picked = append(picked, l[start])
	}
	return picked
}

// bound returns a bound of a slice of a list of that length: missing if it is
// missing, counted from the end if it is negative, and from low to low+length.
func bound(at *int, missing, low, length int) int {
	if at == nil {
		return missing
	}
	n := *at
	if n < 0 {
		n += length
	}
	return max(low, min(low+length, n))
}

// subscript is an index or a slice of base.
type subscript struct{ base, step node }

func (n subscript) eval(v document.Value) (document.Value, error) {
	return inTurn(n.base, n.step, v)
}

func inTurn(first, second node, v document.Value) (document.Value, error) {
	v, err := first.eval(v)
	if err != nil {
		return nil, err
	}
	return second.eval(v)
}

// binary is two expressions with a dot, |, || or && between them.
type binary struct {
	operator    kind
	left, right node
}

func (n binary) eval(v document.Value) (document.Value, error) {
	if n.operator == dot || n.operator == pipe {
		return inTurn(n.left, n.right, v)
	}
	left, err := n.left.eval(v)
	if err != nil {
		return nil, err
	}
	if isFalse(left) == (n.operator == and) {
		return left, nil
	}
	return n.right.eval(v)
}

type negation struct{ of node }

func (n negation) eval(v document.Value) (document.Value, error) {
	v, err := n.of.eval(v)
	return isFalse(v), err
}

type comparison struct {
	operator    kind
	left, right node
}

func (n comparison) eval(v document.Value) (document.Value, error) {
	left, err := n.left.eval(v)
	if err != nil {
		return nil, err
	}
	right, err := n.right.eval(v)
	if err != nil {
		return nil, err
	}
	if n.operator == eq || n.operator == ne {
		return equal(left, right) == (n.operator == eq), nil
	}
	return n.order(left, right)
}

// equal is Python's equality, but true is not one and false is not zero unless
// they are inside of lists or objects.
func equal(a, b document.Value) bool {
	_, isBool := a.(bool)
	_, alsoBool := b.(bool)
	return isBool == alsoBool && python.Equal(a, b)
}

// order compares numbers with numbers and strings with strings. Anything else
// than those has no order, and comparing it gives null.
func (n comparison) order(a, b document.Value) (document.Value, error) {
	if !ordered(a) || !ordered(b) {
		return nil, nil
	}
	if python.IsNumber(a) != python.IsNumber(b) {
		return nil, mixed(kindText(n.operator), a, b)
	}
	order, ok := python.Compare(a, b)
	switch n.operator {
	case lt:
		return ok && order < 0, nil
	case lte:
		return ok && order <= 0, nil
	case gt:
		return ok && order > 0, nil
	default:
		return ok && order >= 0, nil
	}
}

func ordered(v document.Value) bool {
	_, isString := v.(string)
	return isString || python.IsNumber(v)
}

func kindText(k kind) string {
	for _, s := range symbols {
		if s.kind == k {
			return s.text
		}
	}
	return k.String()
}

// mixed is the error that a number has no order with a string.
func mixed(operator string, a, b document.Value) error {
	return fmt.Errorf("'%s' cannot compare a %s with a %s", operator, typeName(a), typeName(b))
}

// flatten is what [] does to its base before it projects.
type flatten struct{ base node }

func (n flatten) eval(v document.Value) (document.Value, error) {
	v, err := n.base.eval(v)
	l, ok := v.(document.List)
	if err != nil || !ok {
		return nil, err
	}
	flat := newList(len(l))
	for _, element := range l {
		if inner, ok := element.(document.List); ok {
			flat = append(flat, inner...)
		} else {
			flat = append(flat, element)
		}
	}
	return flat, nil
}

// projection does the same to each element of base for which where is true, and
// keeps what is not null.
type projection struct {
	over  func(document.Value) (document.List, bool)
	base  node
	where node // nil: all
	each  node
}

// elements returns the elements of a list.
func elements(v document.Value) (document.List, bool) {
	l, ok := v.(document.List)
	return l, ok
}

// values returns the values of an object.
func values(v document.Value) (document.List, bool) {
	o, ok := v.(*document.Object)
	l := newList(o.Len())
	for _, member := range o.All() {
		l = append(l, member)
	}
	return l, ok
}

func (n projection) eval(v document.Value) (document.Value, error) {
	v, err := n.base.eval(v)
	if err != nil {
		return nil, err
	}
	l, ok := n.over(v)
	if !ok {
		return nil, nil
	}
	kept := newList(0)
	for _, element := range l {
		v, err := n.element(element)
		if err != nil {
			return nil, err
		}
		if v != nil {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

func (n projection) element(v document.Value) (document.Value, error) {
	if n.where != nil {
		wanted, err := n.where.eval(v)
		if err != nil || isFalse(wanted) {
			return nil, err
		}
	}
	return n.each.eval(v)
}

// list is [a, b].
type list struct{ items []node }

func (n list) eval(v document.Value) (document.Value, error) {
	if v == nil {
		return nil, nil
	}
	return evalAll(n.items, v)
}

func evalAll(nodes []node, v document.Value) (document.List, error) {
	all := newList(len(nodes))
	for _, n := range nodes {
		value, err := n.eval(v)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, nil
}

// object is {a: b, c: d}.
type object struct{ pairs []pair }

type pair struct {
	name  string
	value node
}

func (n object) eval(v document.Value) (document.Value, error) {
	if v == nil {
		return nil, nil
	}
	o := document.New()
	for _, pair := range n.pairs {
		member, err := pair.value.eval(v)
		if err != nil {
			return nil, err
		}
		o.Set(pair.name, member)
	}
	return o, nil
}

// reference is &a, an expression that a function is to apply.
type reference struct{ body node }

func (n reference) eval(document.Value) (document.Value, error) { return &expression{n.body}, nil }

// expression is the value of a reference.
type expression struct{ body node }

func (*expression) String() string { return "<expression>" }
