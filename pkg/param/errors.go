package param

import (
	"errors"
	"fmt"

	"signer/shorthand"
)

// Error is about something that the person at the keyboard can see to be wrong: the
// AWS CLI's exit code 252.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

// GeneralError is what the AWS CLI stumbles over instead of refusing it: exit code
// 255.
type GeneralError struct{ Text string }

func (e *GeneralError) Error() string { return e.Text }

// generalf makes a GeneralError.
func generalf(format string, args ...any) error {
	return &GeneralError{fmt.Sprintf(format, args...)}
}

// refusef makes the error of a parameter, whose name is as the person wrote it or,
// where the AWS CLI forgets them, without its dashes.
func refusef(name, format string, args ...any) error {
	return &Error{fmt.Sprintf("Error parsing parameter '%s': ", name) + fmt.Sprintf(format, args...)}
}

// explain adds the flag's name to errors that know nothing of it.
func (p *flagReader) explain(err error) error {
	var file *fileError
	var syntax *shorthand.Error
	if errors.As(err, &file) || errors.As(err, &syntax) {
		return refusef("--"+p.flag, "%v", err)
	}
	return err
}
