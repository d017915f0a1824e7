package cmd

import (
	"fmt"
	"strings"
)

// text shows the page as the AWS CLI's help looks on a terminal of this width.
func (p page) text(width int) string {
	var b strings.Builder
	for _, s := range p.sections {
		fmt.Fprintf(&b, "%s\n", s.heading)
		for _, bl := range s.blocks {
			bl.text1(&b, width)
		}
	}
	return b.String()
}

func (bl block) text1(b *strings.Builder, width int) {
	margin := strings.Repeat(" ", 7+4*bl.indent)
	lines := strings.Split(bl.text, "\n")
	if bl.kind == paragraph {
		lines = wrap(bl.text, max(width-len(margin), 30))
	}
	for _, line := range lines {
		fmt.Fprintf(b, "%s%s\n", margin, line)
	}
	b.WriteByte('\n')
}

// wrap breaks a text into lines of at most width characters, where it can.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// markdown shows the page as a file of docs/cli.
func (p page) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", p.title)
	for _, s := range p.sections {
		fmt.Fprintf(&b, "\n## %s\n", s.heading)
		for _, bl := range s.blocks {
			bl.markdown(&b)
		}
	}
	return b.String()
}

func (bl block) markdown(b *strings.Builder) {
	margin := strings.Repeat("  ", max(bl.indent-1, 0))
	switch bl.kind {
	case entry:
		fmt.Fprintf(b, "\n%s- `%s`\n", strings.Repeat("  ", bl.indent), bl.text)
		return
	case code:
		fmt.Fprintf(b, "\n%s```\n%s%s\n%s```\n", margin, margin, strings.ReplaceAll(bl.text, "\n", "\n"+margin), margin)
		return
	}
	if bl.indent > 0 {
		margin += "  "
	}
	fmt.Fprintf(b, "\n%s%s\n", margin, strings.NewReplacer("<", "&lt;", "*", `\*`).Replace(bl.text))
}
