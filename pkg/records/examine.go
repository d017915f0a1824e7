package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OpenToRead opens existing records, of this schema or an older one, to look at them
// and nothing else: it makes no file, brings nothing up to date, and sees what other
// processes write while it looks. If there are none it returns fs.ErrNotExist. (Of
// records in use, SQLite's -shm file may change, which holds nothing of its own.)
//
// Methods that write return ErrReadOnly. The caller closes the Store.
func OpenToRead(ctx context.Context, c Config) (*Store, error) {
	if c.URL != "" {
		return openServerToRead(ctx, c)
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	if err := ensure(ctx, path, true); err != nil {
		return nil, err
	}
	options, err := lookOptions(path)
	if err != nil {
		return nil, err
	}
	s, _, err := attempt(ctx, path, options)
	if err != nil {
		return nil, explain(path, err)
	}
	s.reading = true
	if _, err := s.version(ctx); err != nil {
		s.Close()
		return nil, explain(path, err)
	}
	return s, nil
}

// lookOptions are what keeps SQLite from making files.
func lookOptions(path string) (string, error) {
	_, err := os.Stat(path + "-shm")
	switch {
	case err == nil: // somebody uses it, or has died of it
		return "&mode=ro", nil
	case unwritten(path):
		return "&mode=ro&immutable=1", nil
	}
	return "", fmt.Errorf("the last changes of the records in %s lie in %[1]s-wal, as in a copy that was made while they were used: any command of signer takes them in", path)
}

// Current tells whether the records are of the newest schema, as Open makes them.
// The methods are for these.
func (s *Store) Current(ctx context.Context) (bool, error) {
	version, err := s.version(ctx)
	return version == schema, s.explain(err)
}

// manyFaults is how many faults of a database are told.
const manyFaults = 20

// Check looks for faults in the database: pages, indexes and rows that contradict
// each other, tables and indexes that are missing or not as they should be. It reads
// all of it. Each fault is a sentence without an end.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	if s.server != nil {
		wrong, err := s.checkServer(ctx)
		return wrong, s.explain(err)
	}
	found, err := gather(ctx, s.db, textFrom, fmt.Sprintf("PRAGMA integrity_check(%d)", manyFaults), nil)
	if code(err) == codeCorrupt {
		return []string{explain(s.path, err).Error()}, nil
	}
	if err != nil {
		return nil, explain(s.path, err)
	}
	faults := slices.DeleteFunc(found, func(line string) bool { return line == "ok" })
	wrong, err := s.checkSchema(ctx)
	return append(faults, wrong...), explain(s.path, err)
}

// checkSchema compares tables and indexes with those of new records.
func (s *Store) checkSchema(ctx context.Context) ([]string, error) {
	if current, err := s.Current(ctx); err != nil || !current {
		return nil, err
	}
	want, err := newSchema(ctx)
	if err != nil {
		return nil, err
	}
	have, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for name, definition := range want {
		switch found, ok := have[name]; {
		case !ok:
			wrong = append(wrong, name+" is missing")
		case found != definition:
			wrong = append(wrong, name+" is not as it should be")
		}
	}
	slices.Sort(wrong)
	return wrong, nil
}

// newSchema is what new records have, made in memory.
func newSchema(ctx context.Context) (map[string]string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	s := &Store{db: db}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	return s.tables(ctx)
}

// tables are the definitions of tables and indexes, in one form, by what they are.
func (s *Store) tables(ctx context.Context) (map[string]string, error) {
	rows, err := gather(ctx, s.db, definitionFrom, `SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`, nil)
	all := map[string]string{}
	for _, r := range rows {
		all["the "+r[0]+" "+r[1]] = strings.Join(strings.Fields(r[2]), " ")
	}
	return all, err
}

func definitionFrom(r row) (d [3]string, err error) {
	err = r.Scan(&d[0], &d[1], &d[2])
	return d, err
}

// Dead tells whether a worker lives no more, as [Store.Lives] does, but removes
// nothing of it. If that cannot be found out, it lives.
func (s *Store) Dead(worker string) bool {
	w := &s.workers
	w.mu.Lock()
	defer w.mu.Unlock()
	if worker == "" || worker == w.name || s.server != nil {
		return worker == ""
	}
	return dead(filepath.Join(w.dir, filepath.Base(worker)), leave)
}

// Leftovers are files that processes have left which died while they made records or
// worked on jobs. They harm nobody.
func Leftovers(c Config) ([]string, error) {
	if c.URL != "" {
		return nil, nil
	}
	var all []string
	if _, err := os.Stat(c.Path); err == nil { // else somebody may be making it
		for _, suffix := range []string{".new", ".new-journal", ".new-wal", ".new-shm"} {
			if _, err := os.Stat(c.Path + suffix); err == nil {
				all = append(all, c.Path+suffix)
			}
		}
	}
	dir := c.Path + ".workers"
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return all, err
	}
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); dead(path, leave) {
			all = append(all, path)
		}
	}
	return all, nil
}
