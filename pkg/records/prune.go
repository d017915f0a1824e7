package records

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"
)

// What follows is for housekeeping: it sees all partitions, and forgets.

// NextPartition returns the partition with a profile or a job that follows
// another one, or ErrNotFound after the last. None is less than the zero one.
func (s *Store) NextPartition(ctx context.Context, after Partition) (Partition, error) {
	// SQLite begins at what equals the columns and passes over it row by row: behind
	// the last possible created_at that is nothing, of jobs a million.
	next, err := one(ctx, s.calm(), wherePartition, `SELECT account, region FROM (
			SELECT account, region FROM profiles WHERE (account, region) > ($1, $2) ORDER BY account, region LIMIT 1) AS p
		UNION SELECT account, region FROM (
			SELECT account, region FROM jobs WHERE (account, region, created_at) > ($1, $2, $3) ORDER BY account, region, created_at LIMIT 1) AS j
		ORDER BY account, region LIMIT 1`, after.Account, after.Region, int64(math.MaxInt64))
	return next, s.missing("next account and region", err)
}

func wherePartition(r row) (p Partition, err error) {
	err = r.Scan(&p.Account, &p.Region)
	return p, err
}

// OldestQuery chooses jobs from the oldest on.
type OldestQuery struct {
	Partition
	Before time.Time // created before this moment; zero: whenever
	After  *Position // the last job of the page before
	Limit  int       // at most so many
}

// Oldest returns the next jobs of a partition, oldest first and equal times in the
// order of ids. Fewer than the limit means that there are no more.
func (s *Store) Oldest(ctx context.Context, q OldestQuery) ([]Job, error) {
	var c conditions
	c.and("account = ?", q.Account)
	c.and("region = ?", q.Region)
	if q.After != nil {
		c.and("(created_at, id) > (?, ?)", q.After.CreatedAt.UnixMicro(), q.After.ID)
	}
	if !q.Before.IsZero() {
		c.and("created_at < ?", q.Before.UnixMicro())
	}
	query := `SELECT ` + jobColumns + ` FROM jobs WHERE ` + c.String() + c.place(` ORDER BY created_at, id LIMIT ?`, q.Limit)
	jobs, err := gather(ctx, s.calm(), jobFrom, query, c.args)
	return jobs, s.failed("list the oldest jobs", err)
}

// DeleteJobs forgets those of the jobs that have ended, all at once, and returns
// how many these were. Their tokens can make jobs again.
func (s *Store) DeleteJobs(ctx context.Context, ids []string) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	var c conditions
	c.and("id IN ("+marks(len(ids))+")", anys(ids)...)
	gone, err := s.write(ctx, `DELETE FROM jobs WHERE `+c.String()+` AND status <> 'InProgress'`, c.args...)
	if errors.Is(err, errRepeated) { // those that are not there any more are gone
		var left []string
		left, err = gather(ctx, s.calm(), textFrom, `SELECT id FROM jobs WHERE `+c.String(), c.args)
		gone = int64(len(ids) - len(left))
	}
	return int(gone), s.failed("delete jobs", err)
}

// DeleteProfile forgets all of a profile that is not Active any more, but for its
// name, which stays taken. It returns ErrChanged, and changes nothing, if there is
// no such profile of that version.
func (s *Store) DeleteProfile(ctx context.Context, in Partition, name, version string) error {
	tries := 0
	err := s.change(ctx, sql.LevelSerializable, func(tx *sql.Tx) error {
		tries++
		done, err := tx.ExecContext(ctx, `DELETE FROM profiles
			WHERE account = $1 AND region = $2 AND name = $3 AND version = $4 AND status <> 'Active'`, in.Account, in.Region, name, version)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); n == 0 {
			return errors.Join(err, ErrChanged)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM policies WHERE account = $1 AND region = $2 AND profile = $3`, in.Account, in.Region, name)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO taken_names (account, region, name) VALUES ($1, $2, $3)`, in.Account, in.Region, name)
		return err
	})
	if errors.Is(err, ErrChanged) && tries > 1 {
		if taken, wrong := s.isTaken(ctx, in, name); taken || wrong != nil {
			err = wrong
		}
	}
	return s.failed("delete profile "+name, err)
}

// isTaken tells whether a name is one of a profile that was forgotten.
func (s *Store) isTaken(ctx context.Context, in Partition, name string) (bool, error) {
	some, err := gather(ctx, s.calm(), textFrom, `SELECT name FROM taken_names WHERE account = $1 AND region = $2 AND name = $3`,
		[]any{in.Account, in.Region, name})
	return len(some) > 0, err
}
