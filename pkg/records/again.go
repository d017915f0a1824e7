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
// always, and writing, too: every statement finds out by itself what it has done before,
// since what it changed it does not change again. (The number of the transaction, and
// pg_xact_status, would not tell: after a crash another transaction may have the number
// of one that was lost, and after a failover on another machine as well.)

// patience is for how long something is tried again, from when it first failed: what had
// gone on for long until then, as a change of keys that a token signs, is not to blame.
// The last try begins within that time, and takes as long as it takes.
const patience = 4 * time.Second

// again does something until it succeeds, fails in a way that stays so, or has been
// tried for long enough.
func (s *Store) again(ctx context.Context, do func() error) error {
	if !s.calmly {
		return do()
	}
	var last time.Time // when a try may begin
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 400*time.Millisecond) {
		err := do()
		if last.IsZero() {
			last = time.Now().Add(patience)
		}
		if err == nil || !s.passes(err) || time.Now().Add(pause).After(last) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// passes tells whether what went wrong may go better next time.
func (s *Store) passes(err error) bool {
	return undone(err) || lost(err) || s.demoted(err)
}

// errRepeated says that a change was tried more than once and in the end there was
// nothing to change: by what was done the first time, or by what somebody else did.
var errRepeated = errors.New("the connection broke before the database could say what it did: look at what there is now")

// repeated judges how many rows a change has changed that was tried so many times.
func repeated(changed int64, tries int, err error) (int64, error) {
	if err == nil && changed == 0 && tries > 1 {
		err = errRepeated
	}
	return changed, err
}

// unlessDone judges what a change returned: where it may have been done by the first of
// several tries, done tells whether all is as it was to be, which is as good.
func unlessDone(changed int64, err error, done func() (bool, error)) (int64, error) {
	if !errors.Is(err, errRepeated) {
		return changed, err
	}
	if is, err := done(); !is || err != nil {
		return 0, err
	}
	return 1, nil
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
	err = c.s.again(ctx, func() error {
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
