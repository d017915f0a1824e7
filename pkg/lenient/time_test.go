package lenient_test

import (
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"

	"signer/pkg/document"
	"signer/pkg/lenient"
)

// saturday is the day of all tests.
var saturday = time.Date(2026, time.November, 21, 10, 30, 0, 0, time.UTC)

const layout = "2006-01-02T15:04:05.000000"

func TestTime(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		// seconds
		{"0", "1970-01-01T00:00:00.000000"},
		{"1714979289", "2024-05-06T07:08:09.000000"},
		{" 1714979289.5\n", "2024-05-06T07:08:09.500000"},
		{"-0.25", "1969-12-31T23:59:59.750000"},
		{"1e9", "2001-09-09T01:46:40.000000"},
		{"1_000", "1970-01-01T00:16:40.000000"},
		{"٥", "1970-01-01T00:00:05.000000"},
		{"2024", "1970-01-01T00:33:44.000000"},
		{"20240506", "1970-08-23T06:21:46.000000"},
		{"0.0000005", "1970-01-01T00:00:00.000000"}, // halves go to the even neighbour
		{"0.0000015", "1970-01-01T00:00:00.000002"},
		{"0.9999999", "1970-01-01T00:00:01.000000"},
		{"1714979289000", "far"},
		{"1e20", "far"},
		{"inf", "far"},
		{"-Infinity", "far"},
		{"nan", "no"},
		{"99999999999999", "no"},                       // not seconds, and YYYYMMDDhhmmss of month 99
		{"253412010800", "2534-12-01T08:00:00.000000"}, // too far for seconds: YYYYMMDDhhmm

		// ISO 8601
		{"2024-05-06T07:08:09Z", "2024-05-06T07:08:09.000000"},
		{"2024-05-06t07:08:09z", "2024-05-06T07:08:09.000000"},
		{"2024-05-06T07:08:09+02:00", "2024-05-06T05:08:09.000000"},
		{"2024-05-06T07:08:09-0530", "2024-05-06T12:38:09.000000"},
		{"2024-05-06T07:08:09 -3", "2024-05-06T10:08:09.000000"},
		{"2024-05-06 07:08", "2024-05-06T07:08:00.000000"},
		{"2024-05-06T07:08:09.123456789Z", "2024-05-06T07:08:09.123456"},
		{"2024-05-06T07:08:09,5", "2024-05-06T07:08:09.500000"},
		{"20240506T070809Z", "2024-05-06T07:08:09.000000"},
		{"20240506T0708", "2024-05-06T07:08:00.000000"},
		{"20240506T07", "2024-05-06T07:00:00.000000"},
		{"2024-05-06T07:08.5", "2024-05-06T07:08:30.000000"},
		{"2024-05-06T24:00:00", "no"},
		{"2024-06-30T23:59:60Z", "no"},
		{"2024-02-30", "no"},
		{"2024-13-01", "no"},
		{"10000-01-01", "no"},
		{"0001-01-01T00:00:00+02:00", "far"},
		{"2024-05-06T07:08:09+25:00", "no"},
		{"2024-05-06T07:08:09+99999999999999:00", "far"},
		{"99999999999-05-06", "far"},

		// other forms
		{"Mon, 06 May 2024 07:08:09 GMT", "2024-05-06T07:08:09.000000"},
		{"Mon, 06 May 2024 07:08:09 +0200", "2024-05-06T05:08:09.000000"},
		{"Mon, 06 May 2024 07:08:09 EST", "2024-05-06T07:08:09.000000"},
		{"Mon May  6 07:08:09 UTC 2024", "2024-05-06T07:08:09.000000"},
		{"10:00 GMT+3 2024-05-06", "2024-05-06T13:00:00.000000"},
		{"2024-05-06 07:08 -0300 (BRST)", "2024-05-06T10:08:00.000000"},
		{"05/06/2024", "2024-05-06T00:00:00.000000"},
		{"13/06/2024", "2024-06-13T00:00:00.000000"},
		{"2024.05.06", "2024-05-06T00:00:00.000000"},
		{"6 May 2024", "2024-05-06T00:00:00.000000"},
		{"May 6, 2024 7:08 PM", "2024-05-06T19:08:00.000000"},
		{"6-May-24 12am", "2024-05-06T00:00:00.000000"},
		{"Sept of 2003", "2003-09-21T00:00:00.000000"},
		{"May-06-2024", "2024-05-06T00:00:00.000000"},
		{"5th of may 2024 at 10h30m15.5s", "2024-05-05T10:30:15.500000"},
		{"240506", "1970-01-03T18:48:26.000000"},
		{"240506 070809", "2006-05-24T07:08:09.000000"},
		{"01-02-80", "1980-01-02T00:00:00.000000"},
		{"01-02-75", "2075-01-02T00:00:00.000000"}, // within fifty years of now

		// what is missing is today's
		{"07:08", "2026-11-21T07:08:00.000000"},
		{"2024-05", "2024-05-21T00:00:00.000000"},
		{"10 pm", "2026-11-21T22:00:00.000000"},
		{"May", "2026-05-21T00:00:00.000000"},
		{"Saturday", "2026-11-21T00:00:00.000000"},
		{"fri", "2026-11-27T00:00:00.000000"},

		// no times
		{"", "no"},
		{" - ", "no"},
		{"soon", "no"},
		{"noon", "no"},
		{"2024-W19-1", "no"},
		{"pm", "no"},
		{"14:00 am", "no"},
		{"1 2 3 4", "no"},
		{"10:", "no"},
		{"10:00 +", "no"},
		{"May May", "no"},
		{"\x00\xff", "no"},
	} {
		if got := outcome(lenient.Time(tc.in, saturday)); got != tc.want {
			t.Errorf("%q: got %s, want %s", tc.in, got, tc.want)
		}
	}
}

func outcome(at time.Time, _ bool, err error) string {
	var failed *lenient.TimeError
	switch {
	case errors.As(err, &failed) && failed.Range:
		return "far"
	case err != nil:
		return "no"
	}
	return at.UTC().Format(layout)
}

func TestTimeKnowsItsOwnZone(t *testing.T) {
	london := time.FixedZone("BST", 3600)
	for in, want := range map[string]string{
		"2024-05-06 07:08 BST": "2024-05-06T06:08:00.000000",
		"2024-05-06 07:08 GMT": "2024-05-06T07:08:00.000000",
		"2024-05-06 07:08":     "2024-05-06T07:08:00.000000",
		"00:30":                "2026-11-22T00:30:00.000000", // the day is the one in London
	} {
		if got := outcome(lenient.Time(in, time.Date(2026, time.November, 21, 23, 30, 0, 0, time.UTC).In(london))); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestTimeKeepsTheZone(t *testing.T) {
	kolkata := time.FixedZone("IST", 19800)
	for in, want := range map[string]string{
		"0":                                "1970-01-01T05:30:00+05:30",
		"2024-05-06T07:08:09Z":             "2024-05-06T07:08:09Z",
		"2024-05-06T07:08:09+02:00":        "2024-05-06T07:08:09+02:00",
		"2024-05-06T07:08:09+00:00":        "2024-05-06T07:08:09Z",
		"2024-05-06 07:08 IST":             "2024-05-06T07:08:00+05:30",
		"2024-05-06 07:08 GMT":             "2024-05-06T07:08:00Z",
		"2024-05-06T07:08:09":              "none",
		"Mon, 06 May 2024 07:08:09 EST":    "none",
		"Mon, 06 May 2024 07:08:09 -0500 ": "2024-05-06T07:08:09-05:00",
	} {
		at, zoned, err := lenient.Time(in, saturday.In(kolkata))
		got := at.Format(time.RFC3339)
		if !zoned {
			got = "none"
		}
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestTimeErrorText(t *testing.T) {
	for in, want := range map[string]string{
		"1e20":                `Unable to calculate correct timezone offset for "1e20"`,
		"soon":                `Invalid timestamp "soon": Unknown string format: soon`,
		"":                    `Invalid timestamp "": String does not contain a date: `,
		"0000-01-01":          `Invalid timestamp "0000-01-01": year 0 is out of range: 0000-01-01`,
		"2024-13-01":          `Invalid timestamp "2024-13-01": month must be in 1..12: 2024-13-01`,
		"2024-13":             `Invalid timestamp "2024-13": bad month number 13; must be 1-12: 2024-13`,
		"2024-02-30":          `Invalid timestamp "2024-02-30": day is out of range for month: 2024-02-30`,
		"2024-05-06T24:00:00": `Invalid timestamp "2024-05-06T24:00:00": hour must be in 0..23: 2024-05-06T24:00:00`,
		"7:60":                `Invalid timestamp "7:60": minute must be in 0..59: 7:60`,
		"7:08:60":             `Invalid timestamp "7:08:60": second must be in 0..59: 7:08:60`,
	} {
		if _, _, err := lenient.Time(in, saturday); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for _, tc := range []struct {
		in   document.Value
		want string
	}{
		{int64(5), "1970-01-01T00:00:05.000000"},
		{true, "1970-01-01T00:00:01.000000"},
		{-0.5, "1969-12-31T23:59:59.500000"},
		{1e15, "year 31690708 is out of range"},
		{int64(1e15), "year 31690708 is out of range"},
		{1e20, `Unable to calculate correct timezone offset for "1e+20"`},
		{math.Inf(1), `Unable to calculate correct timezone offset for "inf"`},
		{math.NaN(), "cannot convert float NaN to integer"},
		{document.Integer("123456789012345678901"), `Unable to calculate correct timezone offset for "123456789012345678901"`},
	} {
		at, ok, err := lenient.Seconds(tc.in)
		got := at.Format(layout)
		if err != nil {
			got = err.Error()
		}
		if !ok || got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.in, got, tc.want)
		}
	}
	if _, ok, _ := lenient.Seconds("5"); ok {
		t.Error("text is a number")
	}
}

// The rules for dates are python-dateutil's; where it is at hand it decides.
func TestTimeAgreesWithDateutil(t *testing.T) {
	if err := exec.Command("python3", "-c", "import dateutil.parser").Run(); err != nil {
		t.Skip("python3 with dateutil is not here:", err)
	}
	texts := datesToCompare()
	c := exec.Command("python3", "-W", "ignore", "-c", `
import sys, datetime, dateutil.parser, dateutil.tz
for s in sys.stdin.read().split("\n"):
    try:
        t = dateutil.parser.parse(s, default=datetime.datetime(2026, 11, 21), tzinfos={"GMT": dateutil.tz.tzutc()})
        t = t.replace(tzinfo=t.tzinfo or dateutil.tz.tzutc()).astimezone(dateutil.tz.tzutc())
        print("%04d" % t.year + t.strftime("-%m-%dT%H:%M:%S.%f"))
    except OverflowError:
        print("far")
    except (ValueError, TypeError, AttributeError) as e:
        print("no: %s" % e)`)
	c.Stdin = strings.NewReader(strings.Join(texts, "\n"))
	c.Env = append(c.Environ(), "TZ=UTC", "PYTHONIOENCODING=utf-8")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, text := range texts {
		at, zoned, err := lenient.Time(text, saturday)
		got := outcome(at, zoned, err)
		if got == "no" {
			got = strings.Replace(err.Error(), fmt.Sprintf("Invalid timestamp \"%s\"", text), "no", 1)
		}
		if got != want[i] && !strings.Contains(want[i], "timedelta") { // which shows the inside of Python
			t.Errorf("%q: got %s, dateutil says %s", text, got, want[i])
		}
	}
}

// datesToCompare puts parts of dates together in many ways. None is a number, which
// would be seconds.
func datesToCompare() []string {
	var texts []string
	parts := []string{"6", "31", "2024", "May", "of", "12:30", "-", ".", " ", "pm", "+02", "10h"}
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				texts = append(texts, a+b+c+" 7/8", "Jun "+a+b+" "+c)
			}
		}
	}
	return texts
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2024-05-06T07:08:09.123Z", "Mon, 06 May 2024 07:08:09 GMT+3", "6.May.2024 10h30", "1e9", "10:11,5 (EST)", "Jan of 01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, _, err := lenient.Time(text, saturday)
		if err == nil && (at.UTC().Year() < 1 || at.UTC().Year() > 9999 || at.Nanosecond()%1000 != 0) {
			t.Fatalf("%q: %v", text, at)
		}
	})
}
