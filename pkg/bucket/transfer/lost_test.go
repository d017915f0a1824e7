package transfer_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"signer/pkg/bucket"
)

// An answer that is lost does not make a second version, and an error that passes does
// no harm.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	from, _ := dirIn(t)
	home(t, from)
	more(t, from)
	to, _ := dirIn(t)
	lossy := &losing{Tagger: to}
	run(t, from, lossy, 2)
	same(t, from, to)
	if lossy.n < 20 {
		t.Errorf("only %d answers were asked for", lossy.n)
	}
}

// losing loses each third answer, and each third request.
type losing struct {
	bucket.Tagger
	mu sync.Mutex
	n  int
}

var errLost = errors.New("the connection is gone")

func (l *losing) Put(ctx context.Context, in, key string, body io.Reader, opts bucket.PutOptions) (bucket.Stored, error) {
	return lose(l, func() (bucket.Stored, error) { return l.Tagger.Put(ctx, in, key, body, opts) })
}

func (l *losing) DeleteIf(ctx context.Context, in, key, version string, c bucket.Conditions) (bucket.Deleted, error) {
	return lose(l, func() (bucket.Deleted, error) { return l.Tagger.DeleteIf(ctx, in, key, version, c) })
}

func (l *losing) CompleteUpload(ctx context.Context, in, key, id string, parts []bucket.Part, opts bucket.CompleteOptions) (bucket.Stored, error) {
	return lose(l, func() (bucket.Stored, error) { return l.Tagger.CompleteUpload(ctx, in, key, id, parts, opts) })
}

func lose[T any](l *losing, do func() (T, error)) (none T, err error) {
	l.mu.Lock()
	l.n++
	n := l.n
	l.mu.Unlock()
	if n%3 == 0 {
		return none, errLost
	}
	out, err := do()
	if n%3 == 1 {
		return none, errLost
	}
	return out, err
}
