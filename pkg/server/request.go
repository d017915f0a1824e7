package server

import (
	"io"
	"net/http"
	"unicode/utf8"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/sigv4"
)

// read makes one document of the path's labels, the query and the body, by what the
// API says of each member. Members of other names are left out. What cannot be read
// is refused with a SerializationException, whose words are the framework's as far
// as they are known.
func read(op *api.Operation, labels map[string]string, query []sigv4.Param, body io.Reader) (*document.Object, error) {
	inBody, err := readBody(op, body)
	if err != nil {
		return nil, err
	}
	params := document.New()
	for i := range op.Input.Members {
		m := &op.Input.Members[i]
		v, err := readMember(m, labels, query, inBody)
		if err != nil {
			return nil, err
		}
		if v != nil {
			params.Set(m.Name, v)
		}
	}
	return params, nil
}

func readMember(m *api.Member, labels map[string]string, query []sigv4.Param, body *document.Object) (document.Value, error) {
	switch m.In {
	case api.Path:
		return fromText(m.Shape, labels[m.WireName()], m.Name)
	case api.Query:
		return fromQuery(m, query)
	}
	v, _ := body.Get(m.WireName())
	return fromJSON(m.Shape, v, m.Name)
}

// readBody reads the body of an operation that has members in it. An empty one
// counts as {}, and null does.
func readBody(op *api.Operation, body io.Reader) (*document.Object, error) {
	if !hasBody(op.Input) {
		return nil, nil
	}
	text, err := io.ReadAll(body)
	switch {
	case err != nil:
		return nil, err
	case len(text) == 0:
		return nil, nil
	case !utf8.Valid(text):
		return nil, unreadable("", "the body is not UTF-8")
	}
	v, err := document.ParseJSON(string(text))
	if err != nil {
		return nil, unreadable("", "the body is not JSON: %v", err)
	}
	if v == nil {
		return nil, nil
	}
	o, ok := v.(*document.Object)
	if !ok {
		return nil, misfit(api.Structure, v, "")
	}
	return o, nil
}

func hasBody(s *api.Shape) bool {
	for i := range s.Members {
		if s.Members[i].In == api.Body {
			return true
		}
	}
	return false
}

// fromQuery reads the parameters of a name: all of them for a list, else the first.
func fromQuery(m *api.Member, query []sigv4.Param) (document.Value, error) {
	var values document.List
	for _, p := range query {
		if p.Name != m.WireName() {
			continue
		}
		if m.Shape.Kind != api.List {
			return fromText(m.Shape, p.Value, m.Name)
		}
		v, err := fromText(m.Shape.Elem, p.Value, m.Name)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if values == nil {
		return nil, nil
	}
	return values, nil
}

// bounded keeps a body from being longer than so many bytes, and tells failures of
// reading it from others.
func bounded(w http.ResponseWriter, body io.ReadCloser, limit int64) io.ReadCloser {
	if body == nil {
		body = http.NoBody
	}
	return &boundedBody{http.MaxBytesReader(w, body, limit)}
}

type boundedBody struct{ io.ReadCloser }

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

// bodyError is a body that could not be read.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return e.err.Error() }

func (e *bodyError) Unwrap() error { return e.err }
