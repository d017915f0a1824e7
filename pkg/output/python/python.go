// Package python treats document values as CPython treats its own.
//
// The AWS CLI is written in Python and its output shows it: a table cell says
// True, None or {'key': 'k1'}, a query finds [1] equal to [true], and
// to_number('1_000') is a thousand. Package output and its queries print and
// compare through the functions here, and package engine shows a service's error
// with them that is no text.
//
// Packages lenient and param read text and name types by them.
//
// Values are those of package document, except that only Type knows times and bytes:
// whoever calls the others has made them strings.
package python

import (
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode"

	"signer/pkg/document"
)

// Str returns what str(v) is in Python: a string as it stands, anything else as
// Repr has it.
func Str(v document.Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

// Repr returns what repr(v) is in Python.
func Repr(v document.Value) string {
	return string(appendRepr(nil, v))
}

func appendRepr(b []byte, v document.Value) []byte {
	switch v := v.(type) {
	case *document.Object:
		b = append(b, '{')
		for name, member := range v.All() {
			b = appendSeparator(b, '{')
			b = appendQuoted(b, name)
			b = append(b, ": "...)
			b = appendRepr(b, member)
		}
		return append(b, '}')
	case document.List:
		b = append(b, '[')
		for _, element := range v {
			b = appendSeparator(b, '[')
			b = appendRepr(b, element)
		}
		return append(b, ']')
	case string:
		return appendQuoted(b, v)
	}
	return append(b, scalar(v)...)
}

// appendSeparator puts a comma between elements: not where one has just begun.
func appendSeparator(b []byte, open byte) []byte {
	if b[len(b)-1] == open {
		return b
	}
	return append(b, ", "...)
}

func scalar(v document.Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		return document.FormatFloat(v)
	}
	return fmt.Sprint(v)
}

// appendQuoted writes s in single quotes, or in double ones where that saves
// escapes, with everything escaped that cannot be seen.
func appendQuoted(b []byte, s string) []byte {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b = append(b, byte(quote))
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b = append(b, '\\', byte(r))
		case unicode.IsPrint(r):
			b = append(b, string(r)...)
		default:
			b = appendEscape(b, r)
		}
	}
	return append(b, byte(quote))
}

func appendEscape(b []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case r < 0x100:
		return fmt.Appendf(b, `\x%02x`, r)
	case r < 0x10000:
		return fmt.Appendf(b, `\u%04x`, r)
	}
	return fmt.Appendf(b, `\U%08x`, r)
}

// Type returns the name of the class that v has in Python. What is not a
// document value, a reference to an expression, is an _Expression.
func Type(v document.Value) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []byte:
		return "bytes"
	case document.Date:
		return "datetime.date"
	case time.Time:
		return "datetime.datetime"
	case document.List:
		return "list"
	case *document.Object:
		return "dict"
	}
	return "_Expression"
}

// Truth tells whether v counts as true: not null, false, zero or empty.
func Truth(v document.Value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case document.List:
		return len(v) > 0
	case *document.Object:
		return v.Len() > 0
	}
	n, ok := number(v)
	return !ok || !Equal(n, int64(0))
}

// Equal tells whether a == b in Python: numbers are equal by value, true is one
// and false is zero, and the order of an object's members does not count.
func Equal(a, b document.Value) bool {
	if id := Identity(a); id != nil && id == Identity(b) {
		return true // Python looks at the elements only of distinct lists
	}
	switch a := a.(type) {
	case *document.Object:
		b, ok := b.(*document.Object)
		return ok && equalMembers(a, b)
	case document.List:
		b, ok := b.(document.List)
		return ok && equalElements(a, b)
	}
	x, isNumber := number(a)
	y, alsoNumber := number(b)
	if isNumber && alsoNumber {
		order, ok := compareNumbers(x, y)
		return ok && order == 0
	}
	return isNumber == alsoNumber && document.Equal(a, b)
}

func equalMembers(a, b *document.Object) bool {
	if a.Len() != b.Len() {
		return false
	}
	for name, v := range a.All() {
		if w, ok := b.Get(name); !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

func equalElements(a, b document.List) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Identity returns something comparable that is the same for two values if they
// are one object, a list or a map that is reached on two ways. It is nil for
// other values, and for an empty list without room for an element, which has
// none; Distinct makes one that has.
func Identity(v document.Value) any {
	switch v := v.(type) {
	case *document.Object:
		if v != nil {
			return v
		}
	case document.List:
		if cap(v) > 0 {
			return &v[:1][0]
		}
	}
	return nil
}

// Distinct returns an empty list that is not Identical to any other.
func Distinct() document.List { return make(document.List, 0, 1) }
