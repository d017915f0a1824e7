package output

import (
	"bytes"
	"fmt"
	"io"

	"signer/pkg/document"
)

// jsonStream prints an object with one long list, element by element, to a spool.
type jsonStream struct {
	out   *sink // where it goes in the end
	spool *spool
	json  jsonPrinter // prints to the spool
	began bool
	any   bool // there was an element
}

func newJSONStream(out *sink, open func() (io.ReadWriteSeeker, error)) *jsonStream {
	s := &spool{open: open}
	return &jsonStream{out: out, spool: s, json: jsonPrinter{out: newSink(s, nil)}}
}

// add prints elements of the list that is the member key.
func (s *jsonStream) add(key string, elements document.List) error {
	to := s.json.out
	if !s.began {
		s.began = true
		to.write("{" + nextLine(1)[1:])
		s.json.scalar("", key)
		to.write(": [")
	}
	for _, v := range elements {
		before := nextLine(2)
		if !s.any {
			s.any, before = true, before[1:]
		}
		s.json.value(before, plain(v), 2)
	}
	return to.err
}

// end closes the list and the object and prints it all.
func (s *jsonStream) end(token string) error {
	to := s.json.out
	if s.any {
		to.write(nextLine(1)[1:])
	}
	to.write("]")
	if token != "" {
		to.write(nextLine(1))
		s.json.scalar(`"NextToken": `, token)
	}
	to.write("\n}\n")
	if err := to.flush(); err != nil {
		return err
	}
	if err := s.spool.copyTo(s.out.w); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return s.out.flush()
}

// spoolMemory is how much a spool keeps before it asks for a file.
const spoolMemory = 1 << 20

// spool takes text of any length and gives it back.
type spool struct {
	open   func() (io.ReadWriteSeeker, error)
	memory bytes.Buffer
	file   io.ReadWriteSeeker
}

func (s *spool) Write(b []byte) (int, error) {
	if s.file != nil {
		return s.file.Write(b)
	}
	if s.open != nil && s.memory.Len()+len(b) > spoolMemory {
		if err := s.spill(); err != nil {
			return 0, fmt.Errorf("keep a long answer in a file: %w", err)
		}
		return s.file.Write(b)
	}
	return s.memory.Write(b)
}

// spill goes on in a file.
func (s *spool) spill() error {
	file, err := s.open()
	if err != nil {
		return err
	}
	s.file = file
	_, err = s.memory.WriteTo(file)
	s.memory = bytes.Buffer{}
	return err
}

func (s *spool) copyTo(w io.Writer) error {
	if s.file == nil {
		_, err := s.memory.WriteTo(w)
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}
