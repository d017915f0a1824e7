package bucket

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
)

func newDir(t *testing.T) (*Dir, *os.Root) {
	t.Helper()
	d := Open(Config{Dir: t.TempDir()})
	if err := d.CreateBucket(t.Context(), "abc", CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	root, err := d.enter("abc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return d, root
}

// TestWritersTakeTurns checks that whoever changes a key or a bucket waits for
// its lock, as long as its context lets it, and that readers do not.
func TestWritersTakeTurns(t *testing.T) {
	d, root := newDir(t)
	k := newKeyDir(root, "abc", "k")
	put := func(ctx context.Context) error {
		_, err := d.Put(ctx, "abc", "k", strings.NewReader("x"), PutOptions{})
		return err
	}
	if err := put(t.Context()); err != nil {
		t.Fatal(err)
	}
	patience := map[bool]time.Duration{true: 30 * time.Millisecond, false: 3 * time.Minute}
	for _, tt := range []struct {
		name, lock string
		do         func(context.Context) error
		waits      bool
	}{
		{"put", keyLock("abc", "k"), put, true},
		{"delete", keyLock("abc", "k"), func(ctx context.Context) error { _, err := d.Delete(ctx, "abc", "k", Null); return err }, true},
		{"head", keyLock("abc", "k"), func(ctx context.Context) error { _, err := d.Head(ctx, "abc", "k", ""); return err }, false},
		{"list", keyLock("abc", "k"), func(ctx context.Context) error { _, err := d.ListObjects(ctx, "abc", ListOptions{}); return err }, false},
		{"create", bucketsLock, func(ctx context.Context) error { return d.CreateBucket(ctx, "new", CreateOptions{}) }, true},
		{"remove", bucketsLock, func(ctx context.Context) error { return d.DeleteBucket(ctx, "abc") }, true},
		{"versioning", bucketsLock, func(ctx context.Context) error { return d.PutVersioning(ctx, "abc", Enabled) }, true},
		{"put beside", bucketsLock, put, false},
	} {
		unlock, err := Open(Config{Dir: d.dir}).lock(t.Context(), root, tt.lock)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience[tt.waits])
		if err := tt.do(ctx); errors.Is(err, context.DeadlineExceeded) != tt.waits {
			t.Errorf("%s: waits %v, error %v", tt.name, !tt.waits, err)
		}
		cancel()
		unlock()
	}
	if _, err := k.record(Null); err != nil {
		t.Error(err)
	}
	if err := put(t.Context()); err != nil {
		t.Errorf("after all: %v", err)
	}
}

// TestBucketGoes removes the bucket of a version that is about to get its place.
func TestBucketGoes(t *testing.T) {
	d, root := newDir(t)
	s, err := d.stage(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.discard()
	if err := d.DeleteBucket(t.Context(), "abc"); err != nil {
		t.Fatal(err)
	}
	err = newKeyDir(root, "abc", "dir/k").adopt(s, Null)
	if !IsCode(err, NoSuchBucket) {
		t.Errorf("got error %v", err)
	}
	if _, err := root.Stat("abc"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the bucket's directory is there again: %v", err)
	}
}
