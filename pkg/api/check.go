package api

import (
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"signer/pkg/document"
)

// InvalidError lists everything that is wrong with the parameters of a call. Its
// text is the AWS CLI's, with the API's names for types in place of Python's.
type InvalidError struct{ Problems []string }

func (e *InvalidError) Error() string {
	return "Parameter validation failed:\n" + strings.Join(e.Problems, "\n")
}

// Check tells what a client can see to be wrong with v as a value of the shape:
// missing and unknown members, wrong types, values that are too short or too
// small. As in the AWS CLI the rest (greatest lengths, patterns, enums) is left to
// the service. A timestamp must be a time.Time by now, a blob bytes.
//
// The error is an *InvalidError.
func (s *Shape) Check(v document.Value) error {
	var c checker
	c.value(s, v, "")
	if len(c.problems) == 0 {
		return nil
	}
	return &InvalidError{c.problems}
}

type checker struct{ problems []string }

func (c *checker) report(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *checker) value(s *Shape, v document.Value, path string) {
	if !s.Kind.holds(v) {
		c.report("Invalid type for parameter %s, value: %s, type: %s, valid types: %s", at(path), Show(v), typeName(v), s.Kind)
		return
	}
	switch s.Kind {
	case Structure:
		c.structure(s, v.(*document.Object), path)
	case Map:
		o := v.(*document.Object)
		for name, member := range o.All() {
			c.value(s.Key, o.Key(name), fmt.Sprintf("%s (key: %s)", path, name))
			c.value(s.Elem, member, path+"."+name)
		}
	case List:
		c.list(s, v.(document.List), path)
	case String:
		c.length(s, utf8.RuneCountInString(v.(string)), path)
	case Integer, Long:
		c.least(s, v, path)
	}
}

// holds tells whether v is of the kind. As in Python, a boolean passes for an
// integer.
func (k Kind) holds(v document.Value) bool {
	switch v.(type) {
	case string:
		return k == String
	case bool:
		return k == Boolean || k == Integer || k == Long
	case int64, *big.Int:
		return k == Integer || k == Long
	case time.Time:
		return k == Timestamp
	case []byte:
		return k == Blob
	case document.List:
		return k == List
	case *document.Object:
		return k == Structure || k == Map
	}
	return false
}

func (c *checker) structure(s *Shape, o *document.Object, path string) {
	for _, name := range s.required() {
		if !o.Has(name) {
			c.report("Missing required parameter in %s: \"%s\"", at(path), name)
		}
	}
	for name := range o.All() {
		if s.Member(name) == nil {
			c.report("Unknown parameter in %s: \"%s\", must be one of: %s", at(path), name, strings.Join(s.names(), ", "))
		}
	}
	for name, v := range o.All() {
		if m := s.Member(name); m != nil {
			c.value(m.Shape, v, strings.TrimPrefix(path+"."+name, "."))
		}
	}
}

// required names the members that must be there.
func (s *Shape) required() []string {
	if s.Asked != nil {
		return s.Asked
	}
	var names []string
	for _, m := range s.Members {
		if m.Required {
			names = append(names, m.Name)
		}
	}
	return names
}

func (s *Shape) names() []string {
	names := make([]string, len(s.Members))
	for i, m := range s.Members {
		names[i] = m.Name
	}
	return names
}

func (c *checker) list(s *Shape, l document.List, path string) {
	c.length(s, len(l), path)
	for i, v := range l {
		c.value(s.Elem, v, fmt.Sprintf("%s[%d]", path, i))
	}
}

func (c *checker) length(s *Shape, n int, path string) {
	if n < s.Min {
		c.report("Invalid length for parameter %s, value: %d, valid min length: %d", at(path), n, s.Min)
	}
}

func (c *checker) least(s *Shape, v document.Value, path string) {
	n, ok := v.(int64)
	if b, isBool := v.(bool); isBool {
		ok = true
		if b {
			n = 1
		}
	}
	if big, isBig := v.(*big.Int); isBig && big.Sign() < 0 {
		ok, n = true, -1
	}
	if ok && s.Min > 0 && n < int64(s.Min) {
		c.report("Invalid value for parameter %s, value: %s, valid min value: %d", at(path), Show(v), s.Min)
	}
}

// at names the place of a problem; the whole of the parameters is called input.
func at(path string) string {
	if path == "" {
		return "input"
	}
	return path
}

// Show writes a value into a message: text as it is, all else as JSON.
func Show(v document.Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(document.AppendJSON(nil, v))
}

func typeName(v document.Value) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case int64, *big.Int:
		return "integer"
	case float64:
		return "float"
	case time.Time:
		return "timestamp"
	case document.Date:
		return "date"
	case []byte:
		return "blob"
	case document.List:
		return "list"
	}
	return "map"
}
