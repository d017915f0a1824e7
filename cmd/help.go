package cmd

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// A page of help is made from the commands, the API's data and the examples, and
// then shown as text (help), Markdown (docs/cli) or a manual page (man-pages).
// Nothing in it is written twice.

// page is one page of help.
type page struct {
	name     string // of its file, without an ending: start-signing-job, s3api-put-object
	command  string // signer start-signing-job
	sections []section
}

type section struct {
	heading string
	blocks  []block
	common  bool // the same on every page; files point to the one that has it
}

// block is a piece of a section. An entry is a term, and the blocks behind it that
// are further in explain it.
type block struct {
	kind   blockKind
	indent int
	text   string
	link   string // the name of the page that an entry leads to
}

type blockKind int

const (
	paragraph blockKind = iota
	code
	entry
	item
)

func (s *section) add(kind blockKind, indent int, text string) {
	s.blocks = append(s.blocks, block{kind: kind, indent: indent, text: text})
}

// term adds an entry with its explanation.
func (s *section) term(indent int, name, doc string) {
	s.add(entry, indent, name)
	s.add(paragraph, indent+1, doc)
}

// prose adds paragraphs, parted by empty lines. One that is indented is code.
func (s *section) prose(text string) {
	for p := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(p, "    ") {
			s.add(code, 1, dedent(p))
		} else {
			s.add(paragraph, 0, p)
		}
	}
}

func dedent(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "    "), "\n    ", "\n")
}

// help shows the page of a command.
func (s *session) help(c *cobra.Command) error {
	return s.paged(func(w io.Writer) error {
		_, err := io.WriteString(w, s.helpPage(c).text(min(s.env.Width, widest)))
		return err
	})
}

// widest is how long lines of help become, however wide the terminal is.
const widest = 100

// helpPage makes the page of a command.
func (s *session) helpPage(c *cobra.Command) page {
	p := page{name: pageName(c), command: c.CommandPath()}
	sections := []section{nameSection(c), s.descriptionSection(c), s.synopsisSection(c)}
	switch {
	case c == c.Root():
		sections = append(sections, commandsSection(c), globalSection(c.Root()), environmentSection())
	case c.HasSubCommands():
		sections = append(sections, commandsSection(c))
	default:
		global := globalSection(c.Root())
		global.common = true
		sections = append(sections, s.optionsSection(c), global)
	}
	sections = append(sections, s.examplesSection(p.name), s.outputSection(c))
	if c == c.Root() || !c.HasSubCommands() {
		sections = append(sections, s.exitSection(c))
	}
	p.sections = slices.DeleteFunc(sections, func(s section) bool { return len(s.blocks) == 0 })
	return p
}

// pageName is the name of a command's page. That of the whole is the program's.
func pageName(c *cobra.Command) string {
	if c == c.Root() {
		return c.Name()
	}
	return strings.Join(strings.Fields(c.CommandPath())[1:], "-")
}

// allPages are the pages of a command and of all below it, each group before its
// commands.
func (s *session) allPages(c *cobra.Command) []page {
	all := []page{s.helpPage(c)}
	for _, sub := range commandsIn(c) {
		all = append(all, s.allPages(sub)...)
	}
	return all
}

// commandsIn are the commands of a group that have pages. Cobra adds one named help
// when it runs, which has none.
func commandsIn(group *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(group.Commands()), func(c *cobra.Command) bool { return c.Hidden || c.Name() == "help" })
}

func nameSection(c *cobra.Command) section {
	s := section{heading: "NAME"}
	s.add(paragraph, 0, c.Name()+" - "+firstSentence(c.Short))
	return s
}

func (s *session) descriptionSection(c *cobra.Command) section {
	sec := section{heading: "DESCRIPTION"}
	sec.prose(cmp.Or(c.Long, c.Short))
	if o := s.operations[c]; o != nil && o.op.Pages != nil && o.waiter == nil {
		sec.prose(s.pagingNote(c, o.op.Pages.Result))
	}
	return sec
}

// pagingNote tells how a listing follows its pages.
func (s *session) pagingNote(c *cobra.Command, results []string) string {
	var byHand []string
	for _, f := range s.pagingByHand(c) {
		byHand = append(byHand, "--"+f.Name)
	}
	alone := ""
	if len(byHand) > 0 {
		alone = "So it does with " + strings.Join(byHand, " or ") + ", for those who follow the pages by hand. "
	}
	return fmt.Sprintf("%s is a paginated operation: it asks the service as often as it takes to list everything. "+
		"With --no-paginate it asks once. %sWith --output text or yaml-stream, --query is applied to each page by itself, "+
		"and what it picks must be found below: %s.", c.Name(), alone, strings.Join(results, ", "))
}

// firstSentence is the first sentence of a text, without its full stop.
func firstSentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	return strings.TrimSuffix(first, ".")
}

func commandsSection(c *cobra.Command) section {
	s := section{heading: "AVAILABLE COMMANDS"}
	for _, sub := range commandsIn(c) {
		s.term(0, sub.Name(), firstSentence(sub.Short)+".")
		s.blocks[len(s.blocks)-2].link = pageName(sub)
	}
	return s
}

// outputSection describes the answer of an operation.
func (s *session) outputSection(c *cobra.Command) section {
	sec := section{heading: "OUTPUT"}
	o := s.operations[c]
	switch {
	case o == nil:
	case o.waiter != nil || len(o.op.Output.Members) == 0:
		sec.add(paragraph, 0, "None.")
	default:
		sec.members(0, o.op.Output)
	}
	return sec
}

func (s *session) exitSection(c *cobra.Command) section {
	sec := section{heading: "EXIT STATUS"}
	refused, failed := "The service answered with an error.", "Anything else went wrong."
	if o := s.operations[c]; o != nil && len(o.op.Errors) > 0 {
		refused = "The service answered with an error, one of: " + errorNames(o.op.Errors) + "."
	}
	if o := s.operations[c]; o != nil && o.waiter != nil {
		failed = "What is waited for did not come about, or anything else went wrong."
	}
	sec.term(0, "0", "All went well.")
	if n := s.nodes[c]; n != nil && n.failed != "" {
		sec.term(0, "1", n.failed)
	}
	sec.term(0, "130", "The command was interrupted.")
	sec.term(0, "252", "The command line or a parameter is wrong.")
	sec.term(0, "253", "A setting is wrong or missing.")
	sec.term(0, "254", refused)
	sec.term(0, "255", failed)
	return sec
}

// summary is what the command does, in a sentence without a full stop.
func (p page) summary() string {
	_, text, _ := strings.Cut(p.sections[0].blocks[0].text, " - ")
	return text
}
