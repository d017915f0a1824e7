// Package server puts engines behind HTTP, as AWS has AWS Signer behind it.
//
// [New] makes an http.Handler. For each request it proves who sent it, finds the
// operation in the data of package api, makes one document of path, query and body,
// holds it to what the API says of it, gives it to the caller's engine and writes
// the answer or the error down as AWS does. SDKs cannot tell the difference.
//
// The handler listens nowhere and keeps nothing. Whoever serves it bounds the time
// that a request may take, the size of its head, and how many there are at once.
// The name of the host does not matter, nor whether a request's target is in
// absolute form: clients that put a prefix before the host of GetRevocationStatus
// come through a proxy's protocol.
package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"signer/pkg/accesslog"
	"signer/pkg/api"
	"signer/pkg/engine"
	"signer/pkg/sigv4"
)

// Config is what a server is made of. Secrets and EngineFor are needed.
type Config struct {
	Secrets sigv4.Secrets // those who may call

	// EngineFor returns the engine that works for a caller. It is asked for every
	// request, by many at once; the server does not close the engine. What it
	// refuses with a smithy.APIError the caller is refused.
	EngineFor func(context.Context, Caller) (engine.Engine, error)

	// Services handle requests whose signatures name another service than "signer".
	// They read and prove the signatures themselves. JSON and Query make some.
	Services map[string]http.Handler

	// Astray handles requests whose signatures cannot be read or name a service that
	// is none of these, if they do not look as if they were for AWS Signer. It is a
	// service whose paths can be anything; nil: AWS Signer refuses them.
	Astray http.Handler

	Region  string // which signatures must be for; "" is any
	MaxBody int64  // bytes that the body of a request may have; 0 is 1 MiB

	Log  *slog.Logger     // is told why a request came to nothing through no fault of its own; nil: nobody is
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // is read by many at once; nil: crypto/rand.Reader
}

// Caller is who sent a request, as its signature proves.
type Caller struct {
	Account   string // 12 digits
	Principal string // an ARN
	KeyID     string // of the access key
	Region    string // that the request is for
}

func callerOf(s *sigv4.Signature, v *sigv4.Verified) Caller {
	return Caller{v.Account, v.Principal, v.KeyID, s.Region}
}

// note tells the access log who the caller of a service is.
func (c Caller) note(ctx context.Context, service string) {
	e := accesslog.Of(ctx)
	e.Service, e.Account, e.Principal, e.KeyID = service, c.Account, c.Principal, c.KeyID
}

// longestTarget is how long the path and the query of a request may be in bytes.
// The longest of a client's takes away 200 tags with keys of 128 escaped characters.
const longestTarget = 128 << 10

const requestID = "X-Amzn-Requestid"

type server struct {
	Config
	verifier sigv4.Verifier
	routes   []route
}

// New returns the handler. It may be used as long as the engines that it is given.
func New(c Config) http.Handler {
	c.fill()
	return &server{c, c.verifier(), routesOf(api.Signer)}
}

func (c *Config) fill() {
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
}

func (c *Config) verifier() sigv4.Verifier {
	return sigv4.Verifier{Secrets: c.Secrets, Region: c.Region, Now: c.Now}
}

// ServeHTTP answers a request, or hands it to the service that it is meant for.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(r.Context()) // whose body may be replaced
	id, err := uuid.NewRandomFromReader(s.Rand)
	w.Header().Set(requestID, id.String())
	if err != nil {
		s.refuse(w, r, fmt.Errorf("make up a request id: %w", err))
		return
	}
	if len(r.RequestURI) > longestTarget {
		s.refuse(w, r, refused(http.StatusRequestURITooLong, "RequestEntityTooLargeException", "The path and the query of a request may have %d bytes.", longestTarget))
		return
	}
	signature, err := sigv4.Read(r)
	if other := s.other(r, signature); other != nil {
		other.ServeHTTP(w, r)
		return
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	answer, err := s.answer(w, r, signature)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	write(w, http.StatusOK, answer)
}

// other returns the service that a request is meant for if that is not AWS Signer. The
// signature is nil if it cannot be read.
func (s *server) other(r *http.Request, signature *sigv4.Signature) http.Handler {
	if signature != nil && signature.Service == api.Signer.Name {
		return nil
	}
	if signature != nil && s.Services[signature.Service] != nil {
		accesslog.Of(r.Context()).Service = signature.Service
		return s.Services[signature.Service]
	}
	if s.Astray == nil || s.resembles(r) {
		return nil
	}
	return s.Astray
}

// resembles tells whether a request looks as if it were for AWS Signer, or for a service
// that has one path and takes POSTs of forms and documents.
func (s *server) resembles(r *http.Request) bool {
	if r.Header.Get("X-Amz-Target") != "" || r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-") {
		return true
	}
	segments := strings.Split(r.URL.EscapedPath(), "/")
	return slices.ContainsFunc(s.routes, func(rt route) bool { _, ok := rt.match(segments); return ok })
}

// caught makes an error of a panic. It is deferred.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

// answer carries a request out and returns the body of the answer.
func (s *server) answer(w http.ResponseWriter, r *http.Request, signature *sigv4.Signature) (answer []byte, err error) {
	defer caught(&err)
	r.Body = bounded(w, r.Body, s.MaxBody)
	verified, err := s.verifier.Verify(r, signature, sigv4.Rules{Service: api.Signer.Name})
	if err != nil {
		return nil, err
	}
	caller := callerOf(signature, verified)
	caller.note(r.Context(), api.Signer.Name)
	op, labels, err := find(s.routes, r.Method, verified.Path)
	if err != nil {
		return nil, err
	}
	accesslog.Of(r.Context()).Operation = op.Name
	params, err := read(op, labels, verified.Query, r.Body)
	if err != nil {
		return nil, err
	}
	if found := op.Input.Violations(params); len(found) > 0 {
		return nil, refused(http.StatusBadRequest, invalid(op), "%v", found)
	}
	e, err := s.EngineFor(r.Context(), caller)
	if err != nil {
		return nil, err
	}
	out, err := engine.Do(r.Context(), e, op, params, func(o *engine.Options) { o.WireTimes, o.Rand = true, s.Rand })
	if err != nil {
		return nil, err
	}
	return body(op, out)
}

// invalid is the class of error by which an operation refuses parameters: those on
// tags have one of their own.
func invalid(op *api.Operation) string {
	for _, e := range op.Errors {
		if e.Name == "BadRequestException" {
			return e.Name
		}
	}
	return "ValidationException"
}
