package engine

import (
	"crypto/rand"
	"fmt"
	"io"

	"github.com/google/uuid"

	"signer/pkg/api"
	"signer/pkg/document"
)

// FillTokens returns params with a random UUID for each idempotency token that is
// absent, behind what is there; where none is absent it returns params itself. Do
// does it, too: whoever checks parameters does it before, since tokens are
// required members. Random is crypto/rand if it is nil.
func FillTokens(op *api.Operation, params *document.Object, random io.Reader) (*document.Object, error) {
	filled := params
	for _, m := range op.Input.Members {
		if !m.Token || filled.Has(m.Name) {
			continue
		}
		token, err := newToken(random)
		if err != nil {
			return nil, fmt.Errorf("make up %s: %w", m.Name, err)
		}
		if filled == params {
			filled = clone(params)
		}
		filled.Set(m.Name, token)
	}
	return filled, nil
}

func newToken(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	id, err := uuid.NewRandomFromReader(random)
	return id.String(), err
}

func clone(o *document.Object) *document.Object {
	c := document.New()
	for name, v := range o.All() {
		c.Set(name, v)
	}
	return c
}
