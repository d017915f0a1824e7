package cmd

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	p := newProgress(&Env{Stderr: &out, StderrTerminal: true, Now: func() time.Time { return now }})
	const mb = 1 << 20

	now = now.Add(900 * time.Millisecond)
	p.report(10*mb, 250*mb)
	p.clear()
	if out.Len() != 0 {
		t.Errorf("quick work shows %q", out.String())
	}
	now = now.Add(200 * time.Millisecond)
	p.report(100*mb, 250*mb)
	p.report(101*mb, 250*mb) // too soon to be drawn
	now = now.Add(progressEvery)
	p.report(250*mb, 250*mb)
	p.clear()
	p.clear()
	want := "\r[============                  ]  40%  100 of 250 MB" +
		"\r[==============================] 100%  250 of 250 MB" + "\r\x1b[K"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestProgressNeedsATerminal(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	p := newProgress(&Env{Stderr: &out, Now: func() time.Time { return now }})
	now = now.Add(time.Minute)
	p.report(1, 2)
	p.clear()
	if out.Len() != 0 {
		t.Errorf("got %q", out.String())
	}
}
