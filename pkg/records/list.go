package records

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"
)

// A page of jobs must cost the same among a thousand jobs and among a million,
// with any filters and anywhere in the list. So no filter may be applied to rows
// one by one: a filter that few rows pass would read them all.
//
// Jobs fall into kinds: status, platform, whether revoked, and term. There are
// few kinds, found by skipping along an index from one to the next. Within a
// kind every filter is a range of created_at, for a signature expires its term
// after its job was created. So a page is the newest of the newest few of each
// kind, and each of them is one look into an index.

// Position is a job's place in the list.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// JobQuery chooses jobs: those that pass all its filters. The zero value of a
// filter lets all pass.
type JobQuery struct {
	Partition
	Status        string
	Platform      string
	RequestedBy   string
	Invoker       string // beside RequestedBy, no faster than without it
	Revoked       *bool
	ExpiresAfter  time.Time // after this moment; jobs that do not expire do not pass
	ExpiresBefore time.Time // before this moment; jobs that do not expire do not pass
	After         *Position // the last job of the page before
	Limit         int       // at most so many
}

// Jobs returns the next jobs of the partition, newest first and equal times in
// falling order of ids. Fewer than the limit means that there are no more.
func (s *Store) Jobs(ctx context.Context, q JobQuery) ([]Job, error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, s.failed("list jobs", err)
	}
	defer tx.Rollback() // nothing was written
	at, err := q.page(ctx, tx)
	if err != nil || len(at) == 0 {
		return nil, s.failed("list jobs", err)
	}
	var c conditions
	query := c.place(`SELECT `+jobColumns+` FROM jobs WHERE id IN (`+marks(len(at))+`)`, ids(at)...)
	jobs, err := gather(ctx, tx, jobFrom, query+` ORDER BY created_at DESC, id DESC`, c.args)
	return jobs, s.failed("list jobs", err)
}

func ids(page []place) []any {
	all := make([]any, len(page))
	for i, p := range page {
		all[i] = p.id
	}
	return all
}

// place is a Position as the database has it.
type place struct {
	created int64
	id      string
}

func placeFrom(r row) (p place, err error) {
	err = r.Scan(&p.created, &p.id)
	return p, err
}

func newestFirst(a, b place) int {
	return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(b.id, a.id))
}

// page finds the places of the jobs on a page, in order.
func (q *JobQuery) page(ctx context.Context, tx *sql.Tx) ([]place, error) {
	if !q.filtered() {
		return q.newest(ctx, tx, nil, q.Limit)
	}
	var page []place
	k, err := q.nextKind(ctx, tx, nil)
	for ; k != nil && err == nil; k, err = q.nextKind(ctx, tx, k) {
		if !q.wants(k) {
			continue
		}
		some, err := q.newest(ctx, tx, k, q.Limit)
		if err != nil {
			return nil, err
		}
		page = append(page, some...)
		slices.SortFunc(page, newestFirst)
		page = page[:min(len(page), q.Limit)]
	}
	return page, err
}

func (q *JobQuery) filtered() bool {
	return q.Status != "" || q.Platform != "" || q.RequestedBy != "" || q.Invoker != "" || q.Revoked != nil || q.expiring()
}

func (q *JobQuery) expiring() bool {
	return !q.ExpiresAfter.IsZero() || !q.ExpiresBefore.IsZero()
}

// kind is what many jobs have in common.
type kind struct {
	status, platform string
	revoked          bool
	term             int64
}

func (q *JobQuery) wants(k *kind) bool {
	return (q.Status == "" || q.Status == k.status) &&
		(q.Platform == "" || q.Platform == k.platform) &&
		(q.Revoked == nil || *q.Revoked == k.revoked) &&
		(k.term != 0 || !q.expiring())
}

// nextKind returns the kind that follows another among the jobs of the query's
// account or requester or invoker; nil comes before the first and after the last.
func (q *JobQuery) nextKind(ctx context.Context, tx *sql.Tx, after *kind) (*kind, error) {
	c := q.whose()
	if after != nil {
		// SQLite begins at what equals the five and passes over it row by row:
		// with the last possible created_at that is nothing, without it the kind.
		c.and("(status, platform, revoked, term, created_at) > (?, ?, ?, ?, ?)",
			after.status, after.platform, after.revoked, after.term, int64(math.MaxInt64))
	}
	var k kind
	err := tx.QueryRowContext(ctx, `SELECT status, platform, revoked, term FROM jobs WHERE `+c.String()+`
		ORDER BY status, platform, revoked, term, created_at LIMIT 1`, c.args...).Scan(&k.status, &k.platform, &k.revoked, &k.term)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &k, err
}

// whose is what an index on kinds begins with.
func (q *JobQuery) whose() (c conditions) {
	c.and("account = ?", q.Account)
	c.and("region = ?", q.Region)
	switch {
	case q.RequestedBy != "":
		c.and("requested_by = ?", q.RequestedBy)
	case q.Invoker != "":
		c.and("invoker = ?", q.Invoker)
	}
	return c
}

// newest returns the places of the next jobs, of one kind or of all.
func (q *JobQuery) newest(ctx context.Context, tx *sql.Tx, k *kind, limit int) ([]place, error) {
	c := q.whose()
	if k != nil {
		q.narrow(&c, k)
	}
	if q.After != nil {
		c.and("(created_at, id) < (?, ?)", q.After.CreatedAt.UnixMicro(), q.After.ID)
	}
	query := `SELECT created_at, id FROM jobs WHERE ` + c.String() + c.place(` ORDER BY created_at DESC, id DESC LIMIT ?`, limit)
	return gather(ctx, tx, placeFrom, query, c.args)
}

func (q *JobQuery) narrow(c *conditions, k *kind) {
	c.and("status = ?", k.status)
	c.and("platform = ?", k.platform)
	c.and("revoked = ?", k.revoked)
	c.and("term = ?", k.term)
	if q.RequestedBy != "" && q.Invoker != "" {
		c.and("invoker = ?", q.Invoker)
	}
	if !q.ExpiresAfter.IsZero() {
		c.and("created_at > ?", q.ExpiresAfter.UnixMicro()-k.term)
	}
	if !q.ExpiresBefore.IsZero() {
		c.and("created_at < ?", q.ExpiresBefore.UnixMicro()-k.term)
	}
}
