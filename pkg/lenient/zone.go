package lenient

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// zoneName reads a zone. Behind it a sign says how far the zone is from that
// name's, seen from there: GMT+3 is three hours before GMT.
func (r *timeReader) zoneName(token string) error {
	r.zone = token
	switch r.peek(1) {
	case "+":
		r.tokens[r.at+1] = "-"
	case "-":
		r.tokens[r.at+1] = "+"
	default:
		return nil
	}
	if isUTC(token) {
		r.zone = ""
	}
	return nil
}

// zoneOffset reads +0300, +03:00, +3, and a name in parentheses behind it.
func (r *timeReader) zoneOffset(sign string) error {
	hour, minute, err := r.offsetDigits()
	if err != nil {
		return err
	}
	h, err1 := digits(hour)
	m, err2 := digits(minute)
	if err := firstOf(err1, err2); err != nil {
		return err
	}
	offset := h*3600 + m*60
	if sign == "-" {
		offset = -offset
	}
	r.offset = some(offset)
	r.zoneInParentheses()
	return nil
}

func (r *timeReader) offsetDigits() (hour, minute string, err error) {
	token := r.peek(1)
	switch {
	case len(token) == 4:
		hour, minute = token[:2], token[2:]
	case r.peek(2) == ":":
		hour, minute = token, r.peek(3)
		r.at += 2
	case len(token) <= 2:
		hour, minute = token, "0"
	default:
		return "", "", errUnread
	}
	r.at++
	return hour, minute, nil
}

func (r *timeReader) zoneInParentheses() {
	name := r.peek(3)
	if isFiller(r.peek(1)) && r.peek(2) == "(" && r.peek(4) == ")" && r.zone == "" && len(name) >= 3 && mayBeZone(name) {
		r.zone = name
		r.at += 4
	}
}

// settleZone gives the names of UTC their offset.
func (r *timeReader) settleZone() {
	if isUTC(r.zone) {
		r.offset = some(0)
	}
}

// build puts the parts together over midnight of today. A weekday without a day
// means the next such day.
func (r *timeReader) build(d date, now time.Time) (time.Time, fate) {
	y, m := d.year.or(int64(now.Year())), d.month.or(int64(now.Month()))
	if !d.day.ok && (m < 1 || m > 12) {
		return time.Time{}, fate(fmt.Sprintf("bad month number %d; must be 1-12", m))
	}
	today := min(int64(now.Day()), daysIn(y, m))
	t, f := civil(y, m, d.day.or(today), r.hour.or(0), r.minute.or(0), r.second.or(0))
	if f != good {
		return time.Time{}, f
	}
	if r.weekday > 0 && !d.day.ok {
		t = t.AddDate(0, 0, (r.weekday-int(t.Weekday())+7)%7)
	}
	return t.Add(time.Duration(r.micro.or(0)) * time.Microsecond), good
}

// Civil returns the time of the calendar, in UTC, that has these parts. Where there is
// none, the error says why in Python's words.
func Civil(year, month, day, hour, minute, second int64) (time.Time, error) {
	t, f := civil(year, month, day, hour, minute, second)
	if f != good {
		return time.Time{}, errors.New(string(f))
	}
	return t, nil
}

// civil returns a time of the calendar, in UTC. The parts come in the order of
// Python's datetime, whose integers have 32 bits, and are looked at in this order.
func civil(parts ...int64) (time.Time, fate) {
	if slices.Max(parts) > math.MaxInt32 {
		return time.Time{}, tooFar
	}
	y, m, d, hour, minute, second := parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
	switch {
	case y < 1 || y > 9999:
		return time.Time{}, outOfRange(y)
	case m < 1 || m > 12:
		return time.Time{}, "month must be in 1..12"
	case d < 1 || d > daysIn(y, m):
		return time.Time{}, "day is out of range for month"
	case hour > 23:
		return time.Time{}, "hour must be in 0..23"
	case minute > 59:
		return time.Time{}, "minute must be in 0..59"
	case second > 59:
		return time.Time{}, "second must be in 0..59"
	}
	return time.Date(int(y), time.Month(m), int(d), int(hour), int(minute), int(second), 0, time.UTC), good
}

const (
	secondsInDay  = 86400
	longestOffset = 1e9*secondsInDay - 1 // of a Python timedelta
)

// inZone returns the time at which clocks of the zone show what t shows in UTC, and
// whether there is a zone.
func (r *timeReader) inZone(t, now time.Time) (_ time.Time, zoned bool, _ fate) {
	zone, f := r.location(now)
	switch {
	case f != good:
		return time.Time{}, false, f
	case zone == nil:
		return t, false, good
	}
	t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return time.Time{}, false, tooFar
	}
	return t, true, good
}

// location returns the zone, or nil where there is none.
func (r *timeReader) location(now time.Time) (*time.Location, fate) {
	offset := r.offset.n
	switch {
	case r.zone == "GMT":
		return time.UTC, good
	case isLocal(r.zone, now):
		return now.Location(), good
	case !r.offset.ok:
		return nil, good
	case offset > longestOffset || offset < -longestOffset-1:
		return nil, tooFar
	case offset >= secondsInDay || offset <= -secondsInDay:
		return nil, "a zone must be less than a day from UTC"
	case offset == 0:
		return time.UTC, good
	}
	return time.FixedZone(r.zone, int(offset)), good
}

// isLocal tells whether the zone that now is in has this name, in winter or in
// summer.
func isLocal(zone string, now time.Time) bool {
	if zone == "" {
		return false
	}
	for _, m := range []time.Month{time.January, time.July} {
		if name, _ := time.Date(now.Year(), m, 1, 0, 0, 0, 0, now.Location()).Zone(); name == zone {
			return true
		}
	}
	return false
}
