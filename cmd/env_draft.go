package cmd

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"signer/pkg/durable"
)

// draftFile is a file that nobody sees before it has its place.
type draftFile struct {
	*os.File
	path  string // its place
	aside string // its name until then; "" if it has none
	dirs  *dirSyncs

	written, begun int64 // bytes; how many of them are on their way to the disk
}

// wayBehind is how much is written before the system is told to begin with it.
const wayBehind = 8 << 20

// Write has what is written brought to the disk meanwhile, so that Sync has little
// to wait for.
func (d *draftFile) Write(p []byte) (int, error) {
	n, err := d.File.Write(p)
	d.written += int64(n)
	if d.written-d.begun >= wayBehind {
		beginSync(d.File, d.begun, d.written-d.begun)
		d.begun = d.written
	}
	return n, err
}

// drafts returns how drafts are made in this process. Many that get their places in
// one directory share what makes that durable.
func drafts() func(path string) (*draftFile, error) {
	dirs := &dirSyncs{dirs: map[string]*dirTurns{}}
	return func(path string) (*draftFile, error) {
		f, err := unnamedFile(filepath.Dir(path))
		if err == nil {
			return &draftFile{File: f, path: path, dirs: dirs}, nil
		}
		if f, err = os.OpenFile(besides(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
			return nil, err
		}
		return &draftFile{File: f, path: path, aside: f.Name(), dirs: dirs}, nil
	}
}

// besides is a name for a file that is to get the place path.
func besides(path string) string { return filepath.Join(filepath.Dir(path), ".signer-"+rand.Text()) }

// Place gives the draft its place, durably. If something has it already that is
// fs.ErrExist, and nothing is changed.
func (d *draftFile) Place() error {
	link := os.Link
	if d.aside == "" {
		link = func(_, path string) error { return nameFile(d.File, path) }
	}
	err := link(d.aside, d.path)
	if err != nil && !errors.Is(err, fs.ErrExist) && d.aside != "" {
		err = d.rename() // not every file system has links
	}
	if err != nil {
		return err
	}
	return d.dirs.sync(filepath.Dir(d.path))
}

func (d *draftFile) rename() error {
	if _, err := os.Lstat(d.path); err == nil {
		return &fs.PathError{Op: "rename", Path: d.path, Err: fs.ErrExist}
	}
	err := os.Rename(d.aside, d.path)
	if err == nil {
		d.aside = ""
	}
	return err
}

// Discard closes the draft and takes its other name away.
func (d *draftFile) Discard() error {
	if d.aside != "" {
		return errors.Join(d.Close(), os.Remove(d.aside))
	}
	return d.Close()
}

// dirSyncs lets those who want a directory durable at one time share the work.
type dirSyncs struct {
	mu   sync.Mutex
	dirs map[string]*dirTurns
}

// dirTurns are those of one directory: while it is made durable for some, others
// gather for the next time.
type dirTurns struct {
	turn sync.Mutex
	mu   sync.Mutex
	next *dirSync // has not begun; nil: nobody waits
}

// dirSync is one time that a directory is made durable.
type dirSync struct {
	done bool
	err  error
}

// sync makes durable what happened to the entries of a directory before.
func (d *dirSyncs) sync(dir string) error {
	turns := d.of(dir)
	mine := turns.join()
	turns.turn.Lock()
	defer turns.turn.Unlock()
	if !mine.done {
		turns.begin()
		mine.done, mine.err = true, durable.Names(dir)
	}
	return mine.err
}

func (d *dirSyncs) of(dir string) *dirTurns {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs[dir] == nil {
		d.dirs[dir] = new(dirTurns)
	}
	return d.dirs[dir]
}

func (t *dirTurns) join() *dirSync {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = new(dirSync)
	}
	return t.next
}

// begin makes those who come from now on wait for another time.
func (t *dirTurns) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = nil
}
