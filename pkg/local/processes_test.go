package local_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket"
	"signer/pkg/local"
	"signer/pkg/local/localtest"
	"signer/pkg/sign"
)

// children are what the test binary does when a test starts it again as another
// process in a home. What a child writes to standard output is its answer.
var children = map[string]func(*home, string) error{
	"start": childStart,
	"jobs":  childJobs,
	"dying": childDying,

	"dying with events": childDyingWithEvents,
	"telling":           childTelling,
	"storm":             childStorm,
}

const childEnv, homeEnv, argEnv = "LOCAL_TEST_CHILD", "LOCAL_TEST_HOME", "LOCAL_TEST_ARGUMENT"

func TestMain(m *testing.M) {
	maps.Copy(children, confinedChildren)
	child := children[os.Getenv(childEnv)]
	if child == nil {
		os.Exit(m.Run())
	}
	if err := child(homeIn(os.Getenv(homeEnv)), os.Getenv(argEnv)); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func (h *home) command(child, argument string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childEnv+"="+child, homeEnv+"="+h.Dir, argEnv+"="+argument)
	c.Stderr = os.Stderr
	return c
}

func (h *home) spawn(t *testing.T, child, argument string) (*exec.Cmd, io.Reader) {
	t.Helper()
	c := h.command(child, argument)
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	return c, out
}

// app is a home with a profile "web" and an archive to sign. Its destination
// keeps versions, to show what is written twice.
func app(t testing.TB) *home {
	h := newHome(t)
	must(t, h.Buckets.PutVersioning(ctx, destination, bucket.Enabled))
	body := make([]byte, 100_000)
	rand.Read(body)
	_, err := h.Put(ctx, source, "app.zip", localtest.Archive(t, "index.js", string(body)))
	must(t, err)
	putProfile(t, h.engine(t), "web")
	return h
}

func putProfile(t testing.TB, e *local.Engine, name string) {
	t.Helper()
	_, err := e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String("AWSLambda-SHA384-ECDSA")})
	must(t, err)
}

// start signs the archive and returns the job.
func (h *home) start(ctx context.Context, e *local.Engine, token string) (string, error) {
	info, err := h.Buckets.Head(ctx, source, "app.zip", "")
	if err != nil {
		return "", err
	}
	in := &signer.StartSigningJobInput{
		ProfileName: aws.String("web"),
		Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String(source), Key: aws.String("app.zip"), Version: &info.VersionID}},
		Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String(destination)}},
	}
	if token != "" {
		in.ClientRequestToken = &token
	}
	out, err := e.StartSigningJob(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.JobId, nil
}

// childStart starts one job with a token and says its id.
func childStart(h *home, token string) error {
	e, err := local.Open(h.Config())
	if err != nil {
		return err
	}
	defer e.Close()
	id, err := h.start(ctx, e, token)
	fmt.Println(id)
	return err
}

func TestOneTokenMakesOneJobAmongProcesses(t *testing.T) {
	h := app(t)
	ids := h.startInProcesses(t, 12, func(int) string { return "token" })
	if len(ids) != 1 {
		t.Errorf("one token made %v", ids)
	}
	h.checkJobs(t, ids)
}

func TestManyProcessesStartJobs(t *testing.T) {
	h := app(t)
	ids := h.startInProcesses(t, 20, func(i int) string { return fmt.Sprint(i) })
	if len(ids) != 20 {
		t.Errorf("20 processes made %d jobs", len(ids))
	}
	h.checkJobs(t, ids)
}

// startInProcesses returns how many of n processes answered with each id.
func (h *home) startInProcesses(t *testing.T, n int, token func(int) string) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	var all []*exec.Cmd
	var outs []io.Reader
	for i := range n {
		c, out := h.spawn(t, "start", token(i))
		all, outs = append(all, c), append(outs, out)
	}
	for i, c := range all {
		answer, _ := io.ReadAll(outs[i])
		if err := c.Wait(); err != nil {
			t.Errorf("%v: %s", err, answer)
		}
		ids[strings.TrimSpace(string(answer))] = true
	}
	return ids
}

// childJobs starts jobs until it is killed, and says the id of each.
func childJobs(h *home, _ string) error {
	e, err := local.Open(h.Config())
	for err == nil {
		var id string
		if id, err = h.start(ctx, e, ""); err == nil {
			fmt.Println(id)
		}
	}
	return err
}

// Processes are killed at any moment, and others meet what they left. Nothing
// that was answered is lost, no job has two objects and no object has no job.
func TestKill(t *testing.T) {
	h := app(t)
	answered := map[string]bool{}
	for round := range 5 {
		c, out := h.spawn(t, "jobs", "")
		d, out2 := h.spawn(t, "jobs", "")
		for lines := bufio.NewScanner(out); lines.Scan(); { // until it works
			answered[lines.Text()] = true
			break
		}
		time.Sleep(time.Duration(round*10) * time.Millisecond)
		c.Process.Kill()
		h.jobs(t, h.engine(t)) // while the other goes on
		d.Process.Kill()
		for _, o := range []io.Reader{out, out2} {
			for lines := bufio.NewScanner(o); lines.Scan(); {
				if len(lines.Text()) == 36 { // not half of one
					answered[lines.Text()] = true
				}
			}
		}
		c.Wait()
		d.Wait()
	}
	h.checkJobs(t, answered)
}

// jobs lists all jobs by id, which settles those that are left over.
func (h *home) jobs(t *testing.T, e *local.Engine) map[string]types.SigningJob {
	t.Helper()
	all := map[string]types.SigningJob{}
	for pages := signer.NewListSigningJobsPaginator(e, &signer.ListSigningJobsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, j := range page.Jobs {
			all[*j.JobId] = j
		}
	}
	return all
}

// checkJobs checks that the answered jobs are there, that every job has ended
// well, and that the destination holds one good object for each and nothing else.
func (h *home) checkJobs(t *testing.T, answered map[string]bool) {
	t.Helper()
	h.checkJobsBut(t, answered, nil)
}

// checkJobsBut does so where jobs may have failed for reasons that excuse, if there is
// one, accepts.
func (h *home) checkJobsBut(t *testing.T, answered map[string]bool, excuse func(reason string) bool) {
	t.Helper()
	jobs := h.jobs(t, h.engine(t))
	if len(jobs) == 0 {
		t.Error("there are no jobs")
	}
	for id := range answered {
		if _, ok := jobs[id]; !ok {
			t.Errorf("job %q was answered and is lost", id)
		}
	}
	versions := h.versions(t)
	for id, j := range jobs {
		if j.Status != types.SigningStatusSucceeded {
			if reason := h.reason(t, id); excuse == nil || !excuse(reason) {
				t.Errorf("job %s is %s: %s", id, j.Status, reason)
			}
			continue
		}
		if n := versions[*j.SignedObject.S3.Key]; n != 1 {
			t.Errorf("job %s has %d objects", id, n)
		}
		delete(versions, *j.SignedObject.S3.Key)
		h.verify(t, j)
	}
	for key := range versions {
		t.Errorf("object %s belongs to no job", key)
	}
}

// reason is why a job has ended as it has.
func (h *home) reason(t *testing.T, id string) string {
	t.Helper()
	out, err := h.engine(t).DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
	must(t, err)
	return aws.ToString(out.StatusReason)
}

// versions counts those of each key in the destination.
func (h *home) versions(t *testing.T) map[string]int {
	t.Helper()
	keys := map[string]int{}
	var o bucket.VersionOptions
	for {
		page, err := h.Buckets.ListVersions(ctx, destination, o)
		must(t, err)
		for _, v := range page.Versions {
			keys[v.Key]++
		}
		if !page.Truncated {
			return keys
		}
		o.KeyMarker, o.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
	}
}

// verify checks the signature of a job's object, and that it says what the
// record says.
func (h *home) verify(t *testing.T, j types.SigningJob) {
	t.Helper()
	body, _, err := h.Get(ctx, destination, *j.SignedObject.S3.Key)
	must(t, err)
	signed, err := sign.Read(ctx, bytes.NewReader(body))
	must(t, err)
	signature, err := sign.ParseSignature(signed.Signature)
	must(t, err)
	must(t, signature.Check(signed.Inner))
	for _, c := range signature.Chain {
		if signature.SignedAt.Before(c.NotBefore) || signature.SignedAt.After(c.NotAfter) {
			t.Errorf("%s is good from %v to %v, and signed at %v", c.Subject, c.NotBefore, c.NotAfter, signature.SignedAt)
		}
	}
	if want := "arn:aws:signer:" + region + ":" + account + ":/signing-jobs/" + *j.JobId; signature.Job != want {
		t.Errorf("the signature is that of job %s, not %s", signature.Job, want)
	}
	if clock := "15:04:05.000"; signature.SignedAt.Format(clock) != signature.ExpiresAt.Format(clock) {
		t.Errorf("the signature is from %v to %v, which are not of one moment", signature.SignedAt, signature.ExpiresAt)
	}
	if !signature.SignedAt.Truncate(time.Second).Equal(*j.CreatedAt) || !signature.ExpiresAt.Truncate(time.Second).Equal(*j.SignatureExpiresAt) {
		t.Errorf("the signature says %v to %v, the job %v to %v", signature.SignedAt, signature.ExpiresAt, j.CreatedAt, j.SignatureExpiresAt)
	}
}
