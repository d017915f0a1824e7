package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Config says where the records are.
type Config struct {
	// Path is the database file. Beside it lie Path.lock, which is held while the
	// database is made or changed in form, Path.workers, where the processes that
	// work on jobs have their locks, and SQLite's own Path-wal and Path-shm.
	Path string

	// URL, if it is not empty, is that of a PostgreSQL database, which takes the place
	// of the file: postgres://USER:PASSWORD@HOST:PORT/DATABASE, with the options of
	// libpq such as ?sslmode=verify-full, or ?search_path=NAME for a schema.
	URL string

	// Existing makes no records where there are none: Open returns fs.ErrNotExist.
	Existing bool
}

// Where is where the records are, as people may read it: nothing secret of a URL is
// in it.
func (c Config) Where() (string, error) {
	if c.URL == "" {
		return c.Path, nil
	}
	at, err := newServer(c.URL)
	if err != nil {
		return "", err
	}
	return at.name(), nil
}

// application marks a file as ours, "SGNR" in SQLite's application_id.
const application = 0x53474e52

// connections is how many statements one process runs at once. Each has pages of
// its own in memory, two megabytes at most.
const connections = 8

// Open opens the records, and makes them when there are none: the file for its
// owner only, and the directories above it likewise. Any number of processes may
// do so at once. Records made by an older version of this package are brought up
// to date; those of a newer one are refused with ErrNewer.
//
// What cannot be written can be read, and every writing method returns
// ErrReadOnly. (Only a copy of records that were in use, without their -shm file,
// has to be written to be read.)
//
// The caller closes the Store.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.URL != "" {
		return openServer(ctx, c)
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	if err := ensure(ctx, path, c.Existing); err != nil {
		return nil, err
	}
	s, err := connect(ctx, path)
	if err != nil {
		return nil, explain(path, err)
	}
	if err := s.update(ctx); err != nil {
		s.Close()
		return nil, explain(path, err)
	}
	return s, nil
}

// connect opens an existing file in the way that suits it.
func connect(ctx context.Context, path string) (*Store, error) {
	s, journal, err := attempt(ctx, path, "")
	switch c := code(err); {
	case err == nil && journal == "delete": // not in WAL mode, see journalMode
		s.Close()
		s, _, err = attempt(ctx, path, "&_pragma=journal_mode(truncate)")
	case (c == codeCantOpen || c == codeReadOnly) && unwritten(path):
		// SQLite makes a small file beside the database even for reading, except
		// when it is told that nobody can write.
		if t, _, still := attempt(ctx, path, "&mode=ro&immutable=1"); still == nil {
			return t, nil
		}
	}
	return s, err
}

// attempt opens the file once, which reads its first page.
func attempt(ctx context.Context, path, options string) (s *Store, journal string, err error) {
	at := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	at.RawQuery = "_pragma=busy_timeout(30000)&_pragma=synchronous(full)&_txlock=immediate&_error_rc=1" + options
	db, err := sql.Open("sqlite", at.String())
	if err != nil {
		return nil, "", err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		db.Close()
		return nil, "", err
	}
	return &Store{db: db, path: path, writing: make(chan struct{}, 1), workers: workers{dir: path + ".workers"}}, journal, nil
}

// unwritten tells whether all of the database is in its file.
func unwritten(path string) bool {
	wal, err := os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist) || err == nil && wal.Size() == 0
}

// ensure makes the database unless it is there, or has to be.
func ensure(ctx context.Context, path string, existing bool) error {
	switch there, err := exists(path); {
	case err != nil:
		return err
	case there:
		return nil
	case existing:
		return fmt.Errorf("there are no records in %s: %w", path, fs.ErrNotExist)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make a place for the records: %w", err)
	}
	return locked(ctx, path, func() error {
		if there, err := exists(path); there || err != nil {
			return err // another process made it while we waited
		}
		return create(ctx, path)
	})
}

// exists tells whether there is a database. A file of no bytes is none: that is
// what a crash of the machine may leave of a file that was never used.
func exists(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return false, fmt.Errorf("the records should be in the file %s, which is a directory: move it away", path)
	case err == nil:
		return info.Size() > 0, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return false, fmt.Errorf("the records: %w", err)
}
