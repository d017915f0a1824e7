package local_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket"
	"signer/pkg/local"
	"signer/pkg/records"
)

// full makes an engine's buckets take nothing.
func full(c *local.Config) {
	c.Objects = faulty{c.Objects.(*bucket.Dir), func(func(io.Reader) (bucket.Stored, error), io.Reader) (bucket.Stored, error) {
		return bucket.Stored{}, syscall.ENOSPC
	}}
	c.Warn = func(error) {}
}

// While a store takes nothing a job waits, however often it has been tried: those who
// try live on, so that it is not the job's fault.
func TestJobOutlivesAnOutage(t *testing.T) {
	h := app(t)
	e := h.background(t, full)
	id, err := h.start(ctx, e, "")
	must(t, err)
	h.claimAndDie(t, 7, 7)
	defer e.Work(1)(ctx)
	s := h.records(t)
	var job records.Job
	eventually(t, func() bool {
		job, err = s.Job(ctx, records.Partition{Account: account, Region: region}, id)
		must(t, err)
		return job.Attempt == 8 && job.Worker == ""
	})
	if job.Status != records.InProgress || job.Begun != 0 || time.Until(job.Until) < 30*time.Second {
		t.Errorf("it is %s, begun %d times, and waits until %v", job.Status, job.Begun, job.Until)
	}
}

// Each time that jobs are looked for it is told how that went, so that who is told knows
// when an outage is over.
func TestOutageIsTold(t *testing.T) {
	h := newHome(t)
	away := errors.New("the records are away")
	told := make(chan error, 100)
	var back atomic.Bool
	e := h.background(t, func(c *local.Config) {
		from := c.Records
		c.Records = func(ctx context.Context) (*records.Store, error) {
			if !back.Load() {
				return nil, away
			}
			return from(ctx)
		}
		c.Went = func(what string, err error) {
			if what != "look for jobs that wait" {
				t.Errorf("%s: %v", what, err)
			}
			back.Store(true)
			told <- err
		}
	})
	defer e.Work(1)(ctx)
	for _, want := range []error{away, nil} {
		if err := <-told; err != want {
			t.Errorf("got %v, not %v", err, want)
		}
	}
}

// An outage that nobody has seen to ends the job, with the reason.
func TestOutageEnds(t *testing.T) {
	h := app(t)
	e := h.background(t, full)
	id, err := h.start(ctx, e, "")
	must(t, err)
	later := h.background(t, full, func(c *local.Config) { c.Now = func() time.Time { return time.Now().Add(2 * time.Hour) } })
	defer later.Work(1)(ctx)
	eventually(t, func() bool { return h.status(t, e, id) != types.SigningStatusInProgress })
	job, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
	must(t, err)
	if reason := aws.ToString(job.StatusReason); job.Status != types.SigningStatusFailed || !strings.Contains(reason, "no space left") {
		t.Errorf("it is %s: %s", job.Status, reason)
	}
}
