package records

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// Snapshot writes the records as they are at one moment to a new file, for its owner
// only; it is not durable. Who reads or writes meanwhile is not kept waiting.
func (s *Store) Snapshot(ctx context.Context, path string) error {
	if s.server != nil {
		return fmt.Errorf("the records in %s are not copied like this: use the database's own means, such as pg_dump or its archive of changes", s.path)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // SQLite takes an empty file
	if err != nil {
		return fmt.Errorf("copy the records: %w", err)
	}
	if err := file.Close(); err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		os.Remove(path)
		return s.failed("copy the records to "+path, err)
	}
	return nil
}

// InUse tells whether a process has records open, this one too. Where there are none
// nobody has, and where they are on a network file system nobody can tell.
func InUse(ctx context.Context, path string) (bool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return false, err
	}
	if there, err := exists(path); !there || err != nil {
		return false, err
	}
	at := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	at.RawQuery = "_pragma=busy_timeout(0)&_pragma=locking_mode(exclusive)&_error_rc=1"
	db, err := sql.Open("sqlite", at.String())
	if err != nil {
		return false, err
	}
	defer db.Close()
	// Who has a database in WAL mode open holds a lock, which this mode must have alone.
	_, err = (&Store{db: db, path: path}).version(ctx)
	if c := code(err); c == codeBusy || c == codeLocked {
		return true, nil
	}
	return false, explain(path, err)
}

// Adopt makes a snapshot fit to be used where it lies. It refuses a file that is no
// database of signer, is damaged, or was made by a newer version.
func Adopt(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	s, _, err := attempt(ctx, path, "")
	if err != nil {
		return explain(path, err)
	}
	defer s.Close()
	if _, err := s.version(ctx); err != nil {
		return explain(path, err)
	}
	var sound string
	if err := s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&sound); err != nil {
		return explain(path, err)
	}
	if sound != "ok" {
		return fmt.Errorf("the records in %s are %w: %s", path, ErrCorrupt, sound)
	}
	_, err = s.db.ExecContext(ctx, "PRAGMA journal_mode = "+journalMode(filepath.Dir(path)))
	if err != nil {
		return explain(path, err)
	}
	return s.Close()
}
