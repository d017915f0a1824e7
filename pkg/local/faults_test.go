package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket"
	"signer/pkg/keys"
	"signer/pkg/local"
	"signer/pkg/records"
	"signer/pkg/sign"
)

// faulty are buckets in which something happens when an object is put.
type faulty struct {
	*bucket.Dir
	put func(store func(body io.Reader) (bucket.Stored, error), body io.Reader) (bucket.Stored, error)
}

func (f faulty) Put(ctx context.Context, b, key string, body io.Reader, o bucket.PutOptions) (bucket.Stored, error) {
	return f.put(func(body io.Reader) (bucket.Stored, error) { return f.Dir.Put(ctx, b, key, body, o) }, body)
}

// deaths are the moments at which a process can die of putting its object.
var deaths = map[string]func(func(io.Reader) (bucket.Stored, error), io.Reader) (bucket.Stored, error){
	"before": func(func(io.Reader) (bucket.Stored, error), io.Reader) (bucket.Stored, error) {
		die()
		return bucket.Stored{}, nil
	},
	"halfway": func(store func(io.Reader) (bucket.Stored, error), body io.Reader) (bucket.Stored, error) {
		return store(io.MultiReader(io.LimitReader(body, 1000), dying{}))
	},
	"after": func(store func(io.Reader) (bucket.Stored, error), body io.Reader) (bucket.Stored, error) {
		store(body)
		die()
		return bucket.Stored{}, nil
	},
}

func die() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		p.Kill()
	}
	select {}
}

type dying struct{}

func (dying) Read([]byte) (int, error) { die(); return 0, nil }

// childDying starts a job and dies of it.
func childDying(h *home, moment string) error {
	c := h.Config()
	c.Objects = faulty{h.Buckets, deaths[moment]}
	e, err := local.Open(c)
	if err == nil {
		_, err = h.start(ctx, e, "token")
	}
	return err
}

// recorded is what the records say of the job with the token, before anything
// meets it.
func (h *home) recorded(t *testing.T) records.Job {
	t.Helper()
	s, err := h.Records(ctx)
	must(t, err)
	defer s.Close()
	job, err := s.JobByToken(ctx, records.Partition{Account: account, Region: region}, "token")
	must(t, err)
	return job
}

// meetings are how an engine comes upon a job.
var meetings = map[string]func(*home, *local.Engine, string) error{
	"describe": func(_ *home, e *local.Engine, id string) error {
		_, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
		return err
	},
	"list": func(_ *home, e *local.Engine, _ string) error {
		_, err := e.ListSigningJobs(ctx, &signer.ListSigningJobsInput{})
		return err
	},
	"start": func(h *home, e *local.Engine, id string) error {
		got, err := h.start(ctx, e, "token")
		if got != id {
			return errors.Join(err, errors.New("the token made another job"))
		}
		return err
	},
}

// Whatever meets the job of a dead process finishes it, and signs again only
// what was not yet signed.
func TestDeathOfAJob(t *testing.T) {
	for moment := range deaths {
		for meeting, meet := range meetings {
			t.Run(moment+"/"+meeting, func(t *testing.T) {
				h := app(t)
				c, _ := h.spawn(t, "dying", moment)
				c.Wait()
				before := h.versions(t)
				if moment == "after" != (len(before) == 1) {
					t.Errorf("it died %s and left %v", moment, before)
				}
				job := h.recorded(t)
				if job.Status != records.InProgress {
					t.Errorf("it died %s and is recorded as %s", moment, job.Status)
				}
				must(t, meet(h, h.engine(t), job.ID))
				if job := h.recorded(t); job.Status != "Succeeded" {
					t.Errorf("it was met and is %s: %s", job.Status, job.Result.Reason)
				}
				h.checkJobs(t, nil)
			})
		}
	}
}

// ended describes the only job of a home.
func (h *home) ended(t *testing.T, e *local.Engine) *signer.DescribeSigningJobOutput {
	t.Helper()
	jobs := h.jobs(t, e)
	if len(jobs) != 1 {
		t.Fatalf("there are %d jobs", len(jobs))
	}
	for id := range jobs {
		job, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
		must(t, err)
		return job
	}
	return nil
}

// A job of which one process after the other dies fails, unless its object is there.
func TestJobThatKills(t *testing.T) {
	for moment, want := range map[string]types.SigningStatus{"before": types.SigningStatusFailed, "after": types.SigningStatusSucceeded} {
		h := app(t)
		c, _ := h.spawn(t, "dying", moment)
		c.Wait()
		job := h.recorded(t)
		s, err := h.Records(ctx)
		must(t, err)
		last := records.Claim{Worker: "another that died", Attempt: 8, For: time.Hour}
		must(t, s.TakeJob(ctx, job.ID, job.Claim, last))
		must(t, s.BeginJob(ctx, job.ID, last, 8))
		must(t, s.Close())
		if job := h.ended(t, h.engine(t)); job.Status != want {
			t.Errorf("it died %s and is %s", moment, job.Status)
		}
	}
}

// What breaks while a job is signed is an error for whoever waits for it, and
// the job fails.
func TestBrokenDisk(t *testing.T) {
	h := app(t)
	c := h.Config()
	c.Objects = faulty{h.Buckets, func(_ func(io.Reader) (bucket.Stored, error), body io.Reader) (bucket.Stored, error) {
		io.CopyN(io.Discard, body, 10)
		return bucket.Stored{}, syscall.ENOSPC
	}}
	e := open(t, c)
	if _, err := h.start(ctx, e, ""); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if job := h.ended(t, e); job.Status != types.SigningStatusFailed || !strings.Contains(*job.StatusReason, "no space left") {
		t.Errorf("it is %s: %s", job.Status, aws.ToString(job.StatusReason))
	}
}

// S3 may say that somebody else writes the same key just now, which need not stay so; and
// what has been written by then is the job's.
func TestWrittenBySomebodyElse(t *testing.T) {
	for name, otherSucceeds := range map[string]bool{"who fails": false, "who succeeds": true} {
		t.Run(name, func(t *testing.T) {
			h := app(t)
			c := h.Config()
			puts := 0
			c.Objects = faulty{h.Buckets, func(store func(io.Reader) (bucket.Stored, error), body io.Reader) (bucket.Stored, error) {
				if puts++; puts > 1 {
					return store(body)
				}
				if otherSucceeds {
					store(body)
				}
				return bucket.Stored{}, &bucket.Error{Code: "ConditionalRequestConflict", Message: "A conflicting conditional operation is currently in progress.", Status: 409}
			}}
			e := open(t, c)
			_, err := h.start(ctx, e, "")
			must(t, err)
			if job := h.ended(t, e); job.Status != types.SigningStatusSucceeded || puts != 2 {
				t.Errorf("it is %s after %d tries: %s", job.Status, puts, aws.ToString(job.StatusReason))
			}
			h.checkJobs(t, nil)
		})
	}
}

// Who is interrupted leaves the job to the next one.
func TestInterrupted(t *testing.T) {
	h := app(t)
	ctx, cancel := context.WithCancel(ctx)
	c := h.Config()
	c.Objects = faulty{h.Buckets, func(store func(io.Reader) (bucket.Stored, error), body io.Reader) (bucket.Stored, error) {
		cancel()
		return store(body)
	}}
	e := open(t, c)
	if _, err := h.start(ctx, e, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	h.checkJobs(t, nil) // by another engine, while e still lives
}

// A source that is gone when a job is resumed fails the job, unless it is signed.
func TestSourceGoneBeforeResuming(t *testing.T) {
	for moment, want := range map[string]string{"before": "Failed: S3 object app.zip not accessible. Please check your permissions", "after": "Succeeded: Signing Succeeded"} {
		h := app(t)
		c, _ := h.spawn(t, "dying", moment)
		c.Wait()
		info, err := h.Buckets.Head(ctx, source, "app.zip", "")
		must(t, err)
		_, err = h.Buckets.Delete(ctx, source, "app.zip", info.VersionID)
		must(t, err)
		job := h.ended(t, h.engine(t))
		if got := fmt.Sprint(job.Status, ": ", aws.ToString(job.StatusReason)); got != want {
			t.Errorf("it died %s and is %s", moment, got)
		}
	}
}

// A job that is resumed when its certificate has been replaced is signed by one
// that was good when it began.
func TestResumedDaysLater(t *testing.T) {
	for _, moment := range []string{"before", "after"} {
		h := app(t)
		dying, _ := h.spawn(t, "dying", moment)
		dying.Wait()
		later := func() time.Time { return time.Now().AddDate(0, 0, 10) }
		c := h.Config()
		c.Now, c.Keys = later, local.Signers{Store: keys.Open(keys.Config{Dir: filepath.Join(h.Dir, "keys"), Now: later})}
		if job := h.ended(t, open(t, c)); job.Status != types.SigningStatusSucceeded {
			t.Errorf("it died %s and is %s: %s", moment, job.Status, *job.StatusReason)
		}
		h.checkJobs(t, nil)
	}
}

// Where nobody could have signed, the job fails.
func TestResumedWithoutKeys(t *testing.T) {
	h := app(t)
	dying, _ := h.spawn(t, "dying", "before")
	dying.Wait()
	c := h.Config()
	c.Keys = lost{local.Signers{Store: h.Keys}}
	if job := h.ended(t, open(t, c)); job.Status != types.SigningStatusFailed || *job.StatusReason != "The root is younger than that." {
		t.Errorf("it is %s: %s", job.Status, *job.StatusReason)
	}
}

// lost are keys of another root.
type lost struct{ local.Signers }

func (lost) Service(context.Context, string, time.Time) (sign.Identity, error) {
	return sign.Identity{}, &keys.Error{Code: "ValidationException", Message: "The root is younger than that."}
}
