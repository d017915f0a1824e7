// Package span reads spans of time as people write them, such as 90d or 1y6mo, and
// counts with them by the calendar.
package span

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Span is a span of time. Months and days are those of a calendar, and need not be
// of one length.
type Span struct {
	Months, Days int
	Time         time.Duration
}

// Units says what Parse reads.
const Units = "y (years), mo (months), w (weeks), d (days), h (hours), m (minutes), s (seconds)"

var (
	form = regexp.MustCompile(`^([0-9]{1,6}(y|mo|w|d|h|m|s))+$`)
	part = regexp.MustCompile(`([0-9]+)(y|mo|w|d|h|m|s)`)
)

// Parse reads numbers of at most six digits with their units, such as 90d or 1y6mo.
func Parse(text string) (Span, error) {
	if !form.MatchString(text) {
		return Span{}, fmt.Errorf("%q is not a span of time, such as 90d or 1y6mo: a number and one of %s", text, Units)
	}
	var s Span
	for _, p := range part.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(p[1])
		if err != nil {
			return Span{}, err
		}
		s.add(n, p[2])
	}
	return s, nil
}

func (s *Span) add(n int, unit string) {
	switch unit {
	case "y":
		s.Months += 12 * n
	case "mo":
		s.Months += n
	case "w":
		s.Days += 7 * n
	case "d":
		s.Days += n
	case "h":
		s.Time += time.Duration(n) * time.Hour
	case "m":
		s.Time += time.Duration(n) * time.Minute
	case "s":
		s.Time += time.Duration(n) * time.Second
	}
}

// After returns the time that is the span after t: months first, at the same day
// or the last one of a month that is too short, then days, then the rest.
func (s Span) After(t time.Time) time.Time {
	first := t.AddDate(0, 0, 1-t.Day()).AddDate(0, s.Months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1+s.Days).Add(s.Time)
}

// Before returns the time that is the span before t.
func (s Span) Before(t time.Time) time.Time {
	return Span{-s.Months, -s.Days, -s.Time}.After(t)
}
