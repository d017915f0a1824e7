package local

import (
	"testing"
	"time"

	"signer/pkg/records"
)

// The first two are AWS's own; the others are what java.time answers.
func TestExpiry(t *testing.T) {
	for _, tc := range []struct {
		from string
		n    int32
		unit string
		want string
	}{
		{"2023-07-18T10:11:12.345Z", 135, "MONTHS", "2034-10-18T10:11:12.345Z"},
		{"2023-12-06T01:02:03Z", 3, "YEARS", "2026-12-06T01:02:03Z"},
		{"2026-01-31T23:59:59Z", 1, "MONTHS", "2026-02-28T23:59:59Z"},
		{"2028-01-31T00:00:00Z", 1, "MONTHS", "2028-02-29T00:00:00Z"},
		{"2028-02-29T12:00:00Z", 1, "YEARS", "2029-02-28T12:00:00Z"},
		{"2028-02-29T12:00:00Z", 4, "YEARS", "2032-02-29T12:00:00Z"},
		{"2026-08-31T12:00:00Z", 1, "MONTHS", "2026-09-30T12:00:00Z"},
		{"2026-12-31T12:00:00Z", 2, "MONTHS", "2027-02-28T12:00:00Z"},
		{"2026-12-31T12:00:00Z", 60, "DAYS", "2027-03-01T12:00:00Z"},
		{"2026-03-31T02:30:00+04:00", 1, "MONTHS", "2026-04-30T22:30:00Z"}, // the day is that of UTC
	} {
		from, err := time.Parse(time.RFC3339Nano, tc.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := expiry(from, records.Validity{Value: tc.n, Unit: tc.unit}).Format(time.RFC3339Nano); got != tc.want {
			t.Errorf("%s and %d %s: got %s, want %s", tc.from, tc.n, tc.unit, got, tc.want)
		}
	}
}
