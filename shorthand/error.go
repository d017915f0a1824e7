package shorthand

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says where text breaks the grammar. Its words are the AWS CLI's.
type Error struct {
	Text     string // all of it
	At       int    // a byte offset into it; its length where the text ends too early
	Expected string // what should stand there ...
	Received string // ... and what does: a character, EOF or <none>
	Key      string // the name that is there twice; then nothing was expected

	duplicate, tooDeep bool
}

func (e *Error) Error() string {
	switch {
	case e.duplicate:
		return fmt.Sprintf("Second instance of key \"%s\" encountered for input:\n%s\n"+
			"This is often because there is a preceding \",\" instead of a space.", e.Key, e.pointed())
	case e.tooDeep:
		return fmt.Sprintf("Too many lists and structures within one another for input:\n %s", e.pointed())
	}
	return fmt.Sprintf("Expected: '%s', received: '%s' for input:\n %s", e.Expected, e.Received, e.pointed())
}

// Column is the place of the error in its line, from 0, in characters.
func (e *Error) Column() int {
	before := e.Text[:e.At]
	return utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// pointed returns the text with a caret behind the line of the error.
func (e *Error) pointed() string {
	rest := e.Text[e.At:]
	end := strings.IndexByte(rest, '\n')
	if end < 0 {
		end = len(rest)
	}
	return e.Text[:e.At+end] + "\n" + strings.Repeat(" ", e.Column()) + "^" + rest[end:]
}
