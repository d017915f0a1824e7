package query

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// function is one of JMESPath's. Each parameter has the types it takes, all of
// them if there are none; "array-string" is a list of strings.
type function struct {
	name       string
	parameters [][]string
	variadic   bool // the last argument may be repeated
	apply      func(arguments []document.Value) (document.Value, error)
}

var functions = []function{
	{"abs", [][]string{{"number"}}, false, abs},
	{"avg", [][]string{{"array-number"}}, false, average},
	{"ceil", [][]string{{"number"}}, false, ceil},
	{"contains", [][]string{{"array", "string"}, {}}, false, contains},
	{"ends_with", [][]string{{"string"}, {"string"}}, false, endsWith},
	{"floor", [][]string{{"number"}}, false, floor},
	{"join", [][]string{{"string"}, {"array-string"}}, false, join},
	{"keys", [][]string{{"object"}}, false, keys},
	{"length", [][]string{{"string", "array", "object"}}, false, length},
	{"map", [][]string{{"expref"}, {"array"}}, false, mapEach},
	{"max", [][]string{{"array-number", "array-string"}}, false, maximum},
	{"max_by", [][]string{{"array"}, {"expref"}}, false, maximumBy},
	{"merge", [][]string{{"object"}}, true, merge},
	{"min", [][]string{{"array-number", "array-string"}}, false, minimum},
	{"min_by", [][]string{{"array"}, {"expref"}}, false, minimumBy},
	{"not_null", [][]string{{}}, true, notNull},
	{"reverse", [][]string{{"array", "string"}}, false, reverse},
	{"sort", [][]string{{"array-string", "array-number"}}, false, sortValues},
	{"sort_by", [][]string{{"array"}, {"expref"}}, false, sortBy},
	{"starts_with", [][]string{{"string"}, {"string"}}, false, startsWith},
	{"sum", [][]string{{"array-number"}}, false, sum},
	{"to_array", [][]string{{}}, false, toArray},
	{"to_number", [][]string{{}}, false, toNumber},
	{"to_string", [][]string{{}}, false, toString},
	{"type", [][]string{{}}, false, typeOf},
	{"values", [][]string{{"object"}}, false, valuesOf},
}

type call struct {
	name      string
	arguments []node
}

func (n call) eval(v document.Value) (document.Value, error) {
	arguments, err := evalAll(n.arguments, v)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(functions, func(f function) bool { return f.name == n.name })
	if i < 0 {
		return nil, failure("Unknown function: " + n.name + "()")
	}
	if err := functions[i].check(arguments); err != nil {
		return nil, err
	}
	return functions[i].apply(arguments)
}

func (f function) check(arguments []document.Value) error {
	want, got := len(f.parameters), len(arguments)
	if got < want || got > want && !f.variadic {
		return f.arity(got)
	}
	for i, types := range f.parameters {
		if err := f.checkArgument(arguments[i], types); err != nil {
			return err
		}
	}
	return nil
}

func (f function) arity(got int) error {
	want := fmt.Sprint(len(f.parameters))
	if f.variadic {
		want = "at least " + want
	}
	want += " argument"
	if len(f.parameters) != 1 {
		want += "s"
	}
	return failure(fmt.Sprintf("Expected %s for function %s(), received %d", want, f.name, got))
}

// checkArgument checks an argument against the types of a parameter and, if they
// ask for it, the elements of a list: all are of the one type that there is, or
// of the type of the first.
func (f function) checkArgument(v document.Value, types []string) error {
	if len(types) == 0 {
		return nil
	}
	fits := func(t string) bool { t, _, _ = strings.Cut(t, "-"); return t == typeName(v) }
	if !slices.ContainsFunc(types, fits) {
		return wrongType(f.name, v, types, typeName(v))
	}
	l, _ := v.(document.List)
	if !strings.Contains(types[0], "-") || len(l) == 0 {
		return nil
	}
	elements := types
	if len(types) > 1 {
		elements = []string{"array-" + typeName(l[0])}
	}
	for _, element := range l {
		if name := "array-" + typeName(element); !slices.Contains(elements, name) || !slices.Contains(types, name) {
			return wrongType(f.name, element, types, python.Type(element))
		}
	}
	return nil
}

func wrongType(function string, v document.Value, want []string, got string) error {
	quoted := "['" + strings.Join(want, "', '") + "']"
	return failure(fmt.Sprintf("In function %s(), invalid type for value: %s, expected one of: %s, received: \"%s\"",
		function, python.Str(v), quoted, got))
}

// typeName returns the JMESPath type of v.
func typeName(v document.Value) string {
	switch python.Type(v) {
	case "NoneType":
		return "null"
	case "bool":
		return "boolean"
	case "int", "float":
		return "number"
	case "str":
		return "string"
	case "list":
		return "array"
	case "dict":
		return "object"
	}
	return "expref"
}

func abs(a []document.Value) (document.Value, error) { return python.Abs(a[0]), nil }

func ceil(a []document.Value) (document.Value, error) { return python.Round(a[0], math.Ceil) }

func floor(a []document.Value) (document.Value, error) { return python.Round(a[0], math.Floor) }

func sum(a []document.Value) (document.Value, error) { return python.Sum(a[0].(document.List)) }

func average(a []document.Value) (document.Value, error) {
	l := a[0].(document.List)
	if len(l) == 0 {
		return nil, nil
	}
	total, err := python.Sum(l)
	if err != nil {
		return nil, err
	}
	f, err := python.Float(total)
	return f / float64(len(l)), err
}

func contains(a []document.Value) (document.Value, error) {
	if l, ok := a[0].(document.List); ok {
		return slices.ContainsFunc(l, func(v document.Value) bool { return python.Equal(v, a[1]) }), nil
	}
	part, ok := a[1].(string)
	if !ok {
		return nil, fmt.Errorf("a string can contain a string, not a value of type %s", typeName(a[1]))
	}
	return strings.Contains(a[0].(string), part), nil
}

func endsWith(a []document.Value) (document.Value, error) {
	return strings.HasSuffix(a[0].(string), a[1].(string)), nil
}

func startsWith(a []document.Value) (document.Value, error) {
	return strings.HasPrefix(a[0].(string), a[1].(string)), nil
}

func join(a []document.Value) (document.Value, error) {
	var parts []string
	for _, v := range a[1].(document.List) {
		parts = append(parts, v.(string))
	}
	return strings.Join(parts, a[0].(string)), nil
}

func keys(a []document.Value) (document.Value, error) {
	names := newList(0)
	for name := range a[0].(*document.Object).All() {
		names = append(names, name)
	}
	return names, nil
}

func valuesOf(a []document.Value) (document.Value, error) {
	l, _ := values(a[0])
	return l, nil
}

func length(a []document.Value) (document.Value, error) {
	switch v := a[0].(type) {
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	case document.List:
		return int64(len(v)), nil
	default:
		return int64(v.(*document.Object).Len()), nil
	}
}

func mapEach(a []document.Value) (document.Value, error) {
	l := a[1].(document.List)
	mapped := newList(len(l))
	for _, element := range l {
		v, err := a[0].(*expression).body.eval(element)
		if err != nil {
			return nil, err
		}
		mapped = append(mapped, v)
	}
	return mapped, nil
}

// merge checks the type of its first argument only, but what is not an object has
// nothing to merge. Python lets it pass if it is an empty list or string.
func merge(a []document.Value) (document.Value, error) {
	merged := document.New()
	for _, v := range a {
		o, ok := v.(*document.Object)
		if name := typeName(v); !ok && (name != "array" && name != "string" || python.Truth(v)) {
			return nil, wrongType("merge", v, []string{"object"}, name)
		}
		for name, member := range o.All() {
			merged.Set(name, member)
		}
	}
	return merged, nil
}

func notNull(a []document.Value) (document.Value, error) {
	i := slices.IndexFunc(a, func(v document.Value) bool { return v != nil })
	if i < 0 {
		return nil, nil
	}
	return a[i], nil
}

func reverse(a []document.Value) (document.Value, error) {
	if s, ok := a[0].(string); ok {
		chars := []rune(s)
		slices.Reverse(chars)
		return string(chars), nil
	}
	reversed := append(newList(0), a[0].(document.List)...)
	slices.Reverse(reversed)
	return reversed, nil
}

func toArray(a []document.Value) (document.Value, error) {
	if l, ok := a[0].(document.List); ok {
		return l, nil
	}
	return document.List{a[0]}, nil
}

func toNumber(a []document.Value) (document.Value, error) {
	switch v := a[0].(type) {
	case int64, *big.Int, float64:
		return v, nil
	case string:
		n, _ := python.ParseNumber(v)
		return n, nil
	case *expression:
		return nil, errors.New("a reference to an expression is not a number")
	}
	return nil, nil
}

func toString(a []document.Value) (document.Value, error) {
	if s, ok := a[0].(string); ok {
		return s, nil
	}
	return string(appendCompact(nil, a[0])), nil
}

// appendCompact appends v as JSON without blanks and in ASCII.
func appendCompact(b []byte, v document.Value) []byte {
	switch v := v.(type) {
	case document.List:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCompact(b, element)
		}
		return append(b, ']')
	case *document.Object:
		b = append(b, '{')
		for name, member := range v.All() {
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = document.AppendJSON(b, name)
			b = append(b, ':')
			b = appendCompact(b, member)
		}
		return append(b, '}')
	case *expression:
		return document.AppendJSON(b, v.String())
	}
	return document.AppendJSON(b, v)
}

func typeOf(a []document.Value) (document.Value, error) {
	if name := typeName(a[0]); name != "expref" {
		return name, nil
	}
	return nil, nil
}
