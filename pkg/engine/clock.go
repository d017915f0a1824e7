package engine

import (
	"time"

	"signer/pkg/document"
	"signer/pkg/lenient"
)

// clock is how times of an answer are handed on.
type clock struct {
	zone *time.Location   // nil: UTC
	wire bool             // as they came
	now  func() time.Time // nil: time.Now
}

func (c clock) in(t time.Time) time.Time {
	if c.zone == nil {
		return t.UTC()
	}
	return t.In(c.zone)
}

// settle puts the times inside a document, which engines return in any zone, into
// the form that is wanted.
func (c clock) settle(v document.Value) document.Value {
	switch v := v.(type) {
	case time.Time:
		if c.wire {
			return epoch(v)
		}
		return c.in(v)
	case document.List:
		for i := range v {
			v[i] = c.settle(v[i])
		}
	case *document.Object:
		for name, member := range v.All() {
			v.Set(name, c.settle(member))
		}
	}
	return v
}

// epoch is how the wire has a time: seconds since 1970.
func epoch(t time.Time) document.Value {
	if t.Nanosecond() == 0 {
		return t.Unix()
	}
	return float64(t.UnixMicro()) / 1e6
}

// read reads a Timestamp of an answer: a number is seconds since 1970, text is a
// number or a date. A date keeps its zone; one without a zone becomes text in the
// form of ISO 8601. The error is a *lenient.TimeError, or nil where v can be no time
// at all, which ok tells.
func (c clock) read(v document.Value) (t document.Value, ok bool, err error) {
	if c.wire {
		return v, true, nil
	}
	if s, isText := v.(string); isText {
		at, zoned, err := lenient.Time(s, c.in(c.time()))
		if err == nil && !zoned {
			return isoformat(at), true, nil
		}
		return at, true, err
	}
	at, ok, err := lenient.Seconds(v)
	return c.in(at), ok, err
}

func (c clock) time() time.Time {
	if c.now == nil {
		return time.Now()
	}
	return c.now()
}
