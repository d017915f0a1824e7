package local

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
)

// How jobs are signed in the background:
//
// StartSigningJob records the job in the name of this process, as it always does,
// and puts it into a queue in memory, which Work empties. The record is the job's
// place: if the process dies the queue is gone, but the records name a dead worker,
// and whoever meets the jobs takes them over. Work itself looks for such jobs, of
// all accounts, and takes one over when it has time for it and not before: an
// attempt is a worker's, not a queue's.
//
// The queue is bounded. When it is full StartSigningJob waits, and then asks the
// caller to come again.

// Ending is a job that has ended.
type Ending struct {
	Status string
	Took   time.Duration // since the job was started
}

// queue holds jobs that are to be signed.
type queue struct {
	room    chan struct{}    // one for each job that waits, is to wait, or is worked on
	jobs    chan records.Job // those that wait
	working atomic.Int64
}

// newQueue returns a queue for n jobs, or nil for 0.
func newQueue(n int) *queue {
	if n == 0 {
		return nil
	}
	return &queue{room: make(chan struct{}, n), jobs: make(chan records.Job, n)}
}

// queuePatience is how long StartSigningJob waits for room.
const queuePatience = 5 * time.Second

// seat is room for one job in a queue.
type seat struct{ in *queue }

// reserve waits for a seat in the queue, if there is one at all.
func (q *queue) reserve(ctx context.Context) (*seat, error) {
	if q == nil {
		return &seat{}, nil
	}
	select {
	case q.room <- struct{}{}:
		return &seat{q}, nil
	default:
	}
	patience := time.NewTimer(queuePatience)
	defer patience.Stop()
	select {
	case q.room <- struct{}{}:
		return &seat{q}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-patience.C:
		return nil, &types.ThrottlingException{Message: message("Rate exceeded: %d jobs are waiting to be signed.", []any{cap(q.room)})}
	}
}

// take puts a job on the seat.
func (s *seat) take(job records.Job) {
	s.in.jobs <- job
	s.in = nil
}

// leave gives the seat back, if no job took it.
func (s *seat) leave() {
	if s.in != nil {
		<-s.in.room
	}
}

// Load tells how many jobs of Config.Background wait, and how many are worked on.
func (e *Engine) Load() (waiting, working int) {
	return len(e.waiting.jobs), int(e.waiting.working.Load())
}

// lookEvery is how often Work looks for what dead workers have left.
const lookEvery = 2 * time.Second

// Work begins to sign what waits for it, n jobs at once, and what dead workers have
// left. It is for an Engine with Config.Background, once, and serves all callers.
//
// To stop, call what it returns. That takes no more jobs, and returns when those
// that are being worked on have ended, or been given back because ctx has; the others
// are whoever's who meets them, once the Engine is closed.
func (e *Engine) Work(n int) (stop func(ctx context.Context)) {
	work, abort := context.WithCancel(context.Background())
	t := &team{Engine: e, stopped: make(chan struct{}), found: make(chan records.Job)}
	for range n {
		t.Go(func() { t.work(work) })
	}
	t.Go(func() { t.search(work) })
	return func(ctx context.Context) {
		close(t.stopped)
		defer abort()
		defer context.AfterFunc(ctx, abort)()
		t.Wait()
	}
}

// team are the workers of an engine.
type team struct {
	*Engine
	sync.WaitGroup
	stopped chan struct{}
	found   chan records.Job // left by dead workers
}

// work works off one job after the other.
func (t *team) work(ctx context.Context) {
	for {
		select {
		case <-t.stopped:
			return
		default: // of several things that can be done, stopping goes before
		}
		select {
		case <-t.stopped:
			return
		case job := <-t.waiting.jobs:
			t.busy(job, func() error { return t.resume(ctx, job) })
			<-t.waiting.room
		case job := <-t.found:
			t.busy(job, func() error { return t.inherit(ctx, job) })
		}
	}
}

// busy does a piece of work. What keeps a job from being worked on leaves it to be
// found.
func (t *team) busy(job records.Job, work func() error) {
	t.waiting.working.Add(1)
	defer t.waiting.working.Add(-1)
	if err := work(); err != nil && !errors.Is(err, context.Canceled) {
		t.warn(fmt.Errorf("job %s: %w", job.ID, err))
	}
}

// inherit takes over a job that was left.
func (t *team) inherit(ctx context.Context, job records.Job) error {
	store, err := t.memory(ctx)
	if err != nil {
		return err
	}
	_, dropped := t.dropped.LoadAndDelete(job.ID)
	err = t.takeOver(ctx, store, job)
	if err != nil && dropped {
		t.dropped.Store(job.ID, job)
	}
	return err
}

// search finds what dead workers have left, again and again.
func (t *team) search(ctx context.Context) {
	for {
		more, err := t.searchOnce(ctx)
		if err != nil {
			t.warn(fmt.Errorf("look for jobs that were left: %w", err))
		}
		if more {
			continue
		}
		select {
		case <-t.stopped:
			return
		case <-time.After(lookEvery):
		}
	}
}

// searchOnce finds some jobs, and tells whether there are more.
func (t *team) searchOnce(ctx context.Context) (more bool, err error) {
	store, err := t.memory(ctx)
	if err != nil {
		return false, err
	}
	jobs, err := t.abandoned(ctx, store, records.Partition{})
	if err != nil {
		return false, err
	}
	for _, job := range jobs {
		select {
		case t.found <- job:
		case <-t.stopped:
			return false, nil
		}
	}
	return len(jobs) >= mostAbandoned, nil
}

// mostAbandoned is how many jobs that were left are looked at together.
const mostAbandoned = 256

// abandoned returns jobs of a partition, or of the zero one all, that dead workers
// have left or that were given up here.
func (e *Engine) abandoned(ctx context.Context, store *records.Store, in records.Partition) ([]records.Job, error) {
	jobs, err := store.Abandoned(ctx, in, mostAbandoned)
	e.dropped.Range(func(_, v any) bool {
		if job := v.(records.Job); in == (records.Partition{}) || job.Partition == in {
			jobs = append(jobs, job)
		}
		return true
	})
	return jobs, err
}
