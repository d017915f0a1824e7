package profile

import (
	"errors"
	"strings"
)

// Words parts a line as a shell does, without running anything (the rules of
// Python's shlex): blanks part words, 'single' quotes hold everything, "double"
// quotes all but \" and \\, and a backslash outside quotes holds the next
// character. The error says in the words of Python that a quote is not closed or that
// nothing follows the last backslash.
func Words(line string) ([]string, error) {
	w := words{rest: line}
	for w.rest != "" {
		if err := w.next(); err != nil {
			return nil, err
		}
	}
	w.end()
	return w.done, nil
}

type words struct {
	rest string
	done []string
	word strings.Builder
	open bool // a word has begun, be it empty
}

func (w *words) next() error {
	c := w.rest[0]
	w.rest = w.rest[1:]
	switch c {
	case ' ', '\t', '\r', '\n':
		w.end()
		return nil
	case '\\':
		if w.rest == "" {
			return errors.New("No escaped character") //lint:ignore ST1005 the words of Python
		}
		c = w.rest[0]
		w.rest = w.rest[1:]
	case '\'', '"':
		w.open = true
		return w.quoted(c)
	}
	w.open = true
	w.word.WriteByte(c)
	return nil
}

func (w *words) quoted(quote byte) error {
	for w.rest != "" {
		c := w.rest[0]
		w.rest = w.rest[1:]
		switch {
		case c == quote:
			return nil
		case c == '\\' && quote == '"' && w.rest != "" && (w.rest[0] == '"' || w.rest[0] == '\\'):
			c = w.rest[0]
			w.rest = w.rest[1:]
		}
		w.word.WriteByte(c)
	}
	return errors.New("No closing quotation") //lint:ignore ST1005 the words of Python
}

func (w *words) end() {
	if w.open {
		w.done = append(w.done, w.word.String())
	}
	w.word.Reset()
	w.open = false
}

// variables replaces $NAME and ${NAME} by what lookup knows; the others stay.
func variables(text string, lookup func(string) (string, bool)) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest := variable(after)
		if v, ok := lookup(name); ok && name != "" {
			b.WriteString(v)
		} else {
			b.WriteString("$" + after[:len(after)-len(rest)])
		}
		text = rest
	}
}

// variable takes the name of a variable, in braces or not, off the start of text.
func variable(text string) (name, rest string) {
	if inside, ok := strings.CutPrefix(text, "{"); ok {
		if name, rest, ok := strings.Cut(inside, "}"); ok {
			return name, rest
		}
		return "", text
	}
	rest = strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
	return text[:len(text)-len(rest)], rest
}
