package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Moves are the ids that versions of objects have got where the objects were copied to.
// There may be millions: they are kept in a temporary file without a name, which is gone
// when Moves are closed or the process ends. Methods may be called by several goroutines
// at once.
type Moves struct {
	mu       sync.Mutex
	db       *sql.DB
	add, get *sql.Stmt
}

// NewMoves returns Moves of nothing. The caller closes them.
func NewMoves(ctx context.Context) (m *Moves, err error) {
	m = &Moves{}
	if m.db, err = sql.Open("sqlite", "file:?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=cache_size(-8192)"); err != nil {
		return nil, err
	}
	m.db.SetMaxOpenConns(1) // each has a file of its own
	_, err = m.db.ExecContext(ctx, `CREATE TABLE moves (bucket TEXT, object TEXT, old TEXT, new TEXT NOT NULL, PRIMARY KEY (bucket, object, old)) WITHOUT ROWID`)
	if err == nil {
		m.add, err = m.db.PrepareContext(ctx, `INSERT INTO moves VALUES ($1, $2, $3, $4)`)
	}
	if err == nil {
		m.get, err = m.db.PrepareContext(ctx, `SELECT new FROM moves WHERE bucket = $1 AND object = $2 AND old = $3`)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a temporary file for ids of versions: %w", err), m.Close())
	}
	return m, nil
}

// Add remembers what a version is called now.
func (m *Moves) Add(ctx context.Context, o Object, version string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.add.ExecContext(ctx, o.Bucket, o.Key, o.Version, version); err != nil {
		return fmt.Errorf("remember the id of a version in a temporary file: %w", err)
	}
	return nil
}

// version returns what a version is called now. One that is not known to have moved is
// called as it was. A job that was signed into a bucket that kept no versions names none,
// and means the null version.
func (m *Moves) version(ctx context.Context, o Object) (string, error) {
	was := o.Version
	if was == "" {
		o.Version = "null"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var now string
	err := m.get.QueryRowContext(ctx, o.Bucket, o.Key, o.Version).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		return was, nil
	}
	return now, err
}

// Rename has the jobs of a Store name objects as they are called now, and returns how many
// have changed: all of them at once, or none. Done again it changes nothing.
func (s *Store) Rename(ctx context.Context, moves *Moves) (changed int, err error) {
	jobs := table{"jobs", []string{"id"}}
	err = s.change(ctx, sql.LevelDefault, func(tx *sql.Tx) error {
		changed = 0
		for after := []any(nil); ; {
			p, err := s.page(ctx, jobs, after)
			if err != nil || len(p.rows) == 0 {
				return err
			}
			after = p.last(jobs)
			before := p.clone()
			if err := moves.translate(ctx, jobs, p); err != nil {
				return err
			}
			n, err := p.rename(ctx, tx, before)
			if err != nil {
				return err
			}
			changed += n
		}
	})
	if err != nil {
		return 0, s.failed("have jobs name objects as they are called now", err)
	}
	return changed, nil
}

func (p page) clone() page {
	rows := make([][]any, len(p.rows))
	for i, row := range p.rows {
		rows[i] = slices.Clone(row)
	}
	return page{p.columns, rows}
}

// rename changes the jobs of a page that were not like this before.
func (p page) rename(ctx context.Context, tx *sql.Tx, before page) (changed int, err error) {
	id, source, signed := slices.Index(p.columns, "id"), slices.Index(p.columns, "source_version"), slices.Index(p.columns, "signed_version")
	for i, row := range p.rows {
		if slices.Equal(row, before.rows[i]) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE jobs SET source_version = $1, signed_version = $2 WHERE id = $3`, row[source], row[signed], row[id]); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// Close forgets them.
func (m *Moves) Close() error {
	var err error
	for _, s := range []*sql.Stmt{m.add, m.get} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return errors.Join(err, m.db.Close())
}

// translate has the jobs of a page name objects as they are called now.
func (m *Moves) translate(ctx context.Context, t table, p page) error {
	if m == nil || t.name != "jobs" {
		return nil
	}
	for _, which := range []string{"source", "signed"} {
		bucket, key, version := slices.Index(p.columns, which+"_bucket"), slices.Index(p.columns, which+"_key"), slices.Index(p.columns, which+"_version")
		for _, row := range p.rows {
			o := Object{fmt.Sprint(row[bucket]), fmt.Sprint(row[key]), fmt.Sprint(row[version])}
			if o.Bucket == "" {
				continue
			}
			now, err := m.version(ctx, o)
			if err != nil {
				return err
			}
			row[version] = now
		}
	}
	return nil
}
