package output

import "strings"

// The colours of a table: of cells, and of the bars that indent a section.
const (
	cellColor = "\x1b[1m\x1b[34m"
	barColor  = "\x1b[2m\x1b[33m"
	noColor   = "\x1b[0m"
)

type tablePrinter struct {
	out   *sink
	color bool
}

// write prints a piece. The library by which the AWS CLI colours its output ends
// every one by switching colours off.
func (t *tablePrinter) write(piece string) {
	t.out.write(piece)
	if t.color {
		t.out.write(noColor)
	}
}

func (t *tablePrinter) styled(color, text string) string {
	if !t.color {
		return text
	}
	return color + text + noColor
}

func (t *tablePrinter) print(sections []*section, width int) {
	t.write(strings.Repeat("-", width) + "\n")
	for _, s := range sections {
		t.section(s, width-2*s.indent)
	}
}

func (t *tablePrinter) section(s *section, width int) {
	if s.title != nil && *s.title != "" {
		t.line(s, center(*s.title, width, "|"))
		if len(s.header) == 0 && len(s.rows) == 0 {
			t.line(s, border([]int{width}))
		}
	}
	widths := s.fit(width)
	if len(s.header) > 0 {
		t.line(s, border(widths))
		t.line(s, header(s.header, widths))
	}
	if len(widths) == 0 || len(s.rows) == 0 {
		return
	}
	t.line(s, border(widths))
	for _, row := range s.rows {
		t.line(s, t.row(row, widths))
	}
	t.line(s, border(widths))
}

// line prints a line between the bars of its section.
func (t *tablePrinter) line(s *section, text string) {
	bars := strings.Repeat(t.styled(barColor, "|"), s.indent)
	t.write(bars)
	t.write(text)
	t.write(bars)
	t.write("\n")
}

func border(widths []int) string {
	b := strings.Builder{}
	b.WriteString("+")
	for i, w := range widths {
		if i == 0 {
			w-- // it has a left edge
		}
		b.WriteString(repeat("-", w-1))
		b.WriteString("+")
	}
	return b.String()
}

func header(cells []string, widths []int) string {
	line := ""
	for i, cell := range cells[:min(len(cells), len(widths))] {
		line += center(cell, widths[i], leftEdge(i))
	}
	return line
}

func (t *tablePrinter) row(cells []string, widths []int) string {
	line := strings.Builder{}
	for i, cell := range cells[:min(len(cells), len(widths))] {
		left, used := leftEdge(i), textWidth(cell)+len("|")+len(leftEdge(i))
		indent := 0
		if widths[i] >= used+2 {
			indent = 2
		}
		line.WriteString(left + repeat(" ", indent))
		line.WriteString(t.styled(cellColor, cell))
		line.WriteString(repeat(" ", widths[i]-used-indent) + "|")
	}
	return line.String()
}

// leftEdge returns the left edge of a cell, which only the first one has.
func leftEdge(column int) string {
	if column == 0 {
		return "|"
	}
	return ""
}

// center puts text in the middle of a cell, whose blanks on the left are counted
// as if it had an edge there.
func center(text string, width int, left string) string {
	used := textWidth(text)
	start := width/2 - used/2 - 1
	rest := width - len("|") - len(left) - start - used
	return left + repeat(" ", start) + text + repeat(" ", rest) + "|"
}

// repeat is strings.Repeat that takes less than nothing for nothing.
func repeat(s string, n int) string { return strings.Repeat(s, max(n, 0)) }
