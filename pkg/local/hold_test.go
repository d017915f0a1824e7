package local_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket"
	"signer/pkg/local"
	"signer/pkg/records"
)

func (h *home) records(t *testing.T) *records.Store {
	t.Helper()
	s, err := h.Records(ctx)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// A job of which one worker after the other dies has failed in the end, and says why. It
// does not count that workers died which had only claimed it.
func TestPoisonedJobFails(t *testing.T) {
	for name, tc := range map[string]struct {
		begun  int // of eight workers that die
		status types.SigningStatus
		reason string
	}{
		"begun by eight":   {8, "Failed", "Signing was interrupted too often."},
		"begun by seven":   {7, "Succeeded", "Signing Succeeded"},
		"claimed by eight": {0, "Succeeded", "Signing Succeeded"},
	} {
		t.Run(name, func(t *testing.T) {
			h := app(t)
			e := h.background(t)
			id, err := h.start(ctx, e, "")
			must(t, err)
			h.claimAndDie(t, 8, tc.begun)
			defer e.Work(1)(ctx)
			eventually(t, func() bool { return h.status(t, e, id) != "InProgress" })
			job, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
			must(t, err)
			if got := aws.ToString(job.StatusReason); job.Status != tc.status || got != tc.reason {
				t.Errorf("it is %s: %q", job.Status, got)
			}
		})
	}
}

// claimAndDie claims the only job of a home for so many workers that are dead. The first
// so many of them have begun it; of the first attempt nobody records that.
func (h *home) claimAndDie(t *testing.T, workers, begun int) {
	t.Helper()
	s := h.records(t)
	claim := s.ClaimWaiting
	for attempt := range int64(workers) {
		jobs, err := claim(ctx, records.Claiming{Worker: "dead", For: time.Hour, Limit: 1})
		must(t, err)
		if len(jobs) != 1 || jobs[0].Attempt != attempt+1 {
			t.Fatalf("attempt %d: got %+v", attempt, jobs)
		}
		if attempt > 0 && int(attempt) < begun {
			by := jobs[0].Claim
			by.For = time.Hour
			must(t, s.BeginJob(ctx, jobs[0].ID, by, attempt+1))
		}
		claim = s.ClaimLapsed
	}
}

// A worker that has lost a job to another stops, and leaves it alone.
func TestLostJobIsAnothers(t *testing.T) {
	h := app(t)
	begun, started := make(chan struct{}), make(chan error)
	c := h.Config()
	c.Lease, c.Objects = 300*time.Millisecond, &stuck{Dir: h.Buckets, begun: begun}
	e := open(t, c)
	go func() {
		_, err := h.start(ctx, e, "token")
		started <- err
	}()
	<-begun
	s := h.records(t)
	in := records.Partition{Account: account, Region: region}
	var theirs records.Claim
	eventually(t, func() bool {
		job, err := s.JobByToken(ctx, in, "token")
		must(t, err)
		name, err := s.Enlist()
		must(t, err)
		theirs = records.Claim{Worker: name, Attempt: job.Attempt + 1, For: time.Hour}
		err = s.TakeJob(ctx, job.ID, job.Claim, theirs)
		if err != nil && !errors.Is(err, records.ErrChanged) { // which has been renewed meanwhile
			t.Fatal(err)
		}
		return err == nil
	})
	must(t, <-started)
	job, err := s.JobByToken(ctx, in, "token")
	must(t, err)
	if job.Status != records.InProgress || job.Worker != theirs.Worker || job.Attempt != theirs.Attempt {
		t.Errorf("it is %s, of %+v", job.Status, job.Claim)
	}
	must(t, s.ReturnJob(ctx, job.ID, theirs, 0))
	h.checkJobs(t, map[string]bool{job.ID: true})
}

// stuck are buckets that take no object before the caller gives up, however often it
// tries.
type stuck struct {
	*bucket.Dir
	once  sync.Once
	begun chan struct{}
}

func (s *stuck) Put(ctx context.Context, _, _ string, _ io.Reader, _ bucket.PutOptions) (bucket.Stored, error) {
	s.once.Do(func() { close(s.begun) })
	<-ctx.Done()
	return bucket.Stored{}, ctx.Err()
}

// Work that is done keeps its claims: nobody else takes a job that takes long.
func TestLongJobIsKept(t *testing.T) {
	h := app(t)
	begun := make(chan struct{})
	e := h.background(t, func(c *local.Config) {
		c.Lease, c.Objects = 100*time.Millisecond, &stuck{Dir: h.Buckets, begun: begun}
	})
	id, err := h.start(ctx, e, "")
	must(t, err)
	stop := e.Work(1)
	<-begun
	s := h.records(t)
	var first time.Time
	eventually(t, func() bool { // until the claim has been renewed a few times
		job, err := s.Job(ctx, records.Partition{Account: account, Region: region}, id)
		must(t, err)
		if first.IsZero() {
			first = job.Until
		}
		return job.Until.Sub(first) > 50*time.Millisecond
	})
	hurry, cancel := context.WithCancel(ctx)
	cancel()
	stop(hurry)
	h.checkJobs(t, map[string]bool{id: true})
}

// moody are buckets that are away the first time.
type moody struct {
	*bucket.Dir
	err  error
	puts atomic.Int64
}

func (m *moody) Put(ctx context.Context, name, key string, body io.Reader, o bucket.PutOptions) (bucket.Stored, error) {
	if m.puts.Add(1) == 1 {
		return bucket.Stored{}, m.err
	}
	return m.Dir.Put(ctx, name, key, body, o)
}

// A job that was acknowledged is signed later if its buckets are away now, or do not let
// this process in.
func TestJobWaitsForItsBuckets(t *testing.T) {
	for said, err := range map[string]error{
		"the network is away": errors.New("the network is away"),
		"the object store does not take the credentials that it is asked with: see which these are, and the clock (ExpiredToken: The provided token has expired.)": &bucket.Error{
			Code: "ExpiredToken", Message: "The provided token has expired.", Status: 400},
	} {
		t.Run(said[:11], func(t *testing.T) {
			t.Parallel()
			h := app(t)
			var mu sync.Mutex
			var warned []string
			e := h.background(t, func(c *local.Config) {
				c.Objects = &moody{Dir: h.Buckets, err: err}
				c.Warn = func(err error) { mu.Lock(); defer mu.Unlock(); warned = append(warned, err.Error()) }
			})
			id, err := h.start(ctx, e, "")
			must(t, err)
			defer e.Work(1)(ctx)
			eventually(t, func() bool { return h.status(t, e, id) == "Succeeded" })
			mu.Lock()
			defer mu.Unlock()
			if len(warned) != 1 || warned[0] != "job "+id+": "+said {
				t.Errorf("it warned of %q", warned)
			}
		})
	}
}
