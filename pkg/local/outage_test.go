package local_test

import (
	"io"
	"strings"
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
