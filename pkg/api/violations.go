package api

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"signer/pkg/document"
)

// Violations are sentences about what a service finds wrong with the parameters
// of a call.
type Violations []string

// String is the message of the service's ValidationException.
func (v Violations) String() string {
	if len(v) == 1 {
		return "1 validation error detected: " + v[0]
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(v), strings.Join(v, "; "))
}

// Violations holds v, a value of the shape, to all that the API says of it: what
// is required, lengths, ranges, patterns, enums. It is the service's half of the
// checks, Check being the client's. Null counts as absent. Patterns are for the
// whole of a text.
//
// The words are those in which AWS's framework says such things everywhere; no
// sample of AWS Signer's own has been published. That text is UTF-8, and has no
// U+0000, which some databases cannot keep, is a rule of ours.
func (s *Shape) Violations(v document.Value) Violations {
	var f finder
	f.value(s, v, "")
	return f.found
}

// finder collects what is wrong.
type finder struct{ found Violations }

func (f *finder) add(value, path, constraint string) {
	f.found = append(f.found, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, path, constraint))
}

func (f *finder) value(s *Shape, v document.Value, path string) {
	for _, c := range s.constraints() {
		if !c.holds(v) {
			f.add(quoted(v), path, c.text)
		}
	}
	switch v := v.(type) {
	case string:
		if !isText(v) {
			f.add(quoted(v), path, plain.text)
		}
	case *document.Object:
		f.object(s, v, path)
	case document.List:
		if s.Kind == List {
			f.elements(s.Elem, v, v, path, "Member")
		}
	}
}

func (f *finder) object(s *Shape, o *document.Object, path string) {
	switch s.Kind {
	case Structure:
		f.structure(s, o, path)
	case Map:
		var keys, values document.List
		for name, v := range o.All() {
			keys, values = append(keys, name), append(values, v)
		}
		f.elements(s.Key, keys, o, path, "Map keys")
		f.elements(s.Elem, values, o, path, "Map value")
	}
}

func (f *finder) structure(s *Shape, o *document.Object, path string) {
	for i := range s.Members {
		m := &s.Members[i]
		at := strings.TrimPrefix(path+"."+javaName(m.Name), ".")
		if v, _ := o.Get(m.Name); v != nil {
			f.value(m.Shape, v, at)
		} else if m.Required {
			f.add("null", at, notNull.text)
		}
	}
}

// javaName is a member's name as the service's framework has it, which begins all
// of them in small.
func javaName(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// elements reports a list or a map, as a whole and once, if one of its elements
// does not satisfy all that is asked of each.
func (f *finder) elements(s *Shape, all document.List, whole document.Value, path, what string) {
	each := s.constraints()
	if slices.Contains(all, nil) {
		each = append(each, notNull)
	}
	if slices.ContainsFunc(all, func(v document.Value) bool { return !plain.holds(v) }) {
		each = append(each, plain)
	}
	wrong := func(v document.Value) bool {
		return slices.ContainsFunc(each, func(c constraint) bool { return !c.holds(v) })
	}
	if !slices.ContainsFunc(all, wrong) {
		return
	}
	texts := make([]string, len(each))
	for i, c := range each {
		texts[i] = c.text
	}
	f.add(quoted(whole), path, what+" must satisfy constraint: ["+strings.Join(texts, ", ")+"]")
}

// constraint is one thing that is asked of a value.
type constraint struct {
	text  string
	holds func(document.Value) bool
}

var notNull = constraint{"Member must not be null", func(v document.Value) bool { return v != nil }}

var plain = constraint{"Member must be text in UTF-8 without U+0000", func(v document.Value) bool {
	text, ok := v.(string)
	return !ok || isText(text)
}}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func (s *Shape) constraints() (all []constraint) {
	what := "length"
	if s.Kind == Integer || s.Kind == Long {
		what = "value"
	}
	if s.Max > 0 {
		all = append(all, constraint{fmt.Sprintf("Member must have %s less than or equal to %d", what, s.Max), func(v document.Value) bool { return size(v) <= s.Max }})
	}
	if s.Min > 0 {
		all = append(all, constraint{fmt.Sprintf("Member must have %s greater than or equal to %d", what, s.Min), func(v document.Value) bool { return size(v) >= s.Min }})
	}
	if s.Pattern != "" {
		all = append(all, constraint{"Member must satisfy regular expression pattern: " + s.Pattern, fits(s.Pattern)})
	}
	if enum := slices.Concat(s.Enum, s.Also); len(enum) > 0 {
		all = append(all, constraint{"Member must satisfy enum value set: [" + strings.Join(enum, ", ") + "]", func(v document.Value) bool {
			text, ok := v.(string)
			return ok && slices.Contains(enum, text)
		}})
	}
	return all
}

// size is the length of a value, or its worth if it is a number.
func size(v document.Value) int {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v)
	case []byte:
		return len(v)
	case document.List:
		return len(v)
	case *document.Object:
		return v.Len()
	case int64:
		return int(v)
	case *big.Int:
		return v.Sign() * (1<<31 - 1) // beyond every bound there is
	case bool:
		return map[bool]int{true: 1}[v]
	}
	return 0
}

// fits applies a pattern to the whole of a text. Go's expressions have no
// look-ahead: the one that the API begins a pattern with is looked at by hand. And
// they write characters in another way.
func fits(pattern string) func(document.Value) bool {
	forbidden := ""
	if rest, ok := strings.CutPrefix(pattern, "^(?!"); ok {
		forbidden, pattern, _ = strings.Cut(rest, ")")
	}
	if strings.Contains(pattern, `\u`) {
		pattern = regexp.MustCompile(`\\u([0-9A-F]{4})`).ReplaceAllString(pattern, `\x{$1}`)
	}
	re := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	return func(v document.Value) bool {
		text, ok := v.(string)
		return ok && re.MatchString(text) && (forbidden == "" || !strings.HasPrefix(text, forbidden))
	}
}

func quoted(v document.Value) string {
	if v == nil {
		return "null"
	}
	return "'" + javaText(v) + "'"
}

// javaText writes a value as the service's framework does, which is written in
// Java.
func javaText(v document.Value) string {
	switch v := v.(type) {
	case []byte:
		n := strconv.Itoa(len(v))
		return "java.nio.HeapByteBuffer[pos=0 lim=" + n + " cap=" + n + "]"
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case document.List:
		texts := make([]string, len(v))
		for i, each := range v {
			texts[i] = javaText(each)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case *document.Object:
		texts := make([]string, 0, v.Len())
		for name, value := range v.All() {
			texts = append(texts, name+"="+javaText(value))
		}
		return "{" + strings.Join(texts, ", ") + "}"
	case nil:
		return "null"
	}
	return strings.ToValidUTF8(fmt.Sprint(v), "\ufffd")
}
