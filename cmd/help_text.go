package cmd

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// text shows the page as the AWS CLI's help looks on a terminal of this width.
func (p page) text(width int) string {
	var b strings.Builder
	for _, s := range p.sections {
		fmt.Fprintf(&b, "%s\n", s.heading)
		for i, bl := range s.blocks {
			bl.writeText(&b, width)
			if !bl.leads(s.blocks[i+1:]) {
				b.WriteByte('\n')
			}
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// leads tells whether the block and the one behind it stand together: a term and
// its explanation, or a list.
func (bl block) leads(rest []block) bool {
	switch {
	case len(rest) == 0:
		return false
	case bl.kind == entry:
		return rest[0].kind == paragraph && rest[0].indent > bl.indent
	}
	return rest[0].kind == item
}

// narrowest is how short lines become, however far in they stand.
const narrowest = 30

func (bl block) writeText(b *strings.Builder, width int) {
	margin := strings.Repeat(" ", 7+4*bl.indent)
	for _, line := range bl.lines(max(width-len(margin), narrowest)) {
		b.WriteString(strings.TrimRight(margin+line, " ") + "\n")
	}
}

// lines are the lines of a block; only those of paragraphs may be broken.
func (bl block) lines(width int) []string {
	switch bl.kind {
	case paragraph:
		return wrap(bl.text, width)
	case item:
		return []string{"o " + bl.text}
	}
	return strings.Split(bl.text, "\n")
}

// wrap breaks a text into lines of at most width characters, where it can.
func wrap(text string, width int) []string {
	var lines []string
	line, n := "", 0
	for word := range strings.FieldsSeq(text) {
		size := utf8.RuneCountInString(word)
		switch {
		case line == "":
			line, n = word, size
		case n+1+size > width:
			lines = append(lines, line)
			line, n = word, size
		default:
			line, n = line+" "+word, n+1+size
		}
	}
	return append(lines, line)
}
