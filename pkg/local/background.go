package local

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"signer/pkg/records"
)

// How jobs are signed in the background:
//
// StartSigningJob records a job that waits, and whoever works on the same records
// claims it: this process or another one, on this machine or another one. A job's row
// is its place in the queue, and nothing else knows of it. If somebody here has his
// hands free, and no other job waits, the job is recorded as claimed by him, which
// saves the claiming.
//
// Claims lapse, and are renewed while somebody works (see hold.go). Work looks for
// jobs that wait whenever it hears of some and every now and then, and for claims that
// have lapsed every now and then.

// Ending is a job that has ended.
type Ending struct {
	Job               string // its id
	records.Partition        // of its owner
	Profile, Platform string
	Status, Reason    string
	Took              time.Duration // since the job was started
	Signing           time.Duration // of that, since somebody here took it up
}

// lookEvery is how often Work looks for what it may not have heard of.
const lookEvery = 2 * time.Second

// Load tells how many jobs of Config.Background wait, as far as this process knows,
// and how many it works on.
func (e *Engine) Load() (waiting, working int) {
	return e.waiting.size(), int(e.waiting.working.Load())
}

// Work begins to sign what waits, n jobs at once, and what others have left. It is for
// an Engine with Config.Background, once, and serves all callers.
//
// To stop, call what it returns. That takes no more jobs, and returns when those
// that are being worked on have ended, or been given back because ctx has; the others
// are whoever's who works on the same records or, once the Engine is closed, meets them.
func (e *Engine) Work(n int) (stop func(ctx context.Context)) {
	work, abort := context.WithCancel(context.Background())
	t := &team{Engine: e, abroad: work, size: n, stopped: make(chan struct{}), hands: make(chan *holding, n+max(n, ahead))}
	for range n {
		t.Go(t.work)
	}
	t.Go(t.search)
	t.Go(t.announce)
	listening, deafen := context.WithCancel(work)
	t.Go(func() { t.listen(listening) })
	e.waiting.team.Store(t)
	return func(ctx context.Context) {
		e.waiting.team.Store(nil)
		close(t.stopped)
		deafen()
		defer abort()
		defer context.AfterFunc(ctx, abort)()
		t.Wait()
		t.leave()
	}
}

// team are the workers of an engine.
type team struct {
	*Engine
	sync.WaitGroup
	abroad  context.Context // of all work; it ends when there is no more time
	size    int
	stopped chan struct{}

	mu       sync.Mutex
	busy     int           // jobs that are in somebody's hands, or are about to be
	hands    chan *holding // those that nobody has begun
	pace     time.Duration // that a job has taken of late
	lately   string        // the account whose job was claimed last
	drained  atomic.Bool   // no job waited a moment ago
	quitting bool          // nobody takes anything into his hands any more
}

// reserve takes hold of a pair of free hands for a job that is about to be recorded.
func (t *team) reserve() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.quitting || t.busy >= t.size || !t.drained.Load() {
		return false
	}
	t.busy++
	return true
}

// release gives the hands back that a job had, or would have had, if there are any.
func (t *team) release() {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.busy--
	t.mu.Unlock()
	t.waiting.poke()
}

// hand gives a job that is claimed to the hands that were reserved for it.
func (t *team) hand(store *records.Store, job records.Job) {
	t.hands <- t.hold(t.abroad, store, job) // there is room for all that are reserved
}

// quick is how long a job may take if the next one is to be fetched meanwhile. Slow
// ones are left to who can begin them sooner.
const quick = 200 * time.Millisecond

// ahead is how many jobs are claimed at most before there are hands to sign them, when
// they are very quick: claiming takes as long as signing a small one, for one job as for
// many.
const ahead = 32

// room is how many jobs may be claimed now.
func (t *team) room() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	more := 0
	if t.pace < quick {
		more = max(t.size, min(ahead, t.size*int(quick/max(t.pace, time.Millisecond))))
	}
	free := t.size + more - t.busy
	if free <= 0 || t.busy >= t.size && free < more/2 { // a few at once are cheaper than one by one
		return 0
	}
	t.busy += free
	return free
}

// work works off one job after the other.
func (t *team) work() {
	for {
		select {
		case <-t.stopped:
			return
		default: // of several things that can be done, stopping goes before
		}
		select {
		case <-t.stopped:
			return
		case h := <-t.hands:
			t.do(h)
			t.release()
		}
	}
}

// do works a job off. What keeps it from being worked on leaves it to be found.
func (t *team) do(h *holding) {
	t.waiting.working.Add(1)
	defer t.waiting.working.Add(-1)
	defer h.release()
	began := time.Now()
	if err := t.resume(h.ctx, h.job); err != nil && !errors.Is(err, context.Canceled) && worthTelling(h.job.Attempt) {
		t.warn(fmt.Errorf("job %s: %w", h.job.ID, err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pace += (time.Since(began) - t.pace) / 4
}

// worthTelling tells whether somebody is to be told what went wrong in an attempt at a
// job: the first, the second, the fourth and so on, since where a store is away there are
// thousands of jobs, and each is tried again once a minute.
func worthTelling(attempt int64) bool { return attempt&(attempt-1) == 0 }

// leave gives back what nobody has begun.
func (t *team) leave() {
	t.mu.Lock()
	t.quitting = true
	t.mu.Unlock()
	for {
		select {
		case h := <-t.hands:
			h.release()
			_ = t.giveBack(context.Background(), h.job, 0, nil)
		default:
			return
		}
	}
}

// search claims jobs while there are hands for them, again and again.
func (t *team) search() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for lapsed := true; ; {
		err := t.searchOnce(lapsed)
		if t.abroad.Err() == nil {
			t.went("look for jobs that wait", err)
		}
		if err != nil {
			t.drained.Store(false)
		}
		var heard <-chan struct{} = t.waiting.heard
		if err != nil {
			heard = nil // it would go wrong again
		}
		select {
		case <-t.stopped:
			return
		case <-tick.C:
			lapsed = true
		case <-heard:
			lapsed = false
		}
	}
}

// searchOnce claims what there are hands for.
func (t *team) searchOnce(lapsed bool) error {
	store, err := t.memory(t.abroad)
	if err != nil {
		return err
	}
	name, err := store.Enlist()
	if err != nil {
		return err
	}
	if lapsed {
		err := firstError(
			func() error { return t.recover(store) },
			func() error { return t.waiting.count(t.abroad, store.Waiting) },
			func() error { return t.fetch(store, store.ClaimLapsed, name) })
		if err != nil {
			return err
		}
	}
	return t.fetch(store, store.ClaimWaiting, name)
}

func firstError(all ...func() error) error {
	for _, one := range all {
		if err := one(); err != nil {
			return err
		}
	}
	return nil
}

// fetch claims jobs and hands them out.
func (t *team) fetch(store *records.Store, claim func(context.Context, records.Claiming) ([]records.Job, error), name string) error {
	room := t.room()
	if room == 0 {
		t.drained.Store(false)
		return nil
	}
	heard := t.waiting.adds.Load()
	jobs, err := claim(t.abroad, records.Claiming{Worker: name, For: t.lease, After: t.lately, Limit: room})
	for _, job := range jobs {
		t.lately = job.Invoker
		t.waiting.drop(job.Invoker)
		t.hand(store, job)
	}
	t.mu.Lock()
	t.busy -= room - len(jobs)
	t.mu.Unlock()
	t.drained.Store(err == nil && len(jobs) < room && heard == t.waiting.adds.Load())
	return err
}

// recover lets wait what was given up here and the records do not know it.
func (t *team) recover(store *records.Store) (err error) {
	t.dropped.Range(func(_, v any) bool {
		job := v.(records.Job)
		if err = store.ReturnJob(t.abroad, job.ID, job.Claim, 0); err == nil || errors.Is(err, records.ErrChanged) {
			t.dropped.Delete(job.ID)
			err = nil
		}
		return err == nil
	})
	return err
}

// listen hears of jobs that other processes let wait.
func (t *team) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if store, err := t.memory(ctx); err == nil {
			store.Listen(ctx, t.waiting.poke, func(err error) { t.went("listen for jobs that wait", err) })
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		}
	}
}

// announceEvery is how often others are told at most that jobs wait.
const announceEvery = 20 * time.Millisecond

// announce tells other processes of jobs that wait. It is no part of recording them:
// who does not hear of them finds them.
func (t *team) announce() {
	for {
		select {
		case <-t.stopped:
			return
		case <-t.waiting.tell:
		}
		if store, err := t.memory(t.abroad); err == nil {
			_ = store.Announce(t.abroad) // who is not told looks by himself
		}
		time.Sleep(announceEvery)
	}
}
