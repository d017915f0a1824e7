package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"signer/pkg/durable"
)

// A home that is a file system of its own, such as a volume of a container, has a name
// that cannot be taken. There what is in the home is moved, one after the other, by a
// plan that is written down first: who dies on the way leaves the plan, nobody uses
// the home while it is there, and the next restore carries it out.

// plan is what remains to be done. Each step can be done again.
type plan struct {
	Before string   // the directory for what was there; "" if nothing was
	Former []string // what goes there
	Aside  string   // the directory with what was restored
}

const planName = ".signer-restoring"

// Unfinished tells whether a restore into a home has ended in the middle, so that
// nobody must use it before another restore has finished that.
func Unfinished(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, planName))
	return err == nil
}

// placeWithin moves what was restored into the home.
func (h Home) placeWithin(aside string) (before string, err error) {
	former, err := h.contents()
	if err != nil {
		return "", err
	}
	p := plan{Former: former, Aside: filepath.Base(aside)}
	if len(former) > 0 {
		before = h.former(filepath.Join(h.Dir, ownPrefix))
		p.Before = filepath.Base(before)
	}
	if err := h.writePlan(p); err != nil {
		return "", err
	}
	return before, h.carryOut(p)
}

// writePlan writes the plan down, durably.
func (h Home) writePlan(p plan) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(h.Dir, planName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close(), durable.Names(h.Dir)); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// finish carries out a plan whose maker is dead, if there is one. One that is torn was
// not begun.
func (h Home) finish() (finished bool, err error) {
	file := filepath.Join(h.Dir, planName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var p plan
	if json.Unmarshal(text, &p) != nil {
		return false, os.Remove(file)
	}
	lock, ok, err := lockDir(filepath.Join(h.Dir, p.Aside))
	if err == nil && !ok {
		return false, fmt.Errorf("%s: %w: it is being restored", h.Dir, ErrInUse)
	}
	defer lock.Close()
	return true, h.carryOut(p)
}

// carryOut does what the plan says and has not been done.
func (h Home) carryOut(p plan) error {
	if p.Before != "" {
		if err := h.moveFormer(p); err != nil {
			return err
		}
	}
	aside := filepath.Join(h.Dir, p.Aside)
	restored, err := (Home{Dir: aside}).contents()
	if err != nil {
		return err
	}
	for _, name := range restored {
		if err := os.Rename(filepath.Join(aside, name), filepath.Join(h.Dir, name)); err != nil {
			return err
		}
	}
	if err := errors.Join(durable.Names(h.Dir), os.RemoveAll(aside), os.Remove(filepath.Join(h.Dir, planName))); err != nil {
		return err
	}
	return durable.Names(h.Dir)
}

// moveFormer moves away what was there.
func (h Home) moveFormer(p plan) error {
	before := filepath.Join(h.Dir, p.Before)
	if err := os.Mkdir(before, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, name := range p.Former {
		from, to := filepath.Join(h.Dir, name), filepath.Join(before, name)
		if _, err := os.Lstat(to); err == nil {
			continue // what has the name now is what was restored
		}
		if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(durable.Names(before), durable.Names(h.Dir))
}
