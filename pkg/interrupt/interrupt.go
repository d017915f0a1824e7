// Package interrupt ends what takes long when its context does.
package interrupt

import (
	"context"
	"io"
)

// Reader returns r until ctx is done. From then on reading it fails with the cause of
// that. A Read that has begun goes on to its end.
func Reader(ctx context.Context, r io.Reader) io.Reader { return reader{ctx, r} }

type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}
