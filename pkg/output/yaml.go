package output

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// yamlWidth is the column after which a line is broken at the next blank.
const yamlWidth = 80

// yamlIndent is how much further in what is nested stands.
const yamlIndent = 2

// printYAML prints v as the AWS CLI's YAML library does, which is libyaml's
// emitter told what Python finds in YAML 1.2 text: block style, sorted keys, lists
// no further in than their keys. A bare scalar is printed as JSON, and an answer
// without members prints nothing.
//
// We have an emitter of our own because none there is for Go writes the same: not
// where lines are broken, not what is quoted, not lists.
func printYAML(out *sink, v document.Value) {
	if !isNested(v) || isEmptyObject(v) {
		printJSON(out, v)
		return
	}
	y := &yamlPrinter{indent: -yamlIndent, blank: true, fresh: true, anchors: map[any]string{}, anchored: map[any]bool{}}
	y.findRepeated(v, map[any]bool{})
	y.value(v, false)
	if y.err != nil {
		out.fail(y.err)
		return
	}
	out.writeBytes(append(y.out, '\n'))
}

// yamlPrinter keeps the state that libyaml's emitter has, because where it
// breaks lines and puts blanks follows from it.
type yamlPrinter struct {
	out    []byte
	column int  // in characters
	indent int  // of the innermost list or object
	blank  bool // the last thing written was a blank
	fresh  bool // nothing but indentation and - or ? stands on the line

	anchors  map[any]string // the names of what occurs more than once
	anchored map[any]bool   // of which this was written
	err      error
}

// findRepeated names the lists and objects that are met again, in the order in
// which they are.
func (y *yamlPrinter) findRepeated(v document.Value, seen map[any]bool) {
	id := python.Identity(v)
	if id != nil && seen[id] {
		if _, ok := y.anchors[id]; !ok {
			y.anchors[id] = fmt.Sprintf("id%03d", len(y.anchors)+1)
		}
		return
	}
	switch v := v.(type) {
	case *document.Object:
		seen[id] = true
		for _, name := range slices.Sorted(slices.Values(v.Names())) {
			member, _ := v.Get(name)
			y.findRepeated(member, seen)
		}
	case document.List:
		if id != nil {
			seen[id] = true
		}
		for _, element := range v {
			y.findRepeated(element, seen)
		}
	}
}

// value writes a value that is, or is not, a member's.
func (y *yamlPrinter) value(v document.Value, ofMember bool) {
	if y.alias(v) {
		return
	}
	switch v := v.(type) {
	case *document.Object:
		if v.Len() == 0 {
			y.indicator("{}", true, false)
			return
		}
		y.object(v)
	case document.List:
		if len(v) == 0 {
			y.indicator("[]", true, false)
			return
		}
		y.list(v, ofMember)
	case string:
		y.scalar(v, yamlStyle(v), false)
	default:
		y.other(v)
	}
}

// alias writes the name of a value that occurs more than once, and tells whether
// that is all there is to write because the value was written before.
func (y *yamlPrinter) alias(v document.Value) bool {
	id := python.Identity(v)
	name, ok := y.anchors[id]
	if !ok {
		return false
	}
	if y.anchored[id] {
		y.indicator("*"+name, true, false)
		return true
	}
	y.anchored[id] = true
	y.indicator("&"+name, true, false)
	return false
}

// object writes one member to a line. A name that is long or has line breaks
// stands after a question mark.
func (y *yamlPrinter) object(o *document.Object) {
	defer y.nest(yamlIndent)()
	for _, name := range slices.Sorted(slices.Values(o.Names())) {
		y.nextLine()
		style := yamlStyle(name)
		if isSimpleKey(name) {
			y.scalar(name, style, true)
			y.indicator(":", false, false)
		} else {
			y.indicator("?", true, true)
			y.scalar(name, style, false)
			y.nextLine()
			y.indicator(":", true, true)
		}
		member, _ := o.Get(name)
		y.value(member, true)
	}
}

// isSimpleKey tells whether a name can stand before a colon on one line. libyaml
// counts bytes.
func isSimpleKey(name string) bool {
	return len(name) <= 128 && strings.IndexFunc(name, isBreak) < 0
}

// list writes an element to a line, no further in than the name of the member
// that the list is the value of.
func (y *yamlPrinter) list(l document.List, ofMember bool) {
	further := yamlIndent
	if ofMember && !y.fresh {
		further = 0
	}
	defer y.nest(further)()
	for _, v := range l {
		y.nextLine()
		y.indicator("-", true, true)
		y.value(v, false)
	}
}

// nest goes further in and returns what comes back out.
func (y *yamlPrinter) nest(further int) (back func()) {
	outer := y.indent
	y.indent += further
	return func() { y.indent = outer }
}

// other writes what is not a string, list or object.
func (y *yamlPrinter) other(v document.Value) {
	text := ""
	switch v := v.(type) {
	case nil:
		text = "null"
	case bool:
		text = strconv.FormatBool(v)
	case int64, *big.Int:
		text = fmt.Sprint(v)
	case float64:
		text = yamlFloat(v)
	default:
		y.err = errUnprintable
	}
	y.scalar(text, plainStyle, false)
}

func yamlFloat(f float64) string {
	switch s := document.FormatFloat(f); s {
	case "nan", "inf":
		return "." + s
	case "-inf":
		return "-.inf"
	default:
		return s
	}
}

// put writes text without line breaks.
func (y *yamlPrinter) put(text string) {
	y.out = append(y.out, text...)
	y.column += utf8.RuneCountInString(text)
}

// indicator writes a sign, after a blank if it needs one. A sign that keeps the
// line fresh may be followed by another list or object on the same line.
func (y *yamlPrinter) indicator(sign string, needsBlank, keepsFresh bool) {
	if needsBlank && !y.blank {
		y.put(" ")
	}
	y.put(sign)
	y.blank = false
	y.fresh = y.fresh && keepsFresh
}

// nextLine goes to the indentation, on a new line if need be.
func (y *yamlPrinter) nextLine() {
	if !y.fresh || y.column > y.indent || y.column == y.indent && !y.blank {
		y.breakLine("\n")
	}
	for y.column < y.indent {
		y.put(" ")
	}
	y.blank, y.fresh = true, true
}

func (y *yamlPrinter) breakLine(text string) {
	y.out = append(y.out, text...)
	y.column = 0
}
