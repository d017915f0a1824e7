package faults_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"

	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/faults"
	"signer/pkg/local"
	"signer/pkg/local/localtest"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// home is a home with an archive to sign.
type home struct {
	*localtest.Home
	version string // of the archive
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{Home: localtest.At(t.TempDir()).Furnish(t)}
	var err error
	h.version, err = h.Put(ctx, "source", "app.zip", localtest.Archive(t, "index.js", ""))
	must(t, err)
	return h
}

// acting returns an engine that acts by a plan.
func (h *home) acting(t *testing.T, text string) *faults.Engine {
	t.Helper()
	plan := read(t, text)
	return faults.New(h.open(t, plan, 0), plan, &faults.Counts{Path: filepath.Join(h.Dir, "counts.json")})
}

// open opens the engine behind.
func (h *home) open(t *testing.T, plan *faults.Plan, background int) *local.Engine {
	t.Helper()
	c := h.Config()
	c.Objects, c.Background = faults.Objects{Objects: h.Buckets, Plan: plan}, background
	e, err := local.Open(c)
	must(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

func putProfile(t *testing.T, e engine.Engine, name, platform, certificate string) {
	t.Helper()
	in := &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: &platform}
	if certificate != "" {
		in.SigningMaterial = &types.SigningMaterial{CertificateArn: &certificate}
	}
	_, err := e.PutSigningProfile(ctx, in)
	must(t, err)
}

func (h *home) start(t *testing.T, e engine.Engine, profile string) string {
	t.Helper()
	out, err := e.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: &profile,
		Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String("source"), Key: aws.String("app.zip"), Version: &h.version}},
		Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String("destination")}}})
	must(t, err)
	return *out.JobId
}

func describe(t *testing.T, e engine.Engine, id string) *signer.DescribeSigningJobOutput {
	t.Helper()
	out, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
	must(t, err)
	return out
}

func list(t *testing.T, e engine.Engine, in signer.ListSigningJobsInput) (ids []string) {
	t.Helper()
	out, err := e.ListSigningJobs(ctx, &in)
	must(t, err)
	for _, j := range out.Jobs {
		ids = append(ids, *j.JobId)
	}
	return ids
}

const lambda = "AWSLambda-SHA384-ECDSA"

func TestJobsAreHeldUp(t *testing.T) {
	h := newHome(t)
	e := h.acting(t, "jobs: [{profile: slow, describes: 3}]")
	putProfile(t, e, "slow", lambda, "")
	putProfile(t, e, "web", lambda, "")
	slow, quick := h.start(t, e, "slow"), h.start(t, e, "web")
	if got := describe(t, e, quick); got.Status != types.SigningStatusSucceeded {
		t.Errorf("the other job is %s", got.Status)
	}
	for range 3 {
		e = h.acting(t, "jobs: [{profile: slow, describes: 3}]") // as another process
		got := describe(t, e, slow)
		if got.Status != types.SigningStatusInProgress || got.CompletedAt != nil || got.SignedObject != nil || got.SignatureExpiresAt != nil || got.StatusReason != nil {
			t.Errorf("got %+v", got)
		}
		for want, in := range map[string]signer.ListSigningJobsInput{
			quick + slow: {},
			quick:        {Status: types.SigningStatusSucceeded},
			slow:         {Status: types.SigningStatusInProgress},
			"":           {Status: types.SigningStatusInProgress, SignatureExpiresAfter: aws.Time(time.Now())},
		} {
			if ids := list(t, e, in); strings.Join(ids, "") != want && strings.Join(reversed(ids), "") != want {
				t.Errorf("%+v lists %v", in, ids)
			}
		}
	}
	if got := describe(t, e, slow); got.Status != types.SigningStatusSucceeded || got.SignedObject == nil {
		t.Errorf("got %+v", got)
	}
	if ids := list(t, e, signer.ListSigningJobsInput{Status: types.SigningStatusSucceeded}); len(ids) != 2 {
		t.Errorf("lists %v", ids)
	}
	// Another plan counts from the beginning.
	if got := describe(t, h.acting(t, "jobs: [{profile: slow, describes: 1}]"), slow); got.Status != types.SigningStatusInProgress {
		t.Errorf("got %+v", got)
	}
}

func reversed(ids []string) []string {
	slices.Reverse(ids)
	return ids
}

// A job that is to fail fails on every platform as any other job does: its record
// has the reason, and no object is left.
func TestJobsFail(t *testing.T) {
	h := newHome(t)
	e := h.acting(t, "jobs: [{source: 'app.*', fails: The disk is on fire.}]")
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	putProfile(t, e, "web", lambda, "")
	putProfile(t, e, "device", "AWSIoTDeviceManagement-SHA256-ECDSA", h.Certify(t, ec))
	putProfile(t, e, "board", "AmazonFreeRTOS-Default", h.Certify(t, ec))
	putProfile(t, e, "ti", "AmazonFreeRTOS-TI-CC3220SF", h.Certify(t, rsaKey))
	for _, profile := range []string{"web", "device", "board", "ti"} {
		got := describe(t, h.acting(t, ""), h.start(t, e, profile))
		if got.Status != types.SigningStatusFailed || aws.ToString(got.StatusReason) != "The disk is on fire." || got.SignedObject != nil {
			t.Errorf("%s: %s: %s", profile, got.Status, aws.ToString(got.StatusReason))
		}
	}
	page, err := h.Buckets.ListObjects(ctx, "destination", bucket.ListOptions{})
	must(t, err)
	if len(page.Objects) > 0 {
		t.Errorf("there are %v", page.Objects)
	}
}

// A job that is signed in the background, or was left by a dead process, fails as well.
func TestJobsFailInTheBackground(t *testing.T) {
	h := newHome(t)
	e := h.open(t, read(t, "jobs: [{profile: web, fails: No.}]"), 9)
	putProfile(t, e, "web", lambda, "")
	putProfile(t, e, "good", lambda, "")
	bad, good := h.start(t, e, "web"), h.start(t, e, "good")
	e.Work(1)(ctx)
	e.Close() // whoever is next takes over what is left
	e = h.open(t, read(t, "jobs: [{profile: web, fails: No.}]"), 0)
	if got := describe(t, e, bad); got.Status != types.SigningStatusFailed || *got.StatusReason != "No." {
		t.Errorf("it is %s", got.Status)
	}
	if got := describe(t, e, good); got.Status != types.SigningStatusSucceeded {
		t.Errorf("it is %s", got.Status)
	}
}

// refusedBy calls an operation and returns the error's code, or "".
func refusedBy(t *testing.T, e engine.Engine, operation string) string {
	t.Helper()
	_, err := engine.Do(ctx, e, api.Signer.Operation(operation), document.New())
	var refusal smithy.APIError
	if errors.As(err, &refusal) {
		return refusal.ErrorCode()
	}
	return ""
}

// Every operation can be refused, and none is by a rule for another.
func TestEveryOperationCanBeRefused(t *testing.T) {
	h := newHome(t)
	for _, op := range api.Signer.Operations {
		e := h.acting(t, "calls: [{operation: "+op.Name+", every: 1, error: TooManyRequestsException}]")
		for _, other := range api.Signer.Operations {
			if code := refusedBy(t, e, other.Name); (code == "TooManyRequestsException") != (op == other) {
				t.Errorf("a rule for %s: %s is refused with %q", op.Name, other.Name, code)
			}
		}
	}
}

func TestCallsAreCounted(t *testing.T) {
	h := newHome(t)
	plan := "calls:\n- {operation: ListSigningPlatforms, every: 3}\n- {operation: '*', every: 4, error: InternalServiceErrorException}"
	var got []string
	for range 12 {
		e := h.acting(t, plan) // as another process
		got = append(got, strings.TrimSuffix(refusedBy(t, e, "ListSigningPlatforms"), "Exception"))
	}
	if want := ",,Throttling,InternalServiceError,,Throttling,,InternalServiceError,Throttling,,,Throttling"; strings.Join(got, ",") != want {
		t.Errorf("got %q", strings.Join(got, ","))
	}
}

// Calls that run at once are counted one by one.
func TestCallsAtOnceAreCounted(t *testing.T) {
	h := newHome(t)
	codes := make(chan string)
	for range 24 {
		e := h.acting(t, "calls: [{operation: '*', every: 4}]")
		go func() { codes <- refusedBy(t, e, "ListSigningPlatforms") }()
	}
	refused := 0
	for range 24 {
		if <-codes != "" {
			refused++
		}
	}
	if refused != 6 {
		t.Errorf("%d calls of 24 were refused", refused)
	}
}

func TestCannotCount(t *testing.T) {
	e := faults.New(newHome(t).acting(t, ""), read(t, "calls: [{operation: '*', every: 9}]"), &faults.Counts{Path: "/dev/null/counts"})
	_, err := e.ListSigningPlatforms(ctx, &signer.ListSigningPlatformsInput{})
	if err == nil || !strings.HasPrefix(err.Error(), "the test mode cannot count in /dev/null/counts: ") {
		t.Errorf("got %v", err)
	}
}

// The SDK's waiter waits for a job that is held up.
func TestWaiter(t *testing.T) {
	h := newHome(t)
	e := h.acting(t, "jobs: [{describes: 2}]")
	putProfile(t, e, "web", lambda, "")
	id := h.start(t, e, "web")
	calls := 0
	waiter := signer.NewSuccessfulSigningJobWaiter(counting{e, &calls}, func(o *signer.SuccessfulSigningJobWaiterOptions) { o.MinDelay, o.MaxDelay = 1, 1 })
	must(t, waiter.Wait(ctx, &signer.DescribeSigningJobInput{JobId: &id}, time.Minute))
	if calls != 3 {
		t.Errorf("it took %d calls", calls)
	}
}

type counting struct {
	*faults.Engine
	calls *int
}

func (c counting) DescribeSigningJob(ctx context.Context, in *signer.DescribeSigningJobInput, o ...func(*signer.Options)) (*signer.DescribeSigningJobOutput, error) {
	*c.calls++
	return c.Engine.DescribeSigningJob(ctx, in, o...)
}
