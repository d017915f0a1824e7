package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"signer/pkg/interrupt"
)

// seekable returns body, or a copy of it in a temporary file, as something that
// can be read twice, and how much of it there is. done is to be called when it
// has been read.
func (s *Store) seekable(ctx context.Context, body io.Reader) (again io.ReadSeeker, size int64, done func(), err error) {
	if seeker, ok := body.(io.ReadSeeker); ok {
		if size, err := left(seeker); err == nil {
			return seeker, size, func() {}, nil
		}
	}
	f, err := spool(ctx, s.temp, body)
	if err != nil {
		return nil, 0, nil, err
	}
	if size, err = left(f); err != nil {
		return nil, 0, nil, errors.Join(err, f.discard())
	}
	return f, size, func() { _ = f.discard() }, nil
}

// left returns how much there is from where a seeker stands to its end. A pipe
// looks like a seeker, but fails here.
func left(s io.Seeker) (int64, error) {
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	_, err = s.Seek(at, io.SeekStart)
	return max(0, end-at), err
}

// tempFile is a temporary file. Where the system lets an open file be removed it
// has no name any more, so that nothing is left of it if the process dies.
type tempFile struct {
	*os.File
	nameless bool
}

// spool copies r to a temporary file and returns that, at its start.
func spool(ctx context.Context, dir string, r io.Reader) (tempFile, error) {
	f, err := os.CreateTemp(dir, "bucket-")
	if err != nil {
		return tempFile{}, fmt.Errorf("make a temporary file: %w", err)
	}
	t := tempFile{f, os.Remove(f.Name()) == nil}
	if _, err = io.Copy(f, interrupt.Reader(ctx, r)); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return tempFile{}, errors.Join(err, t.discard())
	}
	return t, nil
}

// discard closes and removes the file.
func (t tempFile) discard() error {
	err := t.Close()
	if !t.nameless {
		err = errors.Join(err, os.Remove(t.Name()))
	}
	return err
}

// content is the Content of an object on S3: the stream of its GET request until
// ReadAt is called, and from then on a temporary file.
type content struct {
	temp   string // directory
	reopen func() (io.ReadCloser, error)

	mu   sync.Mutex
	body io.ReadCloser
	at   int64     // what Read has read
	file *tempFile // nil until ReadAt is called
	err  error     // why there is no file: what is left of body is no use then
}

// Read reads on.
func (c *content) Read(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, c.err
	case c.file == nil:
		n, err = c.body.Read(p)
	default:
		n, err = c.file.ReadAt(p, c.at)
	}
	c.at += int64(n)
	return n, err
}

// ReadAt reads from anywhere. The first call takes as long as it takes to fetch
// the whole object.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	if c.file == nil && c.err == nil {
		c.err = c.fetch()
	}
	f, err := c.file, c.err
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return f.ReadAt(p, off)
}

// fetch copies the object to a file.
func (c *content) fetch() error {
	if c.at > 0 { // what has been read is gone
		body, err := c.reopen()
		if err != nil {
			return err
		}
		_ = c.body.Close()
		c.body = body
	}
	f, err := spool(context.Background(), c.temp, c.body) // the request has its own context
	if err != nil {
		return fmt.Errorf("fetch the object: %w", err)
	}
	c.file = &f
	_ = c.body.Close() // read to its end
	return nil
}

// Close ends the request and removes the file.
func (c *content) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file != nil {
		return c.file.discard()
	}
	return c.body.Close()
}
