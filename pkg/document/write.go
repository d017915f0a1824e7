package document

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendJSON appends v on one line with ", " and ": " between its parts and
// nothing but ASCII, the way Python writes JSON when it is not told otherwise;
// tokens and request bodies of the AWS CLI have this form. Bytes become base64,
// times RFC 3339, dates text.
func AppendJSON(b []byte, v Value) []byte {
	switch v := v.(type) {
	case *Object:
		b = append(b, '{')
		first := true
		for name, member := range v.All() {
			if !first {
				b = append(b, ", "...)
			}
			first = false
			b = appendASCII(b, name)
			b = append(b, ": "...)
			b = AppendJSON(b, member)
		}
		return append(b, '}')
	case List:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = AppendJSON(b, element)
		}
		return append(b, ']')
	}
	return appendScalar(b, v)
}

func appendScalar(b []byte, v Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case *big.Int:
		return v.Append(b, 10)
	case float64:
		return append(b, JSONFloat(v)...)
	case string:
		return appendASCII(b, v)
	case []byte:
		return appendASCII(b, base64.StdEncoding.EncodeToString(v))
	case time.Time:
		return appendASCII(b, v.Format(time.RFC3339Nano))
	case Date:
		return appendASCII(b, string(v))
	}
	panic(fmt.Sprintf("document: %T is not a Value", v))
}

// JSONFloat writes f as Python's json module does: like FormatFloat, but for
// NaN, Infinity and -Infinity.
func JSONFloat(f float64) string {
	switch s := FormatFloat(f); s {
	case "nan":
		return "NaN"
	case "inf":
		return "Infinity"
	case "-inf":
		return "-Infinity"
	default:
		return s
	}
}

func appendASCII(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r >= utf8.RuneSelf || r < 0x20 || r == 0x7f || r == '"' || r == '\\':
			b = appendEscape(b, r)
		default:
			b = append(b, byte(r))
		}
	}
	return append(b, '"')
}

func appendEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	}
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Appendf(b, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
