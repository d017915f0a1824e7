package backup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A restore into a home that has a place of its own can end after any step: nobody
// takes the home for a whole one then, and the next restore makes it one.
func TestWithinEndsAnywhere(t *testing.T) {
	old, restored := []string{"buckets", "keys", "records.db", "notes"}, []string{"buckets", "faults.yaml", "keys", "records.db"}
	steps := 1 + len(old) + len(restored) + 1
	for died := range steps + 1 {
		h := Home{Dir: t.TempDir()}
		aside, before := filepath.Join(h.Dir, asidePrefix+"1"), filepath.Join(h.Dir, ".signer-before-restore-1")
		mkdir(t, aside)
		touch(t, h.Dir, "old", old...)
		touch(t, aside, "new", restored...)
		if err := h.writePlan(plan{Before: filepath.Base(before), Former: old, Aside: filepath.Base(aside)}); err != nil {
			t.Fatal(err)
		}
		todo := []func() error{func() error { return os.Mkdir(before, 0o700) }}
		for _, name := range old {
			todo = append(todo, func() error { return os.Rename(filepath.Join(h.Dir, name), filepath.Join(before, name)) })
		}
		for _, name := range restored {
			todo = append(todo, func() error { return os.Rename(filepath.Join(aside, name), filepath.Join(h.Dir, name)) })
		}
		todo = append(todo, func() error { return os.Remove(aside) })
		for _, step := range todo[:died] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		if !Unfinished(h.Dir) {
			t.Errorf("after %d steps it is finished", died)
		}
		if finished, err := h.finish(); !finished || err != nil {
			t.Errorf("after %d steps: %v, %v", died, finished, err)
		}
		holds(t, h.Dir, "new", restored...)
		holds(t, before, "old", old...)
		if Unfinished(h.Dir) {
			t.Errorf("after %d steps it is not finished", died)
		}
	}
}

// A plan that was not written to its end changes nothing.
func TestTornPlan(t *testing.T) {
	h := Home{Dir: t.TempDir()}
	touch(t, h.Dir, "old", "records.db")
	if err := os.WriteFile(filepath.Join(h.Dir, planName), []byte(`{"Before": ".sig`), 0o600); err != nil {
		t.Fatal(err)
	}
	if finished, err := h.finish(); finished || err != nil || Unfinished(h.Dir) {
		t.Errorf("%v, %v", finished, err)
	}
	holds(t, h.Dir, "old", "records.db")
}

// A plan whose maker lives is left to it.
func TestPlanOfTheLiving(t *testing.T) {
	h := Home{Dir: t.TempDir()}
	touch(t, h.Dir, "old", "records.db")
	a, err := newAside(h.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.release()
	if err := h.writePlan(plan{Before: ".signer-b", Former: []string{"records.db"}, Aside: filepath.Base(a.dir)}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Restore(context.Background(), strings.NewReader(""), true); err == nil || !strings.Contains(err.Error(), ErrInUse.Error()) {
		t.Errorf("%v", err)
	}
	holds(t, h.Dir, "old", "records.db")
}

func TestPlaceWithin(t *testing.T) {
	h := Home{Dir: t.TempDir()}
	for _, text := range []string{"first", "second"} {
		a, err := newAside(h.Dir)
		if err != nil {
			t.Fatal(err)
		}
		touch(t, a.dir, text, "keys", "records.db")
		before, err := h.placeWithin(a.dir)
		if err != nil {
			t.Fatal(err)
		}
		a.release()
		holds(t, h.Dir, text, "keys", "records.db")
		if text == "second" {
			holds(t, before, "first", "keys", "records.db")
		} else if before != "" {
			t.Errorf("before: %s", before)
		}
	}
}

// What the dead have left is removed, what the living have is not.
func TestAsideIsSwept(t *testing.T) {
	dir := t.TempDir()
	dead, err := newAside(dir)
	if err != nil {
		t.Fatal(err)
	}
	dead.release()
	living, err := newAside(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer living.release()
	third, err := newAside(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer third.release()
	if _, err := os.Stat(dead.dir); err == nil {
		t.Error("what the dead have left is there")
	}
	if _, err := os.Stat(living.dir); err != nil {
		t.Error(err)
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

func touch(t *testing.T, dir, text string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// holds finds out whether a directory has these files with this text, and no others
// but those of a restore.
func holds(t *testing.T, dir, text string, names ...string) {
	t.Helper()
	there, err := (Home{Dir: dir}).contents()
	if err != nil || len(there) != len(names) {
		t.Errorf("%s holds %q, %v", dir, there, err)
	}
	for _, name := range names {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
