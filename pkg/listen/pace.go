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
	g, ok := r.Context().Value(guestKey{}).(*guest)
	if !ok { // the server is not ours
		g = &guest{}
	}
	h.begin(g)
	defer h.end(g)
	control := http.NewResponseController(w)
	out := &pacedAnswer{ResponseWriter: w, pace: pace{set: control.SetWriteDeadline, host: h, guest: g}}
	defer out.renew() // for what is still in a buffer
	if r.Body != nil && r.Body != http.NoBody {
		out.body = &pacedBody{ReadCloser: r.Body, pace: pace{set: control.SetReadDeadline, host: h, guest: g}}
		r = r.WithContext(r.Context()) // net/http knows by the body of its own one whether a word is awaited
		r.Body = out.body
	}
	if !h.admit(r, out.body) {
		out.refuse()
		return
	}
	defer func() { <-h.slots }()
	out.body.start()
	defer h.survive(out, r)
	h.config.Handler.ServeHTTP(out, r)
}

// admit waits for a request's turn. When there is none to be had, the body has to come
// first.
func (h *host) admit(r *http.Request, body *pacedBody) bool {
	select {
	case h.slots <- struct{}{}:
		return true
	default:
	}
	if body != nil && r.Header.Get("Expect") == "" {
		body.begin()
	}
	patience, look := time.NewTimer(h.config.Limits.Wait), time.NewTicker(h.config.Limits.Stall/8)
	defer patience.Stop()
	defer look.Stop()
	for {
		select {
		case h.slots <- struct{}{}:
			return true
		case <-look.C:
			h.dismissStalled()
		case <-r.Context().Done():
			return false
		case <-patience.C:
			return false
		}
	}
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
	set   func(time.Time) error
	host  *host
	guest *guest
	debt  time.Duration // how much of the patience is used up
}

// move runs what moves some bytes, and bounds how long it may take.
func (p *pace) move(f func() (int, error)) (int, error) {
	began, limits := time.Now(), &p.host.config.Limits
	p.set(began.Add(limits.Patience - p.debt))
	p.host.await(p, began)
	n, err := f()
	p.host.moves(p)
	earned := time.Duration(float64(n) / float64(limits.Rate) * float64(time.Second))
	p.debt = max(0, p.debt+time.Since(began)-earned)
	return n, err
}

// renew begins anew.
func (p *pace) renew() { p.set(time.Now().Add(p.host.config.Limits.Patience)) }

// pacedBody is a body that has to come in time.
type pacedBody struct {
	io.ReadCloser
	pace
	first []byte // has come, and was not read yet
	err   error  // how it ended
}

// beginning is how much of a body has to be there before its request waits for a turn:
// all of it, mostly. Who lets us wait for that takes nobody's place.
const beginning = 64 << 10

// begin waits for the beginning.
func (b *pacedBody) begin() {
	for piece := make([]byte, 4<<10); b.err == nil && len(b.first) < beginning; {
		n, _ := b.read(piece)
		b.first = append(b.first, piece[:n]...)
	}
}

// start gives the rest of the body its time.
func (b *pacedBody) start() {
	if b != nil && b.err == nil {
		b.renew()
	}
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if len(b.first) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.read(p)
}

func (b *pacedBody) read(p []byte) (n int, err error) {
	n, err = b.move(func() (int, error) { return b.ReadCloser.Read(p) })
	if err != nil {
		b.err = err
		b.set(time.Time{}) // or the server takes the silence behind it for a client that has gone
	}
	return n, err
}

// giveUp has the server, which reads what is left of a body before it answers, not
// wait for it.
func (b *pacedBody) giveUp() {
	if b != nil && b.err == nil {
		b.set(time.Now().Add(b.host.config.Limits.Stall / 4))
	}
}

// pacedAnswer is an answer that has to be read in time.
type pacedAnswer struct {
	http.ResponseWriter
	pace
	body  *pacedBody // that is answered; nil: none
	begun bool
}

func (a *pacedAnswer) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// begin notes that the answer has begun. Who is refused before his body is read will
// not send it for long.
func (a *pacedAnswer) begin(status int) {
	if !a.begun && status >= 400 {
		a.body.giveUp()
	}
	a.begun = a.begun || status >= 200
}

// piece is how much is written at once, so that it can be seen to move.
const piece = 32 << 10

func (a *pacedAnswer) Write(p []byte) (n int, err error) {
	a.begin(http.StatusOK)
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
