package records_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/records"
)

// made returns the path of records with some jobs in them.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records.db")
	s := openAt(t, path)
	must(t, s.AddProfile(ctx, profile(here, "web")))
	for _, id := range []string{"1", "2", "3"} {
		addJob(t, s, job(here, id))
	}
	must(t, s.Close())
	return path
}

// says checks that err is of the kind want and tells a person each of the words.
func says(t *testing.T, err, want error, words ...string) {
	t.Helper()
	if want != nil {
		refused(t, err, want)
	}
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v\ndoes not say %q", err, word)
		}
	}
}

func openError(t *testing.T, path string) error {
	t.Helper()
	s, err := records.Open(ctx, records.Config{Path: path})
	if err == nil {
		s.Close()
		t.Fatal("it opens")
	}
	return err
}

// raw does something to a database that this package never does.
func raw(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec(statement)
	must(t, errors.Join(err, db.Close()))
}

func TestNewerSchema(t *testing.T) {
	path := made(t)
	raw(t, path, "PRAGMA user_version = 99")
	says(t, openError(t, path), records.ErrNewer, path, "made by a newer version of signer (schema 99, this program knows ", "): update signer")
}

func TestUnfinishedUpdate(t *testing.T) {
	path := made(t)
	raw(t, path, "PRAGMA user_version = 0") // as when a process is killed after the last migration
	jobs, err := openAt(t, path).Jobs(ctx, records.JobQuery{Partition: here, Limit: 9})
	must(t, err)
	same(t, jobIDs(jobs), []string{"3", "2", "1"})
}

func TestNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	must(t, os.WriteFile(path, bytes.Repeat([]byte("not a database\n"), 999), 0o600))
	says(t, openError(t, path), records.ErrCorrupt, path, "move it away")

	path = filepath.Join(t.TempDir(), "records.db")
	raw(t, path, "CREATE TABLE theirs (id)")
	says(t, openError(t, path), records.ErrCorrupt, path, "another program")

	path = t.TempDir()
	says(t, openError(t, path), nil, path, "is a directory")

	path = filepath.Join(made(t), "records.db") // beneath a file
	says(t, openError(t, path), nil, path)
}

func TestEmptyFileIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, openAt(t, path).AddProfile(ctx, profile(here, "web")))
}

func TestExistingMakesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home", "records.db")
	_, err := records.Open(ctx, records.Config{Path: path, Existing: true})
	refused(t, err, os.ErrNotExist)
	_, err = os.Stat(filepath.Dir(path))
	refused(t, err, os.ErrNotExist)
	openAt(t, path)
	s, err := records.Open(ctx, records.Config{Path: path, Existing: true})
	must(t, err)
	must(t, s.Close())
}

// Damage in any page ends in an error that names the file, or in records that
// are right, never in a panic.
func TestDamagedPages(t *testing.T) {
	path := made(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	refusals := 0
	for page := 0; page < len(whole)/4096; page++ {
		broken := bytes.Clone(whole)
		copy(broken[page*4096:], bytes.Repeat([]byte{0xa5}, 4096))
		must(t, os.WriteFile(path, broken, 0o600))
		if err := use(path); err != nil {
			refusals++
			says(t, err, records.ErrCorrupt, path)
		}
	}
	if refusals < 3 {
		t.Errorf("only %d damaged pages were noticed", refusals)
	}
	must(t, os.WriteFile(path, whole[:len(whole)/2], 0o600))
	says(t, use(path), records.ErrCorrupt, path)
}

// use reads and writes the records.
func use(path string) error {
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Jobs(ctx, records.JobQuery{Partition: here, Limit: 9}); err != nil {
		return err
	}
	if _, err := s.Profile(ctx, here, "web"); err != nil && !errors.Is(err, records.ErrNotFound) {
		return err
	}
	return s.AddProfile(ctx, profile(here, "next"))
}

func TestOrphanedChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	must(t, os.WriteFile(path+"-wal", []byte("changes"), 0o600))
	says(t, openError(t, path), nil, path+"-wal holds the last changes")
}

// On file systems without shared memory the records are kept in the other way,
// which must stay as it is.
func TestWithoutWAL(t *testing.T) {
	path := made(t)
	raw(t, path, "PRAGMA journal_mode = delete")
	s := openAt(t, path)
	must(t, s.AddProfile(ctx, profile(here, "next")))
	_, err := os.Stat(path + "-wal")
	refused(t, err, os.ErrNotExist)
	if _, err := os.Stat(path + "-journal"); err != nil {
		t.Errorf("the journal is not kept for the next change: %v", err)
	}
}
