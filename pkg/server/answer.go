package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/accesslog"
	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/sigv4"
)

// body is the body of an answer: a JSON object, or nothing where the API knows no
// answer.
func body(op *api.Operation, answer *document.Object) ([]byte, error) {
	if op.Output.Name == "" {
		return nil, nil
	}
	// To verifiers an answer without this list means that nothing is revoked. That
	// has to be said, and must not come about by an oversight.
	if op.Name == "GetRevocationStatus" && !answer.Has("revokedEntities") {
		return nil, errors.New("the engine did not say what is revoked")
	}
	return document.AppendJSON(nil, answer), nil
}

func write(w http.ResponseWriter, status int, body []byte) {
	writeAs(w, "application/json", status, body)
}

func writeAs(w http.ResponseWriter, kind string, status int, body []byte) {
	if body != nil {
		w.Header().Set("Content-Type", kind)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // nobody is left to be told that this fails
}

// refused is an error of the service's front, in which it knows no finer code.
func refused(status int, class, format string, args ...any) error {
	return &engine.APIError{Code: class, Message: fmt.Sprintf(format, args...), Status: status}
}

// methodError is a path that only has operations of other methods.
type methodError struct{ methods []string }

func (e *methodError) Error() string {
	return "The operations of this path have the methods " + strings.Join(e.methods, ", ") + "."
}

// refuse answers an error. Clients see its class in a header and its message in
// lower-case: the SDK for Go knows no other spelling.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := s.refusal(w, r, err)
	o := document.New(document.Member{Name: "message", Value: e.Message})
	if code, ok := e.Members.Get("code"); ok {
		o.Set("code", code)
	}
	accesslog.Of(r.Context()).Error = e.Code
	w.Header().Set("X-Amzn-Errortype", e.Code)
	write(w, e.Status, document.AppendJSON(nil, o))
}

// internalClass is the service's class of error for its own fault.
const internalClass = "InternalServiceErrorException"

// refusal is an error as the caller may see it. What is none of the caller's
// business goes to the log.
func (c *Config) refusal(w http.ResponseWriter, r *http.Request, err error) *engine.APIError {
	var signature *sigv4.Error
	var method *methodError
	var body *bodyError
	switch {
	case errors.As(err, &signature):
		return &engine.APIError{Code: signature.Class(), Message: signature.Message, Status: http.StatusForbidden}
	case errors.As(err, &method):
		w.Header().Set("Allow", strings.Join(method.methods, ", "))
		return &engine.APIError{Code: "UnknownOperationException", Message: method.Error(), Status: http.StatusMethodNotAllowed}
	case errors.As(err, &body):
		return bodyRefusal(body)
	}
	if e, ok := engine.AsAPIError(err); ok && 400 <= e.Status && e.Status <= 599 {
		return e
	}
	if r.Context().Err() == nil { // or else the client has gone, and what it asked for was given up
		c.Log.ErrorContext(r.Context(), "request failed", "requestId", w.Header().Get(requestID), "method", r.Method, "path", r.URL.Path, "error", err)
	}
	return &engine.APIError{Code: internalClass, Message: "The service could not carry out the request because of an internal error.", Status: http.StatusInternalServerError}
}

func bodyRefusal(err *bodyError) *engine.APIError {
	var long *http.MaxBytesError
	var line net.Error
	switch {
	case errors.As(err, &long):
		return &engine.APIError{Code: "RequestEntityTooLargeException", Message: fmt.Sprintf("The body of a request may have %d bytes.", long.Limit), Status: http.StatusRequestEntityTooLarge}
	case errors.As(err, &line) && line.Timeout():
		return &engine.APIError{Code: "RequestTimeoutException", Message: "The body of the request did not come in time.", Status: http.StatusRequestTimeout}
	}
	return &engine.APIError{Code: "MalformedHttpRequestException", Message: "The body of the request could not be read.", Status: http.StatusBadRequest}
}
