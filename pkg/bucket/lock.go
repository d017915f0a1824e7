package bucket

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"time"
)

// bucketsLock is held while a bucket is made, changed or removed.
const bucketsLock = "buckets"

// keyLock is held while a version of the key comes or goes. Some keys share one,
// so that there are few lock files; they are never removed, since a lock on a
// removed file locks nobody out.
func keyLock(bucket, key string) string {
	h := fnv.New32a()
	h.Write([]byte(bucket + "/" + key))
	return fmt.Sprintf("key-%02x", h.Sum32()%256)
}

// lock waits for a lock against all goroutines and processes that use the
// store. The operating system releases it if the process dies.
func (d *Dir) lock(ctx context.Context, root *os.Root, name string) (unlock func(), err error) {
	f, err := openMaking(root, lockDir, name, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if err := waitLock(ctx, f); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// waitLock asks for the lock until it gets it. Holders are done in about a
// millisecond, and asking again, unlike waiting in the kernel, heeds ctx.
func waitLock(ctx context.Context, f *os.File) error {
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 5*time.Millisecond) {
		if ok, err := tryLock(f); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
