package local

import (
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/google/uuid"

	"signer/pkg/api"
	"signer/pkg/records"
)

// StartSigningJob signs one version of an object. When it returns the job has
// ended, unless another process works on it or it is left to Work; whether it
// succeeded is for DescribeSigningJob to tell. Calls with one token start one job,
// whatever else they ask for.
func (e *Engine) StartSigningJob(ctx context.Context, in *signer.StartSigningJobInput, _ ...func(*signer.Options)) (*signer.StartSigningJobOutput, error) {
	asked, err := e.filled(in)
	if err != nil {
		return nil, err
	}
	if err := checkJob(asked); err != nil {
		return nil, err
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	job, err := store.JobByToken(ctx, e.caller, *asked.ClientRequestToken)
	switch {
	case err == nil:
		job, err = e.meet(ctx, job)
	case errors.Is(err, records.ErrNotFound):
		job, err = e.start(ctx, asked)
	}
	if err != nil {
		return nil, err
	}
	return &signer.StartSigningJobOutput{JobId: aws.String(job.ID), JobOwner: aws.String(job.Account)}, nil
}

// filled returns the input with a token, as the SDK's client fills it.
func (e *Engine) filled(in *signer.StartSigningJobInput) (*signer.StartSigningJobInput, error) {
	if aws.ToString(in.ClientRequestToken) != "" {
		return in, nil
	}
	token, err := newID(e.random)
	if err != nil {
		return nil, err
	}
	filled := *in
	filled.ClientRequestToken = &token
	return &filled, nil
}

// newID makes a random UUID, in small letters.
func newID(random io.Reader) (string, error) {
	id, err := uuid.NewRandomFromReader(random)
	return id.String(), err
}

// checkJob holds the input to the API. About what lies in S3 the service has a
// sentence of its own.
func checkJob(in *signer.StartSigningJobInput) error {
	if in.Source == nil || in.Destination == nil || in.ProfileName == nil {
		return check("StartSigningJob", in)
	}
	var source types.S3Source
	if in.Source.S3 != nil {
		source = *in.Source.S3
	}
	var destination types.S3Destination
	if in.Destination.S3 != nil {
		destination = *in.Destination.S3
	}
	for _, needed := range []struct {
		value *string
		name  string
	}{
		{source.BucketName, "source:bucketName"},
		{source.Key, "source:key"},
		{source.Version, "source:version"},
		{destination.BucketName, "destination:bucketName"},
	} {
		if aws.ToString(needed.value) == "" {
			return invalid(codeInvalidJobParameters, "StartSigningJobRequest:%s should not be empty", needed.name)
		}
	}
	return check("StartSigningJob", in)
}

// start records a new job, and works it off or leaves it to Work.
func (e *Engine) start(ctx context.Context, in *signer.StartSigningJobInput) (records.Job, error) {
	job, err := e.newJob(ctx, in)
	if err != nil {
		return job, err
	}
	piece, err := e.prepare(ctx, job)
	if err != nil {
		return job, err
	}
	defer piece.close()
	store, err := e.memory(ctx)
	if err != nil {
		return job, err
	}
	if err := e.waiting.admit(ctx, store.Waiting, e.caller.Account); err != nil {
		return job, err
	}
	if piece.job.Worker, err = store.Enlist(); err != nil {
		return job, err
	}
	hands := e.place(&piece.job)
	recorded, isNew, err := e.add(ctx, store, piece.job)
	if err == nil && isNew {
		return recorded, e.entrust(ctx, store, piece, recorded, hands)
	}
	hands.release()
	if err != nil {
		return job, err
	}
	return e.meet(ctx, recorded) // another call with the same token was faster
}

// entrust has a job that is recorded signed by the hands that were kept free for it, by
// whoever claims it, or here and now.
func (e *Engine) entrust(ctx context.Context, store *records.Store, piece *piece, job records.Job, hands *team) error {
	switch {
	case hands != nil:
		hands.hand(store, job)
		return nil
	case e.waiting != nil:
		e.waiting.add(job.Invoker)
		return nil
	}
	h := e.hold(ctx, store, job)
	defer h.release()
	return e.finish(h.ctx, piece)
}

// place decides who is to work on a new job: who starts it, a team here that has its
// hands free and is returned, or whoever claims it.
func (e *Engine) place(job *records.Job) *team {
	if e.waiting == nil {
		job.Attempt, job.For = 1, e.lease
		return nil
	}
	hands := e.waiting.team.Load()
	if hands == nil || !hands.reserve() {
		return nil
	}
	job.Attempt, job.For = 1, e.lease
	return hands
}

// newJob makes a record of what was asked for, if the profile can sign it.
func (e *Engine) newJob(ctx context.Context, in *signer.StartSigningJobInput) (records.Job, error) {
	p, err := e.usable(ctx, in.ProfileOwner, *in.ProfileName, "StartSigningJob")
	if err != nil {
		return records.Job{}, err
	}
	if p.Platform == notation {
		return records.Job{}, invalid(codeInvalidJobParameters, "Platform %s does not sign objects. Use SignPayload.", p.Platform)
	}
	job, err := e.jobOf(p)
	job.Token = *in.ClientRequestToken
	job.Source = records.Object{Bucket: *in.Source.S3.BucketName, Key: *in.Source.S3.Key, Version: *in.Source.S3.Version}
	job.Destination = records.Destination{Bucket: *in.Destination.S3.BucketName, Prefix: aws.ToString(in.Destination.S3.Prefix)}
	job.Result = records.Result{Status: records.InProgress}
	return job, err
}

// jobOf makes a record of a job of a profile, begun now by the caller.
func (e *Engine) jobOf(p records.Profile) (records.Job, error) {
	id, err := newID(e.random)
	return records.Job{
		Partition:      p.Partition,
		ID:             id,
		Invoker:        e.caller.Account,
		RequestedBy:    e.principal,
		Profile:        p.Name,
		ProfileVersion: p.Version,
		Platform:       p.Platform,
		Certificate:    p.Certificate,
		Parameters:     p.Parameters,
		Overrides:      p.Overrides,
		Validity:       p.Validity,
		CreatedAt:      e.clock(),
	}, err
}

// usable returns a profile that the caller can sign with. Its absence is worded
// here as nowhere else.
func (e *Engine) usable(ctx context.Context, owner *string, name, action string) (records.Profile, error) {
	p, err := e.profileFor(ctx, owner, name, action)
	switch {
	case errors.Is(err, records.ErrNotFound):
		return p, notFound(codeProfileNotFound, "profile with name %s does not exist", name)
	case err == nil && p.Status != records.Active:
		return p, inactive(name)
	}
	return p, err
}

func inactive(name string) error {
	return invalid(codeProfileNotActive, "Signing Profile %s is not active.", name)
}

// DescribeSigningJob describes a job that the caller's account owns or started.
func (e *Engine) DescribeSigningJob(ctx context.Context, in *signer.DescribeSigningJobInput, _ ...func(*signer.Options)) (*signer.DescribeSigningJobOutput, error) {
	if err := check("DescribeSigningJob", in); err != nil {
		return nil, err
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	job, err := store.Job(ctx, e.caller, aws.ToString(in.JobId))
	if errors.Is(err, records.ErrNotFound) {
		return nil, absentJob(*in.JobId)
	}
	if err != nil {
		return nil, err
	}
	if met, err := e.meet(ctx, job); err == nil { // else it can still be described as it is
		job = met
	}
	return description(job), nil
}

func absentJob(id string) error {
	return notFound(codeJobNotFound, "Signing job %s does not exist.", id)
}

// description is a job as the service describes it. What a job that failed, or
// has not ended, lacks is left out.
func description(j records.Job) *signer.DescribeSigningJobOutput {
	row := jobRow(j)
	return &signer.DescribeSigningJobOutput{
		JobId: row.JobId, Source: row.Source, SigningMaterial: row.SigningMaterial,
		PlatformId: row.PlatformId, PlatformDisplayName: row.PlatformDisplayName, ProfileName: row.ProfileName, ProfileVersion: row.ProfileVersion,
		Overrides: overrides(j.Overrides), SigningParameters: j.Parameters,
		CreatedAt: row.CreatedAt, CompletedAt: seconds(j.CompletedAt), SignatureExpiresAt: row.SignatureExpiresAt,
		RequestedBy: aws.String(j.RequestedBy), Status: row.Status, StatusReason: optional(j.Result.Reason),
		RevocationRecord: jobRevocation(j.Revocation), SignedObject: row.SignedObject, JobOwner: row.JobOwner, JobInvoker: row.JobInvoker,
	}
}

// ListSigningJobs lists the jobs of the caller's account that pass all filters,
// newest first. AWS does not say in which order its own come.
func (e *Engine) ListSigningJobs(ctx context.Context, in *signer.ListSigningJobsInput, _ ...func(*signer.Options)) (*signer.ListSigningJobsOutput, error) {
	if err := check("ListSigningJobs", in); err != nil {
		return nil, err
	}
	q, err := e.jobQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.meetAll(ctx, store); err != nil {
		return nil, err
	}
	found, err := store.Jobs(ctx, q)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, q.Limit-1, afterJob)
	rows := make([]types.SigningJob, len(found))
	for i, j := range found {
		rows[i] = jobRow(j)
	}
	return &signer.ListSigningJobsOutput{Jobs: rows, NextToken: next}, nil
}

func (e *Engine) jobQuery(ctx context.Context, in *signer.ListSigningJobsInput) (records.JobQuery, error) {
	after, err := jobPosition(in.NextToken)
	q := records.JobQuery{
		Partition:     e.caller,
		Status:        string(in.Status),
		Platform:      aws.ToString(in.PlatformId),
		RequestedBy:   aws.ToString(in.RequestedBy),
		Invoker:       aws.ToString(in.JobInvoker),
		ExpiresAfter:  aws.ToTime(in.SignatureExpiresAfter),
		ExpiresBefore: aws.ToTime(in.SignatureExpiresBefore),
		After:         after,
		Limit:         limit(in.MaxResults) + 1,
	}
	// The SDK's input cannot tell "false" from "not given", and only the first
	// leaves out what is revoked.
	if in.IsRevoked || api.Given(ctx, "isRevoked") {
		q.Revoked = &in.IsRevoked
	}
	return q, err
}

// jobRow is a job as the service lists it.
func jobRow(j records.Job) types.SigningJob {
	row := types.SigningJob{
		JobId:               aws.String(j.ID),
		SigningMaterial:     &types.SigningMaterial{CertificateArn: optional(j.Certificate)},
		CreatedAt:           seconds(j.CreatedAt),
		Status:              types.SigningStatus(j.Status),
		IsRevoked:           !j.Revocation.At.IsZero(),
		ProfileName:         aws.String(j.Profile),
		ProfileVersion:      aws.String(j.ProfileVersion),
		PlatformId:          aws.String(j.Platform),
		PlatformDisplayName: aws.String(displayName(j.Platform)),
		SignatureExpiresAt:  seconds(j.ExpiresAt),
		JobOwner:            aws.String(j.Account),
		JobInvoker:          aws.String(j.Invoker),
	}
	if j.Source != (records.Object{}) {
		row.Source = &types.Source{S3: &types.S3Source{
			BucketName: aws.String(j.Source.Bucket), Key: aws.String(j.Source.Key), Version: aws.String(j.Source.Version)}}
	}
	if j.Signed != (records.Object{}) {
		row.SignedObject = &types.SignedObject{S3: &types.S3SignedObject{
			BucketName: aws.String(j.Signed.Bucket), Key: aws.String(j.Signed.Key)}}
	}
	return row
}

func jobRevocation(r records.Revocation) *types.SigningJobRevocationRecord {
	if r.At.IsZero() {
		return nil
	}
	return &types.SigningJobRevocationRecord{Reason: optional(r.Reason), RevokedAt: seconds(r.At), RevokedBy: optional(r.By)}
}
