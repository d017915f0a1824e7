package sigv4

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	basic      = "20060102T150405Z" // ISO 8601 in its basic format
	week       = 7 * 24 * 60 * 60   // the longest lifetime of a presigned request, in seconds
)

// Signature is what a request says of its signature. None of it is proven.
type Signature struct {
	KeyID                 string
	Date, Region, Service string // the scope
	Time                  time.Time
	Headers               []string // the names of those that are signed

	Presigned bool          // the signature is in the query
	Lifetime  time.Duration // of a presigned request

	stamp      string // Time, as it is signed
	terminator string // what the scope ends with
	value      string
	token      string
}

// Read finds the signature of a request, in its Authorization header or else in
// its query. It does not touch the body. The error is an *Error.
func Read(r *http.Request) (*Signature, error) {
	switch headers := r.Header["Authorization"]; len(headers) {
	case 0:
		return readQuery(r)
	case 1:
		return readHeader(r, headers[0])
	}
	return nil, malformed("There is more than one Authorization header.")
}

func malformed(format string, args ...any) error {
	return &Error{Malformed, fmt.Sprintf(format, args...)}
}

func readHeader(r *http.Request, header string) (*Signature, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if scheme != algorithm {
		rest = "" // whatever it is, it is not ours
	}
	if scheme != algorithm && strings.HasPrefix(scheme, "AWS4-") {
		return nil, malformed("Unsupported AWS 'algorithm': '%s'.", scheme)
	}
	parts, err := parts(rest)
	if err != nil {
		return nil, err
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	if missing := missingParts(parts, date); missing != "" {
		return nil, malformed("%s", missing)
	}
	s := &Signature{value: parts["Signature"], token: r.Header.Get("X-Amz-Security-Token")}
	return s, s.read(parts["Credential"], parts["SignedHeaders"], date)
}

// parts reads name=value, name=value.
func parts(text string) (map[string]string, error) {
	parts := map[string]string{}
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' }) {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, malformed("'%s' not a valid key=value pair (missing equal-sign) in Authorization header.", part)
		}
		parts[name] = value
	}
	return parts, nil
}

func missingParts(parts map[string]string, date string) string {
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	if date == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	return strings.Join(missing, " ")
}

func readQuery(r *http.Request) (*Signature, error) {
	_, text := target(r)
	query := map[string]string{}
	for _, p := range parse(text) {
		if strings.HasPrefix(p.Name, "X-Amz-") {
			query[p.Name] = p.Value
		}
	}
	if query["X-Amz-Signature"] == "" && query["X-Amz-Credential"] == "" {
		return nil, &Error{NoSignature, "Missing Authentication Token"}
	}
	var missing strings.Builder
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query[name] == "" {
			fmt.Fprintf(&missing, "AWS query-string parameters must include '%s'. ", name)
		}
	}
	if missing.Len() > 0 {
		return nil, malformed("%sRe-examine the query-string parameters.", &missing)
	}
	if name := query["X-Amz-Algorithm"]; name != algorithm {
		return nil, malformed("Unsupported AWS 'algorithm': '%s'.", name)
	}
	lifetime, err := lifetime(query["X-Amz-Expires"])
	if err != nil {
		return nil, err
	}
	s := &Signature{Presigned: true, Lifetime: lifetime, value: query["X-Amz-Signature"], token: query["X-Amz-Security-Token"]}
	return s, s.read(query["X-Amz-Credential"], query["X-Amz-SignedHeaders"], query["X-Amz-Date"])
}

func lifetime(text string) (time.Duration, error) {
	if text == "" {
		return Skew, nil
	}
	seconds, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, malformed("X-Amz-Expires should be a number")
	case seconds < 0:
		return 0, malformed("X-Amz-Expires must be non-negative")
	case seconds > week:
		return 0, malformed("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than %d seconds", week)
	}
	return time.Duration(seconds) * time.Second, nil
}

// read reads what both places have in common.
func (s *Signature) read(credential, headers, date string) error {
	elements := strings.Split(credential, "/")
	last := len(elements) - 4 // an id may hold slashes, nothing else may
	if last < 1 || elements[0] == "" {
		return malformed("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	s.KeyID = strings.Join(elements[:last], "/")
	s.Date, s.Region, s.Service, s.terminator = elements[last], elements[last+1], elements[last+2], elements[last+3]
	s.Headers = strings.Split(strings.ToLower(headers), ";")
	at, err := time.Parse(basic, date)
	if err != nil {
		at, err = http.ParseTime(date)
	}
	if err != nil {
		return malformed("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
	}
	s.Time, s.stamp = at.UTC(), stamp(at)
	return nil
}

// scope is what the signature is limited to.
func (s *Signature) scope() string {
	return strings.Join([]string{s.Date, s.Region, s.Service, terminator}, "/")
}
