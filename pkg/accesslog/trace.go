package accesslog

import "strings"

// Trace is where a request stands in a trace that another program keeps, as the
// header traceparent tells it (W3C Trace Context, level 1).
type Trace struct {
	ID     string // 32 hexadecimal digits
	Parent string // of the caller's span, 16 hexadecimal digits
}

// ParseTrace reads the header. One that is not as it should be counts as none.
func ParseTrace(header string) (Trace, bool) {
	parts := strings.Split(header, "-")
	if len(parts) < 4 || !hex(parts[0], 2) || parts[0] == "ff" || parts[0] == "00" && len(parts) > 4 {
		return Trace{}, false
	}
	t := Trace{parts[1], parts[2]}
	ok := hex(t.ID, 32) && hex(t.Parent, 16) && hex(parts[3], 2) && strings.Trim(t.ID, "0") != "" && strings.Trim(t.Parent, "0") != ""
	if !ok {
		return Trace{}, false
	}
	return t, true
}

// hex tells whether a text is so many hexadecimal digits, in small letters.
func hex(text string, n int) bool {
	return len(text) == n && strings.Trim(text, "0123456789abcdef") == ""
}
