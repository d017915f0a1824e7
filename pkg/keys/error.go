package keys

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
)

// Error is a refusal that ACM has a code for. Other errors of this package are
// trouble with the files.
type Error struct {
	Code    string // as ACM names it, such as ValidationException
	Message string
}

var _ smithy.APIError = (*Error)(nil)

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode, ErrorMessage and ErrorFault are what the AWS SDK asks an error of a
// service.
func (e *Error) ErrorCode() string { return e.Code }

func (e *Error) ErrorMessage() string { return e.Message }

func (e *Error) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

func invalid(format string, args ...any) error {
	return &Error{"ValidationException", fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &Error{codeNotFound, fmt.Sprintf(format, args...)}
}

const codeNotFound = "ResourceNotFoundException"

func isNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == codeNotFound
}
