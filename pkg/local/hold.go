package local

import (
	"context"
	"errors"
	"time"

	"signer/pkg/records"
)

// A claim lapses after Config.Lease, so that a worker that hangs loses it. While
// somebody works, his claim is renewed; if that turns out to be too late he stops.
// Nobody works on one job for longer than longestWork: then he gives it back, and
// after some such attempts it has failed.

const (
	usualLease  = 30 * time.Second
	longestWork = 30 * time.Minute
)

// errLost is why work on a job ends that is another's by now.
var errLost = errors.New("the job was not kept in time, and is another worker's now")

var errTooLong = errors.New("the job took too long")

// holding is a job that is claimed, and kept claimed until release is called. ctx
// ends when it cannot be kept.
type holding struct {
	job     records.Job
	ctx     context.Context
	release context.CancelFunc
}

// hold keeps a job that is claimed.
func (e *Engine) hold(ctx context.Context, store *records.Store, job records.Job) *holding {
	ctx, cancel := context.WithCancelCause(ctx)
	h := &holding{job: job, ctx: ctx, release: func() { cancel(context.Canceled) }}
	go h.keep(store, e.lease, cancel)
	return h
}

// keep renews the claim until the work has ended. While the records cannot be reached
// the work goes on: what becomes of it, they decide.
func (h *holding) keep(store *records.Store, lease time.Duration, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(lease / 3)
	defer tick.Stop()
	for began := time.Now(); ; {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
		}
		if time.Since(began) > longestWork {
			cancel(errTooLong)
			return
		}
		claim := h.job.Claim
		claim.For = lease
		if err := store.RenewJob(h.ctx, h.job.ID, claim); errors.Is(err, records.ErrChanged) {
			cancel(errLost)
			return
		}
	}
}
