package local_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/local"
)

// background is an engine that leaves its jobs to Work.
func (h *home) background(t *testing.T, change ...func(*local.Config)) *local.Engine {
	c := h.Config()
	c.Background = 100
	c.Warn = func(err error) { t.Error(err) }
	for _, f := range change {
		f(&c)
	}
	return open(t, c)
}

func (h *home) status(t *testing.T, e *local.Engine, id string) types.SigningStatus {
	t.Helper()
	job, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
	must(t, err)
	return job.Status
}

// patience only ends tests that have failed: machines may be slow.
const patience = 3 * time.Minute

// eventually waits until something is so.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatal("it does not come about")
}

func TestInTheBackground(t *testing.T) {
	h := app(t)
	var mu sync.Mutex
	var ended []string
	e := h.background(t, func(c *local.Config) {
		c.Ended = func(end local.Ending) {
			mu.Lock()
			defer mu.Unlock()
			if ended = append(ended, end.Status); end.Signing < 0 || end.Took < end.Signing || end.Took > time.Minute || end.Job == "" || end.Profile == "" || end.Reason == "" {
				t.Errorf("it ended as %+v", end)
			}
		}
	})
	ids := map[string]bool{}
	for range 10 {
		id, err := h.start(ctx, e, "")
		must(t, err)
		if got := h.status(t, e, id); got != "InProgress" {
			t.Errorf("a job nobody works on is %s", got)
		}
		ids[id] = true
	}
	// To others it is a job that somebody works on.
	other := h.engine(t)
	for id := range h.jobs(t, other) {
		if got := h.status(t, other, id); got != "InProgress" {
			t.Errorf("another process thinks that the job is %s", got)
		}
	}
	if waiting, working := e.Load(); waiting != 10 || working != 0 {
		t.Errorf("%d wait, %d are worked on", waiting, working)
	}
	stop := e.Work(3)
	eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(ended) == 10 })
	stop(ctx)
	if slices.ContainsFunc(ended, func(s string) bool { return s != "Succeeded" }) {
		t.Errorf("they are %v", ended)
	}
	if waiting, working := e.Load(); waiting != 0 || working != 0 {
		t.Errorf("%d wait, %d are worked on", waiting, working)
	}
	h.checkJobs(t, ids)
}

// What waits when the engine is closed is for whoever meets it.
func TestWaitingJobsAreLeftToOthers(t *testing.T) {
	h := app(t)
	e := h.background(t)
	ids := map[string]bool{}
	for range 3 {
		id, err := h.start(ctx, e, "")
		must(t, err)
		ids[id] = true
	}
	e.Work(1)(ctx)
	must(t, e.Close())
	h.checkJobs(t, ids)
}

// Work finds what dead processes have left, in whatever account.
func TestWorkFindsWhatIsLeft(t *testing.T) {
	h := app(t)
	dying, _ := h.spawn(t, "dying", "halfway")
	dying.Wait()
	e := h.background(t)
	elsewhere, err := e.For("444455556666", "us-east-1", "")
	must(t, err)
	if n := len(h.jobs(t, elsewhere)); n != 0 {
		t.Errorf("another account lists %d jobs", n)
	}
	defer elsewhere.Work(1)(ctx)
	eventually(t, func() bool { return h.ended(t, e).Status == "Succeeded" })
	h.checkJobs(t, nil)
}

// Work that is told to hurry gives back what it has begun.
func TestWorkThatIsInterrupted(t *testing.T) {
	h := app(t)
	begun := make(chan struct{})
	e := h.background(t, func(c *local.Config) { c.Objects = &stuck{Dir: h.Buckets, begun: begun} })
	id, err := h.start(ctx, e, "")
	must(t, err)
	stop := e.Work(1)
	<-begun
	hurry, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	stop(hurry)
	if got := h.status(t, e, id); got != "InProgress" {
		t.Errorf("it is %s", got)
	}
	h.checkJobs(t, map[string]bool{id: true}) // though the first engine is open
}

func TestForRefuses(t *testing.T) {
	e := newHome(t).engine(t)
	if other, err := e.For("12", region, ""); err == nil {
		t.Errorf("got %v", other)
	}
	if other, err := e.For(account, "", ""); err == nil {
		t.Errorf("got %v", other)
	}
}
