package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/events"
	"signer/pkg/local"
)

// eventful is the configuration of an engine that tells events to a file.
func (h *home) eventful() local.Config {
	c := h.Config()
	log, err := events.Open(h.eventLog())
	if err != nil {
		panic(err)
	}
	c.Events = log
	return c
}

func (h *home) eventLog() string { return filepath.Join(h.Dir, "events.jsonl") }

// told are the lines of the event log.
func (h *home) told(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(h.eventLog())
	must(t, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// checkEvents checks that each of the jobs was told to be in progress once, and
// then once to have ended as it has.
func (h *home) checkEvents(t *testing.T, jobs map[string]types.SigningJob) {
	t.Helper()
	seen, ids := map[string]string{}, map[string]bool{}
	for _, line := range h.told(t) {
		var e struct {
			ID     string
			Detail struct {
				Job    string `json:"job_id"`
				Status string
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%v: %q", err, line)
			continue
		}
		if ids[e.ID] {
			t.Errorf("there twice: %s", line)
		}
		ids[e.ID] = true
		seen[e.Detail.Job] += e.Detail.Status + " "
	}
	for id, j := range jobs {
		if want := "InProgress " + string(j.Status) + " "; seen[id] != want {
			t.Errorf("of job %s was told: %q, not %q", id, seen[id], want)
		}
		delete(seen, id)
	}
	for id, what := range seen {
		t.Errorf("of job %s, which there is not, was told: %s", id, what)
	}
}

// checkLines compares the event log, but for ids and what is random in it.
func (h *home) checkLines(t *testing.T, known map[string]string, want ...string) {
	t.Helper()
	got := h.told(t)
	for i := range got {
		for value, name := range known {
			got[i] = strings.ReplaceAll(got[i], value, name)
		}
		if i := strings.Index(got[i], `"id":"`); i < 0 {
			t.Errorf("no id: %s", got[i])
		}
		got[i] = got[i][:21] + got[i][21+36:]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("differs from what was wanted (-) in (+):\n%s", d)
	}
}

func TestEventsOfAJob(t *testing.T) {
	h := app(t)
	c := h.eventful()
	now := time.Now().Truncate(time.Second)
	c.Now = func() time.Time { return now.Add(time.Second / 2) }
	e := open(t, c)
	id, err := h.start(ctx, e, "token")
	must(t, err)
	_, err = h.start(ctx, e, "token") // changes nothing
	must(t, err)
	info, err := h.Buckets.Head(ctx, source, "app.zip", "")
	must(t, err)
	before := `{"version":"0","id":"","detail-type":"Signer Job Status Change","source":"aws.signer","account":"111122223333","time":"` + now.UTC().Format(time.RFC3339) + `",` +
		`"region":"eu-west-1","resources":["arn:aws:signer:eu-west-1:111122223333:/signing-jobs/JOB"],"detail":{"job_id":"JOB",` +
		`"destination":{"bucketName":"destination","key":"JOB.zip"},"source":{"bucketName":"source","key":"app.zip","version":"VERSION"},` +
		`"platform":"AWSLambda-SHA384-ECDSA","status":`
	h.checkLines(t, map[string]string{id: "JOB", info.VersionID: "VERSION"}, before+`"InProgress"}}`, before+`"Succeeded"}}`)
}

func TestEventsOfAJobThatFails(t *testing.T) {
	h := newHome(t)
	e := open(t, h.eventful())
	arn := h.Certify(t, rsaKey())
	_, err := e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("device"), PlatformId: aws.String(iotID),
		SigningMaterial: &types.SigningMaterial{CertificateArn: &arn}})
	must(t, err)
	version, err := h.Put(ctx, source, "a<b>&\n\"é.bin", []byte("firmware"))
	must(t, err)
	_, err = e.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: aws.String("device"),
		Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String(source), Key: aws.String("a<b>&\n\"é.bin"), Version: &version}},
		Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String(destination), Prefix: aws.String("signed/")}}})
	must(t, err)
	h.checkEvents(t, h.jobs(t, e))
	lines := h.told(t)
	want := `"source":{"bucketName":"source","key":"a<b>&\n\"é.bin","version":"` + version + `"},"platform":"AWSIoTDeviceManagement-SHA256-ECDSA","status":"Failed"}}`
	if !strings.HasSuffix(lines[1], want) || !strings.Contains(lines[1], `"detail":{"certificate_arn":"`+arn+`","job_id":"`) {
		t.Errorf("got %s", lines[1])
	}
}

// What is signed at once has ended when it is first heard of.
func TestEventOfAPayload(t *testing.T) {
	h := newHome(t)
	e := open(t, h.eventful())
	_, err := e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("images"), PlatformId: aws.String(notationID)})
	must(t, err)
	out, err := e.SignPayload(ctx, &signer.SignPayloadInput{ProfileName: aws.String("images"), Payload: []byte(`{"targetArtifact":{}}`),
		PayloadFormat: aws.String("application/vnd.cncf.notary.payload.v1+json")})
	must(t, err)
	lines := h.told(t)
	want := `"detail":{"job_id":"` + *out.JobId + `","platform":"Notation-OCI-SHA384-ECDSA","status":"Succeeded"}}`
	if len(lines) != 1 || !strings.HasSuffix(lines[0], want) {
		t.Errorf("got %s", lines)
	}
}

// A log that cannot be written delays events and nothing else.
func TestEventsWait(t *testing.T) {
	h := app(t)
	must(t, os.Mkdir(h.eventLog(), 0o700))
	c := h.eventful()
	var warnings []error
	c.Warn = func(err error) { warnings = append(warnings, err) }
	id, err := h.start(ctx, open(t, c), "")
	must(t, err)
	if len(warnings) != 2 || !strings.Contains(warnings[0].Error(), "the event log "+h.eventLog()+": ") {
		t.Errorf("got %v", warnings)
	}
	must(t, os.Remove(h.eventLog()))
	e := open(t, h.eventful())
	jobs := h.jobs(t, e)
	if jobs[id].Status != types.SigningStatusSucceeded {
		t.Errorf("the job is %s", jobs[id].Status)
	}
	h.checkEvents(t, jobs)
}

// One log is not told what another is waiting for.
func TestEventsOfTwoLogs(t *testing.T) {
	h := app(t)
	c := h.eventful()
	c.Events = &deaf{}
	_, err := h.start(ctx, open(t, c), "")
	must(t, err)
	e := open(t, h.eventful())
	id, err := h.start(ctx, e, "")
	must(t, err)
	jobs := h.jobs(t, e)
	h.checkEvents(t, map[string]types.SigningJob{id: jobs[id]})
}

type deaf struct{}

func (*deaf) Name() string                           { return "deaf" }
func (*deaf) Append(context.Context, []string) error { return errors.New("nobody listens") }

// Whenever a process dies, what happened is told once.
func TestEventsOfAJobWhoseProcessDies(t *testing.T) {
	for moment := range deaths {
		h := app(t)
		c, _ := h.spawn(t, "dying with events", moment)
		c.Wait()
		e := open(t, h.eventful())
		h.checkEvents(t, h.jobs(t, e))
	}
}

// childDyingWithEvents starts a job that is told of and dies of it.
func childDyingWithEvents(h *home, moment string) error {
	c := h.eventful()
	c.Objects = faulty{h.Buckets, deaths[moment]}
	e, err := local.Open(c)
	if err == nil {
		_, err = h.start(ctx, e, "token")
	}
	return err
}

// A process can also die after it told what happened, before it knows that it did.
func TestEventsToldByTheDead(t *testing.T) {
	h := app(t)
	c, _ := h.spawn(t, "telling", "")
	c.Wait()
	if n := len(h.told(t)); n != 2 {
		t.Errorf("%d lines were told", n)
	}
	e := open(t, h.eventful())
	h.checkEvents(t, h.jobs(t, e))
}

// childTelling dies when it has told how its job ended.
func childTelling(h *home, _ string) error {
	c := h.eventful()
	c.Events = telling{c.Events}
	e, err := local.Open(c)
	if err == nil {
		_, err = h.start(ctx, e, "token")
	}
	return err
}

type telling struct{ local.Events }

func (l telling) Append(ctx context.Context, lines []string) error {
	err := l.Events.Append(ctx, lines)
	if strings.Contains(lines[0], "Succeeded") {
		die()
	}
	return err
}
