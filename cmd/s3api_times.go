package cmd

import (
	"net/http"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
)

// showTimes gives the times of an answer the form in which they are printed: in
// the zone of the user, or as the wire has them.
func (c *s3Caller) showTimes(s *api.Shape, answer *document.Object) {
	zone := c.env.Now().Location()
	form := func(_ *api.Member, t time.Time) document.Value { return t.In(zone) }
	if c.timestampFormat() == "wire" {
		form = s3WireTime
	}
	retime(s, nil, answer, form)
}

// s3WireTime writes a time as S3 does in headers and in XML.
func s3WireTime(m *api.Member, t time.Time) document.Value {
	if m.In == api.Header {
		return t.UTC().Format(http.TimeFormat)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// retime puts form(t) in the place of every time in v, which has the shape s and is
// the member m. It returns what v has become.
func retime(s *api.Shape, m *api.Member, v document.Value, form func(*api.Member, time.Time) document.Value) document.Value {
	switch v := v.(type) {
	case time.Time:
		return form(m, v)
	case document.List:
		for i := range v {
			v[i] = retime(s.Elem, m, v[i], form)
		}
	case *document.Object:
		for i := range s.Members {
			m := &s.Members[i]
			if was, ok := v.Get(m.Name); ok {
				v.Set(m.Name, retime(m.Shape, m, was, form))
			}
		}
	}
	return v
}
