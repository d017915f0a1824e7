package local

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/records"
)

// How the service words its refusals to revoke is not known.

// RevokeSigningProfile ends the use of a profile for good, and the validity of
// what it signed since a moment that is past. It can be done again with an
// earlier moment only.
func (e *Engine) RevokeSigningProfile(ctx context.Context, in *signer.RevokeSigningProfileInput, _ ...func(*signer.Options)) (*signer.RevokeSigningProfileOutput, error) {
	if err := check("RevokeSigningProfile", in); err != nil {
		return nil, err
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	// Its time is not rounded: now must not be the future.
	revocation := records.ProfileRevocation{At: e.now(), Effective: *in.EffectiveTime, By: e.principal, Reason: *in.Reason}
	for {
		p, err := e.profile(ctx, *in.ProfileName)
		if err != nil {
			return nil, err
		}
		if err := revocable(p, *in.ProfileVersion, revocation); err != nil {
			return nil, err
		}
		err = store.RevokeProfile(ctx, p.Partition, p.Name, p.Version, revocation)
		if err == nil {
			return &signer.RevokeSigningProfileOutput{}, nil
		}
		if !errors.Is(err, records.ErrChanged) { // else somebody revoked it meanwhile
			return nil, err
		}
	}
}

// revocable judges a revocation of a version of a profile.
func revocable(p records.Profile, version string, r records.ProfileRevocation) error {
	switch {
	case version != p.Version:
		return absentVersion(version, p.Name)
	case !revokes(p.Platform):
		return invalid(unknownCode, "Revocation is not supported for platform %s.", p.Platform)
	case r.Effective.After(r.At):
		return invalid(unknownCode, "The effective time %s of the revocation must not be in the future.", stamp(r.Effective))
	case p.Status == records.Revoked && !r.Effective.Before(p.Revocation.Effective):
		return invalid(unknownCode, "Signing Profile %s is already revoked with the effective time %s. It can be revoked again with an earlier one only.",
			p.Name, stamp(p.Revocation.Effective))
	}
	return nil
}

// revokes tells whether signatures of a platform can be revoked.
func revokes(id string) bool {
	p, err := platformOf(id)
	return err == nil && p.revocation
}

// stamp writes a time into a message.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// RevokeSignature ends the validity of what a job signed, for good. To revoke it
// again changes nothing, not even the record of the first time.
func (e *Engine) RevokeSignature(ctx context.Context, in *signer.RevokeSignatureInput, _ ...func(*signer.Options)) (*signer.RevokeSignatureOutput, error) {
	if err := check("RevokeSignature", in); err != nil {
		return nil, err
	}
	job, err := e.jobFor(ctx, in.JobOwner, *in.JobId, "RevokeSignature")
	if err != nil {
		return nil, err
	}
	switch {
	case !revokes(job.Platform):
		return nil, invalid(unknownCode, "Revocation is not supported for platform %s.", job.Platform)
	case job.Status != succeeded:
		return nil, invalid(unknownCode, "Signing job %s is %s: there is no signature to revoke.", job.ID, job.Status)
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	err = store.RevokeJob(ctx, job.Partition, job.ID, records.Revocation{At: e.clock(), By: e.principal, Reason: *in.Reason})
	if err != nil && !errors.Is(err, records.ErrChanged) {
		return nil, err
	}
	return &signer.RevokeSignatureOutput{}, nil
}
