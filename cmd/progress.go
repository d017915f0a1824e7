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
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.to == nil || now.Sub(p.began) < progressAfter || now.Sub(p.drawn) < progressEvery {
		return
	}
	p.drawn = now
	fmt.Fprint(p.to, "\r"+bar(done, total))
}

func bar(done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%d MB", done>>20)
	}
	full := int(min(done, total) * progressWidth / total)
	return fmt.Sprintf("[%s%s] %3d%%  %d of %d MB", strings.Repeat("=", full), strings.Repeat(" ", progressWidth-full),
		min(done, total)*100/total, done>>20, total>>20)
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
