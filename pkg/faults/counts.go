package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Counts counts calls in a file, so that many processes count together. It may be
// used by any number of goroutines and processes at once. When the plan changes,
// counting begins anew.
type Counts struct {
	Path string // beside it lies Path.lock
}

// counted is what the file says.
type counted struct {
	Plan   string         `json:"plan"` // the digest of the plan that is counted for
	Counts map[string]int `json:"counts"`
}

// next counts one more and returns how many there are.
func (c *Counts) next(ctx context.Context, plan *Plan, what string) (n int, err error) {
	err = c.locked(ctx, func() error {
		all, err := c.read(plan)
		if err != nil {
			return err
		}
		all.Counts[what]++
		n = all.Counts[what]
		return c.write(all)
	})
	return n, c.explain(err)
}

// count returns how many there are.
func (c *Counts) count(plan *Plan, what string) (int, error) {
	all, err := c.read(plan)
	return all.Counts[what], c.explain(err)
}

func (c *Counts) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the test mode cannot count in %s: %w", c.Path, err)
}

func (c *Counts) locked(ctx context.Context, f func() error) error {
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return err
	}
	lock := flock.New(c.Path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 2*time.Millisecond); err != nil {
		return err
	}
	return errors.Join(f(), lock.Close())
}

// read reads the counts. Those of another plan, or none that can be read, are none.
func (c *Counts) read(plan *Plan) (counted, error) {
	none := counted{Plan: plan.digest, Counts: map[string]int{}}
	text, err := os.ReadFile(c.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	var all counted
	if json.Unmarshal(text, &all) != nil || all.Plan != plan.digest || all.Counts == nil {
		return none, nil
	}
	return all, nil
}

// write replaces the file. It need not last as long as other files of a home: after
// a crash of the machine, tests begin anew.
func (c *Counts) write(all counted) error {
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(c.Path), filepath.Base(c.Path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), c.Path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
