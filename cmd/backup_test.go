package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/local/localtest"
)

// A home that a server, its clients and command lines write to is copied meanwhile:
// what was answered before is in the copy, and the copy is a sound home.
func TestBackupWhileOthersWrite(t *testing.T) {
	h := newServeHome(t)
	key := h.key(t, "maria")
	s := h.start(t)
	c := s.client(t, key)
	in := h.app(t, c)
	var mu sync.Mutex
	var answered []string
	some, stop := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	going := func(do func(n int) error) {
		all.Go(func() {
			for n := range 100 {
				select {
				case <-stop:
					return
				default:
				}
				if err := do(n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 2 {
		going(func(int) error {
			mine := *in
			out, err := c.StartSigningJob(t.Context(), &mine)
			if err == nil {
				mu.Lock()
				if answered = append(answered, *out.JobId); len(answered) == 20 {
					close(some)
				}
				mu.Unlock()
			}
			return err
		})
	}
	going(func(n int) error { // objects come and go
		_, err := h.put(t.Context(), "destination", fmt.Sprint("passing/", n%7), make([]byte, 3000))
		if err == nil {
			_, err = h.buckets.Delete(t.Context(), "destination", fmt.Sprint("passing/", (n+3)%7), "")
		}
		return err
	})
	file := filepath.Join(t.TempDir(), "app.zip")
	must(t, os.WriteFile(file, archive(t), 0o600))
	going(func(n int) error {
		return h.command("sign", file, "--profile-name", "web", "--out", fmt.Sprint(file, n)).Run()
	})

	halt := sync.OnceFunc(func() { close(stop); all.Wait() })
	defer halt()
	<-some
	mu.Lock()
	before := slices.Clone(answered)
	mu.Unlock()
	copied := filepath.Join(t.TempDir(), "home.tar")
	h.run(t, "backup", copied)
	halt()
	r := h.restored(t, copied)
	restored := r.start(t)
	allThere(t, r, restored.client(t, key), before)
	must(t, restored.stop(t))
	if out, err := r.command("doctor").Output(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	must(t, s.stop(t))
}

// allThere waits until all jobs have ended, and sees that these have succeeded and that
// their objects are there.
func allThere(t *testing.T, h *serveHome, c *signer.Client, jobs []string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		out, err := c.ListSigningJobs(t.Context(), &signer.ListSigningJobsInput{Status: types.SigningStatusInProgress})
		must(t, err)
		if len(out.Jobs) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d jobs or more do not end", len(out.Jobs))
		}
	}
	for _, id := range jobs {
		job, err := c.DescribeSigningJob(t.Context(), &signer.DescribeSigningJobInput{JobId: &id})
		if err != nil || job.Status != types.SigningStatusSucceeded {
			t.Errorf("job %s: %v, %+v", id, err, job)
		}
		if _, _, err := h.get(t.Context(), "destination", id+".zip"); err != nil {
			t.Errorf("job %s: %v", id, err)
		}
	}
}

// restored is another home, made of a backup.
func (h *serveHome) restored(t testing.TB, file string) *serveHome {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "home")
	h.run(t, "restore", file, "--home", dir)
	r := &serveHome{dir: dir, program: h.program}
	r.in(localtest.At(dir))
	return r
}

// A home that a server uses is not put aside.
func TestRestoreOfHomeInUse(t *testing.T) {
	h := newServeHome(t)
	key := h.key(t, "maria")
	copied := filepath.Join(t.TempDir(), "home.tar")
	h.run(t, "backup", copied)
	s := h.start(t)
	if _, err := s.client(t, key).ListSigningJobs(t.Context(), &signer.ListSigningJobsInput{MaxResults: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	out, err := h.command("restore", copied, "--replace").CombinedOutput()
	if want := "a process uses the home: end what does, such as signer serve, and try again"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: %s", err, out)
	}
	must(t, s.stop(t))
	h.run(t, "restore", copied, "--replace")
}
