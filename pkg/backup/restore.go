package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"signer/pkg/durable"
)

// Restored is what became of a home.
type Restored struct {
	Summary
	Before string // where what was there before is now; "" if nothing was
}

// What keeps a home from being restored.
var (
	ErrNotEmpty = errors.New("there is a home already")
	ErrInUse    = errors.New("a process uses the home")
)

// Files that a restore has in a home, or beside one.
const (
	ownPrefix   = ".signer-"
	asidePrefix = ".signer-restore-"
)

// Restore makes a home of a backup. The backup is taken apart beside it, held to its
// checksum and made durable; only then does it take the home's place, which must be
// empty, or is to be replaced: what was there is then kept under another name, and
// nobody may be using it.
//
// The home takes its place in one step. Where it is a file system of its own, or
// nobody may write beside it, it cannot: then what is in it does, one by one, and
// [Unfinished] is true of it until all has. If a restore fails before that, or its
// process dies, the home is what it was, and at most a directory is left whose name
// begins with ".signer-restore-", which the next restore removes.
func (h Home) Restore(ctx context.Context, r io.Reader, replace bool) (Restored, error) {
	if err := h.resolve(); err != nil {
		return Restored{}, err
	}
	finished, err := h.finish()
	if err != nil {
		return Restored{}, fmt.Errorf("finish what another restore has begun: %w", err)
	}
	if err := h.free(ctx, replace); err != nil {
		if finished {
			err = fmt.Errorf("%w; what another restore had begun is complete now", err)
		}
		return Restored{}, err
	}
	aside, err := h.beside()
	if err != nil {
		return Restored{}, err
	}
	defer aside.release()
	done, err := h.unpack(ctx, r, aside.dir)
	if err != nil {
		return Restored{}, errors.Join(err, os.RemoveAll(aside.dir))
	}
	before, err := h.place(ctx, aside, replace)
	return Restored{done, before}, err
}

// resolve finds out where the home is, which may be reached by a link.
func (h *Home) resolve() error {
	dir, err := filepath.EvalSymlinks(h.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		dir, err = h.Dir, nil
	}
	if err != nil {
		return err
	}
	h.Dir, err = filepath.Abs(dir)
	return err
}

// free finds out whether the home's place can be taken.
func (h Home) free(ctx context.Context, replace bool) error {
	contents, err := h.contents()
	if err != nil || len(contents) == 0 {
		return err
	}
	if !replace {
		return fmt.Errorf("%s: %w", h.Dir, ErrNotEmpty)
	}
	// Where that cannot be found out the records are damaged, which is why they are replaced.
	if used, _ := h.InUse(ctx, filepath.Join(h.Dir, recordsName)); used {
		return fmt.Errorf("%s: %w", h.Dir, ErrInUse)
	}
	return ctx.Err()
}

// contents are the names of what is in the home but for a restore's own files. It
// need not exist.
func (h Home) contents() ([]string, error) {
	entries, err := os.ReadDir(h.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ownPrefix) && e.Name() != "lost+found" {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// asideDir is where a backup is taken apart, locked as long as somebody does.
type asideDir struct {
	dir    string
	lock   *flock.Flock
	within bool // it is in the home
}

func (a *asideDir) release() { a.lock.Close() } // nothing depends on it

// beside makes a directory from which a rename leads to the home's place: next to it,
// or within it where that cannot be.
func (h Home) beside() (*asideDir, error) {
	parent := filepath.Dir(h.Dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	a, err := newAside(parent)
	if _, missing := os.Stat(h.Dir); missing != nil || err == nil && h.near(a.dir) {
		return a, err
	}
	if err == nil {
		a.release()
		os.Remove(a.dir) // else the next restore does
	}
	a, err = newAside(h.Dir)
	if err == nil {
		a.within = true
	}
	return a, err
}

// near tells whether what is beside the home can be moved to it.
func (h Home) near(aside string) bool {
	inside := filepath.Join(h.Dir, filepath.Base(aside))
	return os.Rename(aside, inside) == nil && os.Rename(inside, aside) == nil
}

// newAside makes a directory in another, after removing those whose makers are dead.
func newAside(parent string) (*asideDir, error) {
	left, _ := filepath.Glob(filepath.Join(parent, asidePrefix+"*")) // what cannot be found harms nobody
	for _, dir := range left {
		if lock, ok, _ := lockDir(dir); ok {
			os.RemoveAll(dir) // nor does what cannot be removed
			lock.Close()
		}
	}
	dir, err := os.MkdirTemp(parent, asidePrefix) // which makes it 0700
	if err != nil {
		return nil, err
	}
	lock, _, _ := lockDir(dir) // where directories have no locks none is removed
	return &asideDir{dir: dir, lock: lock}, nil
}

// lockDir locks a directory. It is not ok if another process has.
func lockDir(dir string) (lock *flock.Flock, ok bool, err error) {
	lock = flock.New(dir, flock.SetFlag(os.O_RDONLY))
	ok, err = lock.TryLock()
	return lock, ok, err
}

// unpack takes the backup apart and makes it durable.
func (h Home) unpack(ctx context.Context, r io.Reader, dir string) (Summary, error) {
	done, err := extract(ctx, r, dir)
	if err != nil {
		return done, err
	}
	records := filepath.Join(dir, recordsName)
	if _, err := os.Stat(records); err == nil {
		if err := h.Adopt(ctx, records); err != nil {
			return done, err
		}
	}
	return done, syncTree(dir)
}

// former is a name for what was there before, with the time in it.
func (h Home) former(prefix string) string {
	prefix += "before-restore-" + h.now().UTC().Format("20060102T150405Z")
	name := prefix
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s-%d", prefix, n)
	}
}

// place gives the home what was restored. Somebody may have been faster.
func (h Home) place(ctx context.Context, a *asideDir, replace bool) (before string, err error) {
	err = h.free(ctx, replace)
	switch {
	case err != nil:
		return "", errors.Join(err, os.RemoveAll(a.dir))
	case a.within:
		before, err = h.placeWithin(a.dir)
	default:
		before, err = h.placeWhole(a.dir)
	}
	if err != nil {
		err = fmt.Errorf("what was restored could not take its place: %w", err)
	}
	return before, err
}

// placeWhole gives what was restored the home's name, and what has that another.
func (h Home) placeWhole(aside string) (before string, err error) {
	parent := filepath.Dir(h.Dir)
	err = os.Remove(h.Dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) { // there was nothing, or nothing in it
		return "", errors.Join(os.Rename(aside, h.Dir), durable.Names(parent))
	}
	before = h.former(h.Dir + ".")
	if err := os.Rename(aside, before); err != nil { // or a sweep could remove what was there
		return "", err
	}
	err = swap(before, h.Dir)
	if errors.Is(err, errors.ErrUnsupported) {
		err = h.turn(before)
	}
	return before, errors.Join(err, durable.Names(parent))
}

// turn exchanges the home for another directory where the system cannot do that in one
// step.
func (h Home) turn(other string) error {
	between := h.former(h.Dir + ".")
	for _, move := range [][2]string{{h.Dir, between}, {other, h.Dir}, {between, other}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			return err
		}
	}
	return nil
}
