package server

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"signer/pkg/accesslog"
	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/sigv4"
)

// Call carries out an operation of a service for a caller. The parameters are what
// the API says; times of the answer are time.Time. What it refuses with a
// smithy.APIError the caller is refused.
type Call func(ctx context.Context, by Caller, op *api.Operation, params *document.Object) (*document.Object, error)

// other answers for a service whose protocol has one path and names the operation
// elsewhere in a request.
type other struct {
	Config
	verifier sigv4.Verifier
	service  *api.Service
	call     Call
	protocol protocol
}

// protocol is how such a service is asked and answers.
type protocol interface {
	// read finds the operation that is asked for, and its parameters.
	read(s *api.Service, r *http.Request, query []sigv4.Param) (*api.Operation, *document.Object, error)
	answer(w http.ResponseWriter, op *api.Operation, answer *document.Object)
	refuse(w http.ResponseWriter, e *engine.APIError)
	// class is the error of the service that stands for a bad signature, and its
	// status.
	class(p sigv4.Problem) (string, int)
	// invalid is the class of error that refuses parameters.
	invalid() string
	// failure is the class of error that tells of the service's own fault.
	failure() string
}

func newOther(c Config, s *api.Service, call Call, p protocol) http.Handler {
	c.fill()
	return &other{c, c.verifier(), s, call, p}
}

// ServeHTTP answers a request.
func (o *other) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op, answer, err := o.carryOut(w, r)
	if err == nil {
		o.protocol.answer(w, op, answer)
		return
	}
	var signature *sigv4.Error
	e := o.refusal(w, r, err)
	if errors.As(err, &signature) {
		class, status := o.protocol.class(signature.Problem)
		e = &engine.APIError{Code: class, Message: signature.Message, Status: status}
	}
	if e.Code == internalClass {
		e = &engine.APIError{Code: o.protocol.failure(), Message: e.Message, Status: e.Status}
	}
	if known := o.known(e.Code); known != nil { // others may have a class of that name
		e = &engine.APIError{Code: e.Code, Message: e.Message, Status: known.Status}
	}
	accesslog.Of(r.Context()).Error = e.Code
	o.protocol.refuse(w, e)
}

// known returns the service's class of error with this name, or nil.
func (o *other) known(code string) *api.Error {
	for _, op := range o.service.Operations {
		if i := slices.IndexFunc(op.Errors, func(e *api.Error) bool { return e.Name == code }); i >= 0 {
			return op.Errors[i]
		}
	}
	return nil
}

// carryOut carries a request out.
func (o *other) carryOut(w http.ResponseWriter, r *http.Request) (op *api.Operation, answer *document.Object, err error) {
	defer caught(&err)
	signature, err := sigv4.Read(r)
	if err != nil {
		return nil, nil, err
	}
	r.Body = bounded(w, r.Body, o.MaxBody)
	verified, err := o.verifier.Verify(r, signature, sigv4.Rules{Service: o.service.Name})
	if err != nil {
		return nil, nil, err
	}
	caller := callerOf(signature, verified)
	caller.note(r.Context(), o.service.Name)
	op, params, err := o.protocol.read(o.service, r, verified.Query)
	if err != nil {
		return nil, nil, err
	}
	accesslog.Of(r.Context()).Operation = op.Name
	if found := op.Input.Violations(params); len(found) > 0 {
		return nil, nil, refused(http.StatusBadRequest, o.protocol.invalid(), "%v", found)
	}
	answer, err = o.call(r.Context(), caller, op, params)
	return op, answer, err
}
