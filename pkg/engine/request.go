package engine

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"signer/pkg/api"
	"signer/pkg/document"
)

// serialize puts the parameters where the API wants them. Path, query and body have
// the bytes that the AWS CLI gives them.
func (x *exchange) serialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("unknown transport type %T", in.Request)
	}
	request.Method = x.op.Method
	request.URL.Path, request.URL.RawPath = x.path()
	request.URL.RawQuery = x.queryString()
	if body, ok := x.body(); ok {
		var err error
		if request, err = request.SetStream(bytes.NewReader(body)); err != nil {
			return middleware.SerializeOutput{}, middleware.Metadata{}, err
		}
		request.Header.Set("Content-Type", "application/json")
	}
	in.Request = request
	return next.HandleSerialize(ctx, in)
}

// path fills the operation's path: as it is meant, and as it is written.
func (x *exchange) path() (plain, escaped string) {
	var plains, escapes []string
	for i := range x.op.Input.Members {
		m := &x.op.Input.Members[i]
		if m.In != api.Path {
			continue
		}
		v, _ := x.params.Get(m.Name)
		label := text(m.Shape, v)
		plains = append(plains, "{"+m.WireName()+"}", label)
		escapes = append(escapes, "{"+m.WireName()+"}", escape(label))
	}
	return strings.NewReplacer(plains...).Replace(x.op.Path), strings.NewReplacer(escapes...).Replace(x.op.Path)
}

// queryString is in the order of the parameters; a list repeats its key, and an
// empty one leaves nothing behind.
func (x *exchange) queryString() string {
	var pairs []string
	for name, v := range x.params.All() {
		m := x.op.Input.Member(name)
		if m == nil || m.In != api.Query || v == nil {
			continue
		}
		shape, values := m.Shape, document.List{v}
		if l, ok := v.(document.List); ok && shape.Kind == api.List {
			shape, values = shape.Elem, l
		}
		for _, v := range values {
			pairs = append(pairs, escape(m.WireName())+"="+escape(text(shape, v)))
		}
	}
	return strings.Join(pairs, "&")
}

// body is the JSON of the members that travel in the body, and whether the
// operation has any.
func (x *exchange) body() (body []byte, ok bool) {
	o := document.New()
	for i := range x.op.Input.Members {
		ok = ok || x.op.Input.Members[i].In == api.Body
	}
	for name, v := range x.params.All() {
		if m := x.op.Input.Member(name); m == nil {
			o.Set(name, v)
		} else if m.In == api.Body && v != nil {
			o.Set(name, inBody(m.Shape, v))
		}
	}
	return document.AppendJSON(nil, o), ok
}

// inBody returns v in the form of a body: times as whole seconds, and no null
// members. What the shape does not know goes as it is.
func inBody(s *api.Shape, v document.Value) document.Value {
	switch v := v.(type) {
	case time.Time:
		return v.Unix()
	case document.List:
		return eachInBody(s, v)
	case *document.Object:
		return membersInBody(s, v)
	}
	return v
}

func eachInBody(s *api.Shape, l document.List) document.Value {
	if s.Kind != api.List {
		return l
	}
	out := make(document.List, len(l))
	for i, v := range l {
		out[i] = inBody(s.Elem, v)
	}
	return out
}

func membersInBody(s *api.Shape, o *document.Object) document.Value {
	out := document.New()
	for name, v := range o.All() {
		m := s.Member(name)
		switch {
		case s.Kind == api.Map:
			out.Set(name, inBody(s.Elem, v))
		case m == nil:
			out.Set(name, v)
		case v != nil:
			out.Set(name, inBody(m.Shape, v))
		}
	}
	return out
}

// text writes a value into a path or a query.
func text(s *api.Shape, v document.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return boolText(s, v)
	case int64, *big.Int:
		return fmt.Sprint(v)
	case time.Time:
		return inQuery(v)
	}
	return api.Show(v)
}

// boolText: a boolean that passes for a number is written as Python's str does.
func boolText(s *api.Shape, b bool) string {
	switch {
	case s.Kind == api.Boolean:
		return fmt.Sprint(b)
	case b:
		return "True"
	}
	return "False"
}

// inQuery is the form of times in a query: microseconds only if there are some, and
// no noughts before the year.
func inQuery(t time.Time) string {
	t = t.UTC()
	return strings.TrimLeft(isoformat(t), "0") + "Z"
}

// isoformat is a time in the form of ISO 8601, without a zone.
func isoformat(t time.Time) string {
	t = t.Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}

// escape writes every byte as %XX but those that RFC 3986 calls unreserved.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
