package cmd

import (
	"fmt"
	"sync"
)

// signProgress is one bar for many files.
type signProgress struct {
	*progress
	files int

	sum      sync.Mutex
	done     float64 // files, and parts of files
	complete int     // files
}

func newSignProgress(env *Env, files int) *signProgress {
	return &signProgress{progress: newProgress(env), files: files}
}

// one returns what is to be told how far a file is.
func (p *signProgress) one() func(done, total int64) {
	if p.files == 1 {
		return p.report
	}
	before := 0.0
	return func(done, total int64) {
		now := float64(done) / float64(max(total, 1))
		p.add(now-before, 0)
		before = now
	}
}

// finished counts a file that is done with.
func (p *signProgress) finished() { p.add(0, 1) }

func (p *signProgress) add(parts float64, files int) {
	p.sum.Lock()
	defer p.sum.Unlock()
	p.done += parts
	p.complete += files
	if p.files > 1 {
		p.draw(func() string { return p.line() })
	}
}

func (p *signProgress) line() string {
	part := max(p.done, float64(p.complete)) / float64(p.files)
	return fmt.Sprintf("%s  %d of %d files", gauge(int64(part*1000), 1000), p.complete, p.files)
}
