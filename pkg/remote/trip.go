package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// trip is one request on its way; how far it has come tells what its failure is
// called.
type trip struct {
	request   *http.Request
	via       *url.URL        // the proxy, or nil
	ctx       context.Context // the request's own, which cancel ends
	cancel    context.CancelCauseFunc
	connected atomic.Bool
	untrusted atomic.Bool // the other side is not whom it says it is
	answered  atomic.Bool // the answer has begun
}

// traced returns the request, made so that the trip learns of its progress, and that it
// is sent whole.
func (t *trip) traced() *http.Request {
	r := t.request.WithContext(httptrace.WithClientTrace(t.ctx, &httptrace.ClientTrace{
		GotConn:          func(httptrace.GotConnInfo) { t.connected.Store(true) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { t.untrusted.Store(err != nil && !isTimeout(err)) },
	}))
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &cargo{body: r.Body, left: r.ContentLength, trip: t}
	}
	return r
}

// cargo is the body of a request. As soon as an answer begins the SDK closes what it
// gave to be sent, of which then nothing can be read: its WriteTo fails with io.EOF, and
// its Read says that it has ended. The transport may be about to look whether anything
// comes after the last byte, or, if the service did not wait, at work on the rest. To it
// the request has failed, so that it would close the connection from which the answer is
// being read.
type cargo struct {
	body io.ReadCloser // of which no more than these methods is seen
	left int64         // how many bytes are to come; negative: nobody knows
	trip *trip
}

// Read reads what is to be sent. If that ends too early it first waits until the answer has
// been read.
func (c *cargo) Read(p []byte) (int, error) {
	n, err := c.body.Read(p)
	c.left -= int64(n)
	if err == io.EOF && c.left > 0 && c.trip.answered.Load() {
		<-c.trip.ctx.Done()
	}
	return n, err
}

func (c *cargo) Close() error { return c.body.Close() }

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// failed puts an error of the connection into the AWS CLI's words. The end of the
// caller's context is returned as it is.
func (t *trip) failed(err error) error {
	if t.request.Context().Err() != nil {
		return err
	}
	var ours *Error
	var op *net.OpError
	target := t.request.URL
	switch silent := isTimeout(err) || context.Cause(t.ctx) == errSilent; {
	case errors.As(err, &ours):
		return ours
	case t.via != nil && errors.As(err, &op) && op.Op == "proxyconnect":
		return proxyError(err, t.via)
	case t.untrusted.Load():
		return sslError(t.request, err)
	case t.connected.Load() && silent:
		return connectionError(err, `Read timeout on endpoint URL: "%s"`, target)
	case t.connected.Load():
		return connectionError(err, `Connection was closed before we received a valid response from endpoint URL: "%s".`, target)
	case silent:
		return connectionError(err, `Connect timeout on endpoint URL: "%s"`, target)
	}
	return connectionError(err, `Could not connect to the endpoint URL: "%s"`, target)
}

func connectionError(err error, format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), Err: err, transient: true}
}

func sslError(r *http.Request, err error) error {
	return connectionError(err, "SSL validation failed for %s %v", r.URL, err)
}
