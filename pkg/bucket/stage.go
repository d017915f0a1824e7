package bucket

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"signer/pkg/bucket/checksum"
)

// staged is a file that is being written aside. It is locked, so that nobody
// takes it for a leftover.
type staged struct {
	root *os.Root
	f    *os.File
	name string // from root; empty once it has been renamed to its place
	size int64  // of the object's bytes, without table and record
	sums sums   // of these bytes
}

// stage makes a file to write to.
func (d *Dir) stage(root *os.Root) (*staged, error) {
	d.sweep.Do(func() { sweep(root, d.now()) })
	for range 100 {
		name, err := d.freshName()
		if err != nil {
			return nil, err
		}
		f, err := openMaking(root, tmpDir, name, os.O_CREATE|os.O_EXCL|os.O_RDWR)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, err := tryLock(f); err != nil {
			f.Close()
			return nil, errors.Join(err, root.Remove(tmpDir+"/"+name))
		}
		return &staged{root: root, f: f, name: tmpDir + "/" + name}, nil
	}
	return nil, errors.New("no name for a temporary file is free: the random numbers repeat")
}

func (d *Dir) freshName() (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(d.random, b[:]); err != nil {
		return "", err
	}
	return "put-" + hex.EncodeToString(b[:]), nil
}

// fill writes the body of an object and takes its MD5 and its checksums.
func (s *staged) fill(ctx context.Context, body io.Reader, algorithms ...checksum.Algorithm) (err error) {
	s.sums = newSums(algorithms)
	s.size, err = copyHashing(ctx, s.f, s.sums, body)
	return err
}

// seal writes the record behind the object's bytes and its table of parts, and makes
// the file durable. It may be done again with another record.
func (s *staged) seal(r record) error {
	b, err := r.encode()
	if err != nil {
		return err
	}
	at := s.size + r.Table
	if _, err := s.f.WriteAt(b, at); err != nil {
		return err
	}
	if err := s.f.Truncate(at + int64(len(b))); err != nil {
		return err
	}
	return s.f.Sync()
}

// moveTo renames the file to its place.
func (s *staged) moveTo(path string) error {
	if err := s.root.Rename(s.name, path); err != nil {
		return err
	}
	s.name = ""
	return nil
}

// discard closes the file, and removes it unless it has found its place.
func (s *staged) discard() {
	if s.name != "" {
		_ = s.root.Remove(s.name)
	}
	s.f.Close()
}

// leftoverAge is the age at which a file in .tmp that nobody holds a lock on is
// taken for a leftover of a process that died.
const leftoverAge = time.Hour

// sweep removes leftovers. What it cannot remove stays: it is in nobody's way.
func sweep(root *os.Root, now time.Time) {
	_ = scan(root, tmpDir, func(name string) {
		path := tmpDir + "/" + name
		st, err := root.Lstat(path)
		if err != nil || now.Sub(st.ModTime()) < leftoverAge {
			return
		}
		if st.IsDir() { // of an upload that had not begun yet, or had ended
			_ = root.RemoveAll(path)
			return
		}
		f, err := root.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return
		}
		defer f.Close()
		if free, err := tryLock(f); free && err == nil {
			_ = root.Remove(path)
		}
	})
}

// scan calls f with each name in a directory, in no order.
func scan(root *os.Root, dir string, f func(name string)) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(1024)
		for _, name := range names {
			f(name)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
