package cmd

import (
	"fmt"
	"slices"
	"strings"

	"signer/pkg/api"
)

// This file describes the shapes of the API: what a value may be, and how it is
// written.

// members describes the members of a Structure.
func (s *section) members(indent int, shape *api.Shape) {
	for _, m := range shape.Members {
		s.term(indent, memberTitle(&m), m.Doc)
		s.shape(indent+1, m.Shape)
	}
}

func memberTitle(m *api.Member) string {
	title := fmt.Sprintf("%s -> (%s)", m.Name, m.Shape.Kind)
	if m.Required {
		title += " [required]"
	}
	return title
}

// shape says what a value may be, and describes what it is made of.
func (s *section) shape(indent int, shape *api.Shape) {
	s.bounds(indent, shape)
	s.values(indent, slices.Concat(shape.Enum, shape.Also))
	switch shape.Kind {
	case api.Structure:
		s.members(indent, shape)
	case api.Map:
		s.part(indent, "key -> ", shape.Key)
		s.part(indent, "value -> ", shape.Elem)
	case api.List:
		s.part(indent, "", shape.Elem)
	}
}

// part describes a shape that no member names.
func (s *section) part(indent int, name string, shape *api.Shape) {
	s.add(entry, indent, fmt.Sprintf("%s(%s)", name, shape.Kind))
	s.shape(indent+1, shape)
}

// values lists the words that a value may be.
func (s *section) values(indent int, words []string) {
	s.list(indent, "Possible values:", words)
}

// list adds a list with what stands before it, unless there is nothing on it.
func (s *section) list(indent int, title string, items []string) {
	if len(items) == 0 {
		return
	}
	s.add(paragraph, indent, title)
	for _, text := range items {
		s.add(item, indent, text)
	}
}

// bounds says how long or great a value may be, and what form it has.
func (s *section) bounds(indent int, shape *api.Shape) {
	var all []string
	if shape.Min > 0 {
		all = append(all, fmt.Sprintf("min: %d", shape.Min))
	}
	if shape.Max > 0 {
		all = append(all, fmt.Sprintf("max: %d", shape.Max))
	}
	if shape.Pattern != "" {
		all = append(all, "pattern: "+shape.Pattern)
	}
	s.list(indent, "Constraints:", all)
}

// syntax shows how a value of several parts is written.
func (s *section) syntax(indent int, shape *api.Shape) {
	switch {
	case shape.Kind == api.List && isScalar(shape.Elem):
		s.add(paragraph, indent, "Syntax:")
		s.add(code, indent+1, fmt.Sprintf("%q %q ...", shape.Elem.Kind, shape.Elem.Kind))
	case !isScalar(shape):
		s.add(paragraph, indent, "Shorthand syntax:")
		s.add(code, indent+1, shorthandSyntax(shape))
		s.add(paragraph, indent, "JSON syntax:")
		s.add(code, indent+1, jsonSyntax(shape, ""))
	}
}

func isScalar(shape *api.Shape) bool {
	return !slices.Contains([]api.Kind{api.Structure, api.List, api.Map}, shape.Kind)
}

// shorthandSyntax is the form of an option's value in shorthand: the words string,
// integer and so on stand for values. Of a List it is that of an element, each of
// which is a word of its own.
func shorthandSyntax(shape *api.Shape) string {
	switch shape.Kind {
	case api.List:
		return shorthandSyntax(shape.Elem) + " ..."
	case api.Map:
		return shorthandPairs(shape)
	}
	var parts []string
	for _, m := range shape.Members {
		value := shorthandValue(m.Shape)
		if m.Shape.Kind == api.List && isScalar(m.Shape.Elem) {
			value = strings.Trim(value, "[]") // needs no brackets here
		}
		parts = append(parts, m.Name+"="+value)
	}
	return strings.Join(parts, ",")
}

// shorthandValue is the form of a value within another.
func shorthandValue(shape *api.Shape) string {
	switch shape.Kind {
	case api.Structure:
		var parts []string
		for _, m := range shape.Members {
			parts = append(parts, m.Name+"="+shorthandValue(m.Shape))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case api.Map:
		return "{" + shorthandPairs(shape) + "}"
	case api.List:
		value := shorthandValue(shape.Elem)
		return "[" + value + "," + value + "]"
	}
	return shape.Kind.String()
}

func shorthandPairs(shape *api.Shape) string {
	value := shorthandValue(shape.Elem)
	return "KeyName1=" + value + ",KeyName2=" + value
}

// jsonSyntax is the form of a value in JSON; all lines but the first begin with
// margin.
func jsonSyntax(shape *api.Shape, margin string) string {
	in := margin + "  "
	switch shape.Kind {
	case api.Structure:
		var lines []string
		for _, m := range shape.Members {
			lines = append(lines, fmt.Sprintf("%s%q: %s", in, m.Name, jsonSyntax(m.Shape, in)))
		}
		return "{\n" + strings.Join(lines, ",\n") + "\n" + margin + "}"
	case api.Map:
		return fmt.Sprintf("{\"string\": %s\n%s...}", jsonSyntax(shape.Elem, in), in)
	case api.List:
		if isScalar(shape.Elem) {
			return "[" + jsonSyntax(shape.Elem, in) + ", ...]"
		}
		return fmt.Sprintf("[\n%s%s\n%s...\n%s]", in, jsonSyntax(shape.Elem, in), in, margin)
	}
	return jsonWord(shape)
}

func jsonWord(shape *api.Shape) string {
	switch {
	case shape.Kind == api.Boolean:
		return "true|false"
	case shape.Kind != api.String:
		return shape.Kind.String()
	case len(shape.Enum) > 0:
		return `"` + strings.Join(shape.Enum, `"|"`) + `"`
	}
	return `"string"`
}

func errorNames(errors []*api.Error) string {
	names := make([]string, len(errors))
	for i, e := range errors {
		names[i] = e.Name
	}
	return strings.Join(names, ", ")
}
