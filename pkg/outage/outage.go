// Package outage keeps a log short where the same thing goes wrong again and again, as
// with what a server does in the background: it says when that begins and when it has
// ended.
//
// It decides nothing, and tries nothing again.
package outage

import (
	"log/slog"
	"sync"
	"time"
)

// Log says in another log how it stands with what is done again and again. Its methods
// may be called concurrently.
type Log struct {
	To  *slog.Logger
	Now func() time.Time // nil: time.Now

	mu      sync.Mutex
	outages map[string]*outage
}

// outage is something that goes wrong.
type outage struct {
	began, said time.Time
	text        string // that was said last
	times       int
}

// often is how often one outage is told of at most, when something else goes wrong by now.
const often = time.Minute

// Went tells how something went; nil is well. The log has a warning with that as its
// message when it goes wrong for the first time, and another one when there is another
// reason by now; when it goes well again, it has an info, "over".
func (l *Log) Went(what string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.outages[what]
	switch {
	case err != nil:
		l.wrong(what, err)
	case o != nil:
		delete(l.outages, what)
		l.To.Info("over", "was", what, "after", l.now().Sub(o.began).Round(time.Millisecond).String(), "times", o.times)
	}
}

// wrong tells of something that has gone wrong, unless that has been said.
func (l *Log) wrong(what string, err error) {
	now, o := l.now(), l.outages[what]
	if o == nil {
		o = &outage{began: now}
		if l.outages == nil {
			l.outages = map[string]*outage{}
		}
		l.outages[what] = o
	}
	o.times++
	if o.text == err.Error() || o.times > 1 && now.Sub(o.said) < often {
		return
	}
	o.text, o.said = err.Error(), now
	l.To.Warn(what, "error", err)
}

func (l *Log) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}

// Open is how many outages there are.
func (l *Log) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.outages)
}
