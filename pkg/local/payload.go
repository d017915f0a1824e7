package local

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/records"
	"signer/pkg/sign"
)

// SignPayload signs what describes a container image, and answers the envelope
// that notation stores beside it. The job has succeeded by then; nothing is
// answered that is not recorded. What the service says of payloads that it does
// not take, and which metadata it answers, is not known.
func (e *Engine) SignPayload(ctx context.Context, in *signer.SignPayloadInput, _ ...func(*signer.Options)) (*signer.SignPayloadOutput, error) {
	if err := check("SignPayload", in); err != nil {
		return nil, err
	}
	job, err := e.payloadJob(ctx, in)
	if err != nil {
		return nil, err
	}
	envelope, err := e.signPayload(ctx, job, in.Payload)
	if err != nil {
		return nil, err
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	if _, _, err := e.add(ctx, store, job); err != nil {
		return nil, err
	}
	return &signer.SignPayloadOutput{JobId: aws.String(job.ID), JobOwner: aws.String(job.Account), Metadata: map[string]string{}, Signature: envelope}, nil
}

// payloadJob makes the record of a job that has succeeded, if the profile can
// sign such a payload.
func (e *Engine) payloadJob(ctx context.Context, in *signer.SignPayloadInput) (records.Job, error) {
	p, err := e.usable(ctx, in.ProfileOwner, *in.ProfileName, "SignPayload")
	switch {
	case err != nil:
		return records.Job{}, err
	case p.Platform != notation:
		return records.Job{}, invalid(codeInvalidJobParameters, "Platform %s does not sign payloads. Use StartSigningJob.", p.Platform)
	case *in.PayloadFormat != sign.NotationPayload:
		return records.Job{}, invalid(codeInvalidJobParameters, "Payload format %s is not supported. The payload format must be %s.", *in.PayloadFormat, sign.NotationPayload)
	}
	job, err := e.jobOf(p)
	job.Result = records.Result{Status: succeeded, Reason: "Signing Succeeded", CompletedAt: job.CreatedAt, ExpiresAt: expiry(job.CreatedAt, job.Validity)}
	return job, err
}

func (e *Engine) signPayload(ctx context.Context, job records.Job, payload []byte) ([]byte, error) {
	id, err := e.keys.Service(ctx, job.Region, job.CreatedAt)
	if err != nil {
		return nil, err
	}
	envelope, err := sign.Notation(payload, id, claims(job), e.random)
	var refusal *sign.Refusal
	if errors.As(err, &refusal) {
		err = invalid(codeInvalidJobParameters, "%s", refusal.Reason)
	}
	return envelope, err
}
