package sign

import (
	"errors"
	"io"
)

const (
	chunkSize = 64 << 10
	chunks    = 4 // how many a pipe holds: its memory is chunks*chunkSize at most
)

// chunkFor is the size of a buffer through which n bytes go. Many archives are
// small, and large buffers would cost more than the rest of signing them.
func chunkFor(n int64) int { return int(min(max(n, 512), chunkSize)) }

// errStopped is what the writing end of a pipe gets when nobody reads any more.
var errStopped = errors.New("reading has stopped")

// pipe carries bytes from one goroutine to another, and lets the first run ahead
// by a few chunks. Each end belongs to one goroutine.
type pipe struct {
	full chan []byte   // written and not yet read; closed by the writing end
	free chan []byte   // to be written; nil ones are made when first used
	stop chan struct{} // closed by the reading end
	size int           // of a chunk
	err  error         // why the writing end closed; set before full is closed

	out  []byte // the chunk being written
	in   []byte // what is left of the chunk being read
	held []byte // the chunk being read, to be given back
}

func newPipe(size int) *pipe {
	p := &pipe{full: make(chan []byte, chunks), free: make(chan []byte, chunks), stop: make(chan struct{}), size: size}
	for range chunks {
		p.free <- nil
	}
	return p
}

// Write takes all of b, or fails with errStopped.
func (p *pipe) Write(b []byte) (int, error) {
	for n := 0; n < len(b); {
		if p.out == nil {
			if err := p.take(); err != nil {
				return n, err
			}
		}
		k := copy(p.out[len(p.out):cap(p.out)], b[n:])
		p.out = p.out[:len(p.out)+k]
		n += k
		if len(p.out) == cap(p.out) {
			p.send()
		}
	}
	return len(b), nil
}

// take waits for a chunk to write to.
func (p *pipe) take() error {
	select {
	case c := <-p.free:
		if c == nil {
			c = make([]byte, 0, p.size)
		}
		p.out = c[:0]
		return nil
	case <-p.stop:
		return errStopped
	}
}

// send never waits: there is room in full for every chunk there is.
func (p *pipe) send() {
	p.full <- p.out
	p.out = nil
}

// close ends the writing. The reading end gets err, or io.EOF if that is nil,
// after everything written.
func (p *pipe) close(err error) {
	if len(p.out) > 0 {
		p.send()
	}
	p.err = err
	close(p.full)
}

// fill waits until in has bytes.
func (p *pipe) fill() error {
	if p.held != nil {
		p.free <- p.held
		p.held = nil
	}
	c, ok := <-p.full
	if !ok {
		if p.err != nil {
			return p.err
		}
		return io.EOF
	}
	p.held, p.in = c, c
	return nil
}

// Read returns what has been written, without copying more than one chunk.
func (p *pipe) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		if err := p.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

// drain hands every chunk to w until the writing end closes.
func (p *pipe) drain(w io.Writer) error {
	for {
		if err := p.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := w.Write(p.in); err != nil {
			return err
		}
	}
}
