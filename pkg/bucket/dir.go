package bucket

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// Config says where a Dir keeps its buckets and what it takes time and chance
// from.
type Config struct {
	Dir  string           // made, for its owner only, by the first CreateBucket
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // nil: crypto/rand.Reader
}

// Dir keeps buckets in a directory of the local disk, which the package comment
// describes. It holds nothing open between calls, so there is nothing to close.
type Dir struct {
	dir    string
	now    func() time.Time
	random io.Reader
	sweep  sync.Once
}

var _ Store = (*Dir)(nil)

// Open returns the buckets in a directory. It touches nothing: a directory that
// does not exist holds no buckets.
func Open(c Config) *Dir {
	d := &Dir{dir: c.Dir, now: c.Now, random: &serialReader{r: c.Rand}}
	if c.Now == nil {
		d.now = time.Now
	}
	if c.Rand == nil {
		d.random = rand.Reader
	}
	return d
}

// serialReader lets several goroutines share a reader.
type serialReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (s *serialReader) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(p)
}

// Files and directories at the top of the store and of a bucket.
const (
	tmpDir     = ".tmp"
	lockDir    = ".locks"
	objectsDir = "/objects"     // in a bucket
	uploadsDir = "/uploads"     // in a bucket
	bucketFile = "/bucket.json" // in a bucket
)

// enter opens the directory for work in a bucket that exists.
func (d *Dir) enter(bucket string) (*os.Root, error) {
	root, err := os.OpenRoot(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(NoSuchBucket, bucket, "", "")
	}
	if err != nil {
		return nil, err
	}
	if err := bucketExists(root, bucket); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// bucketExists returns NoSuchBucket if there is no such bucket.
func bucketExists(root *os.Root, bucket string) error {
	_, err := root.Stat(bucket + objectsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return refuse(NoSuchBucket, bucket, "", "")
	}
	return err
}

// explain adds to a failure of the disk what was being done, where, and what can
// be done about it. Refusals are clear as they are.
func (d *Dir) explain(err *error, doing, bucket, key string) {
	var refusal *Error
	if *err == nil || errors.As(*err, &refusal) {
		return
	}
	what := doing + " s3://" + bucket
	if key != "" {
		what += "/" + key
	}
	*err = fmt.Errorf("%s: in %s: %w%s", what, d.dir, *err, advice(*err))
}

func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return " (nothing of it was kept; free some room there and try again)"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return " (that directory and all in it must be yours to read and write)"
	}
	return ""
}

// openMaking opens a file for writing, and makes the directory that it is in
// where that is missing.
func openMaking(root *os.Root, dir, name string, flag int) (*os.File, error) {
	f, err := root.OpenFile(dir+"/"+name, flag, 0o600)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return root.OpenFile(dir+"/"+name, flag, 0o600)
}

// replaceFile writes a small file so that it has either its old or its new
// bytes, whatever happens.
func (d *Dir) replaceFile(root *os.Root, dir, name string, data []byte) error {
	s, err := d.stage(root)
	if err != nil {
		return err
	}
	defer s.discard()
	if _, err := s.f.Write(data); err != nil {
		return err
	}
	if err := s.f.Sync(); err != nil {
		return err
	}
	if err := root.Rename(s.name, dir+name); err != nil {
		return err
	}
	return syncDir(root, dir)
}

// syncDir makes what happened to the entries of a directory durable.
func syncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return syncDirectory(f)
}

// syncPath does syncDir for a directory outside the store.
func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return syncDirectory(f)
}
