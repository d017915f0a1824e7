package local

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"signer/pkg/api"
	"signer/pkg/document"
)

// check holds an input to what the API says of its operation: what is required,
// lengths, ranges, patterns and enums. The SDK's client has looked at the first
// of these only. Patterns are for the whole of a text.
//
// The words are those in which AWS's framework says such things everywhere. None
// of the service's own has been published.
func check(operation string, in any) error {
	shape := api.Signer.Operation(operation).Input
	var found faults
	found.value(shape, shape.Encode(in), "")
	switch len(found) {
	case 0:
		return nil
	case 1:
		return invalid(unknownCode, "1 validation error detected: %s", found[0])
	}
	return invalid(unknownCode, "%d validation errors detected: %s", len(found), strings.Join(found, "; "))
}

// faults are the sentences about what is wrong.
type faults []string

func (f *faults) add(shown, path, constraint string) {
	*f = append(*f, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", shown, path, constraint))
}

func (f *faults) value(s *api.Shape, v document.Value, path string) {
	for _, c := range constraints(s) {
		if !c.holds(v) {
			f.add("'"+show(v)+"'", path, c.text)
		}
	}
	switch s.Kind {
	case api.Structure:
		f.structure(s, v.(*document.Object), path)
	case api.List:
		f.elements(s.Elem, v.(document.List), v, path, "Member")
	case api.Map:
		f.elements(s.Key, keys(v), v, path, "Map keys")
		f.elements(s.Elem, values(v), v, path, "Map value")
	}
}

func (f *faults) structure(s *api.Shape, o *document.Object, path string) {
	for _, m := range s.Members {
		at := strings.TrimPrefix(path+"."+m.Name, ".")
		v, ok := o.Get(m.Name)
		switch {
		case ok:
			f.value(m.Shape, v, at)
		case m.Required:
			f.add("null", at, "Member must not be null")
		}
	}
}

// elements reports a list or a map, as a whole and once, if one of its elements
// does not satisfy all that is asked of each.
func (f *faults) elements(s *api.Shape, all document.List, whole document.Value, path, what string) {
	each := constraints(s)
	good := func(v document.Value) bool {
		return !slices.ContainsFunc(each, func(c constraint) bool { return !c.holds(v) })
	}
	if i := slices.IndexFunc(all, func(v document.Value) bool { return !good(v) }); i < 0 {
		return
	}
	texts := make([]string, len(each))
	for i, c := range each {
		texts[i] = c.text
	}
	f.add("'"+show(whole)+"'", path, what+" must satisfy constraint: ["+strings.Join(texts, ", ")+"]")
}

// constraint is one thing that is asked of a value.
type constraint struct {
	text  string
	holds func(document.Value) bool
}

func constraints(s *api.Shape) (all []constraint) {
	measure, what := length, "length"
	if s.Kind == api.Integer || s.Kind == api.Long {
		measure, what = number, "value"
	}
	add := func(holds func(document.Value) bool, format string, args ...any) {
		all = append(all, constraint{fmt.Sprintf("Member must "+format, args...), holds})
	}
	if s.Max > 0 {
		add(func(v document.Value) bool { return measure(v) <= s.Max }, "have %s less than or equal to %d", what, s.Max)
	}
	if s.Min > 0 {
		add(func(v document.Value) bool { return measure(v) >= s.Min }, "have %s greater than or equal to %d", what, s.Min)
	}
	if s.Pattern != "" {
		add(func(v document.Value) bool { return matches(s.Pattern, v.(string)) }, "satisfy regular expression pattern: %s", s.Pattern)
	}
	if enum := slices.Concat(s.Enum, s.Also); len(enum) > 0 {
		add(func(v document.Value) bool { return slices.Contains(enum, v.(string)) }, "satisfy enum value set: [%s]", strings.Join(enum, ", "))
	}
	return all
}

func length(v document.Value) int {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v)
	case []byte:
		return len(v)
	case document.List:
		return len(v)
	case *document.Object:
		return v.Len()
	}
	return 0
}

func number(v document.Value) int { return int(v.(int64)) }

// matches applies a pattern to the whole of a text. Go's expressions have no
// look-ahead: the one of the model, at the beginning, is looked at by hand.
func matches(pattern, text string) bool {
	if rest, ok := strings.CutPrefix(pattern, "^(?!"); ok {
		forbidden, after, _ := strings.Cut(rest, ")")
		if strings.HasPrefix(text, forbidden) {
			return false
		}
		pattern = after
	}
	return regexp.MustCompile("^(?:" + pattern + ")$").MatchString(text)
}

func keys(v document.Value) (all document.List) {
	for name := range v.(*document.Object).All() {
		all = append(all, name)
	}
	return all
}

func values(v document.Value) (all document.List) {
	for _, value := range v.(*document.Object).All() {
		all = append(all, value)
	}
	return all
}

// show writes a value as the framework does, which is how Java would.
func show(v document.Value) string {
	switch v := v.(type) {
	case []byte:
		return "java.nio.HeapByteBuffer[pos=0 lim=" + fmt.Sprint(len(v)) + " cap=" + fmt.Sprint(len(v)) + "]"
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case document.List:
		texts := make([]string, len(v))
		for i, each := range v {
			texts[i] = show(each)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case *document.Object:
		var texts []string
		for name, value := range v.All() {
			texts = append(texts, name+"="+show(value))
		}
		return "{" + strings.Join(texts, ", ") + "}"
	}
	return fmt.Sprint(v)
}
