package local

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/api"
	"signer/pkg/records"
)

// GetRevocationStatus returns those of a job and a version of a profile that are
// revoked as far as a signature is concerned. They may be any account's: whoever
// verifies asks. What was never heard of is not revoked, and neither are
// certificates ever, for AWS alone revokes its own.
func (e *Engine) GetRevocationStatus(ctx context.Context, in *signer.GetRevocationStatusInput, _ ...func(*signer.Options)) (*signer.GetRevocationStatusOutput, error) {
	if err := check("GetRevocationStatus", in); err != nil {
		return nil, err
	}
	if *in.PlatformId != notation {
		return nil, invalid(unknownCode, "Invalid platformId: %s", *in.PlatformId)
	}
	version, err := e.parseARN(*in.ProfileVersionArn, versionForm, "a signing profile's version")
	if err != nil {
		return nil, err
	}
	job, err := e.parseARN(*in.JobArn, jobForm, "a signing job")
	if err != nil {
		return nil, err
	}
	revoked := []string{}
	if is, err := e.versionRevoked(ctx, version, *in.SignatureTimestamp); err != nil {
		return nil, err
	} else if is {
		revoked = append(revoked, *in.ProfileVersionArn)
	}
	if is, err := e.jobRevoked(ctx, job); err != nil {
		return nil, err
	} else if is {
		revoked = append(revoked, *in.JobArn)
	}
	return &signer.GetRevocationStatusOutput{RevokedEntities: revoked}, nil
}

// parseARN takes an ARN of our own part of AWS apart.
func (e *Engine) parseARN(text, form, what string) (signerARN, error) {
	arn, ok := parseARN(text, form)
	switch {
	case !ok:
		return arn, invalid(unknownCode, "%s is not the ARN of %s.", text, what)
	case arn.partition != api.Partition(e.caller.Region):
		return arn, invalid(unknownCode, "GetRevocationStatus does not support checking revocation status for resources generated in other partitions")
	}
	return arn, nil
}

// versionRevoked tells whether a profile was revoked when it made a signature.
// Signatures tell seconds: in the one in which the revocation took effect they
// count as made after it.
func (e *Engine) versionRevoked(ctx context.Context, arn signerARN, signed time.Time) (bool, error) {
	store, err := e.memory(ctx)
	if err != nil {
		return false, err
	}
	p, err := store.Profile(ctx, arn.Partition, arn.name)
	if errors.Is(err, records.ErrNotFound) {
		return false, nil
	}
	return p.Version == arn.id && p.Status == records.Revoked && !signed.Before(p.Revocation.Effective.Truncate(time.Second)), err
}

func (e *Engine) jobRevoked(ctx context.Context, arn signerARN) (bool, error) {
	store, err := e.memory(ctx)
	if err != nil {
		return false, err
	}
	job, err := ownJob(ctx, store, arn.Partition, arn.id)
	if errors.Is(err, records.ErrNotFound) {
		return false, nil
	}
	return !job.Revocation.At.IsZero(), err
}
