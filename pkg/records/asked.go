package records

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// asked are the changes that the database has been asked to make durable, and that it has
// not answered yet. While a synchronous standby is away, or a disk does not answer, they
// hang without an error, and all else goes on.
type asked struct {
	mu    sync.Mutex
	since []time.Time // of each
}

// ask remembers a change until what it returns is called.
func (a *asked) ask() (answered func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.since = append(a.since, now)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		i := slices.Index(a.since, now) // one of those of that moment
		a.since = slices.Delete(a.since, i, i+1)
	}
}

// oldest is for how long the oldest has not been answered.
func (a *asked) oldest() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.since) == 0 {
		return 0
	}
	return time.Since(slices.MinFunc(a.since, time.Time.Compare))
}

// Hanging returns an error if a change of this process has been waiting for the database's
// answer for so long or longer. It says what the database waits for, if that can be found
// out before ctx ends.
func (s *Store) Hanging(ctx context.Context, long time.Duration) error {
	if s.asked.oldest() < long {
		return nil
	}
	return fmt.Errorf("the records in %s: changes wait for %v and longer to be made durable%s", s.path, long, s.waitsFor(ctx))
}

// waitsFor says what the sessions of this user wait for, by PostgreSQL's names for that
// (https://www.postgresql.org/docs/current/monitoring-stats.html#WAIT-EVENT-TABLE).
func (s *Store) waitsFor(ctx context.Context) string {
	if s.server == nil {
		return ": see the disk, and who else writes"
	}
	events, err := gather(ctx, s.db, textFrom, `SELECT DISTINCT wait_event FROM pg_stat_activity
		WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND wait_event IS NOT NULL ORDER BY 1`, nil)
	switch {
	case err != nil:
		return ", and the database does not say why"
	case slices.Contains(events, "SyncRep"):
		return ": no synchronous standby confirms them: see synchronous_standby_names, and the standbys"
	case len(events) > 0:
		return ": the database waits for " + strings.Join(events, ", ")
	}
	return ": see the way to the database"
}
