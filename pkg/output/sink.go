package output

import (
	"bufio"
	"fmt"
	"io"
)

// sink is where printers write. It remembers the first error and lets nothing
// pass after it, so that a printer need not look.
type sink struct {
	w      *bufio.Writer
	encode func(string) ([]byte, error)
	err    error
}

func newSink(w io.Writer, encode func(string) ([]byte, error)) *sink {
	return &sink{w: bufio.NewWriterSize(w, 1<<16), encode: encode}
}

// write takes a piece of output. The pieces are those in which Python writes,
// because a character that cannot be encoded spoils the piece that it is in.
func (s *sink) write(piece string) {
	if s.err != nil {
		return
	}
	if s.encode == nil {
		s.wrote(s.w.WriteString(piece))
		return
	}
	b, err := s.encode(piece)
	if err != nil {
		s.fail(err)
		return
	}
	s.wrote(s.w.Write(b))
}

// writeBytes is write for a piece that is not a string.
func (s *sink) writeBytes(piece []byte) {
	if s.encode != nil {
		s.write(string(piece))
	} else if s.err == nil {
		s.wrote(s.w.Write(piece))
	}
}

func (s *sink) wrote(_ int, err error) {
	if err != nil {
		s.fail(fmt.Errorf("write output: %w", err))
	}
}

func (s *sink) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// flush writes out what there is and returns the first error.
func (s *sink) flush() error {
	if err := s.w.Flush(); err != nil {
		s.wrote(0, err)
	}
	return s.err
}
