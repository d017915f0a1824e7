package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// defaultTimeout is in seconds.
const defaultTimeout = 60

// seconds is a timeout as a flag gives it; 0 is none.
func seconds(n *int) time.Duration {
	if n == nil {
		return defaultTimeout * time.Second
	}
	return time.Duration(*n) * time.Second
}

// checkClient tells what is wrong with the settings of connections. A bundle of
// certificates that is not there matters only when one is needed.
func (l *loader) checkClient() error {
	if v, ok := l.caBundle(); ok && strings.TrimSpace(v) == "" {
		return &Error{Text: "Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or verify) resolved to an empty or whitespace-only string. Provide a valid path to a CA bundle file."}
	}
	for _, timeout := range []struct {
		name    string
		seconds *int
	}{{"connect", l.ConnectTimeout}, {"read", l.ReadTimeout}} {
		if timeout.seconds != nil && *timeout.seconds < 0 {
			return &Error{Text: fmt.Sprintf("Attempted to set %s timeout to %d, but the timeout cannot be set to a value less than or equal to 0.", timeout.name, *timeout.seconds)}
		}
	}
	return nil
}

// caBundle is the name of the file with the certificates to trust in place of the
// system's.
func (l *loader) caBundle() (string, bool) {
	if l.NoVerifySSL {
		return "", false
	}
	if l.CABundle != nil {
		return *l.CABundle, true
	}
	if v, ok := l.settings.Lookup("ca_bundle", "AWS_CA_BUNDLE"); ok {
		return v, true
	}
	return l.settings.Env("REQUESTS_CA_BUNDLE")
}

// httpClient sends requests the AWS CLI's way: it follows no redirections, does not
// unpack what it receives, and its errors are in the AWS CLI's words. It may be
// used from several goroutines at once.
type httpClient struct {
	*loader
	log    io.Writer                       // nil: nothing is logged
	plain  func() (*http.Transport, error) // for http
	secure func() (*http.Transport, error) // for https
}

func (l *loader) newClient(log io.Writer) *httpClient {
	return &httpClient{
		loader: l,
		log:    log,
		plain:  sync.OnceValues(func() (*http.Transport, error) { return l.transport(nil), nil }),
		secure: sync.OnceValues(l.secureTransport),
	}
}

func (l *loader) secureTransport() (*http.Transport, error) {
	config := &tls.Config{InsecureSkipVerify: l.NoVerifySSL}
	if name, ok := l.caBundle(); ok {
		pem, err := l.settings.ReadFile(name)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificates", name)
		}
	}
	return l.transport(config), nil
}

func (l *loader) transport(config *tls.Config) *http.Transport {
	connect := seconds(l.ConnectTimeout)
	return &http.Transport{
		Proxy:                  l.proxy,
		OnProxyConnectResponse: refusedByProxy,
		DialContext:            (&net.Dialer{Timeout: connect}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    connect,
		ResponseHeaderTimeout:  seconds(l.ReadTimeout),
		DisableCompression:     true,
		IdleConnTimeout:        90 * time.Second,
	}
}

// Do sends a request and returns the response, whatever its status. The caller
// closes its body.
func (c *httpClient) Do(r *http.Request) (*http.Response, error) {
	transport, err := c.pick(r)
	if err != nil {
		return nil, sslError(r, err)
	}
	proxy, err := c.proxy(r)
	if err != nil {
		return nil, err
	}
	if err := c.logRequest(r); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	t := &trip{request: r, via: proxy, ctx: ctx, cancel: cancel}
	response, err := transport.RoundTrip(once(t.traced()))
	if err != nil {
		cancel(nil)
		return nil, c.logError(t.failed(err))
	}
	t.answered.Store(true)
	response.Body = &body{ReadCloser: response.Body, trip: t, patience: seconds(c.ReadTimeout)}
	c.logResponse(response)
	return response, nil
}

func (c *httpClient) pick(r *http.Request) (*http.Transport, error) {
	if r.URL.Scheme == "https" {
		return c.secure()
	}
	return c.plain()
}

// once keeps the transport from sending a request again on its own account: how
// often that is done, and that it is told to the service, is the retryer's affair.
// The transport repeats only what has no body, or one that it can read again.
func once(r *http.Request) *http.Request {
	if r.Body == nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		r.Body = io.NopCloser(strings.NewReader(""))
	}
	return r
}

// errSilent ends a request whose answer has stopped midway.
var errSilent = errors.New("the service has stopped sending")

// body is the body of a response. A read that lasts too long ends it.
type body struct {
	io.ReadCloser
	trip     *trip
	patience time.Duration
}

func (b *body) Read(p []byte) (int, error) {
	if b.patience > 0 {
		silence := time.AfterFunc(b.patience, func() { b.trip.cancel(errSilent) })
		defer silence.Stop()
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = b.trip.failed(err)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.trip.cancel(nil)
	return b.ReadCloser.Close()
}
