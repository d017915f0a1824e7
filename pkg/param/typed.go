package param

import (
	"fmt"
	"strings"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/output/python"
)

// typed gives a value that came from shorthand the types of its shape, as far as the
// syntax cannot say them: integers, booleans, and lists of one element that is
// written without brackets. What does not fit stays as it is and is for the check to
// refuse.
func (p *flagReader) typed(s *api.Shape, v document.Value) (document.Value, error) {
	switch s.Kind {
	case api.Structure, api.Map:
		return p.typedObject(s, v)
	case api.List:
		return p.typedList(s, v)
	case api.Integer, api.Long:
		return p.typedInteger(v)
	case api.Boolean:
		return p.typedBoolean(v)
	}
	return v, nil
}

// typedObject goes through a structure in the order of the shape, through a map in
// its own, since the first that fails is the one to be reported.
func (p *flagReader) typedObject(s *api.Shape, v document.Value) (document.Value, error) {
	o, ok := v.(*document.Object)
	if !ok {
		return v, nil
	}
	if s.Kind == api.Map {
		for _, name := range o.Names() {
			if err := p.typeMember(s.Elem, o, name); err != nil {
				return nil, err
			}
		}
		return o, nil
	}
	for i := range s.Members {
		if err := p.typeMember(s.Members[i].Shape, o, s.Members[i].Name); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (p *flagReader) typeMember(s *api.Shape, o *document.Object, name string) error {
	v, ok := o.Get(name)
	if !ok {
		return nil
	}
	v, err := p.below("."+name).typed(s, v)
	o.Set(name, v)
	return err
}

// below returns a reader for a part of the value in hand.
func (p *flagReader) below(part string) *flagReader {
	return &flagReader{p.Reader, p.flag, strings.TrimPrefix(p.at+part, ".")}
}

// typedList makes a list of a value that is none. Its element has no type to gain:
// the AWS CLI does not look at it again.
func (p *flagReader) typedList(s *api.Shape, v document.Value) (document.Value, error) {
	l, ok := v.(document.List)
	if !ok {
		return document.List{v}, nil
	}
	for i, element := range l {
		element, err := p.below(fmt.Sprintf("[%d]", i)).typed(s.Elem, element)
		if err != nil {
			return nil, err
		}
		l[i] = element
	}
	return l, nil
}

func (p *flagReader) typedInteger(v document.Value) (document.Value, error) {
	switch v := v.(type) {
	case string:
		return p.integer(v)
	case []byte:
		return p.integer(string(v))
	}
	// The words are an interpreter's, but they are what the AWS CLI's users see.
	return nil, generalf("int() argument must be a string, a bytes-like object or a real number, not '%s'", python.Type(v))
}

func (p *flagReader) typedBoolean(v document.Value) (document.Value, error) {
	switch v := v.(type) {
	case string:
		if strings.EqualFold(v, "true") {
			return true, nil
		}
		if strings.EqualFold(v, "false") {
			return false, nil
		}
	case document.List, *document.Object:
		return nil, p.stumble("must be true or false")
	}
	return v, nil
}
