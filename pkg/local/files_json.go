package local

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"io"

	"signer/pkg/keys"
	"signer/pkg/records"
	"signer/pkg/sign"
)

// A signature in JSON does not name its job. Whether a file is what a job signed is
// found by writing it again with the signature that it has, if that is good.

// beginning is the beginning of a file, in which the signature stands.
func beginning(src sign.Source) []byte {
	b := make([]byte, min(src.Size(), 4<<10))
	n, _ := src.ReadAt(b, 0) // what cannot be read does not resemble anything
	return b[:n]
}

// sameJSON tells whether a file is what the job's platform writes of the source.
func (w *fileWork) sameJSON(ctx context.Context, there Content, job records.Job) (bool, error) {
	signature := signatureIn(beginning(there))
	if signature == nil {
		return false, nil
	}
	id, err := w.engine.identity(ctx, w.platform, job)
	if err != nil {
		return false, err
	}
	id.Key = &known{id.Key.Public(), signature}
	compared := &comparison{with: io.NewSectionReader(there, 0, there.Size())}
	err = w.write(ctx, compared, job, id)
	if errors.Is(err, errOther) {
		return false, nil
	}
	return err == nil && compared.whole(), err
}

// signatureIn finds the signature in the beginning of a signed object, or nil.
func signatureIn(text []byte) []byte {
	const name = `"signature":"`
	_, rest, ok := bytes.Cut(text, []byte(name))
	encoded, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed {
		return nil
	}
	signature, err := base64.StdEncoding.AppendDecode(nil, encoded)
	if err != nil {
		return nil
	}
	return signature
}

// errOther ends what turns out to be something else.
var errOther = errors.New("it is something else")

// known is a key that signs what it has signed before, and nothing else.
type known struct {
	public    crypto.PublicKey
	signature []byte
}

func (k *known) Public() crypto.PublicKey { return k.public }

func (k *known) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if good, _ := keys.Signs(k.public, digest, opts, k.signature); !good {
		return nil, errOther
	}
	return k.signature, nil
}

// comparison takes what is written, as long as it is what with has.
type comparison struct{ with *io.SectionReader }

func (c *comparison) Write(p []byte) (int, error) {
	same := make([]byte, len(p))
	if _, err := io.ReadFull(c.with, same); err != nil || !bytes.Equal(p, same) {
		return 0, errOther
	}
	return len(p), nil
}

// whole tells whether with has nothing else.
func (c *comparison) whole() bool {
	at, err := c.with.Seek(0, io.SeekCurrent)
	return err == nil && at == c.with.Size()
}
