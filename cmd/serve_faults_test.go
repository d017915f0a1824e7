package cmd_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

var serveKills = flag.Int("serve.kills", 2, "how often TestServeKilled kills a server under load")

// load starts jobs from many clients until the server goes, and calls enough, once,
// when so many were acknowledged. It returns the ids of all that were.
func load(t testing.TB, c *signer.Client, in *signer.StartSigningJobInput, n int, enough func()) (ids []string) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	note := func(id string) {
		mu.Lock()
		defer mu.Unlock()
		if ids = append(ids, id); len(ids) == n {
			enough()
		}
	}
	for range 8 {
		wg.Go(func() {
			for {
				mine := *in
				out, err := c.StartSigningJob(context.WithoutCancel(t.Context()), &mine)
				var refused *types.ThrottlingException
				switch {
				case errors.As(err, &refused):
					time.Sleep(10 * time.Millisecond)
				case err != nil: // the server has gone
					return
				default:
					note(*out.JobId)
				}
			}
		})
	}
	wg.Wait()
	return ids
}

// allEnded waits until every job of the account has ended, and checks that the
// acknowledged ones have succeeded and every job has one signed object.
func allEnded(t *testing.T, h *serveHome, c *signer.Client, acknowledged []string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		out, err := c.ListSigningJobs(t.Context(), &signer.ListSigningJobsInput{Status: types.SigningStatusInProgress})
		must(t, err)
		if len(out.Jobs) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d jobs or more do not end", len(out.Jobs))
		}
		time.Sleep(20 * time.Millisecond)
	}
	jobs := map[string]types.SigningJob{}
	for pages := signer.NewListSigningJobsPaginator(c, &signer.ListSigningJobsInput{MaxResults: aws.Int32(25)}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		for _, j := range page.Jobs {
			jobs[*j.JobId] = j
		}
	}
	for _, id := range acknowledged {
		if j, ok := jobs[id]; !ok || j.Status != types.SigningStatusSucceeded {
			t.Errorf("job %s was acknowledged and is %q", id, j.Status)
		}
	}
	var objects struct{ Versions []struct{ Key string } }
	must(t, json.Unmarshal([]byte(h.run(t, "s3api", "list-object-versions", "--bucket", "destination")), &objects))
	signed := map[string]int{}
	for _, v := range objects.Versions {
		signed[v.Key]++
	}
	for id, j := range jobs {
		if j.Status != types.SigningStatusSucceeded || signed[id+".zip"] != 1 {
			t.Errorf("job %s is %s, with %d objects", id, j.Status, signed[id+".zip"])
		}
	}
	if len(signed) != len(jobs) {
		t.Errorf("%d objects of %d jobs", len(signed), len(jobs))
	}
}

// A server that is killed under load, again and again, loses nothing that it has
// acknowledged, and does nothing twice.
func TestServeKilled(t *testing.T) {
	h := newServeHome(t)
	h.run(t, "s3api", "put-bucket-versioning", "--bucket", "destination", "--versioning-configuration", "Status=Enabled") // to show what is written twice
	key := h.key(t, "maria")
	var in *signer.StartSigningJobInput
	var acknowledged []string
	for range *serveKills {
		s := h.start(t, "--log-level", "info")
		c := s.client(t, key)
		if in == nil {
			in = h.app(t, c)
		}
		acknowledged = append(acknowledged, load(t, c, in, 40, func() { s.process.Process.Kill() })...)
		s.kill()
	}
	s := h.start(t)
	allEnded(t, h, s.client(t, key), acknowledged)
	t.Logf("%d jobs were acknowledged", len(acknowledged))
	s.quiet(t)
}

// A server that is asked to stop under load answers what it was asked, finishes what
// it signs, and leaves the rest to whoever comes next: commands, here, each of which
// takes as many over as can be waited for.
func TestServeStopped(t *testing.T) {
	h := newServeHome(t)
	key := h.key(t, "maria")
	s := h.start(t, "--workers", "1")
	c := s.client(t, key)
	in := h.app(t, c)
	acknowledged := load(t, c, in, 60, func() { s.process.Process.Signal(syscall.SIGTERM) })
	if err := s.end(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.quiet(t)
	list := func() (succeeded, left int) {
		out := h.run(t, "list-signing-jobs", "--query", "jobs[].status", "--output", "text")
		return strings.Count(out, "Succeeded"), strings.Count(out, "InProgress")
	}
	succeeded, left := list()
	for before := left + 1; left > 0 && left < before; {
		before = left
		succeeded, left = list()
	}
	if succeeded != len(acknowledged) || left > 0 {
		t.Errorf("%d jobs were acknowledged, %d have succeeded, %d are left", len(acknowledged), succeeded, left)
	}
}

// The server and commands on its home see one truth at the same time, and two
// servers do.
func TestServeBesideOthers(t *testing.T) {
	h := newServeHome(t)
	key := h.key(t, "maria")
	one, two := h.start(t), h.start(t)
	in := h.app(t, one.client(t, key))
	in.ClientRequestToken = aws.String("one")
	ids := map[string]bool{}
	for _, s := range []*served{one, two} {
		mine := *in
		out, err := s.client(t, key).StartSigningJob(t.Context(), &mine)
		must(t, err)
		ids[*out.JobId] = true
	}
	source := fmt.Sprintf("s3={bucketName=source,key=app.zip,version=%s}", *in.Source.S3.Version)
	start := func(token string) string {
		return h.run(t, "start-signing-job", "--source", source, "--destination", "s3={bucketName=destination}", "--profile-name", "web", "--client-request-token", token, "--query", "jobId", "--output", "text")
	}
	ids[start("one")] = true
	if len(ids) != 1 {
		t.Errorf("one token has made the jobs %v", ids)
	}
	local := start("two") // which is signed by the command
	seen, err := two.client(t, key).DescribeSigningJob(t.Context(), &signer.DescribeSigningJobInput{JobId: &local})
	must(t, err)
	if seen.Status != types.SigningStatusSucceeded {
		t.Errorf("the command's job is %s", seen.Status)
	}
	allEnded(t, h, one.client(t, key), nil)
	if got := h.run(t, "list-signing-jobs", "--query", "length(jobs[?status=='Succeeded'])"); got != "2" {
		t.Errorf("%s jobs", got)
	}
}

// Signals end a server that has nothing to do, and one that is asked twice.
func TestServeSignals(t *testing.T) {
	h := newServeHome(t)
	if err := h.start(t).stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s := h.start(t)
	must(t, s.process.Process.Signal(os.Interrupt))
	if err := s.end(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}
