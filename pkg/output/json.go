package output

import (
	"math/big"
	"strconv"
	"strings"

	"signer/pkg/document"
)

// errUnprintable is what the AWS CLI says when a query ends in a reference to an
// expression.
const errUnprintable = words("Encountered unrecognized type in JSON encoder.")

// printJSON prints v as Python's json module does with an indent of 4 and without
// escaping what is not ASCII. A whole answer without members prints nothing.
func printJSON(out *sink, v document.Value) {
	if isEmptyObject(v) {
		return
	}
	j := jsonPrinter{out: out}
	j.value("", v, 0)
	out.write("\n")
}

type jsonPrinter struct {
	out     *sink
	scratch []byte
}

// value prints v at a depth, in one piece with what stands before it if it is a
// scalar.
func (j *jsonPrinter) value(before string, v document.Value, depth int) {
	switch v := v.(type) {
	case *document.Object:
		j.out.write(before)
		j.object(v, depth)
	case document.List:
		j.out.write(before)
		j.list(v, depth)
	case *jsonList:
		j.out.write(before)
		v.print(j.out)
	default:
		j.scalar(before, v)
	}
}

func (j *jsonPrinter) object(o *document.Object, depth int) {
	if o.Len() == 0 {
		j.out.write("{}")
		return
	}
	j.out.write("{")
	separator := nextLine(depth + 1)[1:]
	for name, member := range o.All() {
		j.out.write(separator)
		j.scalar("", name)
		j.out.write(": ")
		j.value("", member, depth+1)
		separator = nextLine(depth + 1)
	}
	j.out.write(nextLine(depth)[1:])
	j.out.write("}")
}

func (j *jsonPrinter) list(l document.List, depth int) {
	if len(l) == 0 {
		j.out.write("[]")
		return
	}
	before := "[" + nextLine(depth + 1)[1:]
	for _, element := range l {
		j.value(before, element, depth+1)
		before = nextLine(depth + 1)
	}
	j.out.write(nextLine(depth)[1:])
	j.out.write("]")
}

// nextLine returns a comma, a line break and the indentation at a depth.
func nextLine(depth int) string {
	const shallow = ",\n                                                            "
	if n := len(",\n") + 4*depth; n <= len(shallow) {
		return shallow[:n]
	}
	return ",\n" + strings.Repeat("    ", depth)
}

func (j *jsonPrinter) scalar(before string, v document.Value) {
	b := append(j.scratch[:0], before...)
	switch v := v.(type) {
	case nil:
		b = append(b, "null"...)
	case bool:
		b = strconv.AppendBool(b, v)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case *big.Int:
		b = v.Append(b, 10)
	case float64:
		b = append(b, document.JSONFloat(v)...)
	case string:
		b = appendQuoted(b, v)
	default:
		j.out.write(before)
		j.out.fail(errUnprintable)
		return
	}
	j.scratch = b
	j.out.writeBytes(b)
}

// appendQuoted writes s in quotes and escapes what JSON does not let stand: the
// quote, the backslash and what is below the blank.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[done:i]...)
			b = appendEscape(b, c)
			done = i + 1
		}
	}
	b = append(b, s[done:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	const short = `\\""` + "\nn\rr\tt\bb\ff"
	for i := 0; i < len(short); i += 2 {
		if short[i] == c {
			return append(b, '\\', short[i+1])
		}
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
