package cmd

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress draws a bar on a terminal once work has taken longer than a second.
// Work that is quick, and a standard error that is not a terminal, see nothing.
type progress struct {
	to  io.Writer
	now func() time.Time

	mu    sync.Mutex
	began time.Time
	drawn time.Time // zero: not yet
}

const (
	progressAfter = time.Second
	progressEvery = 100 * time.Millisecond
	progressWidth = 30
)

func newProgress(env *Env) *progress {
	if !env.StderrTerminal {
		return &progress{now: env.Now}
	}
	return &progress{to: env.Stderr, now: env.Now, began: env.Now()}
}

// report says that done of total bytes are dealt with. It may be called from any
// goroutine, as often as one likes.
func (p *progress) report(done, total int64) {
	p.draw(func() string { return bar(done, total) })
}

// draw shows a line, if it is time for one.
func (p *progress) draw(line func() string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.to == nil || now.Sub(p.began) < progressAfter || now.Sub(p.drawn) < progressEvery {
		return
	}
	p.drawn = now
	fmt.Fprint(p.to, "\r"+line())
}

func bar(done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%d MB", done>>20)
	}
	return fmt.Sprintf("%s  %d of %d MB", gauge(done, total), done>>20, total>>20)
}

// gauge shows how much of a whole is done.
func gauge(done, total int64) string {
	done = min(done, total)
	full := int(done * progressWidth / total)
	return fmt.Sprintf("[%s%s] %3d%%", strings.Repeat("=", full), strings.Repeat(" ", progressWidth-full), done*100/total)
}

// clear takes the bar away again.
func (p *progress) clear() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.drawn.IsZero() {
		fmt.Fprint(p.to, "\r\x1b[K")
		p.drawn = time.Time{}
	}
}
