package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"signer/pkg/api"
)

// A page of help is made from the commands and the API's data, and then shown as
// text (help), Markdown (docs/cli) or a manual page. Nothing in it is written twice.

// page is one page of help.
type page struct {
	title    string // signer start-signing-job
	sections []section
}

type section struct {
	heading string
	blocks  []block
}

// block is a paragraph, a piece of code, or a term that is explained.
type block struct {
	kind   blockKind
	text   string
	indent int
}

type blockKind int

const (
	paragraph blockKind = iota
	code
	entry
)

func (s *section) add(kind blockKind, indent int, text string) {
	s.blocks = append(s.blocks, block{kind, text, indent})
}

// helpPage makes the page of a command.
func (s *session) helpPage(c *cobra.Command) page {
	p := page{title: c.CommandPath()}
	p.sections = append(p.sections, nameSection(c), descriptionSection(c))
	if c.HasSubCommands() {
		p.sections = append(p.sections, s.groupSynopsis(c), commandsSection(c))
	} else {
		p.sections = append(p.sections, s.synopsis(c), s.optionsSection(c))
	}
	p.sections = append(p.sections, globalSection(c.Root()))
	if o := s.operations[c]; o != nil {
		p.sections = append(p.sections, outputSection(o))
	}
	p.sections = append(p.sections, exitSection())
	return p
}

func nameSection(c *cobra.Command) section {
	s := section{heading: "NAME"}
	s.add(paragraph, 0, c.Name())
	return s
}

func descriptionSection(c *cobra.Command) section {
	s := section{heading: "DESCRIPTION"}
	text := c.Long
	if text == "" {
		text = c.Short
	}
	for p := range strings.SplitSeq(text, "\n\n") {
		s.add(paragraph, 0, p)
	}
	return s
}

func (s *session) groupSynopsis(c *cobra.Command) section {
	sec := section{heading: "SYNOPSIS"}
	sec.add(code, 0, c.CommandPath()+" <command> [parameters]")
	return sec
}

func commandsSection(c *cobra.Command) section {
	s := section{heading: "AVAILABLE COMMANDS"}
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			s.add(entry, 0, sub.Name())
			s.add(paragraph, 1, sub.Short)
		}
	}
	return s
}

// synopsis shows the options in the order of the API, those that may be left out
// in brackets.
func (s *session) synopsis(c *cobra.Command) section {
	sec := section{heading: "SYNOPSIS"}
	lines := []string{c.CommandPath()}
	required := map[string]bool{}
	if n := s.nodes[c]; n != nil && n.required != nil {
		for _, name := range n.required(nil) {
			required[name] = true
		}
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if line := synopsisLine(f, required["--"+f.Name]); line != "" {
			lines = append(lines, line)
		}
	})
	if n := s.nodes[c]; n != nil && n.operands != nil {
		lines = append(lines, "<"+n.operands.name+">")
	}
	sec.add(code, 0, strings.Join(lines, "\n"))
	return sec
}

func synopsisLine(f *pflag.Flag, required bool) string {
	v, ok := f.Value.(*value)
	switch {
	case !ok || v.twin:
		return ""
	case f.Name == "cli-input-json":
		return "[--cli-input-json | --cli-input-yaml]"
	case f.Name == "cli-input-yaml":
		return ""
	case v.arity == none:
		return fmt.Sprintf("[--%s | --no-%s]", f.Name, f.Name)
	case required:
		return fmt.Sprintf("--%s <value>", f.Name)
	}
	return fmt.Sprintf("[--%s <value>]", f.Name)
}

func (s *session) optionsSection(c *cobra.Command) section {
	sec := section{heading: "OPTIONS"}
	o := s.operations[c]
	c.Flags().VisitAll(func(f *pflag.Flag) {
		v, ok := f.Value.(*value)
		if !ok || v.twin {
			return
		}
		sec.add(entry, 0, optionTitle(f, v))
		sec.add(paragraph, 1, f.Usage)
		if o != nil && o.op.Input.Member(v.member) != nil {
			describeValue(&sec, o.op.Input.Member(v.member).Shape)
		}
	})
	return sec
}

func optionTitle(f *pflag.Flag, v *value) string {
	if v.arity == none && v.member != "" {
		return fmt.Sprintf("--%s | --no-%s (boolean)", f.Name, f.Name)
	}
	return fmt.Sprintf("--%s (%s)", f.Name, v.kind)
}

// describeValue says how a value of the shape is written.
func describeValue(sec *section, s *api.Shape) {
	describeMembers(sec, s, 1)
	switch s.Kind {
	case api.Structure, api.Map:
		sec.add(paragraph, 1, "Shorthand syntax:")
		sec.add(code, 2, shorthandSyntax(s, true))
		sec.add(paragraph, 1, "JSON syntax:")
		sec.add(code, 2, jsonSyntax(s, ""))
	case api.List:
		sec.add(paragraph, 1, "Syntax:")
		sec.add(code, 2, `"string" "string" ...`)
	}
}

func describeMembers(sec *section, s *api.Shape, indent int) {
	if all := append(s.Enum[:len(s.Enum):len(s.Enum)], s.Also...); len(all) > 0 {
		sec.add(paragraph, indent, fmt.Sprintf("Possible values: %s.", strings.Join(all, ", ")))
	}
	switch s.Kind {
	case api.Structure:
		for _, m := range s.Members {
			sec.add(entry, indent, memberTitle(m))
			sec.add(paragraph, indent+1, m.Doc)
			describeMembers(sec, m.Shape, indent+1)
		}
	case api.Map:
		sec.add(entry, indent, fmt.Sprintf("key -> (%s)", s.Key.Kind))
		sec.add(entry, indent, fmt.Sprintf("value -> (%s)", s.Elem.Kind))
	case api.List:
		sec.add(entry, indent, fmt.Sprintf("(%s)", s.Elem.Kind))
		describeMembers(sec, s.Elem, indent+1)
	}
}

func memberTitle(m api.Member) string {
	title := fmt.Sprintf("%s -> (%s)", m.Name, m.Shape.Kind)
	if m.Required {
		title += " [required]"
	}
	return title
}

// shorthandSyntax is the form of a shape in shorthand: the words string, integer
// and so on stand for values.
func shorthandSyntax(s *api.Shape, top bool) string {
	switch s.Kind {
	case api.Structure:
		var parts []string
		for _, m := range s.Members {
			parts = append(parts, m.Name+"="+shorthandSyntax(m.Shape, false))
		}
		return braced(strings.Join(parts, ","), top)
	case api.Map:
		return braced("KeyName1=string,KeyName2=string", top)
	case api.List:
		elem := shorthandSyntax(s.Elem, false)
		return "[" + elem + "," + elem + "]"
	}
	return s.Kind.String()
}

func braced(text string, top bool) string {
	if top {
		return text
	}
	return "{" + text + "}"
}

// jsonSyntax is the same in JSON.
func jsonSyntax(s *api.Shape, indent string) string {
	in := indent + "  "
	switch s.Kind {
	case api.Structure:
		var parts []string
		for _, m := range s.Members {
			parts = append(parts, fmt.Sprintf("%s%q: %s", in, m.Name, jsonSyntax(m.Shape, in)))
		}
		return "{\n" + strings.Join(parts, ",\n") + "\n" + indent + "}"
	case api.Map:
		return "{\"string\": \"string\"\n" + in + "...}"
	case api.List:
		return "[" + jsonSyntax(s.Elem, in) + ", ...]"
	case api.Integer, api.Long, api.Boolean:
		return s.Kind.String()
	}
	if len(s.Enum) > 0 {
		return `"` + strings.Join(s.Enum, `"|"`) + `"`
	}
	return `"string"`
}

func outputSection(o *operation) section {
	s := section{heading: "OUTPUT"}
	if o.waiter != nil || len(o.op.Output.Members) == 0 {
		s.add(paragraph, 0, "None.")
		return s
	}
	describeMembers(&s, o.op.Output, 0)
	return s
}

func globalSection(root *cobra.Command) section {
	s := section{heading: "GLOBAL OPTIONS"}
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(*value); ok {
			s.add(entry, 0, fmt.Sprintf("--%s (%s)", f.Name, v.kind))
			s.add(paragraph, 1, f.Usage)
			if v.choices != nil {
				s.add(paragraph, 1, fmt.Sprintf("One of: %s.", strings.Join(v.choices, ", ")))
			}
		}
	})
	return s
}

func exitSection() section {
	s := section{heading: "EXIT STATUS"}
	for _, line := range []string{
		"0: done.", "130: interrupted.", "252: the command line or a parameter is wrong.",
		"253: a setting is wrong or missing.", "254: the service answered with an error.", "255: anything else.",
	} {
		s.add(paragraph, 0, line)
	}
	return s
}
