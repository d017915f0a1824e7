package records

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"time"
)

// A page of jobs must cost the same among a thousand jobs and among a million,
// with any filters and anywhere in the list. So no filter may be applied to rows
// one by one: a filter that few rows pass would read them all.
//
// Jobs fall into kinds: status, platform, whether revoked, and term; those of one
// requester also by their invoker, of whom there is hardly ever more than one.
// There are few kinds, found by skipping along an index from one to the next.
// Within a kind every filter is a range of created_at, for a signature expires
// its term after its job was created. So a page is the newest of the newest few
// of each kind, and each of them is one look into an index, which need not go
// further back than the page does by then.

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
	Invoker       string
	Revoked       *bool
	ExpiresAfter  time.Time // after this moment; jobs that do not expire do not pass
	ExpiresBefore time.Time // before this moment; jobs that do not expire do not pass
	After         *Position // the last job of the page before
	Limit         int       // at most so many
}

// Jobs returns the next jobs of the partition, newest first and equal times in
// falling order of ids. Fewer than the limit means that there are no more.
func (s *Store) Jobs(ctx context.Context, q JobQuery) ([]Job, error) {
	var jobs []Job
	err := s.again(ctx, func() (err error) {
		jobs, err = s.jobs(ctx, q)
		return err
	})
	return jobs, s.failed("list jobs", err)
}

// jobs reads the places of the jobs and then the jobs, as they are at one moment.
func (s *Store) jobs(ctx context.Context, q JobQuery) ([]Job, error) {
	options := &sql.TxOptions{ReadOnly: true}
	if s.server != nil {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.db.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // nothing was written
	at, err := q.page(ctx, s.preparing(tx))
	if err != nil || len(at) == 0 {
		return nil, err
	}
	var c conditions
	query := c.place(`SELECT `+jobColumns+` FROM jobs WHERE id IN (`+marks(len(at))+`)`, ids(at)...)
	return gather(ctx, tx, jobFrom, query+` ORDER BY created_at DESC, id DESC`, c.args)
}

// preparing is a transaction that has each statement understood once. The driver of
// a server sees to that itself.
func (s *Store) preparing(tx *sql.Tx) reader {
	if s.server != nil {
		return tx
	}
	return &preparing{tx: tx}
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
func (q *JobQuery) page(ctx context.Context, r reader) ([]place, error) {
	if !q.filtered() {
		return q.newest(ctx, r, nil, math.MinInt64)
	}
	var page []place
	k, err := q.nextKind(ctx, r, nil)
	for ; k != nil && err == nil; k, err = q.nextKind(ctx, r, k) {
		if !q.wants(k) {
			continue
		}
		some, err := q.newest(ctx, r, k, q.since(page))
		if err != nil {
			return nil, err
		}
		page = append(page, some...)
		slices.SortFunc(page, newestFirst)
		page = page[:min(len(page), q.Limit)]
	}
	return page, err
}

// since is when the oldest job of a full page was created. Older ones have no
// place on it any more.
func (q *JobQuery) since(page []place) int64 {
	if len(page) < q.Limit || len(page) == 0 {
		return math.MinInt64
	}
	return page[len(page)-1].created
}

func (q *JobQuery) filtered() bool {
	return q.Status != "" || q.Platform != "" || q.RequestedBy != "" || q.Invoker != "" || q.Revoked != nil || q.expiring()
}

func (q *JobQuery) expiring() bool {
	return !q.ExpiresAfter.IsZero() || !q.ExpiresBefore.IsZero()
}

// kind is what many jobs have in common.
type kind struct {
	invoker          string // only of a requester's jobs
	status, platform string
	revoked          bool
	term             int64
}

func (q *JobQuery) wants(k *kind) bool {
	return (q.Status == "" || q.Status == k.status) &&
		(q.Platform == "" || q.Platform == k.platform) &&
		(q.Revoked == nil || *q.Revoked == k.revoked) &&
		(q.Invoker == "" || q.RequestedBy == "" || q.Invoker == k.invoker) &&
		(k.term != 0 || !q.expiring())
}

// kinds names the columns that make a kind of the query's jobs.
func (q *JobQuery) kinds() string {
	if q.RequestedBy != "" {
		return "invoker, status, platform, revoked, term"
	}
	return "status, platform, revoked, term"
}

func (q *JobQuery) columns(k *kind) []any {
	all := []any{&k.invoker, &k.status, &k.platform, &k.revoked, &k.term}
	if q.RequestedBy != "" {
		return all
	}
	return all[1:]
}

// nextKind returns the kind that follows another among the jobs of the query's
// account or requester or invoker; nil comes before the first and after the last.
func (q *JobQuery) nextKind(ctx context.Context, r reader, after *kind) (*kind, error) {
	// SQLite begins at what equals the columns and passes over it row by row: with
	// the last possible created_at that is nothing, without it the kind.
	created := int64(math.MaxInt64)
	if after == nil {
		after, created = &kind{}, math.MinInt64
	}
	c := q.whose()
	values := append(q.columns(after), created)
	c.and("("+q.kinds()+", created_at) > ("+marks(len(values))+")", values...)
	found, err := gather(ctx, r, q.kindFrom, `SELECT `+q.kinds()+` FROM jobs WHERE `+c.String()+`
		ORDER BY `+q.kinds()+`, created_at LIMIT 1`, c.args)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (q *JobQuery) kindFrom(r row) (k kind, err error) {
	err = r.Scan(q.columns(&k)...)
	return k, err
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

// newest returns the places of the next jobs, of one kind or of all, that were
// not created before since.
func (q *JobQuery) newest(ctx context.Context, r reader, k *kind, since int64) ([]place, error) {
	c, before := q.whose(), place{created: math.MaxInt64}
	if q.After != nil {
		before = place{q.After.CreatedAt.UnixMicro(), q.After.ID}
	}
	if k != nil {
		q.narrow(&c, k)
		since, before = q.terms(k, since, before)
	}
	// Of two bounds on one side SQLite would take one to find its way by, and hold
	// the rows to the other one by one.
	c.and("created_at >= ?", since)
	c.and("(created_at, id) < (?, ?)", before.created, before.id)
	query := `SELECT created_at, id FROM jobs WHERE ` + c.String() + c.place(` ORDER BY created_at DESC, id DESC LIMIT ?`, q.Limit)
	return gather(ctx, r, placeFrom, query, c.args)
}

func (q *JobQuery) narrow(c *conditions, k *kind) {
	if q.RequestedBy != "" {
		c.and("invoker = ?", k.invoker)
	}
	c.and("status = ?", k.status)
	c.and("platform = ?", k.platform)
	c.and("revoked = ?", k.revoked)
	c.and("term = ?", k.term)
}

// terms brings the bounds of a kind together with those of its expiry. No id is
// less than "".
func (q *JobQuery) terms(k *kind, since int64, before place) (int64, place) {
	if !q.ExpiresAfter.IsZero() {
		since = max(since, q.ExpiresAfter.UnixMicro()-k.term+1)
	}
	if !q.ExpiresBefore.IsZero() {
		expiring := place{created: q.ExpiresBefore.UnixMicro() - k.term}
		if newestFirst(before, expiring) < 0 {
			before = expiring
		}
	}
	return since, before
}

// preparing reads in a transaction, and has a statement understood once, however
// often it is asked with other arguments.
type preparing struct {
	tx    *sql.Tx
	known map[string]*sql.Stmt // they end with the transaction
}

func (p *preparing) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if p.known == nil {
		p.known = map[string]*sql.Stmt{}
	}
	if p.known[query] == nil {
		statement, err := p.tx.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		p.known[query] = statement
	}
	return p.known[query].QueryContext(ctx, args...)
}
