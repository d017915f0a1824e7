package query

import (
	"slices"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// The functions that put values in order.

// less orders what the functions below let pass, which is numbers and strings.
func less(a, b document.Value) bool {
	order, ok := python.Compare(a, b)
	return ok && order < 0
}

func minimum(a []document.Value) (document.Value, error) {
	return first(a[0].(document.List), func(v, best document.Value) bool { return less(v, best) }), nil
}

func maximum(a []document.Value) (document.Value, error) {
	return first(a[0].(document.List), func(v, best document.Value) bool { return less(best, v) }), nil
}

// first returns the first element that no later one beats.
func first(l document.List, beats func(v, best document.Value) bool) document.Value {
	if len(l) == 0 {
		return nil
	}
	best := l[0]
	for _, v := range l[1:] {
		if beats(v, best) {
			best = v
		}
	}
	return best
}

func sortValues(a []document.Value) (document.Value, error) {
	sorted := append(newList(0), a[0].(document.List)...)
	slices.SortStableFunc(sorted, compare)
	return sorted, nil
}

func compare(a, b document.Value) int {
	order, _ := python.Compare(a, b)
	return order
}

func minimumBy(a []document.Value) (document.Value, error) {
	return firstBy("min_by", "<", a, less)
}

func maximumBy(a []document.Value) (document.Value, error) {
	return firstBy("max_by", ">", a, func(key, best document.Value) bool { return less(best, key) })
}

// firstBy returns the first element whose key no later one's beats.
func firstBy(function, operator string, a []document.Value, beats func(key, best document.Value) bool) (document.Value, error) {
	var best, bestKey document.Value
	for i, v := range a[0].(document.List) {
		key, err := keyOf(function, a[1], v, "number", "string")
		if err != nil {
			return nil, err
		}
		if i > 0 && python.IsNumber(key) != python.IsNumber(bestKey) {
			return nil, mixed(operator, key, bestKey)
		}
		if i == 0 || beats(key, bestKey) {
			best, bestKey = v, key
		}
	}
	return best, nil
}

// keyOf evaluates a reference for an element and holds what comes out to types.
func keyOf(function string, by, element document.Value, types ...string) (document.Value, error) {
	key, err := by.(*expression).body.eval(element)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(types, typeName(key)) {
		return nil, wrongType(function, key, types, typeName(key))
	}
	return key, nil
}

// sortBy sorts by keys that are all strings or all numbers, as the first is.
func sortBy(a []document.Value) (document.Value, error) {
	l := a[0].(document.List)
	if len(l) == 0 {
		return l, nil
	}
	firstKey, err := a[1].(*expression).body.eval(l[0])
	if err != nil {
		return nil, err
	}
	want := typeName(firstKey)
	if want != "number" && want != "string" {
		return nil, wrongType("sort_by", l[0], []string{"string", "number"}, want)
	}
	return sortedBy(l, a[1], want)
}

func sortedBy(l document.List, by document.Value, want string) (document.Value, error) {
	type keyed struct{ key, element document.Value }
	var all []keyed
	for _, element := range l {
		key, err := keyOf("sort_by", by, element, want)
		if err != nil {
			return nil, err
		}
		all = append(all, keyed{key, element})
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return compare(a.key, b.key) })
	sorted := newList(len(l))
	for _, k := range all {
		sorted = append(sorted, k.element)
	}
	return sorted, nil
}
