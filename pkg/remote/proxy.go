package remote

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// proxy returns the proxy for a request, or nil, by the rules of Python's urllib:
// http_proxy and https_proxy, whose small letters go before capitals, and no_proxy
// with the ends of host names. Unlike Go's, the rules do not spare this machine.
func (l *loader) proxy(r *http.Request) (*url.URL, error) {
	address := l.proxyVariable(r.URL.Scheme)
	if address == "" || bypasses(l.proxyVariable("no"), r.URL) {
		return nil, nil
	}
	switch {
	case strings.HasPrefix(address, "//"):
		address = "http:" + address
	case !strings.HasPrefix(address, "http:") && !strings.HasPrefix(address, "https:"):
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, &Error{Text: "The proxy that the environment names for " + r.URL.Scheme + " is not a URL."} // which may hold a password
	}
	return u, nil
}

func (l *loader) proxyVariable(scheme string) string {
	if v, ok := l.settings.Env(scheme + "_proxy"); ok {
		return v
	}
	if _, cgi := l.settings.Env("REQUEST_METHOD"); cgi && scheme == "http" {
		return "" // there HTTP_PROXY is what the client of a web server wants
	}
	v, _ := l.settings.Env(strings.ToUpper(scheme + "_proxy"))
	return v
}

// bypasses tells whether a list of ends of host names has one for the URL.
func bypasses(list string, u *url.URL) bool {
	if list == "*" {
		return true
	}
	host, withPort := strings.ToLower(u.Hostname()), strings.ToLower(u.Host)
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		name = strings.TrimLeft(strings.TrimSpace(name), ".")
		if name == "" {
			continue
		}
		for _, h := range []string{host, withPort} {
			if h == name || strings.HasSuffix(h, "."+name) {
				return true
			}
		}
	}
	return false
}

// proxyError says that a proxy would not connect us. User and password in its URL
// are hidden.
func proxyError(err error, proxy *url.URL) error {
	shown := *proxy
	shown.User = nil
	text := shown.String()
	if proxy.User != nil {
		text = strings.Replace(text, "://", "://***:***@", 1)
	}
	return connectionError(err, `Failed to connect to proxy URL: "%s"`, text)
}

// refusedByProxy is what the transport asks when a proxy has answered.
func refusedByProxy(_ context.Context, proxy *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return proxyError(errors.New(response.Status), proxy)
}
