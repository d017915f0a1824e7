package listen

import (
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"
)

// ServeHTTP answers a request within the limits.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g, ok := r.Context().Value(guestKey{}).(*guest); ok {
		h.begin(g)
		defer h.end(g)
	}
	control := http.NewResponseController(w)
	out := &pacedAnswer{ResponseWriter: w, pace: pace{set: control.SetWriteDeadline, limits: &h.config.Limits}}
	defer out.renew() // for what is still in a buffer
	if !h.admit(r) {
		out.refuse()
		return
	}
	defer func() { <-h.slots }()
	if r.Body != nil && r.Body != http.NoBody {
		in := &pacedBody{ReadCloser: r.Body, pace: pace{set: control.SetReadDeadline, limits: &h.config.Limits}}
		in.renew()
		r = r.WithContext(r.Context()) // net/http knows by the body of its own one whether a word is awaited
		r.Body = in
	}
	defer h.survive(out, r)
	h.config.Handler.ServeHTTP(out, r)
}

// admit waits for a request's turn.
func (h *host) admit(r *http.Request) bool {
	select {
	case h.slots <- struct{}{}:
		return true
	default:
	}
	patience := time.NewTimer(h.config.Limits.Wait)
	defer patience.Stop()
	select {
	case h.slots <- struct{}{}:
		return true
	case <-r.Context().Done():
	case <-patience.C:
	}
	return false
}

// refuse answers that there is too much to do. SDKs try again after that, whatever
// the protocol.
func (a *pacedAnswer) refuse() {
	head := a.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Retry-After", "1")
	head.Set("X-Amzn-Errortype", "ServiceUnavailableException")
	a.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(a, `{"message":"There is too much to do at the moment. Try again."}`)
}

// survive turns a panic of the handler into an answer.
func (h *host) survive(a *pacedAnswer, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler {
		h.config.Log.Error("panic", "method", r.Method, "path", r.URL.EscapedPath(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
	if a.begun || p == http.ErrAbortHandler {
		panic(http.ErrAbortHandler) // the client must see that this is not all
	}
	a.WriteHeader(http.StatusInternalServerError)
}

// pace bounds how long something may rest that has to move: for Patience, and not
// so often that it comes to less than Rate on the whole. Only the time counts in
// which the client is waited for.
type pace struct {
	set    func(time.Time) error
	limits *Limits
	debt   time.Duration // how much of the patience is used up
}

// move runs what moves some bytes, and bounds how long it may take.
func (p *pace) move(f func() (int, error)) (int, error) {
	began := time.Now()
	p.set(began.Add(p.limits.Patience - p.debt))
	n, err := f()
	earned := time.Duration(float64(n) / float64(p.limits.Rate) * float64(time.Second))
	p.debt = max(0, p.debt+time.Since(began)-earned)
	return n, err
}

// renew begins anew.
func (p *pace) renew() { p.set(time.Now().Add(p.limits.Patience)) }

// pacedBody is a body that has to come in time.
type pacedBody struct {
	io.ReadCloser
	pace
}

func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.move(func() (int, error) { return b.ReadCloser.Read(p) })
	if err != nil {
		b.set(time.Time{}) // or the server takes the silence behind it for a client that has gone
	}
	return n, err
}

// pacedAnswer is an answer that has to be read in time.
type pacedAnswer struct {
	http.ResponseWriter
	pace
	begun bool
}

func (a *pacedAnswer) WriteHeader(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

// piece is how much is written at once, so that it can be seen to move.
const piece = 32 << 10

func (a *pacedAnswer) Write(p []byte) (n int, err error) {
	a.begun = true
	for first := true; err == nil && (first || len(p) > 0); first = false {
		next := p[:min(piece, len(p))]
		var m int
		m, err = a.move(func() (int, error) { return a.ResponseWriter.Write(next) })
		n, p = n+m, p[m:]
	}
	return n, err
}

// Unwrap is for http.ResponseController.
func (a *pacedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
