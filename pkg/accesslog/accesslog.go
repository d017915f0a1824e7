// Package accesslog keeps a line for every request that a server answers.
//
// [Handler] writes it when the answer is out. What only those know who answer, such
// as the operation and the caller, they add to the request's [Entry], which [Of]
// finds in its context.
//
// Of a request nothing is logged but its method and path: queries and headers hold
// signatures.
package accesslog

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Entry is what is known of a request and its answer. It belongs to the goroutine
// that answers.
type Entry struct {
	Service, Operation          string // such as signer and StartSigningJob
	KeyID, Account, Principal   string // of the caller, once that is proven
	Error                       string // the class of the error that was answered; "" is none
	Method, Path, Remote, Agent string
	Status                      int
	Read, Written               int64 // bytes of bodies
	Took                        time.Duration

	trace Trace
	span  string // of the request in that trace
}

// Follow tells in which trace the request is, and its span there.
func (e *Entry) Follow(trace, span string) {
	if e.trace.ID != trace {
		e.trace = Trace{ID: trace}
	}
	e.span = span
}

type key struct{}

// Of returns the entry of a request's context; where nobody keeps one, an entry
// that leads nowhere.
func Of(ctx context.Context) *Entry {
	if e, ok := ctx.Value(key{}).(*Entry); ok {
		return e
	}
	return new(Entry)
}

// Config says what becomes of the entries.
type Config struct {
	Log  *slog.Logger
	Now  func() time.Time // nil: time.Now
	Done func(*Entry)     // is called with each entry once it is complete, by many at once; nil: nobody is
}

// Gone is the status of a request whose client did not stay for the answer, so that
// what it asked for came to nothing. Nobody ever gets it; others who keep such logs have
// the same number.
const Gone = 499

// requestID is the header of answers that names a request.
const requestID = "X-Amzn-Requestid"

// Handler hands requests to next, and writes a line for each.
func Handler(next http.Handler, c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := c.Now()
		e := &Entry{Method: r.Method, Path: cut(r.URL.EscapedPath(), 2048), Remote: r.RemoteAddr, Agent: cut(r.UserAgent(), 256)}
		e.trace, _ = ParseTrace(r.Header.Get("Traceparent"))
		answer := &answer{ResponseWriter: w, entry: e}
		defer func() {
			e.Took = c.Now().Sub(began)
			if e.Status == 0 {
				e.Status = http.StatusOK // which is what an answer without a word says
			}
			if e.Status >= 500 && r.Context().Err() != nil {
				e.Status, e.Error = Gone, ""
			}
			c.Log.LogAttrs(r.Context(), e.level(), "request", e.attributes(w.Header().Get(requestID))...)
			if c.Done != nil {
				c.Done(e)
			}
		}()
		handed := r.WithContext(context.WithValue(r.Context(), key{}, e))
		if r.Body != nil && r.Body != http.NoBody { // r keeps its own, by which net/http knows what it was for
			handed.Body = &body{r.Body, e}
		}
		next.ServeHTTP(answer, handed)
	})
}

// cut bounds what a client makes us write.
func cut(text string, most int) string { return strings.ToValidUTF8(text[:min(len(text), most)], "") }

func (e *Entry) level() slog.Level {
	if e.Status >= 500 && e.Status != http.StatusNotImplemented { // that one is a client's mistake
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (e *Entry) attributes(id string) []slog.Attr {
	all := []slog.Attr{
		slog.String("requestId", id), slog.String("service", e.Service), slog.String("operation", e.Operation),
		slog.String("method", e.Method), slog.String("path", e.Path), slog.Int("status", e.Status), slog.String("error", e.Error),
		slog.String("account", e.Account), slog.String("principal", e.Principal), slog.String("accessKeyId", e.KeyID),
		slog.String("remote", e.Remote), slog.String("userAgent", e.Agent),
		slog.String("traceId", e.trace.ID), slog.String("parentId", e.trace.Parent), slog.String("spanId", e.span),
		slog.Int64("bytesIn", e.Read), slog.Int64("bytesOut", e.Written),
		slog.Float64("ms", float64(e.Took.Microseconds())/1000),
	}
	kept := all[:0]
	for _, a := range all {
		if a.Value.Kind() != slog.KindString || a.Value.String() != "" {
			kept = append(kept, a)
		}
	}
	return kept
}

// answer notes what is answered.
type answer struct {
	http.ResponseWriter
	entry *Entry
}

func (a *answer) WriteHeader(status int) {
	if a.entry.Status == 0 && status >= 200 {
		a.entry.Status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.entry.Status == 0 {
		a.entry.Status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.entry.Written += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// body notes what is read.
type body struct {
	reader interface {
		Read([]byte) (int, error)
		Close() error
	}
	entry *Entry
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	b.entry.Read += int64(n)
	return n, err
}

func (b *body) Close() error { return b.reader.Close() }
