package records

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is what the processes that share a server tell each other on that jobs
// wait. It says no more than that: who misses it finds them a little later.
const channel = "signer_jobs"

// Announce tells the other processes that share a server that a job waits. Those of
// one machine look by themselves.
func (s *Store) Announce(ctx context.Context) error {
	if s.server == nil {
		return nil
	}
	_, err := s.db.ExecContext(ctx, "SELECT pg_notify($1, '')", channel)
	return s.failed("tell others that jobs wait", err)
}

// Listen calls heard whenever a process announces something, until ctx ends, and
// whenever it may have missed that; and went with nil when it has begun to listen, or
// with what keeps it from that. Without a server it does nothing.
func (s *Store) Listen(ctx context.Context, heard func(), went func(error)) {
	if s.server == nil {
		return
	}
	for ctx.Err() == nil {
		if err := s.listen(ctx, heard, went); ctx.Err() == nil {
			went(s.failed("listen for jobs that wait", err))
		}
		heard()
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// listen listens on a connection of its own until that breaks.
func (s *Store) listen(ctx context.Context, heard func(), went func(error)) error {
	c, err := pgx.ConnectConfig(ctx, s.server.config.Copy())
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	went(nil)
	heard() // of what was announced before
	for {
		if _, err := c.WaitForNotification(ctx); err != nil {
			return err
		}
		heard()
	}
}
