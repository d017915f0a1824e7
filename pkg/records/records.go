// Package records keeps what the local engine remembers: profiles, their
// policies, and jobs, in a database.
//
// The database is a file, SQLite, which any number of processes may have open
// at once. The SQL is written so that PostgreSQL can take its place: one text
// with $n placeholders, short transactions, and compare-and-set in place of
// locks.
//
// A job names the process that works on it, and the store tells whether that
// process still lives: see [Store.Enlist].
//
// The package decides nothing about signing. It holds its callers to what a
// database can hold them to (a name is taken once, a token makes one job, a job
// ends once) and leaves the rules, the words of refusals, clocks and identities
// to them. Times are kept to the microsecond, and come back in UTC.
package records

import (
	"context"
	"database/sql"
	"errors"
)

// The states that the package itself must know. A profile starts Active, and a
// job is worked on while it is InProgress.
const (
	Active     = "Active"
	Canceled   = "Canceled"
	Revoked    = "Revoked"
	InProgress = "InProgress"
)

// Partition is a boundary that no name, job or list crosses: an account in a
// region.
type Partition struct {
	Account, Region string
}

// Overrides are the choices that replace a platform's own; "" leaves them.
type Overrides struct {
	Encryption, Hash, Format string
}

// Validity says how long signatures are good, such as 135 "MONTHS".
type Validity struct {
	Value int32
	Unit  string
}

// Store is an open database. Its methods may be called concurrently, and by
// many processes on one database. What a method has written is durable when it
// returns nil, and not there at all when the database refused it.
//
// Errors wrap [ErrNotFound], [ErrExists], [ErrInactive], [ErrChanged] and the
// errors of [Open] where they apply.
type Store struct {
	db      *sql.DB
	path    string
	writing chan struct{} // holds the one place for a writer of this process
	workers workers
}

// Close closes the database, and ends the worker that [Store.Enlist] made.
// Nothing is lost without it.
func (s *Store) Close() error {
	return errors.Join(s.workers.retire(), s.db.Close())
}

// write runs one statement that changes rows, and tells how many it changed.
func (s *Store) write(ctx context.Context, query string, args ...any) (int64, error) {
	release, err := s.turn(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	done, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// change runs several statements as one: all of them happen, or none.
func (s *Store) change(ctx context.Context, statements func(*sql.Tx) error) error {
	release, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer release()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if err := statements(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// turn waits until no other goroutine writes. SQLite lets one writer in at a
// time and makes the rest sleep and try again, which is slow and unfair: within
// a process the queue is here.
func (s *Store) turn(ctx context.Context) (release func(), err error) {
	select {
	case s.writing <- struct{}{}:
		return func() { <-s.writing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
