package sign

import (
	"bytes"
	"context"
	"crypto/sha512"
	"fmt"
	"io"

	"signer/pkg/interrupt"
)

// maxSignature bounds the signature entry of an archive; ours are of 7 KB.
const maxSignature = 1 << 20

// digest reads all entries of a and returns inner, the SHA-384 of the name and
// the data of each (service format 8.1), but for the signature, whose data it
// returns apart. Entries to be added are counted as empty ones at the end.
// Everything before the central directory is written to dst on the way.
//
// Copying, uncompressing and hashing run at once, each a little ahead of the
// next.
func (a *archive) digest(ctx context.Context, dst io.Writer, added []*addition) (inner, signature []byte, err error) {
	chunk := chunkFor(a.dirAt)
	packed, plain := newPipe(chunk), newPipe(chunk)
	copied, hashed := make(chan error, 1), make(chan []byte, 1)
	go func() { copied <- a.copy(ctx, dst, packed) }()
	go func() {
		sum := sha512.New384()
		plain.drain(sum) // neither end of this pipe can fail
		hashed <- sum.Sum(nil)
	}()

	var aside capped
	err = newWalker(packed).walk(ctx, a, func(e *entry) io.Writer {
		if string(e.name) == signatureName {
			return &aside
		}
		plain.Write(e.name)
		return plain
	})
	for _, e := range added {
		io.WriteString(plain, e.name)
	}

	close(packed.stop)
	plain.close(nil)
	inner = <-hashed
	if failed := <-copied; err == nil {
		err = failed
	}
	return inner, aside.Bytes(), err
}

// copy brings what lies before the central directory to dst, and to p.
func (a *archive) copy(ctx context.Context, dst io.Writer, p *pipe) error {
	section := io.NewSectionReader(a.src, 0, a.dirAt)
	n, err := io.CopyBuffer(io.MultiWriter(dst, p), interrupt.Reader(ctx, section), make([]byte, 2*chunkFor(a.dirAt)))
	if err == nil && n < a.dirAt {
		err = fmt.Errorf("read the source at %d: %w", n, io.ErrUnexpectedEOF)
	}
	p.close(err)
	return err
}

// capped keeps no more than a signature can be long.
type capped struct{ bytes.Buffer }

func (c *capped) Write(p []byte) (int, error) {
	if c.Len()+len(p) > maxSignature {
		return 0, malformed("its signature is longer than %d bytes", maxSignature)
	}
	return c.Buffer.Write(p)
}
