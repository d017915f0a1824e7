package local

import (
	"context"
	"errors"
	"time"

	"signer/pkg/records"
)

// meet returns a job as it is, after finishing it if its worker is dead and it is
// not left to Work.
func (e *Engine) meet(ctx context.Context, job records.Job) (records.Job, error) {
	store, err := e.memory(ctx)
	if err != nil || job.Status != records.InProgress || e.waiting != nil {
		return job, err
	}
	if _, dropped := e.dropped.LoadAndDelete(job.ID); dropped {
		job.Until = time.Time{} // it is ours, however long
	} else if store.Held(job) {
		return job, nil
	}
	if err := e.takeOver(ctx, store, job); err != nil {
		return job, err
	}
	return store.Job(ctx, job.Partition, job.ID)
}

// takeOver makes this process the worker of a job, and finishes it. If another
// process does, that is as good.
func (e *Engine) takeOver(ctx context.Context, store *records.Store, job records.Job) error {
	job, err := e.claim(ctx, store, job)
	if errors.Is(err, records.ErrChanged) {
		return nil
	}
	if err != nil {
		return err
	}
	h := e.hold(ctx, store, job)
	defer h.release()
	return e.resume(h.ctx, job)
}

// claim makes this process the worker of a job: records.ErrChanged if another one
// has been faster.
func (e *Engine) claim(ctx context.Context, store *records.Store, job records.Job) (records.Job, error) {
	name, err := store.Enlist()
	if err != nil {
		return job, err
	}
	mine := records.Claim{Worker: name, Attempt: job.Attempt + 1, For: e.lease}
	err = store.TakeJob(ctx, job.ID, job.Claim, mine)
	job.Claim = mine
	return job, err
}

// resume works off a job that is claimed, and may have been another worker's before.
func (e *Engine) resume(ctx context.Context, job records.Job) error {
	if tries(job) >= attempts {
		return e.giveUp(ctx, job, "Signing was interrupted too often.")
	}
	job, err := e.begin(ctx, job)
	if errors.Is(err, records.ErrChanged) {
		return nil // another worker sees to it
	}
	if err != nil {
		return e.giveBack(ctx, job, 0, err)
	}
	piece, err := e.prepare(ctx, job)
	if refusal := ofService(err); err != nil && refusal != nil {
		return e.giveUp(ctx, job, refusal.ErrorMessage())
	}
	switch {
	case err != nil && e.later(job, err):
		return e.postpone(ctx, job, err)
	case err != nil && e.waiting != nil:
		return errors.Join(err, e.giveUp(ctx, job, wentWrong(err)))
	case err != nil:
		return e.giveBack(ctx, job, 0, err)
	}
	defer piece.close()
	return e.finish(ctx, piece)
}

// begin records that work on a job begins which was claimed before: should it be what
// kills its workers, this is known even if it kills the next one. That a worker died which
// had only claimed the job is not the job's fault.
func (e *Engine) begin(ctx context.Context, job records.Job) (records.Job, error) {
	if job.Attempt == 1 {
		return job, nil
	}
	job.Begun = tries(job) + 1
	return job, e.recordBegun(ctx, job)
}

// recordBegun records how often work on a job has begun.
func (e *Engine) recordBegun(ctx context.Context, job records.Job) error {
	store, err := e.memory(ctx)
	if err != nil {
		return err
	}
	claim := job.Claim
	claim.For = e.lease
	return store.BeginJob(ctx, job.ID, claim, job.Begun)
}

// giveUp ends a job that cannot be worked on any more. It has failed, unless a worker
// died when the signed object was there and only the record of that missing.
func (e *Engine) giveUp(ctx context.Context, job records.Job, reason string) error {
	r := records.Result{Status: failed, Reason: reason}
	if platform, err := platformOf(job.Platform); err == nil {
		p := &piece{job: job, platform: platform, claims: claims(job)}
		version, err := e.delivered(ctx, p)
		switch {
		case err == nil:
			r = p.success(version)
		case ofService(err) == nil: // it cannot be found out now
			return e.giveBack(ctx, job, pause(job), err)
		}
	}
	return e.settle(ctx, job, e.clock(), r)
}

// meetAll finishes the jobs whose workers are dead, unless they are left to Work: the
// oldest mostAbandoned of them, so that nobody waits for thousands before a list is
// seen. The others, and one that cannot be finished now, stay in progress.
func (e *Engine) meetAll(ctx context.Context, store *records.Store) error {
	if e.waiting != nil {
		return nil
	}
	jobs, err := e.abandoned(ctx, store)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if _, err := e.meet(ctx, job); err != nil && ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// mostAbandoned is how many jobs that were left are looked at together.
const mostAbandoned = 256

// abandoned returns jobs of the caller's that others have left or that were given up
// here.
func (e *Engine) abandoned(ctx context.Context, store *records.Store) ([]records.Job, error) {
	jobs, err := store.Abandoned(ctx, e.caller, mostAbandoned)
	e.dropped.Range(func(_, v any) bool {
		if job := v.(records.Job); job.Partition == e.caller {
			jobs = append(jobs, job)
		}
		return true
	})
	return jobs, err
}
