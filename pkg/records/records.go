// Package records keeps what the local engine remembers: profiles, their
// policies, and jobs, in a database; and the access keys of those who may call a
// server. Where machines share the database it has the files of their keys, too,
// whatever is in them.
//
// The database is a file, SQLite, which any number of processes may have open
// at once; or PostgreSQL, which processes on many machines share. The SQL is one
// text with $n placeholders for both, with short transactions, and compare-and-set
// in place of locks.
//
// A job names the process that works on it, and the store tells whether that
// process still does: see [Store.Enlist] and [Claim].
//
// The package decides nothing about signing. It holds its callers to what a
// database can hold them to (a name is taken once, a token makes one job, a job
// ends once) and leaves the rules, the words of refusals, clocks and identities
// to them. Times are kept to the microsecond, and come back in UTC.
package records

import (
	"database/sql"
	"errors"
	"sync/atomic"
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
// Errors wrap [ErrNotFound], [ErrExists], [ErrInactive], [ErrChanged],
// [ErrEnough] and the errors of [Open] where they apply.
type Store struct {
	db      *sql.DB
	path    string        // of the file, or where the server is
	server  *server       // nil: the database is a file
	calmly  bool          // a server has been reached: should it be away, it comes back
	reading bool          // opened to look at, and nothing else
	writing chan struct{} // holds the places for writers of this process: one, if the database is a file
	writers atomic.Int32  // who wait for such a place, beside those in the queue
	users   atomic.Int32  // who have it, beside one
	queue   queue
	asked   asked
	known   known
	workers workers
}

// Share gives the Store to one more user. It is closed when all have closed it.
func (s *Store) Share() *Store {
	s.users.Add(1)
	return s
}

// Close closes the database, and ends the worker that [Store.Enlist] made.
// Nothing is lost without it.
func (s *Store) Close() error {
	if s.users.Add(-1) >= 0 {
		return nil
	}
	return errors.Join(s.workers.retire(), s.db.Close())
}
