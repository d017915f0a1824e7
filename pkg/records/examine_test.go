package records_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/records"
)

// files are the digests of all files in the directory of records, by name.
func files(t *testing.T, path string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(filepath.Dir(path), func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		sum := sha256.Sum256(text)
		all[d.Name()] = string(sum[:])
		return err
	}))
	return all
}

// look opens records to read them, and checks that they are sound and have the jobs.
func look(t *testing.T, path string, want ...string) *records.Store {
	t.Helper()
	s, err := records.OpenToRead(ctx, records.Config{Path: path})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	faults, err := s.Check(ctx)
	must(t, err)
	same(t, len(faults), 0)
	jobs, err := s.Oldest(ctx, records.OldestQuery{Partition: here, Limit: 99})
	must(t, err)
	same(t, jobIDs(jobs), want)
	return s
}

func TestOpenToReadChangesNothing(t *testing.T) {
	path := made(t)
	before := files(t, path)
	s := look(t, path, "1", "2", "3")
	current, err := s.Current(ctx)
	must(t, err)
	same(t, current, true)
	refused(t, s.AddProfile(ctx, profile(here, "next")), records.ErrReadOnly)
	_, err = s.Enlist()
	refused(t, err, records.ErrReadOnly)
	must(t, s.Close())
	same(t, files(t, path), before)

	_, err = records.OpenToRead(ctx, records.Config{Path: filepath.Join(filepath.Dir(path), "none")})
	refused(t, err, os.ErrNotExist)
	raw(t, path, "PRAGMA user_version = 99")
	_, err = records.OpenToRead(ctx, records.Config{Path: path})
	refused(t, err, records.ErrNewer)
	raw(t, path, "PRAGMA user_version = 1")
	s, err = records.OpenToRead(ctx, records.Config{Path: path})
	must(t, err)
	current, err = s.Current(ctx)
	must(t, errors.Join(err, s.Close()))
	same(t, current, false)
}

// Records in use, and those of a process that died, are read with their last changes.
func TestOpenToReadWhatIsInUse(t *testing.T) {
	path := made(t)
	user := openAt(t, path)
	addJob(t, user, job(here, "4"))
	s := look(t, path, "1", "2", "3", "4")
	addJob(t, user, job(here, "5"))
	jobs, err := s.Oldest(ctx, records.OldestQuery{Partition: here, Limit: 99})
	must(t, err)
	same(t, len(jobs), 5)

	died := made(t)
	c, out := start(t, "jobs", died)
	lines := bufio.NewScanner(out)
	for range 5 {
		lines.Scan()
	}
	c.Process.Kill()
	c.Wait()
	before := files(t, died)
	s, err = records.OpenToRead(ctx, records.Config{Path: died})
	must(t, err)
	faults, err := s.Check(ctx)
	must(t, err)
	same(t, len(faults), 0)
	must(t, s.Close())
	after := files(t, died)
	delete(before, "records.db-shm")
	delete(after, "records.db-shm")
	same(t, after, before)

	must(t, os.Remove(died+"-shm")) // as in a copy
	_, err = records.OpenToRead(ctx, records.Config{Path: died})
	says(t, err, nil, died+"-wal", "any command of signer takes them in")
}

func TestCheckFindsFaults(t *testing.T) {
	for _, tc := range []struct{ statement, want string }{
		{"DROP INDEX jobs_kind", "the index jobs_kind is missing"},
		{"DROP TABLE events", "the table events is missing"},
		{"ALTER TABLE policies ADD COLUMN more TEXT", "the table policies is not as it should be"},
		{"PRAGMA writable_schema = on; DELETE FROM sqlite_master WHERE name = 'jobs_newest'; PRAGMA writable_schema = reset", "jobs_newest is missing"},
	} {
		path := made(t)
		raw(t, path, tc.statement)
		s, err := records.OpenToRead(ctx, records.Config{Path: path})
		must(t, err)
		faults, err := s.Check(ctx)
		must(t, err)
		if !strings.Contains(strings.Join(faults, "\n"), tc.want) {
			t.Errorf("%s: got %q", tc.statement, faults)
		}
		must(t, s.Close())
	}
}

// Damage in any page is a fault, or of no account.
func TestCheckFindsDamagedPages(t *testing.T) {
	path := made(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	found := 0
	for page := 0; page < len(whole)/4096; page++ {
		broken := bytes.Clone(whole)
		copy(broken[page*4096:], bytes.Repeat([]byte{0xa5}, 4096))
		must(t, os.WriteFile(path, broken, 0o600))
		s, err := records.OpenToRead(ctx, records.Config{Path: path})
		if err != nil {
			says(t, err, records.ErrCorrupt, path)
			found++
			continue
		}
		faults, err := s.Check(ctx)
		must(t, err)
		if len(faults) > 0 {
			found++
		}
		must(t, s.Close())
	}
	if all := len(whole) / 4096; found < all {
		t.Errorf("of %d damaged pages %d were found", all, found)
	}
}

func TestLeftovers(t *testing.T) {
	path := made(t)
	c, out := start(t, "worker", path)
	lines := bufio.NewScanner(out)
	lines.Scan()
	name := lines.Text()
	s := look(t, path, "1", "2", "3")
	same(t, s.Dead(name), false)
	c.Process.Kill()
	c.Wait()
	same(t, s.Dead(name), true)
	must(t, os.WriteFile(path+".new-wal", nil, 0o600))
	found, err := records.Leftovers(records.Config{Path: path})
	must(t, err)
	same(t, found, []string{path + ".new-wal", filepath.Join(path+".workers", name)})
	same(t, s.Dead(name), true) // it is still there to be found dead
	same(t, s.Dead("w1"), true)
	same(t, s.Dead(""), true)
}
