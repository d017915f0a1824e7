package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signer/pkg/faults"
	"signer/pkg/span"
)

func read(t *testing.T, text string) *faults.Plan {
	t.Helper()
	p, err := faults.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		text, says string
		want       faults.Plan
	}{
		{"", "", faults.Plan{}},
		{"# nothing yet\n", "", faults.Plan{}},
		{"{}", "", faults.Plan{}},
		{"jobs: []\n", "", faults.Plan{}},
		{"clock: 135mo", "the clock is moved by 135mo", faults.Plan{Clock: faults.Shift{Text: "135mo", By: span.Span{Months: 135}}}},
		{"clock: +1h", "the clock is moved by +1h", faults.Plan{Clock: faults.Shift{Text: "+1h", By: span.Span{Time: time.Hour}}}},
		{`{"clock": "-2d"}`, "the clock is moved by -2d", faults.Plan{Clock: faults.Shift{Text: "-2d", By: span.Span{Days: 2}, Back: true}}},
		{"jobs:\n- profile: web\n  source: '*.zip'\n  describes: 3\n  fails: No.\n- fails: \"1\"\n", "jobs are held up or fail by 2 rules",
			faults.Plan{Jobs: []faults.Job{{Profile: "web", Source: "*.zip", Describes: 3, Fails: "No."}, {Fails: "1"}}}},
		{`{"calls": [{"operation": "*", "every": 2}]}`, "calls are refused by 1 rule",
			faults.Plan{Calls: []faults.Call{{Operation: "*", Every: 2, Error: "ThrottlingException"}}}},
		{"clock: 1d\ncalls:\n- {operation: SignPayload, every: 1, error: InternalServiceErrorException}", "the clock is moved by 1d, calls are refused by 1 rule",
			faults.Plan{Clock: faults.Shift{Text: "1d", By: span.Span{Days: 1}}, Calls: []faults.Call{{Operation: "SignPayload", Every: 1, Error: "InternalServiceErrorException"}}}},
	} {
		p := read(t, tc.text)
		if d := cmp.Diff(&tc.want, p, cmpopts.IgnoreUnexported(faults.Plan{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: differs from what was wanted (-) in (+):\n%s", tc.text, d)
		}
		if p.String() != tc.says {
			t.Errorf("%s: says %q, not %q", tc.text, p, tc.says)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"clok: 1d":                               `line 1: "clok" is none of calls, clock, jobs`,
		"clock: 1d\nclock: 2d":                   "line 2: clock stands there twice",
		"clock: soon":                            `line 1: "soon" is not a span of time, such as 90d or 1y6mo`,
		"clock: [1d]":                            "line 1: there should be a text here",
		"clock:":                                 "line 1: there should be a text here",
		"jobs:\n  profile: web":                  "line 2: there should be a list here",
		"jobs:\n- web":                           "line 2: there should be members here, such as describes, fails, profile, source",
		"jobs:\n- profile: web":                  "line 2: nothing goes wrong here: say describes or fails",
		"jobs:\n- describes: 0":                  "line 2: there should be a number here, at least 1",
		"jobs:\n- describes: often":              "line 2: there should be a number here, at least 1",
		"calls:\n- every: 1":                     "line 2: which calls are refused? Say operation and every",
		"calls:\n- operation: '*'":               "line 2: which calls are refused? Say operation and every",
		"calls:\n- {operation: Start, every: 1}": `line 2: "Start" is no operation, such as StartSigningJob`,
		"calls:\n- {operation: '*', every: 1, error: No}": `line 2: "No" is none of AccessDeniedException, InternalServiceErrorException, ThrottlingException, TooManyRequestsException`,
		"- a":                                  "line 1: there should be members here",
		"a: 1\n---\nb: 2":                      "line 2: it is more than one document",
		"a: [":                                 "line 1: did not find expected node content",
		"clock: 1d: 2d":                        "line 1: mapping values are not allowed in this context",
		"clock: \x01":                          "line 1: control characters are not allowed",
		"\n\njobs:\n - fails: a\n- fails: b\n": "line 5: did not find expected key",
		"clock: 1d\njobs: {a: b\n\ncalls: []":  "line 2: did not find expected ',' or '}'",
		"{\"clock\": \"1d\",\n\"jobs\": [\n{\"fails\": \"x\"\n\"describes\": 3}]}": "line 3: did not find expected ',' or '}'",
		"clock: 1d\njobs:\n- profile: *web\n  describes: 1\n":                      "line 3: unknown anchor 'web' referenced: put a text that begins with * or & in quotes",
		"jobs:\n- source: *.zip\n":                                                 "line 2: did not find expected alphabetic or numeric character: put a text",
	} {
		p, err := faults.Read([]byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, %v\nwant %s", text, p, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("clock: 1d\njobs: [{fails: x}]\ncalls:\n- {operation: '*', every: 1}"))
	f.Add([]byte("a: &a [*a, !!binary x, <<: {}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := faults.Read(text)
		if err == nil {
			_ = p.String()
			p.Clock.Now(time.Now)()
		}
	})
}

func TestClock(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC) }
	for text, want := range map[string]string{
		"":            "2026-03-31 12:00:00",
		"clock: 1mo":  "2026-04-30 12:00:00",
		"clock: -1mo": "2026-02-28 12:00:00",
	} {
		if got := read(t, text).Clock.Now(now)().Format(time.DateTime); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
