package records

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// A database on another machine restarts, fails over, and refuses one of two
// transactions that meet. What was not done then is done again, for a while: reading
// always, and writing if it is known that nothing was written, or if it does no
// harm to write it twice.

// patience is for how long something is tried again.
const patience = 4 * time.Second

// again does something until it succeeds, fails in a way of which may says that it
// stays so, or has taken too long.
func (s *Store) again(ctx context.Context, may func(error) bool, do func() error) error {
	if !s.calmly {
		return do()
	}
	last := time.Now().Add(patience)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 400*time.Millisecond) {
		err := do()
		if err == nil || !may(err) || time.Now().Add(pause).After(last) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// undoneOrLost is for what may be done twice.
func undoneOrLost(err error) bool { return undone(err) || lost(err) }

// errRepeated says that something was done either by the statement of which the answer
// was lost, or by somebody else.
var errRepeated = errors.New("the connection broke before the database could say what it did: look at what there is now")

// losses remembers whether an answer was lost.
type losses struct{ any bool }

func (l *losses) undoneOrLost(err error) bool {
	l.any = l.any || !undone(err) && lost(err)
	return undoneOrLost(err)
}

func (l *losses) judge(changed int64, err error) (int64, error) {
	if err == nil && changed == 0 && l.any {
		err = errRepeated
	}
	return changed, err
}

// calm reads from a database, again if need be.
func (s *Store) calm() reader {
	if s.server == nil {
		return file{s}
	}
	return calm{s}
}

type calm struct{ s *Store }

func (c calm) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = c.s.again(ctx, undoneOrLost, func() error {
		rows, err = c.s.db.QueryContext(ctx, query, args...)
		return err
	})
	return rows, err
}

// one returns what from makes of the first row of a query, or sql.ErrNoRows.
func one[T any](ctx context.Context, r reader, from func(row) (T, error), query string, args ...any) (T, error) {
	all, err := gather(ctx, r, from, query, args)
	if err == nil && len(all) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}
