package sigv4

import (
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// Param is a parameter of a query, decoded.
type Param struct{ Name, Value string }

// target returns the path and the query of a request as they were sent. The server
// of package net/http may keep them in another form, and a proxy's client sends the
// address of the host before them (RFC 9112, section 3.2.2).
func target(r *http.Request) (path, query string) {
	if r.RequestURI == "" { // the request was not received, but made
		return r.URL.EscapedPath(), r.URL.RawQuery
	}
	path, query, _ = strings.Cut(r.RequestURI, "?")
	if _, rest, ok := strings.Cut(path, "://"); ok && path[0] != '/' {
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	return path, query
}

// parse reads a query, in which + is a blank. What is no escape stands for itself.
func parse(query string) (params []Param) {
	for pair := range strings.SplitSeq(query, "&") {
		if pair != "" {
			name, value, _ := strings.Cut(strings.ReplaceAll(pair, "+", " "), "=")
			params = append(params, Param{unescape(name), unescape(value)})
		}
	}
	return params
}

// params are the parameters that are signed: all but the signature itself.
func (s *Signature) params(query string) []Param {
	params := parse(query)
	if s.Presigned {
		params = slices.DeleteFunc(params, func(p Param) bool { return p.Name == "X-Amz-Signature" })
	}
	return params
}

// queries returns the forms in which clients sign a query. The rule is to sort the
// parameters as they are escaped; the SDK for Go sorts before it escapes. They
// differ where a parameter is repeated, and mean the same.
func queries(params []Param) []string {
	if len(params) == 0 {
		return []string{""}
	}
	byRule := make([]Param, len(params))
	for i, p := range params {
		byRule[i] = Param{escape(p.Name, false), escape(p.Value, false)}
	}
	slices.SortFunc(byRule, compare)
	forms := []string{joined(byRule)}
	sorted := slices.SortedFunc(slices.Values(params), compare)
	for i, p := range sorted {
		sorted[i] = Param{escape(p.Name, false), escape(p.Value, false)}
	}
	if !slices.Equal(sorted, byRule) {
		forms = append(forms, joined(sorted))
	}
	return forms
}

func compare(a, b Param) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Value, b.Value)
}

func joined(params []Param) string {
	var b strings.Builder
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.Name + "=" + p.Value)
	}
	return b.String()
}

// form is a path that a client may have signed: as it is written in a request, and
// as it is signed.
type form struct{ escaped, canonical string }

// paths returns the forms in which clients sign a path. Services other than S3 have
// it normalized and escaped once more; the SDK for Go does not normalize. What was
// signed is what the request means: nobody may put dots into it afterwards.
func paths(sent string, rules Rules) []form {
	if rules.ObjectStore {
		forms := []form{{sent, sent}}
		if clean := escapeAgain(sent); clean != sent {
			forms = append(forms, form{sent, clean})
		}
		return forms
	}
	forms := []form{{sent, escape(sent, true)}}
	if short := normalize(sent); short != sent {
		forms = append(forms, form{short, escape(short, true)})
	}
	return forms
}

// normalize takes out empty segments and those that are dots.
func normalize(path string) string {
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	short := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		short += "/"
	}
	return short
}

// escapeAgain escapes each segment the way the rules have it, whichever way the
// client has.
func escapeAgain(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = escape(unescape(segment), false)
	}
	return strings.Join(segments, "/")
}

const hexDigits = "0123456789ABCDEF"

// escape writes every byte as %XX but those that RFC 3986 calls unreserved and, in
// a path, the slash.
func escape(s string, path bool) string {
	plain := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~' || path && c == '/'
	}
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if c := s[i]; plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(b)
}

func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(c))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// authority is the host by the name that it has in HTTP/2.
const authority = ":authority"

// CoversHost tells whether the host is among what is signed, by either name: the SDK for
// JavaScript signs it by that of HTTP/2 where it speaks that.
func (s *Signature) CoversHost() bool {
	return slices.Contains(s.Headers, "host") || slices.Contains(s.Headers, authority)
}

// coverHeaders tells whether all headers that must be signed are.
func (s *Signature) coverHeaders(r *http.Request) error {
	if !s.CoversHost() {
		return &Error{Unsigned, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") && !slices.Contains(s.Headers, strings.ToLower(name)) {
			return &Error{Unsigned, "'" + name + "' must be a 'SignedHeader' in the AWS Authorization."}
		}
	}
	return nil
}

// headers are the lines of the signed headers, each with its end.
func (s *Signature) headers(r *http.Request) (string, error) {
	var b strings.Builder
	for _, name := range s.Headers {
		values := valuesOf(r, name)
		if len(values) == 0 {
			return "", &Error{Mismatch, "The request has no header '" + name + "', which its signature is said to cover."}
		}
		b.WriteString(name)
		for i, value := range values {
			b.WriteByte(":,"[min(i, 1)])
			b.WriteString(single(value))
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// valuesOf returns a header, also one that package net/http keeps elsewhere.
func valuesOf(r *http.Request, name string) []string {
	switch name {
	case "host", authority:
		return []string{r.Host}
	case "transfer-encoding":
		return r.TransferEncoding
	case "content-length":
		if r.ContentLength >= 0 {
			return []string{strconv.FormatInt(r.ContentLength, 10)}
		}
	}
	return r.Header[textproto.CanonicalMIMEHeaderKey(name)]
}

// single trims a header's value and makes each run of blanks in it one.
func single(value string) string {
	value = strings.Trim(value, " \t")
	if !strings.Contains(value, "  ") && !strings.Contains(value, "\t") {
		return value
	}
	return strings.Join(strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == '\t' }), " ")
}
