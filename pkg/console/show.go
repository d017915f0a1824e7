package console

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// functions are what pages can do with values.
func functions() template.FuncMap {
	return template.FuncMap{
		"visible": visible,
		"text":    func(s *string) string { return visible(or(s, "")) },
		"raw":     func(s *string) string { return or(s, "") }, // for what goes back into a request
		"time":    stamp,
		"brief":   brief,
		"iso":     func(t *time.Time) string { return t.UTC().Format(time.RFC3339) },
		"tone":    tone,
		"short":   short,
	}
}

// visible shows a text so that nobody can take it for another: characters that are
// not seen, or turn the direction of writing, are written out.
func visible(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch quoted := strconv.QuoteToASCII(text[:n]); {
		case r == utf8.RuneError && n == 1, !unicode.IsPrint(r):
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		text = text[n:]
	}
	return b.String()
}

// stamp is a time for people, the same for all of them.
func stamp(t *time.Time) string { return brief(t) + " UTC" }

// brief is a stamp where many stand below each other.
func brief(t *time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// tone is the class of a status. The word itself is always there as well.
func tone(status any) string {
	switch fmt.Sprint(status) {
	case "Succeeded", "Active":
		return "good"
	case "Failed", "Revoked":
		return "bad"
	case "InProgress":
		return "busy"
	}
	return "quiet"
}

// short is the name of a principal or of an object, without where it is: all that
// stands behind the first five colons of an ARN.
func short(s *string) string {
	text := or(s, "")
	if parts := strings.SplitN(text, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		text = parts[5]
	}
	return visible(text)
}
