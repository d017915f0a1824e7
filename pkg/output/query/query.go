// Package query evaluates JMESPath expressions over ordered documents, as the
// AWS CLI does for --query.
//
// It speaks exactly the language of jmespath.py 1.0.1, which the AWS CLI uses,
// including what that accepts beyond the grammar (a missing comma between
// arguments, a bare word between backticks) and how it computes (Python's
// numbers, Python's equality). Errors are in its words. It does not know the
// later additions of the JMESPath community: let, arithmetic, more functions.
//
// Objects keep the order of their members, so that what a query picks is printed
// in the order in which it was picked.
package query

import "signer/pkg/document"

// Query is a compiled expression. It may be used from several goroutines at
// once.
type Query struct{ root node }

// Compile reads an expression. The error says what is wrong with it in the words
// of jmespath.py 1.0.1, mostly on three lines of which the last has a caret under
// the place.
func Compile(expression string) (*Query, error) {
	if expression == "" {
		return nil, failure("Invalid JMESPath expression: cannot be empty.")
	}
	root, err := parse(expression)
	if err != nil {
		return nil, err
	}
	return &Query{root}, nil
}

// Search evaluates the expression with v as the current value. The answer shares
// lists and objects with v and with the query's literals and is not to be
// changed. It may hold values that are none of a document's, if the expression
// leaves a reference (&name) unused; they have a String method.
//
// Times and bytes in v must have been made strings.
//
// Functions that do not exist, or are called with too many arguments or the wrong
// ones, are found only here. Errors are in the words of jmespath.py 1.0.1 where
// those are not Python's own.
func (q *Query) Search(v document.Value) (document.Value, error) {
	return q.root.eval(v)
}

// failure is an error whose text is that of jmespath.py, capitals, full stops and
// several lines included.
type failure string

func (f failure) Error() string { return string(f) }
