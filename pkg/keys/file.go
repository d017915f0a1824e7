package keys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// aside begins the names of files that are being written. One that is seen under
// the lock was left by a process that died.
const aside = ".new-"

// locked calls f while no other process or goroutine writes to the directory.
func (s *Store) locked(ctx context.Context, f func() error) error {
	if err := makeDir(s.dir); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(s.dir, "lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock the keys in %s: %w", s.dir, err)
	}
	return errors.Join(f(), lock.Close())
}

// Hold calls f while nobody changes keys, so that f can read files that fit together.
// On a disk that nobody can write to nobody can.
func (s *Store) Hold(ctx context.Context, f func() error) error {
	err := s.locked(ctx, f)
	if errors.Is(err, syscall.EROFS) {
		return f()
	}
	return err
}

// makeDir makes a directory, and those above it, for its owner alone.
func makeDir(dir string) error {
	if dir == "" {
		return errors.New("no directory was given for keys")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a directory for keys: %w", err)
	}
	return nil
}

// write makes or replaces the file at path. It is durable when write returns,
// and whoever reads meanwhile gets the old or the new content. The caller holds
// the lock.
func write(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return err
	}
	if err := sweep(dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, aside+"*") // which makes it 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

// sweep removes what dead processes left.
func sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, aside+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// syncDir makes the names in a directory durable. Windows has no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
