package records

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
)

// SQLite lets one writer in at a time and makes the rest sleep and try again, which
// is slow and unfair; and what takes time is making a transaction durable, not
// what it changes. So the writers of a process stand in a queue, and the one whose
// turn it is takes along all who wait: their statements become one transaction.

// statement is one that changes rows.
type statement struct {
	query string
	args  []any

	changed int64
	err     error
	done    chan struct{} // closed once changed and err are final
}

// queue holds the statements that wait for somebody to run them.
type queue struct {
	mu  sync.Mutex
	all []*statement
}

func (q *queue) add(s *statement) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, s)
}

// take empties the queue.
func (q *queue) take() []*statement {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.all
	q.all = nil
	return all
}

// leave takes a statement out. It returns false if somebody has taken it already.
func (q *queue) leave(s *statement) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.all, s)
	if i < 0 {
		return false
	}
	q.all = slices.Delete(q.all, i, i+1)
	return true
}

// A server on another machine looks after its writers itself: there every statement
// is a transaction of its own.

// write runs one statement that changes rows, and tells how many it changed. When
// others wait they share a transaction, but no statement's failure is another's.
//
// A server may run it twice, when an answer is lost: what it has changed it must not
// change again. That it changed nothing then is errRepeated.
func (s *Store) write(ctx context.Context, query string, args ...any) (changed int64, err error) {
	if s.server == nil {
		return s.enqueue(ctx, query, args)
	}
	tries := 0
	err = s.again(ctx, func() error {
		tries++
		changed, err = s.runAlone(ctx, &statement{query: query, args: args})
		return err
	})
	s.server.wrote(err)
	return repeated(changed, tries, err)
}

// runAlone runs a statement on a server.
func (s *Store) runAlone(ctx context.Context, one *statement) (int64, error) {
	release, err := s.turn(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	defer s.asked.ask()()
	return run(ctx, s.db, one)
}

// strictly is write of a statement that looks at other rows than it changes, and
// must not be fooled by those who change them meanwhile.
func (s *Store) strictly(ctx context.Context, query string, args ...any) (changed int64, err error) {
	if s.server == nil {
		return s.enqueue(ctx, query, args)
	}
	tries := 0
	err = s.change(ctx, sql.LevelSerializable, func(tx *sql.Tx) error {
		tries++
		changed, err = run(ctx, tx, &statement{query: query, args: args})
		return err
	})
	return repeated(changed, tries, err)
}

func (s *Store) enqueue(ctx context.Context, query string, args []any) (int64, error) {
	if err := ctx.Err(); err != nil { // else the turn may be taken all the same
		return 0, err
	}
	mine := &statement{query: query, args: args, done: make(chan struct{})}
	s.queue.add(mine)
	select {
	case <-mine.done:
	case s.writing <- struct{}{}:
		s.runAll(ctx, s.queue.take())
		<-s.writing
	case <-ctx.Done():
		if s.queue.leave(mine) {
			return 0, ctx.Err()
		}
	}
	<-mine.done
	return mine.changed, mine.err
}

// runAll runs statements that wait, together if that goes. Where several callers
// are concerned, that of ctx does not speak for the others by giving up.
func (s *Store) runAll(ctx context.Context, all []*statement) {
	defer s.asked.ask()()
	if len(all) > 1 {
		ctx = context.WithoutCancel(ctx)
	}
	if len(all) < 2 || !s.runTogether(ctx, all) {
		for _, one := range all {
			one.changed, one.err = run(ctx, file{s}, one)
		}
	}
	for _, one := range all {
		close(one.done)
	}
}

// runTogether runs statements in one transaction. It returns false, and has
// changed nothing, if one of them failed: which, is found by running each alone.
func (s *Store) runTogether(ctx context.Context, all []*statement) bool {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false
	}
	defer tx.Rollback() // does nothing after Commit
	ready := prepared{tx, map[string]*sql.Stmt{}}
	for _, one := range all {
		if one.changed, err = run(ctx, ready, one); err != nil {
			return false
		}
	}
	err = tx.Commit()
	for _, one := range all {
		one.err = err
	}
	return true
}

// prepared reads each text of SQL once in a transaction, since many statements
// often have one.
type prepared struct {
	tx     *sql.Tx
	byText map[string]*sql.Stmt // closed with the transaction
}

func (p prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s := p.byText[query]
	if s == nil {
		var err error
		if s, err = p.tx.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		p.byText[query] = s
	}
	return s.ExecContext(ctx, args...)
}

// runner is what *sql.DB, *sql.Tx and prepared have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func run(ctx context.Context, r runner, s *statement) (int64, error) {
	done, err := r.ExecContext(ctx, s.query, s.args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// change runs several statements as one: all of them happen, or none. They may be run
// again, though it is not known that nothing of them happened; on SQLite, where one
// writes at a time, every transaction is serializable.
func (s *Store) change(ctx context.Context, level sql.IsolationLevel, statements func(*sql.Tx) error) error {
	if s.server != nil {
		err := s.again(ctx, func() error { return s.transact(ctx, level, statements) })
		s.server.wrote(err)
		return err
	}
	return s.transact(ctx, sql.LevelDefault, statements)
}

// transact runs statements in one transaction, when there is a place for a writer.
func (s *Store) transact(ctx context.Context, level sql.IsolationLevel, statements func(*sql.Tx) error) error {
	release, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer release()
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
	if state(err) == stateNotSupported {
		err = fmt.Errorf("%w: %w", errStandby, err)
	}
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if err := statements(tx); err != nil {
		return err
	}
	defer s.asked.ask()()
	return tx.Commit()
}

// turn waits until there is a place for one more goroutine that writes.
func (s *Store) turn(ctx context.Context) (release func(), err error) {
	s.writers.Add(1)
	defer s.writers.Add(-1)
	select {
	case s.writing <- struct{}{}:
		return func() { <-s.writing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
