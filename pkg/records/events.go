package records

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

// Event is something that happened to a job and that a log is to be told. It is
// recorded together with what happened, or not at all, and waits until it has been
// told: so none is lost, whenever a process dies.
type Event struct {
	ID   string // its own for ever
	Log  string // who is to be told
	At   time.Time
	Step int // of events of one moment, the one with the lower step comes first
	Text string
}

// happen is write of a statement that, if it changes anything, records the events that
// this is: both, or nothing.
func (s *Store) happen(ctx context.Context, events []Event, query string, args ...any) (changed int64, err error) {
	if len(events) == 0 {
		return s.write(ctx, query, args...)
	}
	tries := 0
	err = s.change(ctx, sql.LevelDefault, func(tx *sql.Tx) error {
		tries++
		done, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if changed, err = done.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		return insertEvents(ctx, tx, events)
	})
	return repeated(changed, tries, err)
}

func insertEvents(ctx context.Context, tx *sql.Tx, events []Event) error {
	for _, e := range events {
		_, err := tx.ExecContext(ctx, `INSERT INTO events (id, log, at, step, text) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO NOTHING`, e.ID, e.Log, e.At.UnixMicro(), e.Step, e.Text)
		if err != nil {
			return err
		}
	}
	return nil
}

// tellAtOnce is how many events one transaction tells.
const tellAtOnce = 200

// Tell gives the texts of the events that wait for a log to tell, oldest first, and
// forgets those of a call that returned nil. Of several processes that do so at
// once, one at a time is in tell. An event is told again if the process dies between
// tell and its being forgotten.
func (s *Store) Tell(ctx context.Context, log string, tell func(texts []string) error) error {
	for {
		waiting, err := s.hasEvents(ctx, log)
		if err != nil || !waiting {
			return s.failed("look for events", err)
		}
		if err := s.change(ctx, sql.LevelDefault, func(tx *sql.Tx) error { return s.tellSome(ctx, tx, log, tell) }); err != nil {
			return s.failed("tell events", err)
		}
	}
}

// hasEvents tells whether events wait for a log. It keeps nobody from writing.
func (s *Store) hasEvents(ctx context.Context, log string) (bool, error) {
	some, err := gather(ctx, s.calm(), eventFrom, `SELECT id, log, at, step, text FROM events WHERE log = $1 LIMIT 1`, []any{log})
	return len(some) > 0, err
}

func (s *Store) tellSome(ctx context.Context, tx *sql.Tx, log string, tell func([]string) error) error {
	if s.server != nil { // where others can write meanwhile, and could tell, too
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", log); err != nil {
			return err
		}
	}
	events, err := gather(ctx, tx, eventFrom, `DELETE FROM events WHERE id IN (
		SELECT id FROM events WHERE log = $1 ORDER BY at, step, id LIMIT $2) RETURNING id, log, at, step, text`, []any{log, tellAtOnce})
	if err != nil || len(events) == 0 {
		return err
	}
	slices.SortFunc(events, func(a, b Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Step, b.Step), cmp.Compare(a.ID, b.ID))
	})
	texts := make([]string, len(events))
	for i, e := range events {
		texts[i] = e.Text
	}
	return tell(texts)
}

func eventFrom(r row) (e Event, err error) {
	err = r.Scan(&e.ID, &e.Log, (*instant)(&e.At), &e.Step, &e.Text)
	return e, err
}
