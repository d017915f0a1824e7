package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signer/pkg/document"
	"signer/pkg/verify"
)

const aboutInspect = `Show what the signature of a file says: who signed what and when, with which algorithms and certificates. ` +
	`Nothing of it is judged, and anybody can write anything into a file: see verify. Signatures must be of a form that AWS Signer writes. Of an archive that is damaged, the signature is shown that its directory names, if it can be found, beside what is wrong.`

// newInspect makes the command that shows a signature.
func newInspect(s *session) *cobra.Command {
	c := &cobra.Command{Use: "inspect", Short: "Show what the signature of a file says, without judging it.", Long: aboutInspect}
	c.RunE = func(c *cobra.Command, names []string) error { return s.inspect(c.Context(), names[0]) }
	s.nodes[c] = &node{ours: true, operands: &positional{name: "file", arity: one, doc: "The file with the signature; - is standard input."}}
	return c
}

func (s *session) inspect(ctx context.Context, name string) error {
	object, err := s.openSource(name)
	if err != nil {
		return err
	}
	defer object.Close()
	o, damage, err := verify.Peek(ctx, object)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	d := s.inspected(name, o)
	if damage != nil {
		d.Set("damage", damage.Error())
	}
	return s.print("inspect", d)
}

// inspected is an object as a document.
func (s *session) inspected(name string, o *verify.Object) *document.Object {
	d := document.New(member{Name: "file", Value: name}, member{Name: "format", Value: o.Format})
	s.claims(d, o)
	d.Set("signatureAlgorithm", o.Algorithm)
	if o.Digest != "" {
		d.Set("contentSha384", o.Digest)
	}
	if o.Chain == nil {
		d.Set("payloadSize", o.PayloadSize)
	}
	if len(o.Attributes) > 0 {
		d.Set("attributes", shownAttributes(o))
	}
	d.Set("certificates", s.certificateList(o.Chain, s.certificateLong))
	return d
}

// shownAttributes are what is signed beside the content.
func shownAttributes(o *verify.Object) document.List {
	list := document.List{}
	for _, a := range o.Attributes {
		d := present(member{Name: "type", Value: a.Type}, member{Name: "name", Value: a.Name}, member{Name: "value", Value: a.Value})
		if a.Type == "" {
			d.Set("critical", a.Critical)
		}
		list = append(list, d)
	}
	return list
}
