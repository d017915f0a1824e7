package records

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
)

// A job that is in progress is claimed by a worker, or waits for one. A claim lapses
// after a while, by the database's clock, unless the worker renews it: so whoever
// hangs, is cut off or dies loses his jobs to others. What he does to them then does
// nothing, since a claim is a worker and an attempt, and each new one is another
// attempt. On one machine a dead worker is known for dead at once.
//
// Who claims what waits takes turns by the accounts that asked, so that an account
// with very many jobs keeps nobody else's waiting.

// clock is SQL for the time in microseconds, as the database has it.
func (s *Store) clock() string {
	if s.server != nil {
		return "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

// skipLocked is SQL that passes over rows which others are about to change.
func (s *Store) skipLocked() string {
	if s.server != nil {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// until is SQL for the end of a claim.
func (s *Store) until(c *conditions, claim Claim) string {
	if claim.For == 0 {
		return c.place("?", instant(claim.Until))
	}
	return c.place(s.clock()+" + ?", claim.For.Microseconds())
}

// TakeJob gives a job in progress from one worker to another. Of several that
// try to take it from one worker, one succeeds and the others get ErrChanged; so
// do all if the job has ended, or if the claim has been renewed since it was read.
func (s *Store) TakeJob(ctx context.Context, id string, from, to Claim) error {
	var c conditions
	query := c.place(`UPDATE jobs SET worker = ?, attempt = ?, lease_until = `, to.Worker, to.Attempt) + s.until(&c, to)
	c.and("id = ?", id)
	c.and(unfinished)
	c.and("worker = ?", from.Worker)
	c.and("attempt = ?", from.Attempt)
	if !from.Until.IsZero() {
		c.and("(lease_until = ? OR worker = ?)", instant(from.Until), to.Worker)
	}
	if s.server != nil { // whose clock alone counts
		c.and("(lease_until IS NULL OR lease_until <= "+s.clock()+" OR worker = ?)", to.Worker)
	}
	changed, err := s.write(ctx, query+" WHERE "+c.String(), c.args...)
	changed, err = unlessDone(changed, err, s.is(ctx, id, to.Worker, to.Attempt, InProgress))
	return s.unchanged("take job "+id, changed, err, ErrChanged)
}

// ReturnJob lets a job in progress wait for anybody; after a while, if there is one,
// in which nobody claims it. If it is not the claimant's any more it returns
// ErrChanged, and changes nothing.
func (s *Store) ReturnJob(ctx context.Context, id string, by Claim, after time.Duration) error {
	var c conditions
	changed, err := s.writeClaimed(ctx, &c, id, by, "worker = '', lease_until = "+s.until(&c, Claim{For: after}))
	changed, err = unlessDone(changed, err, s.is(ctx, id, "", by.Attempt, InProgress))
	return s.unchanged("give back job "+id, changed, err, ErrChanged)
}

// is tells whether a job has a worker, an attempt and a status.
func (s *Store) is(ctx context.Context, id, worker string, attempt int64, status string) func() (bool, error) {
	return func() (bool, error) {
		some, err := gather(ctx, s.calm(), textFrom, `SELECT id FROM jobs WHERE id = $1 AND worker = $2 AND attempt = $3 AND status = $4`,
			[]any{id, worker, attempt, status})
		return len(some) > 0, err
	}
}

// RenewJob makes a claim end by.For from now. If the job has ended, or is not the
// claimant's any more, it returns ErrChanged.
func (s *Store) RenewJob(ctx context.Context, id string, by Claim) error {
	var c conditions
	changed, err := s.writeClaimed(ctx, &c, id, by, "lease_until = "+s.until(&c, by))
	return s.unchanged("keep job "+id, changed, except(err, errRepeated), ErrChanged)
}

// BeginJob records that work on a job begins for the nth time, and makes the claim end
// by.For from now. If the job has ended, or is not the claimant's any more, it returns
// ErrChanged. A claim alone does not say so: jobs are claimed before there are hands for
// them. Of the first time nobody has to record it, which would cost every job a write.
// With 0 nothing counts that has begun so far.
func (s *Store) BeginJob(ctx context.Context, id string, by Claim, n int64) error {
	var c conditions
	changed, err := s.writeClaimed(ctx, &c, id, by, c.place("begun = ?, lease_until = ", n)+s.until(&c, by))
	return s.unchanged("begin job "+id, changed, except(err, errRepeated), ErrChanged)
}

// writeClaimed changes a job in progress if it is a claimant's. c has the arguments of
// what is set.
func (s *Store) writeClaimed(ctx context.Context, c *conditions, id string, by Claim, set string) (int64, error) {
	c.and("id = ?", id)
	c.and(unfinished)
	c.and("worker = ?", by.Worker)
	c.and("attempt = ?", by.Attempt)
	return s.write(ctx, "UPDATE jobs SET "+set+" WHERE "+c.String(), c.args...)
}

// Claiming says who claims what.
type Claiming struct {
	Worker string        // as Enlist says
	For    time.Duration // how long the claims last
	After  string        // the account that asked for the job which was claimed last: others' turn comes first
	Limit  int           // at most so many
}

// unfinished is true of a job in progress whose id is given as well. It is written so
// that PostgreSQL finds the job by its id: it would go through all of a small index of
// jobs in progress if it saw that there is one.
const unfinished = "status || '' = 'InProgress'"

const (
	waiting = "status = 'InProgress' AND lease_until IS NULL"
	claimed = "status = 'InProgress' AND lease_until IS NOT NULL"
)

// ClaimWaiting claims jobs that wait, of all partitions, and returns them with their
// new claims: those of one account oldest first. Fewer than the limit means that no
// more waited which nobody else was about to claim.
func (s *Store) ClaimWaiting(ctx context.Context, q Claiming) (jobs []Job, err error) {
	some, err := gather(ctx, s.calm(), textFrom, `SELECT id FROM jobs WHERE `+waiting+` LIMIT 1`, nil)
	if err != nil || len(some) == 0 {
		return nil, s.failed("look for jobs that wait", err)
	}
	jobs, err = s.claimOnce(ctx, func(tx *sql.Tx) ([]Job, error) { return s.claimInTurns(ctx, tx, q) })
	return jobs, s.failed("claim jobs that wait", err)
}

// claimOnce claims jobs in a transaction. When it is not known whether one claimed those
// that it was about to, the next looks whether they are.
func (s *Store) claimOnce(ctx context.Context, claim func(*sql.Tx) ([]Job, error)) (jobs []Job, err error) {
	err = s.change(ctx, sql.LevelDefault, func(tx *sql.Tx) error {
		if jobs, err = stillClaimed(ctx, tx, jobs); err != nil || len(jobs) > 0 {
			return err
		}
		jobs, err = claim(tx)
		return err
	})
	return jobs, err
}

// stillClaimed are those of the jobs that are as they were claimed.
func stillClaimed(ctx context.Context, tx *sql.Tx, were []Job) ([]Job, error) {
	if len(were) == 0 {
		return nil, nil
	}
	var c conditions
	for _, j := range were {
		c.and("id = ? AND worker = ? AND attempt = ?", j.ID, j.Worker, j.Attempt)
	}
	return gather(ctx, tx, jobFrom, `SELECT `+jobColumns+` FROM jobs WHERE `+strings.Join(c.all, " OR ")+` ORDER BY created_at`, c.args)
}

func (s *Store) claimInTurns(ctx context.Context, tx *sql.Tx, q Claiming) (jobs []Job, err error) {
	accounts, err := waitingAccounts(ctx, tx, q.After, q.Limit)
	for i, account := range accounts {
		left := len(accounts) - i
		share := (q.Limit - len(jobs) + left - 1) / left
		var c conditions
		c.and(waiting)
		c.and("invoker = ?", account)
		some, err := s.claim(ctx, tx, q, &c, "created_at, id", share)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, some...)
	}
	return jobs, err
}

// waitingAccounts are accounts whose jobs wait, in turn: those after one, then the
// others; at most so many.
func waitingAccounts(ctx context.Context, r reader, after string, most int) (all []string, err error) {
	around := false
	for last := after; len(all) < most; {
		next, err := gather(ctx, r, textFrom, `SELECT invoker FROM jobs WHERE `+waiting+` AND invoker > $1 ORDER BY invoker LIMIT 1`, []any{last})
		switch {
		case err != nil:
			return nil, err
		case len(next) == 0 && around, len(next) > 0 && around && next[0] > after:
			return all, nil
		case len(next) == 0:
			around, last = true, ""
		default:
			last = next[0]
			all = append(all, last)
		}
	}
	return all, nil
}

// ClaimLapsed claims jobs whose claims have lapsed, or whose workers are known to be
// dead, of all partitions.
func (s *Store) ClaimLapsed(ctx context.Context, q Claiming) (jobs []Job, err error) {
	var c conditions
	c.and(claimed)
	if err := s.lapsed(ctx, &c, "lease_until <= "+s.clock()); err != nil {
		return nil, s.failed("look for jobs that were left", err)
	}
	some, err := gather(ctx, s.calm(), textFrom, `SELECT id FROM jobs WHERE `+c.String()+` LIMIT 1`, c.args)
	if err != nil || len(some) == 0 {
		return nil, s.failed("look for jobs that were left", err)
	}
	jobs, err = s.claimOnce(ctx, func(tx *sql.Tx) ([]Job, error) {
		mine := conditions{slices.Clone(c.all), slices.Clone(c.args)}
		return s.claim(ctx, tx, q, &mine, "lease_until", q.Limit)
	})
	return jobs, s.failed("claim jobs that were left", err)
}

// lapsed adds the condition that something is so, or that a job has a worker who is
// known to be dead.
func (s *Store) lapsed(ctx context.Context, c *conditions, so string) error {
	if s.server != nil {
		c.and("(" + so + ")")
		return nil
	}
	workers, err := gather(ctx, s.db, textFrom, `SELECT DISTINCT worker FROM jobs WHERE `+c.String(), c.args)
	if err != nil {
		return err
	}
	lives := func(worker string) bool { return worker == "" || s.Lives(worker) }
	if dead := slices.DeleteFunc(workers, lives); len(dead) > 0 {
		c.and("("+so+" OR worker IN ("+marks(len(dead))+"))", anys(dead)...)
	} else {
		c.and("(" + so + ")")
	}
	return nil
}

// claim claims jobs that meet conditions.
func (s *Store) claim(ctx context.Context, tx *sql.Tx, q Claiming, c *conditions, order string, limit int) ([]Job, error) {
	chosen := `WITH chosen AS MATERIALIZED (SELECT id FROM jobs WHERE ` + c.String() + ` ORDER BY ` + order + c.place(" LIMIT ?", limit) + s.skipLocked() + `)`
	query := chosen + c.place(` UPDATE jobs SET worker = ?, attempt = attempt + 1, lease_until = `, q.Worker) + s.until(c, Claim{For: q.For}) +
		` WHERE id IN (SELECT id FROM chosen) RETURNING ` + jobColumns
	jobs, err := gather(ctx, tx, jobFrom, query, c.args)
	slices.SortFunc(jobs, func(a, b Job) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return jobs, err
}

// Abandoned returns jobs in progress that are nobody's, whose claims have lapsed or
// whose workers are known to be dead, oldest first, and at most so many: those of a
// partition, or of the zero one all.
func (s *Store) Abandoned(ctx context.Context, in Partition, limit int) ([]Job, error) {
	var c conditions
	c.and("status = 'InProgress'")
	if in != (Partition{}) {
		c.and("account = ?", in.Account)
		c.and("region = ?", in.Region)
	}
	if err := s.lapsed(ctx, &c, "worker = '' OR lease_until <= "+s.clock()); err != nil {
		return nil, s.failed("list workers", err)
	}
	query := `SELECT ` + jobColumns + ` FROM jobs WHERE ` + c.String() + c.place(` ORDER BY created_at, id LIMIT ?`, limit)
	jobs, err := gather(ctx, s.calm(), jobFrom, query, c.args)
	return jobs, s.failed("list abandoned jobs", err)
}

// Held tells whether a job, as it was read, is somebody's. One that waits is: for
// the servers that share a database there is always another, and on one machine as
// long as that lives which let it wait.
func (s *Store) Held(j Job) bool {
	if j.Worker == "" || !j.Until.IsZero() && !time.Now().Before(j.Until) {
		return false
	}
	return s.server != nil || s.Lives(j.Worker)
}

// Waiting counts the jobs that wait, by the accounts that asked for them.
func (s *Store) Waiting(ctx context.Context) (map[string]int, error) {
	type count struct {
		account string
		n       int
	}
	all, err := gather(ctx, s.calm(), func(r row) (c count, err error) {
		err = r.Scan(&c.account, &c.n)
		return c, err
	}, `SELECT invoker, COUNT(*) FROM jobs WHERE `+waiting+` GROUP BY invoker`, nil)
	counts := map[string]int{}
	for _, c := range all {
		counts[c.account] = c.n
	}
	return counts, s.failed("count jobs that wait", err)
}
