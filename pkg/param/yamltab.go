package param

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// hasStrayTab tells whether a tab stands in text anywhere but in quotes, in the
// lines of a block or in a comment. The library lets some of these pass; the AWS
// CLI none, not even one within plain words.
func hasStrayTab(text string, root *yaml.Node) bool {
	if root == nil || !strings.Contains(text, "\t") {
		return false
	}
	lines := lineStarts(text)
	var nodes []*yaml.Node
	collect(root, &nodes)
	at := 0
	for i, n := range nodes {
		from, to := tabsAllowed(text, lines, n, nodes[i+1:])
		if from < at || to <= from {
			continue
		}
		if tabOutsideComment(text[:from], at) {
			return true
		}
		at = to
	}
	return tabOutsideComment(text, at)
}

// collect lists the nodes in the order of the text.
func collect(n *yaml.Node, nodes *[]*yaml.Node) {
	*nodes = append(*nodes, n)
	for _, c := range n.Content {
		collect(c, nodes)
	}
}

// tabsAllowed returns from where to where a scalar may hold tabs. A block goes on
// until the line on which the next node stands.
func tabsAllowed(text string, lines []int, n *yaml.Node, next []*yaml.Node) (from, to int) {
	from = offset(text, lines, n.Line, n.Column)
	switch {
	case n.Kind != yaml.ScalarNode:
		return 0, 0
	case n.Style&yaml.DoubleQuotedStyle != 0:
		from += 1 + strings.IndexByte(text[from:], '"')
		return from, from + len(quotedRest(text[from:], '"', '\\'))
	case n.Style&yaml.SingleQuotedStyle != 0:
		from += 1 + strings.IndexByte(text[from:], '\'')
		return from, from + len(quotedRest(text[from:], '\'', '\''))
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		from += max(0, strings.IndexAny(text[from:], "|>"))
		from += max(0, strings.IndexByte(text[from:], '\n'))
		return from, blockEnd(text, lines, n.Line, next)
	}
	return 0, 0
}

// quotedRest returns the rest of a quoted scalar without the quote that ends it.
func quotedRest(rest string, quote, escape byte) string {
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == escape && i+1 < len(rest) && (escape != quote || rest[i+1] == quote):
			i++
		case rest[i] == quote:
			return rest[:i]
		}
	}
	return rest
}

func blockEnd(text string, lines []int, line int, next []*yaml.Node) int {
	for _, n := range next {
		if n.Line > line {
			return offset(text, lines, n.Line, 1)
		}
	}
	return len(text)
}

// tabOutsideComment looks at text from at on.
func tabOutsideComment(text string, at int) bool {
	comment := false
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			comment = false
		case comment:
		case c == '\t':
			return true
		case c == '#':
			comment = i == 0 || text[i-1] == ' ' || text[i-1] == '\n'
		}
	}
	return false
}

// lineStarts returns where each line begins. The library ends lines at more than
// newlines.
func lineStarts(text string) []int {
	starts := []int{0}
	for i, r := range text {
		switch r {
		case '\n', '\u0085', '\u2028', '\u2029':
			starts = append(starts, i+utf8.RuneLen(r))
		case '\r':
			if !strings.HasPrefix(text[i+1:], "\n") {
				starts = append(starts, i+1)
			}
		}
	}
	return starts
}

// offset returns where a line and a column, both counted from 1, are in text.
func offset(text string, lines []int, line, column int) int {
	if line < 1 || line > len(lines) {
		return len(text)
	}
	at := lines[line-1]
	for ; column > 1 && at < len(text); column-- {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}
