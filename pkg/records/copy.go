package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrDiffers says that two databases that should hold the same do not.
var ErrDiffers = errors.New("they do not hold the same")

// tables are all that records are made of, each with its primary key. The files of keys
// are not among them: those are copied by whom they belong to.
func tables() []table {
	return []table{
		{"profiles", []string{"account", "region", "name"}},
		{"policies", []string{"account", "region", "profile"}},
		{"taken_names", []string{"account", "region", "name"}},
		{"access_keys", []string{"id"}},
		{"jobs", []string{"id"}},
		{"events", []string{"id"}},
	}
}

// table is a table, read in the order of its primary key.
type table struct {
	name string
	key  []string
}

// copiedAtOnce is how many rows one transaction copies.
const copiedAtOnce = 300

// insertedAtOnce is how many of them one statement inserts: SQLite takes longer for each
// parameter the more of them there are.
const insertedAtOnce = 20

// Copied is how many rows a table has that were copied, or were there before.
type Copied struct {
	Table string
	Rows  int
}

// Copy copies all records from one Store to another, which may be of another engine, and
// then compares all of them: ErrDiffers if there is a difference, for the other had
// records of its own, or somebody changes one of them meanwhile. What was copied before
// is not copied again, so that a copy that was interrupted can be gone on with. The
// source is only read.
//
// Where objects were copied, too, moves say what their versions are called now, and the
// other's jobs name them so; nil: objects are where they were.
func (s *Store) Copy(ctx context.Context, to *Store, moves *Moves) ([]Copied, error) {
	for _, t := range tables() {
		if err := s.copyTable(ctx, to, t, moves); err != nil {
			return nil, fmt.Errorf("copy %s: %w", t.name, err)
		}
	}
	if err := to.count(ctx); err != nil {
		return nil, err
	}
	var all []Copied
	for _, t := range tables() {
		n, err := s.compareTable(ctx, to, t, moves)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.name, err)
		}
		all = append(all, Copied{t.name, n})
	}
	return all, nil
}

// count has PostgreSQL count what is in its tables. Until it has, it takes them for empty,
// and its plans for lists of many rows are bad ones.
func (s *Store) count(ctx context.Context) error {
	if s.server == nil {
		return nil
	}
	for _, t := range tables() {
		if _, err := s.db.ExecContext(ctx, "ANALYZE "+t.name); err != nil {
			return s.explain(err)
		}
	}
	return nil
}

// page is some rows of a table.
type page struct {
	columns []string
	rows    [][]any
}

// last is the primary key of the last row.
func (p page) last(t table) []any {
	var key []any
	for _, name := range t.key {
		key = append(key, p.rows[len(p.rows)-1][slices.Index(p.columns, name)])
	}
	return key
}

// page reads the rows that follow a primary key; nil is before the first.
func (s *Store) page(ctx context.Context, t table, after []any) (p page, err error) {
	var c conditions
	query := "SELECT * FROM " + t.name
	if after != nil {
		query += c.place(" WHERE ("+strings.Join(t.key, ", ")+") > ("+marks(len(t.key))+")", after...)
	}
	rows, err := s.calm().QueryContext(ctx, query+" ORDER BY "+strings.Join(t.key, ", ")+c.place(" LIMIT ?", copiedAtOnce), c.args...)
	if err != nil {
		return p, s.explain(err)
	}
	defer rows.Close()
	if p.columns, err = rows.Columns(); err != nil {
		return p, s.explain(err)
	}
	for rows.Next() {
		row, into := make([]any, len(p.columns)), make([]any, len(p.columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return p, s.explain(err)
		}
		if at := slices.Index(p.columns, "revoked"); at >= 0 { // the only truth value, which SQLite keeps as a number
			row[at] = row[at] == true || row[at] == int64(1)
		}
		p.rows = append(p.rows, row)
	}
	return p, s.explain(rows.Err())
}

func (s *Store) copyTable(ctx context.Context, to *Store, t table, moves *Moves) error {
	for after := []any(nil); ; {
		p, err := s.page(ctx, t, after)
		if err != nil || len(p.rows) == 0 {
			return err
		}
		after = p.last(t)
		if err := moves.translate(ctx, t, p); err != nil {
			return err
		}
		have, err := to.has(ctx, t, p)
		if err != nil {
			return err
		}
		if have {
			continue
		}
		err = to.change(ctx, sql.LevelDefault, func(tx *sql.Tx) error { return t.insert(ctx, tx, p) })
		if err != nil {
			return to.explain(err)
		}
	}
}

// has tells whether the last row of a page is there. Then those before it are.
func (s *Store) has(ctx context.Context, t table, p page) (bool, error) {
	var c conditions
	c.and("("+strings.Join(t.key, ", ")+") = ("+marks(len(t.key))+")", p.last(t)...)
	found, err := gather(ctx, s.calm(), numberFrom, "SELECT 1 FROM "+t.name+" WHERE "+c.String(), c.args)
	return len(found) > 0, s.explain(err)
}

func (t table) insert(ctx context.Context, tx *sql.Tx, p page) error {
	for rows := range slices.Chunk(p.rows, insertedAtOnce) {
		var c conditions
		var values []string
		for _, row := range rows {
			values = append(values, c.place("("+marks(len(row))+")", row...))
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO "+t.name+" ("+strings.Join(p.columns, ", ")+") VALUES "+strings.Join(values, ", ")+" ON CONFLICT DO NOTHING", c.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// compareTable compares all rows, and counts them.
func (s *Store) compareTable(ctx context.Context, to *Store, t table, moves *Moves) (n int, err error) {
	for after := []any(nil); ; {
		ours, err := s.page(ctx, t, after)
		if err == nil {
			err = moves.translate(ctx, t, ours)
		}
		if err != nil {
			return n, err
		}
		theirs, err := to.page(ctx, t, after)
		if err != nil {
			return n, err
		}
		for i := range max(len(ours.rows), len(theirs.rows)) {
			if i >= len(ours.rows) || i >= len(theirs.rows) || !slices.Equal(ours.rows[i], theirs.arranged(ours.columns, i)) {
				return n, fmt.Errorf("row %d of %s in %s and in %s: %w: the new place had records before (then give an empty one), or one of them is in use", n+i+1, t.name, s.path, to.path, ErrDiffers)
			}
		}
		n += len(ours.rows)
		if len(ours.rows) == 0 {
			return n, nil
		}
		after = ours.last(t)
	}
}

// arranged is a row in the order of other columns.
func (p page) arranged(columns []string, i int) []any {
	row := make([]any, len(columns))
	for k, name := range columns {
		if at := slices.Index(p.columns, name); at >= 0 {
			row[k] = p.rows[i][at]
		}
	}
	return row
}
