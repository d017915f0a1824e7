package param

import (
	"errors"
	"math/big"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/lenient"
)

// Finish returns o, an object of the shape, with bytes in place of the text of
// blobs, and times in place of the numbers and the text that stand for times,
// wherever they came from. Text that is no time stays, for Check to refuse. o itself
// is left as it is.
//
// The error is a *GeneralError.
func (r *Reader) Finish(s *api.Shape, o *document.Object) (*document.Object, error) {
	v, err := converter{api.Blob, r.blob}.value(s, o)
	if err != nil {
		return nil, err
	}
	if v, err = (converter{api.Timestamp, r.timestamp}).value(s, v); err != nil {
		return nil, err
	}
	return v.(*document.Object), nil
}

// converter replaces the values of one kind. It goes through a structure in the
// order of the shape, so that of several that fail the AWS CLI's first is reported.
type converter struct {
	kind    api.Kind
	convert func(document.Value) (document.Value, error)
}

func (c converter) value(s *api.Shape, v document.Value) (document.Value, error) {
	if s.Kind == c.kind {
		return c.convert(v)
	}
	switch v := v.(type) {
	case *document.Object:
		return c.object(s, v)
	case document.List:
		return c.list(s, v)
	}
	return v, nil
}

func (c converter) object(s *api.Shape, o *document.Object) (*document.Object, error) {
	out := Merge(o, nil)
	for i := range s.Members {
		if err := c.member(s.Members[i].Shape, out, s.Members[i].Name); err != nil {
			return nil, err
		}
	}
	if s.Kind != api.Map {
		return out, nil
	}
	for name := range o.All() {
		if err := c.member(s.Elem, out, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c converter) member(s *api.Shape, o *document.Object, name string) error {
	v, ok := o.Get(name)
	if !ok {
		return nil
	}
	v, err := c.value(s, v)
	o.Set(name, v)
	return err
}

func (c converter) list(s *api.Shape, l document.List) (document.Value, error) {
	if s.Kind != api.List {
		return l, nil
	}
	out := make(document.List, len(l))
	for i, v := range l {
		v, err := c.value(s.Elem, v)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (r *Reader) blob(v document.Value) (document.Value, error) {
	text, ok := v.(string)
	switch {
	case !ok:
		return v, nil
	case r.RawBlobs:
		return []byte(text), nil
	case !isASCII(text):
		return nil, generalf("string argument should contain only ASCII characters")
	}
	b, ok := decodeBase64(text)
	if !ok {
		return nil, generalf("Invalid base64: \"%s\"", text)
	}
	return b, nil
}

func (r *Reader) timestamp(v document.Value) (document.Value, error) {
	switch v := v.(type) {
	case string:
		t, _, err := lenient.Time(v, r.now())
		return timeOr(v, t, err)
	case []byte:
		t, _, err := lenient.Time(string(v), r.now())
		return timeOr(v, t, err)
	case bool, int64, *big.Int, float64:
		t, _, err := lenient.Seconds(v)
		return timeOr(v, t, err)
	}
	return v, nil
}

// timeOr returns t or, where v is no time, v. One that is too far away is an error
// of its own.
func timeOr(v document.Value, t time.Time, err error) (document.Value, error) {
	var failed *lenient.TimeError
	switch {
	case err == nil:
		return t.UTC(), nil
	case errors.As(err, &failed) && failed.Range:
		return nil, generalf("%v", err)
	}
	return v, nil
}
