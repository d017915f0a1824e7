package interrupt_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"signer/pkg/interrupt"
)

func TestReader(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	r := interrupt.Reader(ctx, strings.NewReader("text"))
	if _, err := io.ReadFull(r, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	cancel(enough)
	if n, err := r.Read(make([]byte, 2)); n != 0 || err != enough {
		t.Errorf("got %d, %v", n, err)
	}
}
