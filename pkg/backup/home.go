package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Home is a directory of the local engine, as far as a backup has to know it.
type Home struct {
	Dir string
	Now func() time.Time // nil: time.Now

	// Snapshot writes the records, of one moment, to a new file; fs.ErrNotExist if
	// there are none.
	Snapshot func(ctx context.Context, path string) error
	// Adopt makes the records of a snapshot fit for use, or says why they are not.
	Adopt func(ctx context.Context, path string) error
	// InUse tells whether anybody has records open. There need not be any.
	InUse func(ctx context.Context, path string) (bool, error)
	// Keys calls f while nobody changes keys. There are some.
	Keys func(ctx context.Context, f func() error) error
	// Spool makes a file that is gone once it is closed.
	Spool func() (*os.File, error)
}

const (
	recordsName = "records.db"
	keysName    = "keys"
	bucketsName = "buckets"
	countsName  = "faults-counts.json"
)

func (h Home) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

// Write writes a backup of the home. Others may use it meanwhile.
//
// Records come first: what they say is signed is in its bucket by then, and certified
// by keys that are there. What is added later may be in the backup without its record,
// which does no harm.
func (h Home) Write(ctx context.Context, w io.Writer) (Summary, error) {
	dir, err := realDir(h.Dir)
	if err == nil && !isHome(dir) {
		err = fmt.Errorf("%s is no home of the local engine: it has neither records nor keys nor buckets", dir)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("there is nothing to back up: %w", err)
	}
	h.Dir = dir
	spool, err := h.Spool()
	if err != nil {
		return Summary{}, err
	}
	defer spool.Close()
	b, err := newWriter(ctx, w, spool, h.now())
	if err != nil {
		return Summary{}, err
	}
	for _, part := range []func(*writer) error{h.writeRecords, h.writeKeys, h.writeBuckets, h.writeRest, (*writer).close} {
		if err := part(b); err != nil {
			return Summary{}, fmt.Errorf("back up %s: %w", h.Dir, err)
		}
	}
	return b.Summary, nil
}

// realDir is where a directory is, which may be reached by a link.
func realDir(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", errors.Join(err, fmt.Errorf("%s is no directory", dir))
	}
	return filepath.Abs(dir)
}

// isHome tells whether a directory is a home, so that no other is copied by mistake.
func isHome(dir string) bool {
	return slices.ContainsFunc([]string{recordsName, keysName, bucketsName}, func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
}

// writeRecords copies the records to where temporary files go, since the home may be
// full, or nobody's to write.
func (h Home) writeRecords(b *writer) error {
	dir, err := os.MkdirTemp("", "signer-backup-") // which makes it 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // what cannot be removed there harms nobody
	copied := filepath.Join(dir, recordsName)
	err = h.Snapshot(b.ctx, copied)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.copy(recordsName, copied)
}

// keyFile is a file that was read at once.
type keyFile struct {
	name string
	text []byte
}

// writeKeys reads the keys into memory while nobody changes them: they are small, and
// nobody shall wait for whoever reads the backup.
func (h Home) writeKeys(b *writer) error {
	dir, err := realDir(filepath.Join(h.Dir, keysName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var all []keyFile
	err = h.Keys(b.ctx, func() (err error) {
		all, err = readKeys(dir)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range all {
		if err := b.file(path.Join(keysName, f.name), int64(len(f.text)), bytes.NewReader(f.text)); err != nil {
			return err
		}
	}
	return nil
}

func readKeys(dir string) (all []keyFile, err error) {
	err = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || isPassing(d.Name()) {
			return err
		}
		text, err := os.ReadFile(at)
		rest, _ := filepath.Rel(dir, at) // it is below
		all = append(all, keyFile{filepath.ToSlash(rest), text})
		return err
	})
	return all, err
}

func (h Home) writeBuckets(b *writer) error {
	dir, err := realDir(filepath.Join(h.Dir, bucketsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := b.dir(bucketsName); err != nil {
		return err
	}
	return b.tree(bucketsName, dir, func(name string) bool { // no bucket's name begins with a dot
		return strings.HasPrefix(name, bucketsName+"/.")
	})
}

// writeRest adds whatever else there is.
func (h Home) writeRest(b *writer) error {
	done := []string{recordsName, keysName, bucketsName, "lost+found"}
	return b.tree("", h.Dir, func(name string) bool {
		return slices.Contains(done, name) || !strings.Contains(name, "/") && isPassing(name)
	})
}

// isPassing tells whether a file is good for nothing once the processes are gone that
// use it: locks, drafts, and what SQLite has beside the records.
func isPassing(name string) bool {
	beside := strings.HasPrefix(name, recordsName+"-") || strings.HasPrefix(name, recordsName+".") || strings.HasPrefix(name, countsName+".")
	return beside || name == "lock" || strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, ".")
}
