package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"signer/pkg/document"
)

// clock is how times of an answer are handed on.
type clock struct {
	zone *time.Location // nil: UTC
	wire bool           // as they came
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
// number or a date. A date keeps its zone; one without a zone stays text.
func (c clock) read(v document.Value) (document.Value, error) {
	if c.wire {
		return v, nil
	}
	if seconds, ok := seconds(v); ok {
		return c.fromEpoch(seconds)
	}
	if s, ok := v.(string); ok {
		if t, ok := date(s); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%s is no time", shown(v))
}

// seconds returns a number, or text that is one, as Python's float() does.
func seconds(v document.Value) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		return map[bool]float64{true: 1}[v], true
	case string:
		s := strings.TrimSpace(v)
		if strings.ContainsAny(s, "xXpP_") {
			return 0, false
		}
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	return 0, false
}

// fromEpoch rounds to microseconds, halves to the even one, as Python does. The
// years 1 to 9999 can be shown.
func (c clock) fromEpoch(seconds float64) (document.Value, error) {
	whole, part := math.Modf(seconds)
	if math.Abs(whole) < 1e12 {
		t := c.in(time.Unix(int64(whole), int64(math.RoundToEven(part*1e6))*1000))
		if y := t.Year(); 1 <= y && y <= 9999 {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%s seconds since 1970 is out of range", document.FormatFloat(seconds))
}

// zoned and zoneless are the forms of dates that services send: ISO 8601, and RFC
// 822 as in HTTP. Go reads a fraction of a second wherever seconds stand.
var (
	zoned = []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02T15:04Z07:00",
		"20060102T150405Z07:00", "20060102T150405Z0700", "Mon, _2 Jan 2006 15:04:05 GMT", "Mon, _2 Jan 2006 15:04:05 UTC", "Mon, _2 Jan 2006 15:04:05 -0700",
		"_2 Jan 2006 15:04:05 GMT", "_2 Jan 2006 15:04:05 -0700",
	}
	zoneless = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02", "20060102T150405", "Mon, _2 Jan 2006 15:04:05"}
)

// date reads text as a time.Time, or as ISO 8601 text where it has no zone.
func date(s string) (document.Value, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range zoned {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return t.Truncate(time.Microsecond), true
		}
	}
	for _, layout := range zoneless {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return strings.TrimSuffix(iso8601(t), "Z"), true
		}
	}
	return nil, false
}
