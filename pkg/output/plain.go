package output

import (
	"encoding/base64"
	"slices"
	"time"

	"signer/pkg/document"
	"signer/pkg/output/python"
)

// FormatTime writes a point in time as the AWS CLI shows it: ISO 8601 in the zone
// that t has, with an offset in numbers and with microseconds only if there are
// some.
func FormatTime(t time.Time) string {
	t = t.Round(time.Microsecond)
	layout := "2006-01-02T15:04:05"
	if t.Nanosecond() != 0 {
		layout += ".000000"
	}
	if _, offset := t.Zone(); offset%60 != 0 { // local mean time
		return t.Format(layout + "-07:00:00")
	}
	return t.Format(layout + "-07:00")
}

// plain returns v with times and bytes as the strings that queries see and
// printers print. It shares with v all that need not change.
func plain(v document.Value) document.Value {
	v, _ = plainer(v)
	return v
}

func plainer(v document.Value) (plain document.Value, changed bool) {
	switch v := v.(type) {
	case time.Time:
		return FormatTime(v), true
	case []byte:
		return base64.StdEncoding.EncodeToString(v), true
	case document.List:
		return plainList(v)
	case *document.Object:
		return plainObject(v)
	}
	return v, false
}

func plainList(l document.List) (plain document.Value, changed bool) {
	if len(l) == 0 {
		return python.Distinct(), true // YAML tells two lists from one that is met twice
	}
	own := l
	for i, element := range l {
		if p, ok := plainer(element); ok {
			if !changed {
				own = slices.Clone(l)
			}
			own[i], changed = p, true
		}
	}
	return own, changed
}

func plainObject(o *document.Object) (plain document.Value, changed bool) {
	own := o
	for name, member := range o.All() {
		if p, ok := plainer(member); ok {
			if !changed {
				own = clone(o)
			}
			own.Set(name, p)
			changed = true
		}
	}
	return own, changed
}

func clone(o *document.Object) *document.Object {
	c := document.New()
	for name, member := range o.All() {
		c.Set(name, member)
	}
	return c
}
