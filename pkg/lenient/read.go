package lenient

import (
	"strings"
	"time"
)

// timeReader reads tokens from left to right. Each token is looked at once, but
// may look at its neighbours.
type timeReader struct {
	tokens []string
	at     int
	year   int64 // the current one

	date                        dateParts
	weekday                     int // from Monday, 1; 0 is none
	hour, minute, second, micro optional
	zone                        string
	offset                      optional // of the zone, in seconds
}

// readTime reads text that is no number, and tells whether it names a zone.
func readTime(text string, now time.Time) (t time.Time, zoned bool, f fate) {
	r := &timeReader{tokens: timeTokens(text), year: int64(now.Year())}
	for ; r.at < len(r.tokens); r.at++ {
		if err := r.token(); err != nil {
			return time.Time{}, false, unread
		}
	}
	d, err := r.date.resolve()
	switch {
	case err != nil:
		return time.Time{}, false, unread
	case !r.said(d):
		return time.Time{}, false, nothing
	}
	if d.year.ok && !r.date.century {
		d.year.n = fullYear(d.year.n, r.year)
	}
	r.settleZone()
	if t, f = r.build(d, now); f != good {
		return time.Time{}, false, f
	}
	return r.inZone(t, now)
}

// said tells whether the text held anything at all.
func (r *timeReader) said(d date) bool {
	return d != (date{}) || r.weekday > 0 || r.hour.ok || r.minute.ok || r.second.ok || r.zone != "" || r.offset.ok
}

// peek returns the token n places on, or "".
func (r *timeReader) peek(n int) string {
	if i := r.at + n; i >= 0 && i < len(r.tokens) {
		return r.tokens[i]
	}
	return ""
}

func (r *timeReader) left(n int) bool { return r.at+n < len(r.tokens) }

func (r *timeReader) token() error {
	token := r.tokens[r.at]
	switch {
	case isDigit(rune(token[0])):
		return r.number(token)
	case isNoNumber(token):
		return errUnread
	case weekdayNamed(token) > 0:
		r.weekday = weekdayNamed(token)
		return nil
	case monthNamed(token) > 0:
		return r.month(monthNamed(token))
	case halfNamed(token) != noHalf:
		return r.halfDay(halfNamed(token))
	case r.hour.ok && r.zone == "" && !r.offset.ok && mayBeZone(token):
		return r.zoneName(token)
	case r.hour.ok && (token == "+" || token == "-"):
		return r.zoneOffset(token)
	case isFiller(token):
		return nil
	}
	return errUnread
}

// number reads a number, whose meaning is in its length and in what stands next to
// it.
func (r *timeReader) number(token string) error {
	n, err := parseNumeral(token)
	if err != nil {
		return err
	}
	length := len(token)
	next := r.peek(1)
	switch {
	case len(r.date.parts) == 3 && !r.hour.ok && (length == 2 || length == 4) && next != ":" && unitNamed(next) == noUnit:
		return r.clockRun(token)
	case length == 6 || strings.IndexByte(token, '.') == 6:
		return r.sixDigits(token)
	case length == 8 || length == 12 || length == 14:
		return r.dateRun(token)
	case r.unitAt() != 0:
		return r.counted(token, n)
	case next == ":" && r.left(2):
		return r.clock(n)
	case next == "-" || next == "/" || next == ".":
		return r.dashed(token, next)
	case !r.left(1) || isFiller(next):
		return r.single(n)
	case halfNamed(next) != noHalf && n.whole < 24:
		r.hour = some(halfNamed(next).hour(n.whole))
		r.at++
		return nil
	case r.date.mayBeDay(n):
		return r.date.addNumeral(n)
	}
	return errUnread
}

// clockRun reads the 23 or 2359 of 19990101T2359.
func (r *timeReader) clockRun(token string) error {
	hour, err := digits(token[:2])
	if err != nil {
		return err
	}
	r.hour = some(hour)
	if len(token) == 4 {
		return set(&r.minute, token[2:])
	}
	return nil
}

// sixDigits reads YYMMDD where no date came before, else HHMMSS and a fraction.
func (r *timeReader) sixDigits(token string) error {
	if len(r.date.parts) == 0 && !strings.Contains(token, ".") {
		return r.addAll(token[:2], token[2:4], token[4:])
	}
	return firstOf(set(&r.hour, token[:2]), set(&r.minute, token[2:4]), r.secondsOf(token[4:]))
}

// dateRun reads YYYYMMDD, and a time of day behind it.
func (r *timeReader) dateRun(token string) error {
	if err := firstOf(r.date.add(token[:4], year), r.addAll(token[4:6], token[6:8])); err != nil || len(token) == 8 {
		return err
	}
	if err := firstOf(set(&r.hour, token[8:10]), set(&r.minute, token[10:12])); err != nil || len(token) == 12 {
		return err
	}
	return set(&r.second, token[12:])
}

func (r *timeReader) addAll(tokens ...string) error {
	for _, t := range tokens {
		if err := r.date.add(t, anything); err != nil {
			return err
		}
	}
	return nil
}

// unitAt tells how far off the h, m or s that belongs to the number stands; 0 is
// nowhere. It may be one place behind the number or before it, or two with a blank
// between, but two before only at the end of the text.
func (r *timeReader) unitAt() int {
	has := func(n int) bool { return unitNamed(r.peek(n)) != noUnit }
	switch {
	case has(1):
		return 1
	case r.peek(1) == " " && has(2):
		return 2
	case has(-1):
		return -1
	case !r.left(1) && r.peek(-1) == " " && has(-2):
		return -2
	}
	return 0
}

// counted reads the number of 12h, 30m or 15s. Behind an h without a unit of its
// own stand minutes, behind an m seconds.
func (r *timeReader) counted(token string, n numeral) error {
	where := r.unitAt()
	u := unitNamed(r.peek(where))
	if where > 0 {
		r.at += where
	} else {
		u++
	}
	switch u {
	case hours:
		r.hour = some(n.whole)
		if n.fraction != "" {
			r.minute = some(n.sixtieths())
		}
	case minutes:
		r.minutesOf(n)
	case seconds:
		return r.secondsOf(token)
	}
	return nil
}

// clock reads HH:MM, HH:MM.m, HH:MM:SS and HH:MM:SS.fraction.
func (r *timeReader) clock(n numeral) error {
	r.hour = some(n.whole)
	m, err := parseNumeral(r.peek(2))
	if err != nil {
		return err
	}
	r.minutesOf(m)
	r.at += 2
	if r.peek(1) == ":" && r.left(2) {
		r.at += 2
		return r.secondsOf(r.tokens[r.at])
	}
	return nil
}

func (r *timeReader) minutesOf(n numeral) {
	r.minute, r.second = some(n.whole), optional{}
	if n.fraction != "" {
		r.second = some(n.sixtieths())
	}
}

// secondsOf reads seconds and cuts their fraction to microseconds.
func (r *timeReader) secondsOf(token string) error {
	whole, fraction, _ := strings.Cut(token, ".")
	r.micro = some(0)
	if strings.Contains(token, ".") {
		if err := set(&r.micro, (fraction + "000000")[:6]); err != nil {
			return err
		}
	}
	return set(&r.second, whole)
}

// dashed reads a date whose parts stand between dashes, slashes or dots; the
// second and the third may be months' names.
func (r *timeReader) dashed(token, separator string) error {
	if err := r.date.add(token, anything); err != nil {
		return err
	}
	r.at++
	if !r.left(1) || isFiller(r.peek(1)) {
		return nil
	}
	if err := r.addPart(r.peek(1)); err != nil {
		return err
	}
	r.at++
	if r.peek(1) != separator {
		return nil
	}
	r.at += 2
	return r.addPart(r.peek(0))
}

func (r *timeReader) addPart(token string) error {
	if m := monthNamed(token); m > 0 {
		return r.date.append(int64(m), month, false)
	}
	return r.date.add(token, anything)
}

// single reads a number by itself: part of a date, or the hour before AM or PM.
func (r *timeReader) single(n numeral) error {
	if h := halfNamed(r.peek(2)); h != noHalf {
		r.hour = some(h.hour(n.whole))
		r.at += 2
		return nil
	}
	r.at++
	return r.date.addNumeral(n)
}

// month reads what follows a month's name: Jan-01-99, or Jan of 01.
func (r *timeReader) month(n int) error {
	if err := r.date.append(int64(n), month, false); err != nil {
		return err
	}
	switch separator := r.peek(1); {
	case separator == "-" || separator == "/":
		return r.behindMonth(separator)
	case separator == " " && strings.EqualFold(r.peek(2), "of") && r.peek(3) == " " && r.left(4):
		r.at += 4
		if n, err := digits(r.peek(0)); err == nil {
			return r.date.append(fullYear(n, r.year), year, true)
		}
	}
	return nil
}

func (r *timeReader) behindMonth(separator string) error {
	r.at += 2
	if err := r.date.add(r.peek(0), anything); err != nil {
		return err
	}
	if r.peek(1) != separator {
		return nil
	}
	r.at += 2
	return r.date.add(r.peek(0), anything)
}

func (r *timeReader) halfDay(h half) error {
	if !r.hour.ok || r.hour.n > 12 {
		return errUnread
	}
	r.hour.n = h.hour(r.hour.n)
	return nil
}

// set gives o the number that token is.
func set(o *optional, token string) error {
	n, err := digits(token)
	*o = optional{n, err == nil}
	return err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
