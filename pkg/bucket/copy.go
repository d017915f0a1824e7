package bucket

import (
	"context"
	"fmt"
	"io"
	"os"
)

// A body is copied through a few buffers: while one is written to the file, the
// ones before it are hashed by another goroutine. Together they have 800 KB.
const (
	firstBuffer = 32 << 10 // enough for small objects
	nextBuffers = 256 << 10
	bufferCount = 4
	flushEvery  = 8 << 20
)

// copyHashing writes body to f and h, and returns how much that was.
func copyHashing(ctx context.Context, f *os.File, h io.Writer, body io.Reader) (int64, error) {
	r := newRing(h)
	defer r.stop()
	var size, flushed int64
	for {
		if ctx.Err() != nil {
			return size, context.Cause(ctx)
		}
		buf := r.free()
		n, err := readFull(body, buf)
		r.hash(buf, n)
		if _, err := f.Write(buf[:n]); err != nil {
			return size, err
		}
		size += int64(n)
		if size-flushed >= flushEvery {
			startFlush(f, flushed, size-flushed)
			flushed = size
		}
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return size, fmt.Errorf("read the body: %w", err)
		}
	}
}

// readFull reads until buf is full or there is an error, which it returns as it
// is. io.ReadFull does not tell a body that has ended from one that broke off
// with io.ErrUnexpectedEOF, as an upload does whose sender went away.
func readFull(r io.Reader, buf []byte) (n int, err error) {
	for idle := 0; n < len(buf) && err == nil; idle++ {
		var m int
		if m, err = r.Read(buf[n:]); m > 0 {
			n, idle = n+m, 0
		}
		if idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, err
}

// ring lends buffers, and gets them back when they have been hashed. A buffer
// can come back while its borrower still reads it, but is lent again only to
// the same borrower.
type ring struct {
	made   int
	done   chan []byte // hashed, at their full length
	todo   chan filled
	hashed chan struct{}
}

type filled struct {
	buf []byte
	n   int
}

func newRing(h io.Writer) *ring {
	r := &ring{
		done:   make(chan []byte, bufferCount),
		todo:   make(chan filled, bufferCount),
		hashed: make(chan struct{}),
	}
	go func() {
		defer close(r.hashed)
		for f := range r.todo {
			h.Write(f.buf[:f.n])
			r.done <- f.buf
		}
	}()
	return r
}

// free lends a buffer: a new one while there are few, else one that has been
// hashed.
func (r *ring) free() []byte {
	select {
	case buf := <-r.done:
		return buf
	default:
	}
	if r.made == bufferCount {
		return <-r.done
	}
	r.made++
	if r.made == 1 {
		return make([]byte, firstBuffer)
	}
	return make([]byte, nextBuffers)
}

// hash has the first n bytes of the buffer hashed.
func (r *ring) hash(buf []byte, n int) { r.todo <- filled{buf, n} }

// stop returns when all has been hashed.
func (r *ring) stop() {
	close(r.todo)
	<-r.hashed
}
