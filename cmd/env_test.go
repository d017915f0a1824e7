package cmd

import (
	"testing"
	"time"
)

func TestRuledZone(t *testing.T) {
	for rules, want := range map[string]string{
		"XYZ-3:30":               "2023-07-15T01:43:20+03:30",
		"EST5EDT,M3.2.0,M11.1.0": "2023-07-14T18:13:20-04:00",
		"EST5":                   "2023-07-14T17:13:20-05:00",
		"No/Where":               "2023-07-14T22:13:20Z",
	} {
		if got := time.Unix(1689372800, 0).In(ruledZone(rules)).Format(time.RFC3339); got != want {
			t.Errorf("%s: got %s, want %s", rules, got, want)
		}
	}
}
