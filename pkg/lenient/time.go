// Package lenient reads numbers and times as leniently as the AWS CLI does, which
// leaves them to Python and to python-dateutil. What those take for one is written
// down here, and nowhere else. It knows no options and no services, and writes
// nothing.
package lenient

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"signer/pkg/document"
)

// TimeError tells that something is not a time.
type TimeError struct {
	Text string // what was given
	Why  string // in the AWS CLI's words

	// Range is set where it is a date or a number of seconds too far away to
	// calculate with. The AWS CLI gives up on these, while it leaves other text to
	// the check of parameters.
	Range bool
}

func (e *TimeError) Error() string {
	if e.Range {
		return fmt.Sprintf("Unable to calculate correct timezone offset for \"%s\"", e.Text)
	}
	return e.Why
}

// Time reads a time. A number is seconds since 1970. Everything else is read by
// rules that are python-dateutil's: ISO 8601 in all its forms, RFC 822, months by
// name, the month before the day in 05/06/2024, AM and PM. What is missing is taken
// from the day of now, its time from midnight. Names of the zone that now is in are
// known.
//
// A number's zone is now's. Where a date names no zone, or one that nobody knows,
// zoned is false, and the time is in UTC. The error is a *TimeError.
func Time(text string, now time.Time) (t time.Time, zoned bool, err error) {
	if f, ok := Float(text); ok {
		t, fate := fromSeconds(f)
		switch fate {
		case good:
			return t.In(now.Location()), true, nil
		case tooFar:
			return time.Time{}, false, fate.err(text)
		}
	}
	t, zoned, fate := readTime(text, now)
	return t, zoned, fate.err(text)
}

// Date is Time for text that stands for no number of seconds: 20300131 is a day of
// 2030. The error says in python-dateutil's words why text is no date.
func Date(text string, now time.Time) (t time.Time, zoned bool, err error) {
	t, zoned, f := readTime(text, now)
	switch f {
	case good:
		return t, zoned, nil
	case tooFar:
		return time.Time{}, false, &TimeError{Text: text, Why: string(f), Range: true}
	}
	return time.Time{}, false, &TimeError{Text: text, Why: fmt.Sprintf("%s: %s", f, text)}
}

// Seconds returns the time, in UTC, that is so many seconds after 1970 began, to
// the microsecond. It takes the numbers of a document, among which as in Python are
// booleans; ok is false for anything else. The error is a *TimeError.
func Seconds(number document.Value) (t time.Time, ok bool, err error) {
	f := tooFar
	text := fmt.Sprint(number)
	switch n := number.(type) {
	case int64:
		t, f = unix(n, 0)
	case bool:
		t, f = unix(map[bool]int64{true: 1}[n], 0)
	case float64:
		t, f = fromSeconds(n)
		text = document.FormatFloat(n)
	case *big.Int:
	default:
		return time.Time{}, false, nil
	}
	if f == good {
		return t, true, nil
	}
	return time.Time{}, true, &TimeError{Text: text, Why: string(f), Range: f == tooFar}
}

// fate is what becomes of an attempt to read a time: why it failed, or good.
type fate string

const (
	good    fate = ""
	unread  fate = "Unknown string format"
	nothing fate = "String does not contain a date"
	tooFar  fate = "beyond what can be calculated with"
)

func outOfRange(year int64) fate { return fate(fmt.Sprintf("year %d is out of range", year)) }

func (f fate) err(text string) error {
	if f == good {
		return nil
	}
	return &TimeError{Text: text, Why: fmt.Sprintf("Invalid timestamp \"%s\": %s: %s", text, f, text), Range: f == tooFar}
}

const (
	firstSecond = -62135596800       // of the year 1
	lastSecond  = 253402300799       // of the year 9999
	farthest    = 67768036191676799  // the last second of a year that 32 bits can hold
	farthestAgo = -67768040609740800 // the first
)

// fromSeconds rounds to microseconds, and halves of them to the even neighbour.
func fromSeconds(f float64) (time.Time, fate) {
	switch {
	case math.IsNaN(f):
		return time.Time{}, "cannot convert float NaN to integer"
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
		return time.Time{}, outOfRange(int64(time.Unix(seconds, 0).UTC().Year()))
	}
	return time.Unix(seconds, micro*1000).UTC(), good
}
