// Package listen serves an http.Handler to a network, so that no client can take the
// service from the others.
//
// It bounds connections, requests, heads and the time that each may take: who sends
// or reads too slowly is cut off, and who holds connections open without using them
// makes room when others come. It ends when it is told to, but lets requests that
// have begun come to their end.
//
// It knows nothing of what is served, and asks nobody who he is.
package listen

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config says what is served and how much of it.
type Config struct {
	Handler http.Handler
	TLS     *tls.Config  // nil: in plain text
	Log     *slog.Logger // is told of trouble with connections and of panics; nil: nobody is
	Limits  Limits

	// Grace is how long requests that have begun may take when the end has come;
	// 0 is 30 seconds.
	Grace time.Duration
}

// Limits are what clients may use. Zero values stand for the numbers in brackets.
type Limits struct {
	Connections int           // at once (1024)
	Requests    int           // that are being answered at once (256); more wait
	Wait        time.Duration // for their turn, before they are refused with status 503 (10 s)
	Head        int           // bytes of a request's line and headers (256 KiB)
	HeadTime    time.Duration // from a request's first byte to its last header (10 s)
	Idle        time.Duration // between two requests of a connection (60 s)

	// A body, or an answer, that moves takes as long as it takes. One that rests for
	// Patience (30 s), at once or by being slower than Rate (8192 bytes a second), is
	// cut off.
	Patience time.Duration
	Rate     int64

	// Stall is how long it may rest when others wait for its place (2 s).
	Stall time.Duration
}

func (l *Limits) fill() {
	l.Connections = cmp.Or(l.Connections, 1024)
	l.Requests = cmp.Or(l.Requests, 256)
	l.Wait = cmp.Or(l.Wait, 10*time.Second)
	l.Head = cmp.Or(l.Head, 256<<10)
	l.HeadTime = cmp.Or(l.HeadTime, 10*time.Second)
	l.Idle = cmp.Or(l.Idle, time.Minute)
	l.Patience = cmp.Or(l.Patience, 30*time.Second)
	l.Rate = cmp.Or(l.Rate, 8192)
	l.Stall = cmp.Or(l.Stall, 2*time.Second)
}

// Serve answers what comes to the listener until ctx ends, and closes it. It
// returns nil if every request came to its end, and else says how many did not.
func Serve(ctx context.Context, l net.Listener, c Config) error {
	c.Limits.fill()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	h := &host{Listener: l, config: c, guests: map[net.Conn]*guest{}, slots: make(chan struct{}, c.Limits.Requests)}
	h.moved.L = &h.mu
	server := h.server(work)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(h) }()
	select {
	case err := <-ended:
		return fmt.Errorf("listen on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	return h.shut(server)
}

func (h *host) server(work context.Context) *http.Server {
	limits := h.config.Limits
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: limits.HeadTime,
		IdleTimeout:       limits.Idle,
		MaxHeaderBytes:    limits.Head,
		ErrorLog:          slog.NewLogLogger(h.config.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return work },
		ConnContext:       h.receive,
		ConnState:         h.notice,
	}
	if h.config.TLS != nil {
		s.TLSConfig = h.config.TLS.Clone()
		s.TLSConfig.NextProtos = []string{"h2", "http/1.1"}
		h.Listener = tls.NewListener(h.Listener, s.TLSConfig)
	}
	return s
}

// shut ends the server.
func (h *host) shut(server *http.Server) error {
	limit, stop := context.WithTimeout(context.Background(), cmp.Or(h.config.Grace, 30*time.Second))
	defer stop()
	h.dismissNew()
	err := server.Shutdown(limit)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	n := h.busy()
	server.Close()
	return fmt.Errorf("%d requests were cut off, because they took too long to come to their end", n)
}

// host knows the connections of a listener.
type host struct {
	net.Listener
	config Config
	slots  chan struct{} // one for each request that is being answered

	mu      sync.Mutex
	moved   sync.Cond // somebody went, or came to rest
	closed  bool
	leaving int // that were dismissed, and have not gone yet
	guests  map[net.Conn]*guest
}

// guest is a connection. It rests while none of its requests is being answered.
type guest struct {
	conn     net.Conn
	requests int       // that are being answered
	sending  bool      // the last answer was given, and may still lie in a buffer
	known    bool      // there was one before
	since    time.Time // when it came, gave its last answer, or came to rest

	waits map[*pace]time.Time // for the client, and since when
}

type guestKey struct{}

// Accept returns the next connection, when there is room for it.
func (h *host) Accept() (net.Conn, error) {
	conn, err := h.Listener.Accept()
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.guests) >= h.config.Limits.Connections && !h.closed {
		if h.leaving == 0 { // one at a time, since only one is to come
			h.makeRoom()
		}
		look := time.AfterFunc(h.config.Limits.Stall/40, h.look)
		h.moved.Wait()
		look.Stop()
	}
	if h.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	return conn, nil
}

// look has Accept look for room again. It takes its turn: before Accept waits nobody would
// hear it.
func (h *host) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved.Broadcast()
}

// makeRoom dismisses the connection that can best be spared, and of several like it the
// one that has been so for longest.
func (h *host) makeRoom() {
	now := time.Now()
	var worst *guest
	least := 0
	for _, g := range h.guests {
		n := h.spare(g, now)
		if n > least || n > 0 && n == least && g.since.Before(worst.since) {
			worst, least = g, n
		}
	}
	if worst != nil {
		h.dismiss(worst)
	}
}

// spare tells how well a connection can be spared: best one that came and asks for
// nothing, then one that keeps us waiting, then one that may ask again; others not.
func (h *host) spare(g *guest, now time.Time) int {
	rests := g.requests == 0 && !g.sending
	switch {
	case g.conn == nil:
		return 0
	case rests && !g.known && now.Sub(g.since) > h.config.Limits.Stall/20: // or its request may not be read yet
		return 3
	case h.stalled(g, now):
		return 2
	case rests && g.known && now.Sub(g.since) > h.config.Limits.Stall/4: // or its next request is about to come
		return 1
	}
	return 0
}

// dismissStalled dismisses all connections that keep us waiting, since others wait for
// the places that their requests have.
func (h *host) dismissStalled() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for _, g := range h.guests {
		if g.conn != nil && g.requests > 0 && h.stalled(g, now) {
			h.dismiss(g)
		}
	}
}

// stalled tells whether all that a connection asks for rests for the client, and has
// for long; or its last answer does.
func (h *host) stalled(g *guest, now time.Time) bool {
	if g.requests == 0 {
		return g.sending && now.Sub(g.since) > h.config.Limits.Stall
	}
	if len(g.waits) < g.requests {
		return false
	}
	for p, since := range g.waits {
		if p.debt+now.Sub(since) <= h.config.Limits.Stall {
			return false
		}
	}
	return true
}

// await notes that something is waited for that the client has to do; moves, that it
// did.
func (h *host) await(p *pace, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.guest.waits == nil {
		p.guest.waits = map[*pace]time.Time{}
	}
	p.guest.waits[p] = since
}

func (h *host) moves(p *pace) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(p.guest.waits, p)
}

// dismiss closes a connection. It is gone when the server notices that.
func (h *host) dismiss(g *guest) {
	conn := g.conn
	g.conn = nil
	h.leaving++
	go conn.Close() // which, of TLS, may take time
}

// dismissNew dismisses those that have not asked for anything yet.
func (h *host) dismissNew() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.guests {
		if g.requests == 0 && !g.known && g.conn != nil {
			h.dismiss(g)
		}
	}
}

// Close closes the listener.
func (h *host) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.moved.Broadcast()
	return h.Listener.Close()
}

// receive notes a new connection.
func (h *host) receive(ctx context.Context, conn net.Conn) context.Context {
	g := &guest{conn: conn, since: time.Now()}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.guests[conn] = g
	return context.WithValue(ctx, guestKey{}, g)
}

// notice notes that a connection has come to rest, or has gone.
func (h *host) notice(conn net.Conn, state http.ConnState) {
	if state == http.StateIdle {
		h.rest(conn)
	}
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if g := h.guests[conn]; g != nil && g.conn == nil {
		h.leaving--
	}
	delete(h.guests, conn)
	h.moved.Broadcast()
}

// begin notes that a request of a connection is being answered; end, that it was.
func (h *host) begin(g *guest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g.requests++
	g.known = true
}

func (h *host) end(g *guest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g.requests--
	g.sending, g.since = g.requests == 0, time.Now()
}

// rest notes that a connection has sent all its answers.
func (h *host) rest(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if g := h.guests[conn]; g != nil {
		g.sending, g.since = false, time.Now()
		h.moved.Broadcast()
	}
}

// busy counts the requests that are being answered.
func (h *host) busy() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.guests {
		n += g.requests
	}
	return n
}
