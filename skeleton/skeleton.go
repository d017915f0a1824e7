// Package skeleton makes samples: of what an operation takes, as JSON or as YAML
// with a comment on every line, and of what it answers.
//
// Everything in a sample comes from the shape. The forms are those of the AWS
// CLI's --generate-cli-skeleton to the byte, since people keep samples in files and
// compare them. The package prints nothing and asks nobody.
package skeleton

import (
	"slices"

	"signer/pkg/api"
	"signer/pkg/document"
)

// epoch stands for any time.
const epoch = "1970-01-01T00:00:00"

// Input returns a sample of a Structure as JSON text with a newline at its end:
// "" or the first of its values for a string, 0, true, null for a blob, one element
// for a list or a map. It is a document for --cli-input-json.
func Input(s *api.Shape) []byte {
	return append(appendIndented(nil, sample(s), 0), '\n')
}

// Output returns a sample of an answer, in which a string is called like its
// member, and an element of a list like its shape.
func Output(s *api.Shape) *document.Object {
	o, _ := (&sampler{names: true}).value(s, "").(*document.Object)
	return o
}

func sample(s *api.Shape) document.Value { return (&sampler{}).value(s, "") }

// sampler makes values of shapes.
type sampler struct {
	names bool         // strings are called like their members
	above []*api.Shape // the shapes around the one in hand
}

func (p *sampler) value(s *api.Shape, name string) document.Value {
	p.above = append(p.above, s)
	defer func() { p.above = p.above[:len(p.above)-1] }()
	switch s.Kind {
	case api.Structure:
		return p.structure(s)
	case api.List:
		return document.List{p.value(s.Elem, s.Elem.Name)}
	case api.Map:
		return document.New(document.Member{Name: "KeyName", Value: p.value(s.Elem, "")})
	case api.String:
		return p.text(s, name)
	case api.Integer, api.Long:
		return int64(0)
	case api.Boolean:
		return true
	case api.Timestamp:
		return epoch
	}
	return nil
}

// structure samples the members, unless the shape stands within itself: then it is
// left empty, or the sample would have no end.
func (p *sampler) structure(s *api.Shape) *document.Object {
	o := document.New()
	if slices.Contains(p.above[:len(p.above)-1], s) {
		return o
	}
	for i := range s.Members {
		m := &s.Members[i]
		o.Set(m.Name, p.value(m.Shape, m.Name))
	}
	return o
}

func (p *sampler) text(s *api.Shape, name string) string {
	switch {
	case p.names:
		return name
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	return ""
}
