package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"signer/pkg/records"
)

// AWS tells EventBridge of every change of a job's status (Developer Guide,
// "Automation with CloudWatch Events"). The engine tells Events, if it is given
// some: one line for each change, in EventBridge's form.
//
// An event is recorded in the transaction that makes the change, and forgotten once
// it has been told. So every change is told at least once, whatever dies when; and
// once only, as long as Events does not write again what it has written. One that
// cannot be told waits in the records for the next engine with Events of that name.

// Events are told what happens to jobs.
type Events interface {
	// Name is that of the log, under which what it has not been told yet waits.
	Name() string
	// Append writes lines durably, but for those that it has just written.
	Append(ctx context.Context, lines []string) error
}

// event is a change of a job's status as EventBridge has it.
type event struct {
	Version    string   `json:"version"`
	ID         string   `json:"id"`
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Account    string   `json:"account"`
	Time       string   `json:"time"`
	Region     string   `json:"region"`
	Resources  []string `json:"resources"`
	Detail     detail   `json:"detail"`
}

// detail is what the service says of the job. What the job does not have is left
// out; AWS shows an event only of a job that has all.
type detail struct {
	Certificate string         `json:"certificate_arn,omitempty"`
	Job         string         `json:"job_id"`
	Destination *eventLocation `json:"destination,omitempty"`
	Source      *eventLocation `json:"source,omitempty"`
	Platform    string         `json:"platform"`
	Status      string         `json:"status"`
}

type eventLocation struct {
	Bucket  string `json:"bucketName"`
	Key     string `json:"key"`
	Version string `json:"version,omitempty"`
}

// add records a job, and tells of it. It tells whether the job is new; else it is the
// one that has its token. A profile that has been put out of use meanwhile is refused.
func (e *Engine) add(ctx context.Context, store *records.Store, job records.Job) (records.Job, bool, error) {
	at := job.CompletedAt
	if at.IsZero() {
		at = job.CreatedAt
	}
	recorded, isNew, err := store.AddJob(ctx, job, e.happened(job, at)...)
	if errors.Is(err, records.ErrInactive) {
		return job, false, inactive(job.Profile)
	}
	if err == nil && isNew {
		e.tell(ctx, store)
	}
	return recorded, isNew, err
}

// end records the end of a job, and tells of it.
func (e *Engine) end(ctx context.Context, store *records.Store, job records.Job, r records.Result) error {
	r.Reason = strings.ToValidUTF8(strings.ReplaceAll(r.Reason, "\x00", "\ufffd"), "\ufffd") // for it may quote anything
	job.Result = r
	err := store.FinishJob(ctx, job.ID, job.Claim, r, e.happened(job, r.CompletedAt)...)
	if err == nil {
		e.tell(ctx, store)
	}
	return err
}

// happened is the event that a job has its status now, if somebody is to be told.
func (e *Engine) happened(job records.Job, at time.Time) []records.Event {
	if e.events == nil {
		return nil
	}
	arn, step := jobARN(job.Partition, job.ID), 0
	if job.Status != records.InProgress {
		step = 1
	}
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(arn+"#"+job.Status)).String() // a job has each status once
	text, err := line(event{
		Version: "0", ID: id, DetailType: "Signer Job Status Change", Source: "aws.signer",
		Account: job.Account, Time: at.UTC().Format(time.RFC3339), Region: job.Region, Resources: []string{arn},
		Detail: detail{
			Certificate: job.Certificate, Job: job.ID, Platform: job.Platform, Status: job.Status,
			Destination: locationOf(goal(job)), Source: locationOf(job.Source),
		},
	})
	if err != nil {
		e.warn(err)
		return nil
	}
	return []records.Event{{ID: id, Log: e.events.Name(), At: at, Step: step, Text: text}}
}

// goal is where the signed object is, or would be.
func goal(job records.Job) records.Object {
	switch {
	case job.Signed.Bucket != "":
		return records.Object{Bucket: job.Signed.Bucket, Key: job.Signed.Key}
	case job.Destination.Bucket == FileBucket:
		return records.Object{Bucket: FileBucket, Key: job.Destination.Prefix}
	}
	return records.Object{Bucket: job.Destination.Bucket, Key: signedKey(job)}
}

// locationOf returns nil for what a job that signed a payload does not have.
func locationOf(o records.Object) *eventLocation {
	if o.Bucket == "" {
		return nil
	}
	return &eventLocation{o.Bucket, o.Key, o.Version}
}

// line is v as JSON in one line.
func line(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), err
}

// tellPatience is how long others may keep the log busy. The records wait meanwhile.
const tellPatience = 10 * time.Second

// tell tells all that waits to be told. Where that fails it is the event that is
// late, and nothing else has failed.
func (e *Engine) tell(ctx context.Context, store *records.Store) {
	if e.events == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellPatience)
	defer cancel()
	err := store.Tell(ctx, e.events.Name(), func(lines []string) error { return e.events.Append(ctx, lines) })
	e.went("tell of jobs", err)
}
