package cmd

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// newManPages makes the command that writes the manual pages.
func newManPages(s *session) *cobra.Command {
	c := &cobra.Command{Use: "man-pages", Short: "Write the manual pages of all commands into a directory.",
		Long: "Write the manual pages of all commands into a directory, which must be there: signer.1, signer-start-signing-job.1 and so on. " +
			"In a directory man1 of the manual, man finds them: man signer-start-signing-job."}
	c.RunE = func(c *cobra.Command, words []string) error {
		s.growAll()
		for _, p := range s.allPages(c.Root()) {
			file := filepath.Join(words[0], p.manName()+".1")
			if err := s.env.Save(file, func(w io.Writer) error { _, err := io.WriteString(w, p.man()); return err }); err != nil {
				return err
			}
		}
		return nil
	}
	s.nodes[c] = &node{operands: &positional{name: "directory", arity: one, doc: "The directory to write to."}}
	return c
}

// manName is the name of the page in the manual.
func (p page) manName() string { return strings.ReplaceAll(p.command, " ", "-") }

// man shows the page as the source of a manual page, in the macros of man(7).
func (p page) man() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"signer %s\" \"signer\"\n", roff(strings.ToUpper(p.manName())), version)
	for _, s := range p.sections {
		fmt.Fprintf(&b, ".SH %s\n", roff(s.heading))
		switch {
		case s.heading == "NAME":
			fmt.Fprintf(&b, "%s \\- %s\n", roff(p.manName()), roff(p.summary()))
		case s.common:
			fmt.Fprintf(&b, "Those of every command: see\n.BR %s (1).\n", roff(strings.Fields(p.command)[0]))
		default:
			writeMan(&b, s.blocks)
		}
	}
	return b.String()
}

// writeMan writes blocks. What is further in than the text of a page stands within
// as many pairs of .RS and .RE.
func writeMan(b *strings.Builder, blocks []block) {
	at := 0
	for i, bl := range blocks {
		if i > 0 && blocks[i-1].kind == entry && blocks[i-1].leads(blocks[i:]) {
			fmt.Fprintf(b, "%s\n", roff(bl.text)) // the text of the .TP before it
			continue
		}
		for ; at < bl.indent; at++ {
			b.WriteString(".RS 4\n")
		}
		for ; at > bl.indent; at-- {
			b.WriteString(".RE\n")
		}
		b.WriteString(bl.man(i == 0))
	}
	for ; at > 0; at-- {
		b.WriteString(".RE\n")
	}
}

// man writes a block; what opens a section is a paragraph as it is.
func (bl block) man(opens bool) string {
	text, start := roff(bl.text), ".PP\n"
	if opens {
		start = ""
	}
	switch bl.kind {
	case code:
		return start + ".nf\n" + text + "\n.fi\n"
	case entry:
		return ".TP 4\n\\fB" + text + "\\fR\n"
	case item:
		return ".IP \\(bu 2\n" + text + "\n"
	}
	return start + text + "\n"
}

// roff writes a text so that it stands for nothing but itself: no line begins with
// a control character, and what is typed can be copied.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
