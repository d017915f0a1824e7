package lenient

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"
)

// errUnread ends the reading of text that is no time; nobody sees it.
var errUnread = errors.New("not a time")

// huge stands for every number that is too large to be part of a date.
const huge = 1 << 46

// digits reads a run of digits.
func digits(s string) (int64, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, errUnread
	}
	var n int64
	for _, c := range s {
		n = min(n*10+int64(c-'0'), huge)
	}
	return n, nil
}

// numeral is a token of digits with perhaps a dot and more digits.
type numeral struct {
	whole    int64
	fraction string
}

func parseNumeral(token string) (numeral, error) {
	whole, fraction, dot := strings.Cut(token, ".")
	if _, err := digits(fraction); dot && err != nil {
		return numeral{}, err
	}
	n, err := digits(whole)
	return numeral{n, strings.TrimRight(fraction, "0")}, err
}

// atMost tells whether the number is no more than n.
func (n numeral) atMost(limit int64) bool {
	return n.whole < limit || n.whole == limit && n.fraction == ""
}

// sixtieths returns what the fraction is in sixtieths, rounded down: the minutes of
// an hour.
func (n numeral) sixtieths() int64 {
	if n.fraction == "" {
		return 0
	}
	exact := n.fraction[:min(len(n.fraction), 40)]
	f, _ := new(big.Int).SetString(exact, 10)
	f.Mul(f, big.NewInt(60))
	f.Quo(f, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(exact))), nil))
	return f.Int64()
}

// role is what a number in a date is known to be.
type role int

const (
	anything role = iota
	year
	month
	day
)

// datePart is one number of a date.
type datePart struct {
	n    int64
	role role
}

// dateParts are the numbers of a date in the order of the text. Which of them is
// the year shows only when all are there.
type dateParts struct {
	parts   []datePart
	century bool // the year is written in full
}

// add takes a number that stands there as text. More than two digits are a year.
func (d *dateParts) add(token string, as role) error {
	n, err := digits(token)
	if err != nil {
		return err
	}
	return d.append(n, as, len(token) > 2)
}

// addNumeral takes a number. More than 100 is a year.
func (d *dateParts) addNumeral(n numeral) error {
	return d.append(n.whole, anything, !n.atMost(100))
}

func (d *dateParts) append(n int64, as role, full bool) error {
	if full {
		d.century = true
		if as != anything && as != year {
			return errUnread
		}
		as = year
	}
	if as != anything && d.at(as) >= 0 {
		return errUnread
	}
	d.parts = append(d.parts, datePart{n, as})
	return nil
}

// at returns the place of the part with a role, or -1.
func (d *dateParts) at(as role) int {
	return slices.IndexFunc(d.parts, func(p datePart) bool { return p.role == as })
}

// known counts the parts whose role is known.
func (d *dateParts) known() int {
	n := 0
	for _, p := range d.parts {
		if p.role != anything {
			n++
		}
	}
	return n
}

// mayBeDay tells whether n can still be the day of the month.
func (d *dateParts) mayBeDay(n numeral) bool {
	y, m := d.at(year), d.at(month)
	switch {
	case d.at(day) >= 0 || n.whole < 1:
		return false
	case m < 0:
		return n.atMost(31)
	case y < 0:
		return n.atMost(daysIn(2000, d.parts[m].n))
	}
	return n.atMost(daysIn(d.parts[y].n, d.parts[m].n))
}

// date is a date of which parts may be missing.
type date struct{ year, month, day optional }

// optional is a number that may be missing.
type optional struct {
	n  int64
	ok bool
}

func some(n int64) optional { return optional{n, true} }

func (o optional) or(n int64) int64 {
	if o.ok {
		return o.n
	}
	return n
}

// resolve decides which number is what.
func (d *dateParts) resolve() (date, error) {
	order, err := d.order()
	if err != nil {
		return date{}, err
	}
	var out date
	for i, p := range d.parts {
		switch order[i] {
		case year:
			out.year = some(p.n)
		case month:
			out.month = some(p.n)
		case day:
			out.day = some(p.n)
		}
	}
	return out, nil
}

// order returns the roles of the parts.
func (d *dateParts) order() ([]role, error) {
	n := len(d.parts)
	switch {
	case d.known() == n || n == 3 && d.known() == 2:
		return d.completed(), nil
	case n > 3:
		return nil, errUnread
	case n == 3:
		return d.ofThree(), nil
	}
	return d.ofFewer(), nil
}

// completed fills in the only role that is left.
func (d *dateParts) completed() []role {
	var order []role
	for _, p := range d.parts {
		as := p.role
		for _, free := range []role{year, month, day} {
			if as == anything && d.at(free) < 0 {
				as = free
			}
		}
		order = append(order, as)
	}
	return order
}

func (d *dateParts) ofFewer() []role {
	over := func(i int) bool { return d.parts[i].n > 31 }
	dayOr := func(i int) role {
		if over(i) {
			return year
		}
		return day
	}
	switch m := d.at(month); {
	case len(d.parts) == 1:
		return []role{dayOr(0)}
	case m == 0:
		return []role{month, dayOr(1)}
	case m == 1:
		return []role{dayOr(0), month}
	case over(0):
		return []role{year, month}
	case over(1):
		return []role{month, year}
	}
	return []role{month, day}
}

func (d *dateParts) ofThree() []role {
	over := func(i int, n int64) bool { return d.parts[i].n > n }
	switch m := d.at(month); {
	case m == 0 && over(1, 31):
		return []role{month, year, day}
	case m == 0:
		return []role{month, day, year}
	case m == 1 && over(0, 31):
		return []role{year, month, day}
	case m == 1:
		return []role{day, month, year}
	case m == 2 && over(1, 31):
		return []role{day, year, month}
	case m == 2:
		return []role{year, day, month}
	case over(0, 31) || d.at(year) == 0:
		return []role{year, month, day}
	case over(0, 12):
		return []role{day, month, year}
	}
	return []role{month, day, year}
}

func daysIn(year, month int64) int64 {
	return int64(time.Date(int(year%400), time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day())
}

// fullYear puts a year of two digits within fifty years of this one.
func fullYear(n, now int64) int64 {
	if n >= 100 {
		return n
	}
	n += now / 100 * 100
	switch {
	case n >= now+50:
		return n - 100
	case n < now-50:
		return n + 100
	}
	return n
}
