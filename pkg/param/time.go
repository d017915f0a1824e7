package param

import (
	"fmt"
	"math"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
)

// TimeError tells that text or a number is not a time.
type TimeError struct {
	Text string // what was given

	// Range is set where it is a date or a number of seconds too far away to
	// calculate with. The AWS CLI gives up on these, while it leaves other text to
	// the check of parameters.
	Range bool
}

func (e *TimeError) Error() string {
	if e.Range {
		return fmt.Sprintf("Unable to calculate correct timezone offset for \"%s\"", e.Text)
	}
	return fmt.Sprintf("Invalid timestamp \"%s\": it is neither a date nor a number of seconds", e.Text)
}

// ParseTime reads a time as leniently as the AWS CLI does. A number is seconds
// since 1970. Everything else is read by rules that are python-dateutil's: ISO 8601
// in all its forms, RFC 822, months by name, the month before the day in 05/06/2024,
// AM and PM. What is missing is taken from the day of now, its time from midnight.
//
// Without a zone, or with one that nobody knows, a time is in UTC, and so is the
// result. Names of the zone that now is in are known. The error is a *TimeError.
func ParseTime(text string, now time.Time) (time.Time, error) {
	if f, ok := parseFloat(text); ok {
		t, fate := fromSeconds(f)
		switch fate {
		case good:
			return t, nil
		case tooFar:
			return time.Time{}, &TimeError{Text: text, Range: true}
		}
	}
	t, fate := readTime(text, now)
	return t, fate.err(text)
}

// fate is what becomes of an attempt to read a time.
type fate int

const (
	good   fate = iota
	noTime      // it is something else
	tooFar      // it is beyond what can be calculated with
)

func (f fate) err(text string) error {
	if f == good {
		return nil
	}
	return &TimeError{Text: text, Range: f == tooFar}
}

const (
	firstSecond = -62135596800       // of the year 1
	lastSecond  = 253402300799       // of the year 9999
	farthest    = 67768036191676799  // the last second of a year that 32 bits can hold
	farthestAgo = -67768040609740800 // the first
)

// numberTime returns the time of a number of seconds, as a document has them. As in
// Python a boolean is a number.
func numberTime(v document.Value) (time.Time, error) {
	t, fate := time.Time{}, tooFar // as are integers beyond 64 bits
	switch v := v.(type) {
	case int64:
		t, fate = unix(v, 0)
	case bool:
		t, fate = unix(map[bool]int64{true: 1}[v], 0)
	case float64:
		t, fate = fromSeconds(v)
	}
	if f, ok := v.(float64); ok {
		return t, fate.err(document.FormatFloat(f))
	}
	return t, fate.err(api.Show(v))
}

// fromSeconds rounds to microseconds, and halves of them to the even neighbour.
func fromSeconds(f float64) (time.Time, fate) {
	switch {
	case math.IsNaN(f):
		return time.Time{}, noTime
	case math.Abs(f) >= 1<<62:
		return time.Time{}, tooFar
	}
	whole, part := math.Modf(f)
	micro := math.RoundToEven(part * 1e6)
	if micro < 0 {
		micro += 1e6
		whole--
	}
	return unix(int64(whole), int64(micro))
}

func unix(seconds, micro int64) (time.Time, fate) {
	if micro == 1e6 {
		seconds, micro = seconds+1, 0
	}
	switch {
	case seconds > farthest || seconds < farthestAgo:
		return time.Time{}, tooFar
	case seconds > lastSecond || seconds < firstSecond:
		return time.Time{}, noTime
	}
	return time.Unix(seconds, micro*1000).UTC(), good
}
