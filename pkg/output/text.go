package output

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// errMixed is the answer to a list of which some elements are objects and some
// are not: there is no telling what its columns are.
var errMixed = errors.New("text and tables cannot show a list that mixes objects with other values; choose another --output, or pick one kind with --query")

// printText prints v as lines of cells with tabs between them.
func printText(out *sink, v document.Value) {
	(&textPrinter{out}).value(v, nil, nil)
}

type textPrinter struct{ out *sink }

// value prints v under the name of the member that it is of, if it is of one. The
// columns are those of the list that v is an element of.
func (t *textPrinter) value(v document.Value, name *string, columns []string) {
	switch v := v.(type) {
	case *document.Object:
		t.object(v, name, columns)
	case document.List:
		t.list(v, name)
	default:
		t.out.write(python.Str(v))
		t.out.write("\n")
	}
}

// object prints its scalars in one line, and then what else it has, each in the
// order of the names. In a list of objects every one has the same columns.
func (t *textPrinter) object(o *document.Object, name *string, columns []string) {
	names := slices.Sorted(slices.Values(o.Names()))
	if columns == nil {
		columns = scalarMembers(o, names)
	}
	t.line(name, cells(o, columns))
	for _, member := range names {
		if !slices.Contains(columns, member) {
			v, _ := o.Get(member)
			t.value(v, &member, nil)
		}
	}
}

// scalarMembers returns those of the names whose values are no objects or lists.
func scalarMembers(o *document.Object, names []string) []string {
	var scalars []string
	for _, name := range names {
		if v, _ := o.Get(name); !isNested(v) {
			scalars = append(scalars, name)
		}
	}
	return scalars
}

func cells(o *document.Object, columns []string) []string {
	var cells []string
	for _, column := range columns {
		cell := ""
		if v, ok := o.Get(column); ok {
			cell = python.Str(v)
		}
		cells = append(cells, cell)
	}
	return cells
}

func (t *textPrinter) line(name *string, cells []string) {
	if len(cells) == 0 {
		return
	}
	if name != nil {
		cells = slices.Insert(cells, 0, python.Upper(*name))
	}
	t.out.write(strings.Join(cells, "\t"))
	t.out.write("\n")
}

func (t *textPrinter) list(l document.List, name *string) {
	switch {
	case slices.ContainsFunc(l, isObject):
		t.objects(l, name)
	case slices.ContainsFunc(l, isNested):
		t.scalars(slices.DeleteFunc(slices.Clone(l), isNested), name)
		for _, v := range l {
			if isNested(v) {
				t.value(v, name, nil)
			}
		}
	default:
		t.scalars(l, name)
	}
}

// objects prints a list of objects under the columns of them all.
func (t *textPrinter) objects(l document.List, name *string) {
	columns, _, err := members(l)
	if err != nil {
		t.out.fail(err)
		return
	}
	for _, v := range l {
		t.value(v, name, columns)
	}
}

// members returns, each in order and not nil, the names of members that are
// scalar in some object of the list, and of those that are not in some.
func members(l document.List) (scalar, nested []string, err error) {
	scalars, nesteds := map[string]bool{}, map[string]bool{}
	for _, v := range l {
		o, ok := v.(*document.Object)
		if !ok {
			return nil, nil, errMixed
		}
		for name, v := range o.All() {
			if isNested(v) {
				nesteds[name] = true
			} else {
				scalars[name] = true
			}
		}
	}
	return sortedKeys(scalars), sortedKeys(nesteds), nil
}

func sortedKeys(set map[string]bool) []string {
	keys := slices.AppendSeq([]string{}, maps.Keys(set))
	slices.Sort(keys)
	return keys
}

// scalars prints a line for each value under a name, or one line without.
func (t *textPrinter) scalars(l document.List, name *string) {
	if name == nil {
		var cells []string
		for _, v := range l {
			cells = append(cells, python.Str(v))
		}
		t.line(nil, cells)
		return
	}
	for _, v := range l {
		t.out.write(python.Upper(*name) + "\t" + python.Str(v) + "\n")
	}
}

func isObject(v document.Value) bool {
	_, ok := v.(*document.Object)
	return ok
}

// isNested tells whether v is an object or a list.
func isNested(v document.Value) bool {
	_, ok := v.(document.List)
	return ok || isObject(v)
}
