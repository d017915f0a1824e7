package output

import (
	"bytes"
	"fmt"
	"io"

	"signer/pkg/document"
)

// jsonList is a list that is a member of an answer, of which only the text is
// kept.
type jsonList struct {
	spool *spool
	json  jsonPrinter // prints to the spool
	any   bool        // there was an element
}

func newJSONList(open func() (io.ReadWriteSeeker, error)) *jsonList {
	s := &spool{open: open}
	return &jsonList{spool: s, json: jsonPrinter{out: newSink(s, nil)}}
}

func (l *jsonList) add(elements document.List) error {
	for _, v := range elements {
		before := nextLine(2)
		if !l.any {
			l.any, before = true, before[1:]
		}
		l.json.value(before, plain(v), 2)
	}
	return l.json.out.err
}

// print prints the list and is the end of it.
func (l *jsonList) print(out *sink) {
	if err := l.json.out.flush(); err != nil {
		out.fail(err)
		return
	}
	out.write("[")
	if err := l.spool.copyTo(out.w); err != nil {
		out.fail(fmt.Errorf("write output: %w", err))
	}
	if l.any {
		out.write(nextLine(1)[1:])
	}
	out.write("]")
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
	if s.file == nil && s.open != nil && s.memory.Len()+len(b) > spoolMemory {
		if err := s.spill(); err != nil {
			return 0, fmt.Errorf("keep a long answer in a file: %w", err)
		}
	}
	if s.file != nil {
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
