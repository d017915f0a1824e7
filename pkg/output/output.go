// Package output prints answers the way the AWS CLI does: as json, yaml,
// yaml-stream, text or a table, whole or page by page, after a query has picked
// what is wanted.
//
// It prints documents and knows of no API: values have their types already, and
// whoever calls says which member of a page holds the listing. It opens nothing
// and closes nothing; where to write, how wide a terminal is and whether to use
// colours is handed in.
//
// The rules are those of AWS CLI 2.36. Its packages show through: JSON and text
// are as Python writes them, YAML as libyaml does.
package output

import (
	"io"

	"signer/pkg/document"
	"signer/pkg/output/query"
)

// Format is the name of a way to print, as --output has it.
type Format string

// The formats there are.
const (
	JSON       Format = "json"
	Text       Format = "text"
	Table      Format = "table"
	YAML       Format = "yaml"
	YAMLStream Format = "yaml-stream"
	Off        Format = "off" // nothing is printed, but the query may still fail
)

// Config says how to print. The zero Config but for its Writer prints all of an
// answer as JSON.
type Config struct {
	Format Format
	Query  *query.Query // picks what is printed; nil: everything
	Title  string       // over a table: the operation's name in CamelCase
	Width  int          // columns of the terminal; 0 is 80, which the AWS CLI takes where there is none
	Color  bool         // of tables; nothing else has colours

	// Writer is written to in large pieces, and whenever an answer or a page is
	// complete.
	Writer io.Writer

	// Encode turns text into the bytes to write. Its first error ends the
	// printing; what was printed before stays. nil is UTF-8.
	Encode func(text string) ([]byte, error)

	// Spool is called when a list of a Listing that must not be printed before it
	// is complete outgrows the memory it may have, at most once for each list. It
	// returns an empty file, which is read back in the end; closing and removing
	// it is the caller's affair, after the listing. nil: all is kept in memory.
	Spool func() (io.ReadWriteSeeker, error)
}

// Printer prints answers. It is not for use by several goroutines at once.
type Printer struct {
	Config
	out *sink
}

// New returns a printer. The only error is that there is no such format. The AWS
// CLI looks at that last, after the request was made, if the name is from its
// settings.
func New(c Config) (*Printer, error) {
	switch c.Format {
	case "":
		c.Format = JSON
	case JSON, Text, Table, YAML, YAMLStream, Off:
	default:
		return nil, words("Unknown output type: " + c.Format)
	}
	if c.Width == 0 {
		c.Width = 80
	}
	return &Printer{c, newSink(c.Writer, c.Encode)}, nil
}

// Print prints a whole answer, or what the query finds in it. An answer without
// members prints nothing.
//
// When it fails, text and JSON are printed up to the place where it failed, and
// nothing is of the other formats. Errors of the query come as they are, those
// of the Writer wrapped.
func (p *Printer) Print(answer document.Value) error {
	v, err := p.pick(answer)
	if err != nil {
		return err
	}
	p.print(v)
	return p.out.flush()
}

// pick returns the part of an answer that is to be printed.
func (p *Printer) pick(answer document.Value) (document.Value, error) {
	answer = plain(answer)
	if p.Query == nil || p.Format == Off { // what nobody sees is not looked for
		return answer, nil
	}
	return p.Query.Search(answer)
}

func (p *Printer) print(v document.Value) {
	switch p.Format {
	case JSON:
		printJSON(p.out, v)
	case Text:
		printText(p.out, v)
	case Table:
		printTable(p.out, v, tableStyle{p.Title, p.Width, p.Color})
	case YAML:
		printYAML(p.out, v)
	case YAMLStream:
		if !isEmptyObject(v) {
			printYAML(p.out, document.List{v})
		}
	}
}

func isEmptyObject(v document.Value) bool {
	o, ok := v.(*document.Object)
	return ok && o.Len() == 0
}

// words is an error in the words of the AWS CLI.
type words string

func (w words) Error() string { return string(w) }
