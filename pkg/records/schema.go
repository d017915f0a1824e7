package records

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"

	"signer/pkg/durable"
)

// schema is the number of the last migration. The file carries it as its
// user_version, so that a program that finds it there need not look further:
// that takes microseconds, where asking the migrations takes a millisecond.
const schema = 8

//go:embed migrations/*.sql
var migrations embed.FS

// update brings an open database up to date.
func (s *Store) update(ctx context.Context) error {
	switch version, err := s.version(ctx); {
	case err != nil:
		return err
	case version == schema:
		return nil
	}
	return locked(ctx, s.path, func() error {
		version, err := s.version(ctx)
		if err != nil || version == schema {
			return err // another process did it while we waited
		}
		return s.migrate(ctx)
	})
}

// version returns the schema that the database has, if this program knows it.
func (s *Store) version(ctx context.Context) (int, error) {
	if s.server != nil {
		return s.serverVersion(ctx)
	}
	var mark, version int
	if err := s.db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&mark); err != nil {
		return 0, err
	}
	if mark != application {
		return 0, fmt.Errorf("the records in %s are %w: another program's database: choose another place or move it away", s.path, ErrCorrupt)
	}
	if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, err
	}
	if version > schema {
		return 0, fmt.Errorf("the records in %s were %w (schema %d, this program knows %d): update signer", s.path, ErrNewer, version, schema)
	}
	return version, nil
}

// migrate runs the migrations that have not been run. It must not run twice at
// once: goose does not guard SQLite against that.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	steps, err := goose.NewProvider(goose.DialectSQLite3, s.db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := steps.Up(ctx); err != nil {
		return fmt.Errorf("bring the records to schema %d: %w", schema, err)
	}
	_, err = s.db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schema))
	return err
}

// create makes a database aside and puts it in its place when it is whole, so
// that nobody ever meets a part of one.
func create(ctx context.Context, path string) error {
	if !unwritten(path) {
		return fmt.Errorf("%s-wal holds the last changes of records that are gone: put %[1]s back, or move %[1]s-wal away", path)
	}
	aside := path + ".new"
	if err := discard(aside); err != nil {
		return err
	}
	defer discard(aside)
	if err := build(ctx, aside); err != nil {
		return fmt.Errorf("make the records: %w", explain(path, err))
	}
	if err := os.Rename(aside, path); err != nil {
		return fmt.Errorf("make the records: %w", err)
	}
	return durable.Names(filepath.Dir(path))
}

// build makes a whole database in a new file, durably.
func build(ctx context.Context, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	s, _, err := attempt(ctx, path, "&_pragma=synchronous(off)")
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", application)); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = "+journalMode(filepath.Dir(path))); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	return flush(path)
}

// journalMode chooses how changes reach the database. In WAL mode a writer
// keeps no reader waiting, but it takes memory that all processes share, which
// network file systems do not offer.
func journalMode(dir string) string {
	if remote(dir) {
		return "truncate"
	}
	return "wal"
}

// locked runs f while no other process runs one for the same database.
func locked(ctx context.Context, path string, f func() error) error {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock the records: %w", err)
	}
	defer lock.Unlock()
	return f()
}

// discard removes what there is of a database.
func discard(path string) error {
	var all error
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// flush makes a file's contents durable. (Windows flushes only what is open to be
// written.)
func flush(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
