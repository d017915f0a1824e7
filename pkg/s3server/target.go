package s3server

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"signer/pkg/bucket"
)

// target is what a request is about.
type target struct {
	bucket, key string
	query       query
}

// query are the parameters of a request. Of those that are repeated, the first counts.
type query map[string]string

func (q query) has(name string) bool { _, ok := q[name]; return ok }

// find reads the target of a request as it was sent: what package net/http makes of
// the path may be another one.
func (s *server) find(r *http.Request) (t target, err error) {
	path, text := r.URL.EscapedPath(), r.URL.RawQuery
	if r.RequestURI != "" {
		path, text = sent(r.RequestURI)
	}
	if t.query, err = parseQuery(text); err != nil {
		return target{}, err
	}
	path, err = url.PathUnescape(strings.TrimPrefix(path, "/"))
	if err != nil {
		return target{}, bucket.NewError(bucket.InvalidURI)
	}
	if name, ok := s.hosted(r.Host); ok {
		t.bucket, t.key = name, path
	} else {
		t.bucket, t.key, _ = strings.Cut(path, "/")
	}
	return t, nil
}

// sent returns the path and the query of a request's target, which may begin with the
// address of the host (RFC 9112, section 3.2.2).
func sent(uri string) (path, query string) {
	path, query, _ = strings.Cut(uri, "?")
	if _, rest, ok := strings.Cut(path, "://"); ok && path[0] != '/' {
		_, path, _ = strings.Cut(rest, "/")
	}
	return path, query
}

func parseQuery(text string) (query, error) {
	q := query{}
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, bucket.NewError(bucket.InvalidURI)
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, bucket.NewError(bucket.InvalidURI)
		}
		if name != "" && !q.has(name) {
			q[name] = value
		}
	}
	return q, nil
}

// hosted returns the bucket that a host names, if one does.
func (s *server) hosted(host string) (name string, ok bool) {
	if s.Domain == "" {
		return "", false
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.CutSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), "."+s.Domain)
}
