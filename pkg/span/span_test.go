package span_test

import (
	"strings"
	"testing"
	"time"

	"signer/pkg/span"
)

func TestSpans(t *testing.T) {
	for _, tc := range []struct{ text, from, after, before string }{
		{"90d", "2026-01-31 12:00:00", "2026-05-01 12:00:00", "2025-11-02 12:00:00"},
		{"1mo", "2026-01-31 12:00:00", "2026-02-28 12:00:00", "2025-12-31 12:00:00"},
		{"1mo", "2026-03-31 12:00:00", "2026-04-30 12:00:00", "2026-02-28 12:00:00"},
		{"1y6mo", "2024-02-29 00:00:00", "2025-08-29 00:00:00", "2022-08-29 00:00:00"},
		{"1y", "2024-02-29 00:00:00", "2025-02-28 00:00:00", "2023-02-28 00:00:00"},
		{"1mo1d", "2026-01-31 12:00:00", "2026-03-01 12:00:00", "2025-12-30 12:00:00"},
		{"2w1h30m5s", "2026-01-01 00:00:00", "2026-01-15 01:30:05", "2025-12-17 22:29:55"},
		{"0d", "2026-01-01 00:00:00", "2026-01-01 00:00:00", "2026-01-01 00:00:00"},
		{"999999s", "2026-01-01 00:00:00", "2026-01-12 13:46:39", "2025-12-20 10:13:21"},
	} {
		s, err := span.Parse(tc.text)
		if err != nil {
			t.Error(err)
			continue
		}
		from, err := time.Parse(time.DateTime, tc.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.After(from).Format(time.DateTime); got != tc.after {
			t.Errorf("%s after %s: got %s, want %s", tc.text, tc.from, got, tc.after)
		}
		if got := s.Before(from).Format(time.DateTime); got != tc.before {
			t.Errorf("%s before %s: got %s, want %s", tc.text, tc.from, got, tc.before)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "90", "d", "-1d", "+1d", "1 d", "1d ", "1x", "1M", "1.5d", "1234567d", "1d2"} {
		if s, err := span.Parse(text); err == nil || !strings.Contains(err.Error(), "such as 90d") {
			t.Errorf("%q: got %v, %v", text, s, err)
		}
	}
}
