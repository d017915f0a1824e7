package engine

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/output/python"
)

// APIError is an operation that the service refused. It is a smithy.APIError.
type APIError struct {
	// Operation is what was refused, if the SDK's client knows. It may be another
	// than was called: AssumeRole, where credentials were wanted first.
	Operation string

	Code    string // the class, such as ValidationException
	Message string
	Status  int // of HTTP

	// Members is what the error says of itself in the terms of the API, message
	// first and then the finer code; empty for an error that the API does not know.
	Members *document.Object

	said *document.Value // the message, where it was sent as something else than text
}

// Said returns the message as the service sent it, which should be text but may be
// null or any value.
func (e *APIError) Said() document.Value {
	if e.said != nil {
		return *e.said
	}
	return e.Message
}

func (e *APIError) Error() string { return e.Code + ": " + e.Message }

// ErrorCode returns the class of the error.
func (e *APIError) ErrorCode() string { return e.Code }

// ErrorMessage returns the service's words.
func (e *APIError) ErrorMessage() string { return e.Message }

// ErrorFault tells whose fault the status says it is.
func (e *APIError) ErrorFault() smithy.ErrorFault {
	switch {
	case e.Status >= 500:
		return smithy.FaultServer
	case e.Status >= 400:
		return smithy.FaultClient
	}
	return smithy.FaultUnknown
}

// AsAPIError finds the service's error in what an engine returned, be it one of
// the SDK's types or our own, and returns it in one form. Where the error itself
// does not tell the status, its class does, or else whose fault it is.
func AsAPIError(err error) (*APIError, bool) {
	var own *APIError
	if errors.As(err, &own) {
		return own, true
	}
	var typed smithy.APIError
	if !errors.As(err, &typed) {
		return nil, false
	}
	e := &APIError{Operation: innermost(err), Code: typed.ErrorCode(), Message: typed.ErrorMessage(), Status: http.StatusBadRequest, Members: document.New()}
	if typed.ErrorFault() == smithy.FaultServer {
		e.Status = http.StatusInternalServerError
	}
	var generic *smithy.GenericAPIError
	if class := known(e.Code); class != nil {
		e.Status = class.Status
		if !errors.As(err, &generic) { // whose field Code is the class
			e.Members = members.Encode(typed)
		}
	}
	return e, true
}

// innermost names the call that failed: one call may have needed another.
func innermost(err error) (operation string) {
	var call *smithy.OperationError
	for errors.As(err, &call) {
		operation, err = call.OperationName, call.Err
	}
	return operation
}

// Retries returns how often a call was tried again before it was given up, and
// whether it was given up for that reason: the error was worth another try, but
// enough had been made.
func Retries(err error) (n int, exhausted bool) {
	var last *retry.MaxAttemptsError
	if !errors.As(err, &last) {
		return 0, false
	}
	return last.Attempt - 1, true
}

// members is what every error of AWS Signer says of itself.
var members = &api.Shape{Name: "Error", Kind: api.Structure, Members: []api.Member{
	{Name: "message", Shape: &api.Shape{Name: "String", Kind: api.String}},
	{Name: "code", Shape: &api.Shape{Name: "ErrorCode", Kind: api.String}},
}}

// known returns the API's class of error with this name, or nil.
func known(code string) *api.Error {
	for _, op := range api.Signer.Operations {
		if i := slices.IndexFunc(op.Errors, func(e *api.Error) bool { return e.Name == code }); i >= 0 {
			return op.Errors[i]
		}
	}
	return nil
}

// refusal reads the response to a call that failed. The code comes from a header,
// from the body, or from the status, in this order.
func (x *exchange) refusal(status int, header http.Header, body []byte) error {
	if isGeneric(status, body) {
		return &APIError{Operation: x.op.Name, Code: strconv.Itoa(status), Message: http.StatusText(status), Status: status, Members: document.New()}
	}
	v, err := x.json(body)
	if err != nil {
		return err
	}
	o, ok := v.(*document.Object)
	if !ok {
		return x.unreadable("the body of an error is %s, not an object", shown(v))
	}
	class, ok := code(status, header, o)
	if !ok {
		return x.unreadable("the code of an error is %s, not text", shown(class))
	}
	e := &APIError{Operation: x.op.Name, Code: classText(class), Status: status, Members: document.New()}
	said, sent := either(o, "message", "Message")
	if !sent {
		said = ""
	}
	e.said, e.Message = &said, python.Str(said)
	if known(e.Code) != nil {
		r := reader{clock: x.clock}
		e.Members, _ = r.value(members, o, "the body").(*document.Object)
	}
	return e
}

// isGeneric tells whether something between us and the service has answered: an
// error of a server with no body, or with a page for people.
func isGeneric(status int, body []byte) bool {
	body = bytes.TrimSpace(body)
	return status >= 500 && (len(body) == 0 || bytes.HasPrefix(body, []byte("<html>")))
}

// code returns the code of an error, which should be text. It is not ok if it cannot
// be one, or if the body names the class by a number, even where something else
// counts: the AWS CLI looks into all.
func code(status int, header http.Header, body *document.Object) (class document.Value, ok bool) {
	class = strconv.Itoa(status)
	query := strings.Split(header.Get("X-Amzn-Query-Error"), ";")
	if v, sent := body.Get("__type"); len(query) == 2 && query[0] != "" {
		class = query[0]
	} else if sent && isScalar(v) {
		return v, false
	} else if sent {
		class = v
	}
	if values := header.Values("X-Amzn-Errortype"); len(values) > 0 {
		class = values[0]
	} else if v, sent := either(body, "code", "Code"); sent && v != nil {
		class = v
	}
	_, list := class.(document.List)
	_, object := class.(*document.Object)
	return class, !list && !object
}

// isScalar tells whether v is a number or a boolean.
func isScalar(v document.Value) bool {
	_, boolean := v.(bool)
	return boolean || python.IsNumber(v)
}

// either returns the first of two members that is there, be it null.
func either(body *document.Object, name, other string) (v document.Value, ok bool) {
	if v, ok = body.Get(name); ok {
		return v, true
	}
	return body.Get(other)
}

// classText writes a code without the namespace before it and the address behind
// it. Null is no code.
func classText(class document.Value) string {
	switch class := class.(type) {
	case nil:
		return ""
	case string:
		return bare(class)
	}
	return python.Str(class)
}

// bare takes the namespace before a code and the address behind it away.
func bare(code string) string {
	code, _, _ = strings.Cut(code, ":")
	return code[strings.LastIndexByte(code, '#')+1:]
}
