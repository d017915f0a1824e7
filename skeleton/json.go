package skeleton

import (
	"strings"

	"signer/pkg/document"
)

// appendIndented writes v over several lines, four blanks to a level, in ASCII.
func appendIndented(b []byte, v document.Value, level int) []byte {
	switch v := v.(type) {
	case *document.Object:
		if v.Len() > 0 {
			return appendObject(b, v, level)
		}
	case document.List:
		if len(v) > 0 {
			return appendList(b, v, level)
		}
	}
	return document.AppendJSON(b, v)
}

func appendObject(b []byte, o *document.Object, level int) []byte {
	b = append(b, '{')
	comma := ""
	for name, v := range o.All() {
		b = append(b, comma...)
		b = appendLine(b, level+1)
		b = document.AppendJSON(b, name)
		b = append(b, ": "...)
		b = appendIndented(b, v, level+1)
		comma = ","
	}
	return append(appendLine(b, level), '}')
}

func appendList(b []byte, l document.List, level int) []byte {
	b = append(b, '[')
	comma := ""
	for _, v := range l {
		b = append(b, comma...)
		b = appendLine(b, level+1)
		b = appendIndented(b, v, level+1)
		comma = ","
	}
	return append(appendLine(b, level), ']')
}

func appendLine(b []byte, level int) []byte {
	b = append(b, '\n')
	return append(b, strings.Repeat("    ", level)...)
}
