package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/local"
	"signer/pkg/records"
	"signer/pkg/sign"
	"signer/pkg/verify"
)

// elsewhere examines the object store that the buckets are on, if they are on one.
func (e *examination) elsewhere(ctx context.Context) {
	store, ok := e.Store.(bucket.Checker)
	if !ok {
		return
	}
	if err := store.Check(ctx); err != nil {
		e.problem(Finding{"the object store", "cannot be used: " + err.Error(), "see whether it runs, and what objectStore and the credentials say"})
	}
}

// judge judges signed objects, each at the time at which it was signed.
type judge struct {
	verify.Trust
	unknown bool // the keys cannot be read, so that nothing can be judged
}

// newJudge trusts what the home trusts.
func (e *examination) newJudge(ctx context.Context) *judge {
	j := &judge{}
	roots, err := e.keys.Trusted(ctx)
	imported, err2 := e.keys.Publics(ctx)
	j.Roots, j.unknown = roots, errors.Join(err, err2) != nil // which the examination of the keys tells
	for _, c := range imported {
		j.Certificates = append(j.Certificates, verify.Certificate(c))
	}
	j.Fetch = func(ctx context.Context, at sign.Location) (io.ReadCloser, error) {
		object, err := e.Store.Get(ctx, at.Bucket, at.Key, at.Version)
		var gone *bucket.Error
		if errors.As(err, &gone) {
			return nil, verify.ErrNoPayload
		}
		return object, err
	}
	return j
}

// signed examines the signed object of a job. Files that were signed without a bucket
// are not the home's, and payloads have no object.
func (e *examination) signed(ctx context.Context, job records.Job, j *judge) {
	at := job.Signed
	if at.Bucket == "" || at.Bucket == local.FileBucket {
		return
	}
	e.Objects++
	if slices.Contains(e.broken, at.Bucket) {
		return // which has been told
	}
	wrong := func(found, advice string) {
		delete(e.altered, placeOf(at))
		e.oneOf(objects, Finding{nameOf(job), fmt.Sprintf("has its signed object in s3://%s/%s, which %s", at.Bucket, at.Key, found), advice})
	}
	object, err := e.Store.Get(ctx, at.Bucket, at.Key, at.Version)
	gone, deliberate := e.gone(err, at.Bucket)
	switch {
	case deliberate:
		e.note(Finding{nameOf(job), fmt.Sprintf("had its signed object in s3://%s/%s, which was deleted", at.Bucket, at.Key), ""})
	case gone:
		wrong("is not there", "if nobody has deleted it on purpose, restore it from a backup, or start the job again")
	case err != nil:
		wrong("cannot be read: "+err.Error(), orReading(err, "restore it from a backup, or start the job again"))
	default:
		defer object.Close()
		e.judge(ctx, job, object, j, wrong)
	}
}

// judge holds an object to its job.
func (e *examination) judge(ctx context.Context, job records.Job, object *bucket.Object, j *judge, wrong func(found, advice string)) {
	if e.Quick || j.unknown || !j.knows(job) {
		return
	}
	if job.Certificate == "" && len(j.Roots) == 0 {
		e.rootless++
		return
	}
	const advice = "restore the object from a backup, or start the job again, and find out who has written to the bucket"
	j.At = job.CreatedAt
	verdict, err := j.Judge(ctx, source{object})
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, verify.ErrNoPayload):
		e.note(Finding{nameOf(job), "signed what is no longer there, so that its signature could not be verified", ""})
	case err != nil:
		wrong("cannot be judged: "+err.Error(), "see whether the disk is sound")
	case verdict.Status == verify.Mismatch && verdict.Object != nil && verdict.Path == nil && job.Certificate == "":
		wrong("is not signed by this home: "+strings.Join(verdict.Reasons, " "),
			"restore "+e.KeyFiles.At("authority")+" from a backup if it has been replaced; else restore the object, or start the job again")
	case verdict.Status != verify.Valid:
		wrong("is not as it was signed: "+strings.Join(verdict.Reasons, " "), advice)
	case !belongs(verdict, job):
		wrong("has the signature of another job", advice)
	}
}

// knows tells whether the certificate is there that a job was signed with, if it was
// the user's own.
func (j *judge) knows(job records.Job) bool { return job.Certificate == "" || j.has(job.Certificate) }

// has tells whether a certificate is there.
func (j *judge) has(arn string) bool {
	return slices.ContainsFunc(j.Certificates, func(c verify.Certificate) bool { return c.ARN == arn })
}

// belongs tells whether what a signature says of itself is what the job's record says.
// Firmware says of itself only whose key it was.
func belongs(v *verify.Verdict, job records.Job) bool {
	if v.Signer != nil {
		return v.Signer.ARN == job.Certificate
	}
	prefix := ":signer:" + job.Region + ":" + job.Account + ":/"
	return strings.HasSuffix(v.Object.Job, prefix+"signing-jobs/"+job.ID) &&
		strings.HasSuffix(v.Object.ProfileVersion, prefix+"signing-profiles/"+job.Profile+"/"+job.ProfileVersion)
}

// source is an object as verify reads it.
type source struct{ *bucket.Object }

func (s source) Size() int64 { return s.Object.Size }
