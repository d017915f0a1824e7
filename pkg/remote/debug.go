package remote

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// logged is how much of a body is logged.
const logged = 16 << 10

func (c *httpClient) logf(format string, args ...any) {
	if c.log != nil {
		fmt.Fprintf(c.log, format+"\n", args...)
	}
}

// logRequest logs a request. Its body is read and put back; the bodies of objects
// are not logged.
func (c *httpClient) logRequest(r *http.Request) error {
	if c.log == nil {
		return nil
	}
	c.logf("> %s %s", r.Method, urlWithoutSecrets(r.URL))
	c.logHeader(">", r.Header)
	if r.Body == nil || !isText(r.Header) || r.ContentLength > logged {
		return nil
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	c.logf("> %s", text)
	return nil
}

// logResponse logs the head of a response, and its body as it is read.
func (c *httpClient) logResponse(r *http.Response) {
	if c.log == nil {
		return
	}
	c.logf("< %s", r.Status)
	c.logHeader("<", r.Header)
	if isText(r.Header) {
		r.Body = &loggedBody{ReadCloser: r.Body, client: c}
	}
}

func (c *httpClient) logError(err error) error {
	c.logf("< %v", err)
	return err
}

// loggedBody logs the beginning of what is read through it.
type loggedBody struct {
	io.ReadCloser
	client *httpClient
	text   []byte
}

func (b *loggedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.text = append(b.text, p[:min(n, logged-len(b.text))]...)
	return n, err
}

func (b *loggedBody) Close() error {
	b.client.logf("< %s", b.text)
	return b.ReadCloser.Close()
}

func isText(h http.Header) bool {
	kind := h.Get("Content-Type")
	return strings.Contains(kind, "json") || strings.Contains(kind, "xml")
}

func (c *httpClient) logHeader(mark string, h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		c.logf("%s %s: %s", mark, name, headerWithoutSecrets(name, strings.Join(h[name], ", ")))
	}
}

const hidden = "[hidden]"

// headerWithoutSecrets hides what lets others act in our name, or read our data.
func headerWithoutSecrets(name, value string) string {
	name = strings.ToLower(name)
	before, _, signed := strings.Cut(value, "Signature=")
	switch {
	case name == "authorization" && signed:
		return before + "Signature=" + hidden
	case slices.Contains([]string{"authorization", "proxy-authorization", "cookie", "set-cookie", "dpop"}, name),
		strings.Contains(name, "token"), strings.Contains(name, "customer-key"):
		return hidden
	}
	return value
}

// urlWithoutSecrets is a URL without password, signature and token.
func urlWithoutSecrets(u *url.URL) string {
	shown := *u
	shown.User = nil
	query := shown.Query()
	for name := range query {
		if strings.EqualFold(name, "X-Amz-Signature") || strings.EqualFold(name, "X-Amz-Security-Token") {
			query.Set(name, hidden)
			shown.RawQuery = query.Encode()
		}
	}
	return shown.String()
}
