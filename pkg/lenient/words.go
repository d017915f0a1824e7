package lenient

import "strings"

// The words of dates, in English only, each in full or in short, in any case.

// named returns the place of word among names, from 1, or 0. Three letters of a
// name will do.
func named(word string, names []string) int {
	word = strings.ToLower(word)
	for i, name := range names {
		if word == name || word == name[:3] {
			return i + 1
		}
	}
	return 0
}

func monthNamed(word string) int {
	if strings.EqualFold(word, "sept") {
		return 9
	}
	return named(word, []string{"january", "february", "march", "april", "may", "june",
		"july", "august", "september", "october", "november", "december"})
}

// weekdayNamed counts from Monday, 1.
func weekdayNamed(word string) int {
	return named(word, []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
}

// unit is what a number in a time of day counts.
type unit int

const (
	noUnit unit = iota
	hours
	minutes
	seconds
)

func unitNamed(word string) unit {
	switch strings.ToLower(word) {
	case "h", "hour", "hours":
		return hours
	case "m", "minute", "minutes":
		return minutes
	case "s", "second", "seconds":
		return seconds
	}
	return noUnit
}

// half is one of the two halves of a day.
type half int

const (
	noHalf half = iota
	am
	pm
)

func halfNamed(word string) half {
	switch strings.ToLower(word) {
	case "a", "am":
		return am
	case "p", "pm":
		return pm
	}
	return noHalf
}

// hour returns the hour of the day for an hour of the half.
func (h half) hour(n int64) int64 {
	switch {
	case h == pm && n < 12:
		return n + 12
	case h == am && n == 12:
		return 0
	}
	return n
}

// isFiller tells whether a token says nothing.
func isFiller(token string) bool {
	switch strings.ToLower(token) {
	case " ", ".", ",", ";", "-", "/", "'", "at", "on", "and", "ad", "m", "t", "of", "st", "nd", "rd", "th":
		return true
	}
	return false
}

// isUTC tells whether a zone's name means UTC.
func isUTC(zone string) bool {
	switch strings.ToLower(zone) {
	case "utc", "gmt", "z":
		return true
	}
	return false
}

// mayBeZone tells whether a token can be the name of a zone.
func mayBeZone(token string) bool {
	if token == "z" {
		return true
	}
	return len(token) <= 5 && strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
