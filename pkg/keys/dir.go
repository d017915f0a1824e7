package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"signer/pkg/durable"
)

// Dir is a directory with keys. Its files are their owner's alone: they are written
// aside, synced and renamed under a lock on the file "lock", so that a process that
// dies leaves every file whole or absent. A change of several files is not undone.
type Dir struct {
	path string

	mu    sync.Mutex
	known map[string]seen
}

// seen is a file as Revision has found it.
type seen struct {
	os.FileInfo
	n int // how many were found under its name
}

// InDir returns the keys in a directory, which need not exist.
func InDir(path string) *Dir { return &Dir{path: path, known: map[string]seen{}} }

// At is the path of a file.
func (d *Dir) At(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

// Read reads a file.
func (d *Dir) Read(_ context.Context, name string) ([]byte, error) { return os.ReadFile(d.At(name)) }

// Revision counts the files that it has found under a name: each write makes another.
func (d *Dir) Revision(_ context.Context, name string) (string, error) {
	now, err := os.Stat(d.At(name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	last, ok := d.known[name]
	if !ok || !os.SameFile(now, last.FileInfo) || !now.ModTime().Equal(last.ModTime()) {
		last = seen{now, last.n + 1}
		d.known[name] = last
	}
	return strconv.Itoa(last.n), nil
}

// deepest is how many parts a name has at most.
const deepest = 3

// List returns the names of all files but the lock, those whose names begin with a dot,
// and those that are too deep to be ours.
func (d *Dir) List(_ context.Context, prefix string) ([]string, error) {
	names, err := d.list(strings.TrimSuffix(prefix, "/"), deepest-strings.Count(prefix, "/"))
	slices.Sort(names)
	return names, err
}

func (d *Dir) list(dir string, depth int) (names []string, err error) {
	entries, err := os.ReadDir(d.At(dir))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the keys: %w", err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || name == "lock" {
			continue
		}
		if !d.isDir(name, e) {
			names = append(names, name)
			continue
		}
		if depth == 1 {
			continue
		}
		below, err := d.list(name, depth-1)
		if err != nil {
			return nil, err
		}
		names = append(names, below...)
	}
	return names, nil
}

// isDir tells whether something is a directory, or leads to one.
func (d *Dir) isDir(name string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(d.At(name))
	return err == nil && info.IsDir()
}

// ReadAll reads all files, but those that are removed meanwhile.
func (d *Dir) ReadAll(ctx context.Context, prefix string) (map[string][]byte, error) {
	names, err := d.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, name := range names {
		text, err := d.Read(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[name] = text
	}
	return all, nil
}

// aside begins the names of files that are being written. One that is seen under
// the lock was left by a process that died.
const aside = ".new-"

// Change calls f under the lock.
func (d *Dir) Change(ctx context.Context, f func(Draft) error) error {
	return d.locked(ctx, func() error { return f(dirDraft{d}) })
}

// locked calls f while no other process or goroutine writes to the directory.
func (d *Dir) locked(ctx context.Context, f func() error) error {
	if err := makeDir(d.path); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(d.path, "lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock the keys in %s: %w", d.path, err)
	}
	return errors.Join(f(), lock.Close())
}

// Hold calls f while nobody changes keys, so that f can read files that fit together.
// On a disk that nobody can write to nobody can.
func (d *Dir) Hold(ctx context.Context, f func() error) error {
	err := d.locked(ctx, f)
	if errors.Is(err, syscall.EROFS) {
		return f()
	}
	return err
}

// dirDraft is a directory under its lock.
type dirDraft struct{ *Dir }

// Write writes a file, durably.
func (d dirDraft) Write(_ context.Context, name string, text []byte) error {
	return write(d.At(name), text)
}

// Remove removes a file, durably.
func (d dirDraft) Remove(_ context.Context, name string) error {
	if err := os.Remove(d.At(name)); err != nil {
		return err
	}
	return durable.Names(filepath.Dir(d.At(name)))
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
	return errors.Join(durable.Names(dir), durable.Names(filepath.Dir(dir)))
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
