package param

import (
	"errors"
	"fmt"
	"strings"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/lenient"
	"signer/shorthand"
)

// flagReader reads the value of one flag.
type flagReader struct {
	*Reader
	flag string // without dashes
	at   string // the member in hand, below the flag's own
}

// words reads what stands on the command line.
func (p *flagReader) words(s *api.Shape, words []string) (document.Value, error) {
	if s.Kind == api.List {
		return p.list(s, words)
	}
	word := ""
	if len(words) > 0 {
		word = words[0]
	}
	return p.word(s, word)
}

// word reads a word as a value of a shape that takes one.
func (p *flagReader) word(s *api.Shape, word string) (document.Value, error) {
	switch s.Kind {
	case api.Structure, api.Map:
		if isJSON(word) {
			return p.object(word)
		}
		return p.shorthand(s, word)
	case api.Integer, api.Long:
		return p.integer(word)
	}
	return word, nil
}

// list reads the words of a list. A single word may be the whole list as JSON;
// otherwise each is an element. Whether the elements of a list of structures are
// JSON or shorthand is for the first to say.
func (p *flagReader) list(s *api.Shape, words []string) (document.Value, error) {
	if len(words) == 1 && strings.HasPrefix(lenient.TrimSpace(words[0]), "[") {
		return p.json(words[0])
	}
	l := make(document.List, len(words))
	for i, word := range words {
		v, err := p.element(s.Elem, word, isJSON(words[0]))
		if err != nil {
			return nil, err
		}
		l[i] = v
	}
	return l, nil
}

func (p *flagReader) element(s *api.Shape, word string, json bool) (document.Value, error) {
	switch s.Kind {
	case api.Structure, api.Map, api.List:
		if json {
			return p.object(word)
		}
		return p.shorthand(s, word)
	case api.Integer, api.Long:
		if _, ok := lenient.Integer(word); !ok {
			return nil, refusef("--"+p.flag, "'%s' is not an integer", word)
		}
	}
	return p.word(s, word)
}

// loaded reads the content of a file that a flag names. For a list that is a line
// for each word, unless it is JSON.
func (p *flagReader) loaded(s *api.Shape, content document.Value) (document.Value, error) {
	b, binary := content.([]byte)
	text, _ := content.(string)
	switch {
	case binary:
		return p.loadedBytes(s, b)
	case s.Kind == api.List && isJSON(text):
		return p.words(s, []string{text})
	case s.Kind == api.List:
		return p.words(s, lines(text))
	}
	return p.words(s, []string{text})
}

func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// loadedBytes reads the content of a fileb:// file, which only a blob is meant for.
// A list of bytes is a list of numbers, as the check will say of each.
func (p *flagReader) loadedBytes(s *api.Shape, b []byte) (document.Value, error) {
	switch s.Kind {
	case api.Structure, api.Map:
		return nil, p.stumble("must be text: load it with file:// instead of fileb://")
	case api.List:
		l := make(document.List, len(b))
		for i, c := range b {
			l[i] = int64(c)
		}
		return l, nil
	case api.Integer, api.Long:
		return p.integer(string(b))
	}
	return b, nil
}

func (p *flagReader) integer(text string) (document.Value, error) {
	n, ok := lenient.Integer(text)
	if !ok {
		return nil, p.stumble("must be an integer, but it is '%s'", text)
	}
	return n, nil
}

// stumble makes the error of a value that the AWS CLI trips over.
func (p *flagReader) stumble(format string, args ...any) error {
	what := "the value"
	if p.at != "" {
		what = p.at
	}
	return &GeneralError{fmt.Sprintf("Error parsing parameter '--%s': %s ", p.flag, what) + fmt.Sprintf(format, args...)}
}

// isJSON tells whether a word is to be read as JSON by the looks of it.
func isJSON(word string) bool {
	word = lenient.TrimSpace(word)
	return strings.HasPrefix(word, "{") || strings.HasPrefix(word, "[")
}

// object reads JSON that must be an object.
func (p *flagReader) object(text string) (document.Value, error) {
	if !strings.HasPrefix(lenient.TrimSpace(text), "{") {
		return nil, refusef("--"+p.flag, "Invalid JSON:\n%s", text)
	}
	return p.json(text)
}

func (p *flagReader) json(text string) (document.Value, error) {
	v, err := document.ParseJSON(text)
	if err != nil {
		return nil, refusef("--"+p.flag, "Invalid JSON: %v\nJSON received: %s", err, text)
	}
	return v, nil
}

// shorthand reads shorthand syntax and gives its words the types of the shape. A
// file behind "@=" that cannot be read is no fault of the parameter to the AWS CLI.
func (p *flagReader) shorthand(s *api.Shape, text string) (document.Value, error) {
	o, err := shorthand.Parse(text, p.attached)
	var file *fileError
	if errors.As(err, &file) {
		return nil, generalf("%v", file)
	}
	if err != nil {
		return nil, p.explain(err)
	}
	return p.typed(s, o)
}

func (p *flagReader) attached(scalar string) (document.Value, error) {
	content, loaded, err := p.load(scalar)
	if err != nil || !loaded {
		return scalar, err
	}
	return content, nil
}
