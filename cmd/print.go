package cmd

import (
	"io"
	"os"
	"strings"

	"signer/pkg/document"
	"signer/pkg/output"
)

// printer returns a printer of answers, in the format that the user wants.
func (s *session) printer(title string, to io.Writer, spool func() (io.ReadWriteSeeker, error)) (*output.Printer, error) {
	return output.New(output.Config{
		Format: output.Format(s.outputFormat()),
		Query:  s.query,
		Title:  title,
		Width:  s.env.Width,
		Color:  s.color == "on" || s.color != "off" && s.env.StdoutTerminal,
		Writer: to,
		Encode: s.encoder(),
		Spool:  spool,
	})
}

// outputFormat is --output, AWS_DEFAULT_OUTPUT, what the profile says, or JSON.
// Only --output is known to be a format.
func (s *session) outputFormat() string {
	if s.output != "" {
		return s.output
	}
	if format, ok := s.settings.Lookup("output", "AWS_DEFAULT_OUTPUT"); ok {
		if format == "" {
			return " " // nobody's name, and nothing in the message
		}
		return format
	}
	return string(output.JSON)
}

// print shows a whole answer.
func (s *session) print(title string, answer document.Value) error {
	return s.paged(func(to io.Writer) error {
		p, err := s.printer(title, to, nil)
		if err != nil {
			return err
		}
		return p.Print(answer)
	})
}

// errorDocument is an error as a document.
func (s *session) errorDocument(format string, doc *document.Object) (string, error) {
	var text strings.Builder
	p, err := output.New(output.Config{Format: output.Format(format), Title: "error", Width: s.env.Width, Writer: &text})
	if err != nil {
		return "", err
	}
	err = p.Print(doc)
	return text.String(), err
}

// spoolFile is where a long answer waits until it is complete.
type spoolFile struct {
	create func() (*os.File, error)
	file   *os.File // nil: not needed so far
}

func (s *spoolFile) open() (io.ReadWriteSeeker, error) {
	var err error
	s.file, err = s.create()
	return s.file, err
}

// remove closes the file and takes it away.
func (s *spoolFile) remove() {
	if s.file != nil {
		s.file.Close()
	}
}
