package cmd

import "fmt"

// usageError is a mistake in the command line or in a parameter: exit code 252.
type usageError struct {
	text  string
	usage bool   // the usage block follows the text
	block string // the usage block, where it is not the program's
}

func (e *usageError) Error() string { return e.text }

func usageErrorf(format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...), usage: true}
}

// unknownOptions are words that no command knows. The AWS CLI shows them in a
// layout of their own.
type unknownOptions struct{ words string }

func (e *unknownOptions) Error() string { return "Unknown options: " + e.words }

// configError is a setting that is wrong or missing: exit code 253.
type configError struct{ code, text string }

func (e *configError) Error() string { return e.text }
