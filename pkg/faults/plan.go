// Package faults makes an engine misbehave on purpose, for people who test what
// they have built around it: jobs that stay in progress or fail, calls that are
// throttled, a clock that is moved.
//
// A [Plan] says what goes wrong. [New] puts an engine in front of another that acts
// by it, so that the other one stays clean; [Objects] does so for the buckets that a
// local engine reads from, where failing jobs begin to fail. What is counted, such as
// calls, is counted by [Counts] in a file, across processes.
//
// The package is not for production, does not decide when a plan is in force, and
// changes nothing but what the plan names.
package faults

import (
	"fmt"
	"strings"
	"time"

	"signer/pkg/span"
)

// Plan is what goes wrong. The zero Plan is nothing.
type Plan struct {
	Clock Shift
	Jobs  []Job
	Calls []Call

	digest string // of the text
}

// Shift moves a clock.
type Shift struct {
	Text string // as it was written; "" for none
	By   span.Span
	Back bool
}

// Now returns the clock that is now, moved.
func (s Shift) Now(now func() time.Time) func() time.Time {
	switch {
	case s.Text == "":
		return now
	case s.Back:
		return func() time.Time { return s.By.Before(now()) }
	}
	return func() time.Time { return s.By.After(now()) }
}

// Job is what goes wrong with the jobs that it fits. The first one that fits a job
// counts.
type Job struct {
	Profile   string // a pattern for the name of the profile; "" fits all
	Source    string // a pattern for the key of the source; "" fits all
	Describes int    // for how many calls of DescribeSigningJob it seems to be in progress
	Fails     string // the reason why it fails; "": it does not
}

// job returns what goes wrong with a job, or nil.
func (p *Plan) job(profile, key string) *Job {
	for i := range p.Jobs {
		if j := &p.Jobs[i]; fits(j.Profile, profile) && fits(j.Source, key) {
			return j
		}
	}
	return nil
}

// Call is a call that is refused every so often.
type Call struct {
	Operation string // or "*" for all
	Every     int    // 1: always
	Error     string // one of the service's own
}

// active tells whether a plan does anything.
func (p *Plan) active() bool {
	return p != nil && (p.Clock.Text != "" || len(p.Jobs) > 0 || len(p.Calls) > 0)
}

// String says in a few words what goes wrong; "" if nothing does.
func (p *Plan) String() string {
	if !p.active() {
		return ""
	}
	var all []string
	if p.Clock.Text != "" {
		all = append(all, "the clock is moved by "+p.Clock.Text)
	}
	if n := len(p.Jobs); n > 0 {
		all = append(all, "jobs are held up or fail by "+rules(n))
	}
	if n := len(p.Calls); n > 0 {
		all = append(all, "calls are refused by "+rules(n))
	}
	return strings.Join(all, ", ")
}

func rules(n int) string {
	if n == 1 {
		return "1 rule"
	}
	return fmt.Sprint(n, " rules")
}

// fits tells whether a text fits a pattern, in which * stands for any characters and
// ? for one. The empty pattern fits all.
func fits(pattern, text string) bool {
	return pattern == "" || match([]rune(pattern), []rune(text))
}

// match goes back to the last * only: what one before it could do, it can do, too.
func match(pattern, text []rune) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
