package records_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"signer/pkg/records"
)

// A snapshot is of one moment, whoever writes meanwhile: of jobs that are added one
// after the other it has all up to one.
func TestSnapshotWhileOthersWrite(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, filepath.Join(dir, "records.db"))
	must(t, s.AddProfile(ctx, profile(here, "web")))
	var added, stop atomic.Int64
	done := make(chan error)
	go func() {
		for i := 0; stop.Load() == 0; i++ {
			if _, _, err := s.AddJob(ctx, job(here, fmt.Sprint("job", i))); err != nil {
				done <- err
				return
			}
			added.Store(int64(i + 1))
		}
		done <- nil
	}()
	for n := range 3 {
		before := added.Load()
		path := filepath.Join(dir, fmt.Sprint("copy", n, ".db"))
		must(t, s.Snapshot(ctx, path))
		after := added.Load() + 1
		must(t, records.Adopt(ctx, path))
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%v", info.Mode())
		}
		c := openAt(t, path)
		last := int64(0)
		for ; ; last++ {
			if _, err := c.Job(ctx, here, fmt.Sprint("job", last)); err != nil {
				break
			}
		}
		all, err := c.Jobs(ctx, records.JobQuery{Partition: here, Limit: 1 << 30})
		must(t, err)
		if int64(len(all)) != last || last < before || last > after {
			t.Errorf("%d jobs, the first %d of them in order; there were from %d to %d", len(all), last, before, after)
		}
	}
	stop.Store(1)
	must(t, <-done)
}

func TestSnapshotIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, filepath.Join(dir, "records.db"))
	path := filepath.Join(dir, "precious")
	must(t, os.WriteFile(path, []byte("precious"), 0o600))
	if err := s.Snapshot(ctx, path); !errors.Is(err, os.ErrExist) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestAdoptRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "records.db")
	openAt(t, path).Close()
	whole, err := os.ReadFile(path)
	must(t, err)
	torn := filepath.Join(dir, "torn.db")
	must(t, os.WriteFile(torn, whole[:len(whole)/2], 0o600))
	text := filepath.Join(dir, "text.db")
	must(t, os.WriteFile(text, []byte("not a database at all, but long enough to be taken for one"), 0o600))
	newer := made(t)
	raw(t, newer, "PRAGMA user_version = 99")
	for path, want := range map[string]error{torn: records.ErrCorrupt, text: records.ErrCorrupt, newer: records.ErrNewer} {
		if err := records.Adopt(ctx, path); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	expect := func(what string, want bool) {
		t.Helper()
		if got, err := records.InUse(ctx, path); got != want || err != nil {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	expect("none", false)
	s := openAt(t, path)
	expect("open", true)
	must(t, s.AddProfile(ctx, profile(here, "web")))
	expect("written to", true)
	must(t, s.Close())
	expect("closed", false)
	s = openAt(t, path)
	if _, err := s.Profile(ctx, here, "web"); err != nil {
		t.Error(err)
	}
	expect("open again", true)
}
