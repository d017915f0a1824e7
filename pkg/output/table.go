package output

import (
	"fmt"
	"math"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// cellPadding is what a column has beside its text.
const cellPadding = 4

// printTable prints v as boxes, one below the other and nested by the bars at
// their sides. A false value, {} or "" say, prints nothing.
func printTable(out *sink, v document.Value, style tableStyle) {
	if !python.Truth(v) {
		return
	}
	var t table
	if err := t.add(&style.title, v, 0); err != nil {
		out.fail(err)
		return
	}
	width := t.width()
	if width > style.width {
		t.turn()
		width = t.width()
	}
	(&tablePrinter{out, style.color}).print(t.sections, width)
}

// tableStyle is how the whole of a table looks.
type tableStyle struct {
	title string
	width int // what the terminal has
	color bool
}

// table is the sections that a value makes. Rows go to the last one.
type table struct{ sections []*section }

// section is a box: a title, a header and rows, which may all be missing.
type section struct {
	title   *string
	indent  int
	columns int // of every row; -1 while not known
	header  []string
	rows    [][]string
	widths  []int // of the columns, without padding
}

func (t *table) begin(title *string, indent int) {
	t.sections = append(t.sections, &section{title: title, indent: indent, columns: -1})
}

func (t *table) last() *section { return t.sections[len(t.sections)-1] }

// add adds a value in a section of its own if there is a title for it.
func (t *table) add(title *string, v document.Value, indent int) error {
	if !python.Truth(v) {
		return nil
	}
	if title != nil {
		t.begin(title, indent)
	}
	switch v := v.(type) {
	case document.List:
		return t.list(title, v, indent)
	case *document.Object:
		return t.object(v, indent)
	}
	return nil // a bare scalar is not shown
}

func (t *table) list(title *string, l document.List, indent int) error {
	if isObject(l[0]) {
		return t.objects(title, l, indent)
	}
	for _, v := range l {
		if err := t.element(v); err != nil {
			return err
		}
	}
	return nil
}

// element adds an element of a list that does not begin with an object: a scalar
// or a list of scalars is a row, and of an object the names are.
func (t *table) element(v document.Value) error {
	var row []string
	switch v := v.(type) {
	case *document.Object:
		row = v.Names()
	case document.List:
		for _, cell := range v {
			if isNested(cell) {
				return t.add(nil, document.List(v), 0)
			}
			row = append(row, python.Str(cell))
		}
	default:
		row = []string{python.Str(v)}
	}
	return t.last().addRow(row)
}

// objects adds a list of objects, which is a row for each. If there is more to
// them than scalars, each has its own section with the rest below it.
func (t *table) objects(title *string, l document.List, indent int) error {
	l, hollow := objectsOf(l)
	header, nested, err := members(l)
	if err != nil {
		return err
	}
	if hollow && len(header) > 0 {
		return errMixed
	}
	for i, v := range l {
		if i > 0 && len(nested) > 0 {
			t.begin(title, indent)
		}
		if i == 0 || len(nested) > 0 {
			if err := t.last().addHeader(header); err != nil {
				return err
			}
		}
		o := v.(*document.Object)
		if err := t.last().addRow(cells(o, header)); err != nil {
			return err
		}
		if err := t.below(o, nested, indent); err != nil {
			return err
		}
	}
	return nil
}

// objectsOf takes empty strings and lists for objects without members. Python
// does so too as long as there is no column to look up in them.
func objectsOf(l document.List) (objects document.List, hollow bool) {
	for _, v := range l {
		if inner, ok := v.(document.List); v == "" || ok && len(inner) == 0 {
			v, hollow = document.New(), true
		}
		objects = append(objects, v)
	}
	return objects, hollow
}

func (t *table) object(o *document.Object, indent int) error {
	header, nested, _ := members(document.List{o})
	if len(header) == 1 {
		if err := t.last().addRow(append(header, cells(o, header)...)); err != nil {
			return err
		}
	} else if len(header) > 1 {
		if err := t.last().addHeader(header); err != nil {
			return err
		}
		if err := t.last().addRow(cells(o, header)); err != nil {
			return err
		}
	}
	return t.below(o, nested, indent)
}

// below adds sections for those members that the object has.
func (t *table) below(o *document.Object, names []string, indent int) error {
	for _, name := range names {
		v, _ := o.Get(name)
		if err := t.add(&name, v, indent+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *section) addHeader(header []string) error {
	if s.columns < 0 {
		s.columns = len(header)
	}
	s.header = header
	return s.widen(header)
}

func (s *section) addRow(row []string) error {
	if s.columns < 0 {
		s.columns = len(row)
	}
	if len(row) != s.columns {
		return errRow(s.columns, len(row))
	}
	s.rows = append(s.rows, row)
	return s.widen(row)
}

func errRow(want, got int) error {
	return words(fmt.Sprintf("Row should have %d elements, instead it has %d", want, got))
}

// widen makes the columns wide enough for these cells.
func (s *section) widen(cells []string) error {
	if len(s.widths) == 0 {
		s.widths = make([]int, len(cells))
	}
	if len(cells) > len(s.widths) {
		return errRow(len(s.widths), len(cells))
	}
	for i, cell := range cells {
		s.widths[i] = max(s.widths[i], textWidth(cell))
	}
	return nil
}

// width returns how wide the widest section is.
func (t *table) width() int {
	widest := 0
	for _, s := range t.sections {
		widest = max(widest, s.width())
	}
	return widest
}

func (s *section) width() int {
	title := len("None") // Python's name for no title takes its place too
	if s.title != nil {
		title = textWidth(*s.title)
	}
	columns := 0
	for _, w := range s.widths {
		columns += w + cellPadding
	}
	return max(title, columns) + 2 + 2*s.indent
}

// turn makes a row for each column of the sections with a single row.
func (t *table) turn() {
	for i, s := range t.sections {
		if len(s.rows) != 1 || len(s.header) == 0 {
			continue
		}
		turned := &section{title: s.title, indent: s.indent, columns: 2}
		for column := range min(len(s.header), len(s.rows[0])) {
			_ = turned.addRow([]string{s.header[column], s.rows[0][column]}) // of two cells, as all
		}
		t.sections[i] = turned
	}
}

// fit returns the widths of the columns with padding, made larger or smaller so
// that they are width together.
func (s *section) fit(width int) []int {
	if len(s.widths) == 0 {
		return nil
	}
	natural := 0
	for _, w := range s.widths {
		natural += w + cellPadding
	}
	scale := float64(width) / float64(natural)
	var fitted []int
	for _, w := range s.widths {
		w = int(math.RoundToEven(scale * float64(w+cellPadding)))
		fitted = append(fitted, w)
		width -= w
	}
	adjust(fitted, width)
	return fitted
}

// adjust spreads what is missing over the columns from the right, or takes what
// is too much from those on the left.
func adjust(widths []int, missing int) {
	for i := 0; missing < 0; i++ {
		widths[i%len(widths)]--
		missing++
	}
	for i := 0; missing > 0; i++ {
		widths[len(widths)-1-i%len(widths)]++
		missing--
	}
}
