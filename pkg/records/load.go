package records

import (
	"context"
	"fmt"
	"time"
)

// What follows is for those who watch over a server.

// Unfinished counts the jobs that are in progress, of all partitions. It reads an index
// that holds no others.
func (s *Store) Unfinished(ctx context.Context) (int64, error) {
	n, err := one(ctx, s.calm(), countFrom, `SELECT COUNT(*) FROM jobs WHERE status = 'InProgress'`)
	return n, s.failed("count jobs", err)
}

func countFrom(r row) (n int64, err error) {
	err = r.Scan(&n)
	return n, err
}

// Ready tells what keeps this process from writing to the database, if anything does.
// It writes nothing.
func (s *Store) Ready(ctx context.Context) error {
	if s.reading {
		return ErrReadOnly
	}
	if s.server == nil {
		release, err := s.turn(ctx)
		if err != nil {
			return s.failed("wait to write the records", err)
		}
		defer release()
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.failed("begin to write the records", err)
	}
	defer tx.Rollback() // nothing was written
	if s.server != nil {
		only, err := one(ctx, tx, textFrom, "SHOW transaction_read_only")
		if err == nil && only == "on" {
			s.server.era.Add(1) // the next time it may be another one
			err = fmt.Errorf("the records in %s are %w: it is a replica, or was made so", s.path, ErrReadOnly)
		}
		return s.failed("begin to write the records", err)
	}
	// Where nothing can be written SQLite begins to read, and says nothing of it.
	_, err = tx.ExecContext(ctx, "UPDATE profiles SET name = name WHERE FALSE")
	return s.failed("begin to write the records", err)
}

// Load is what a process asks of its database.
type Load struct {
	Busy    int           // connections that are in use
	Writers int           // goroutines that wait for their turn to write
	Waited  time.Duration // how long goroutines have waited for connections, all together
	Oldest  time.Duration // for how long a change has been waiting to be made durable
}

// Load tells what this process asks of its database.
func (s *Store) Load() Load {
	stats := s.db.Stats()
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return Load{stats.InUse, len(s.queue.all) + int(s.writers.Load()), stats.WaitDuration, s.asked.oldest()}
}
