package faults

import (
	"context"

	"signer/pkg/bucket"
	"signer/pkg/local"
	"signer/pkg/sign"
)

// Objects are the buckets of a local engine. The source of a job that is to fail
// cannot be signed, for the reason that the plan gives: so the job fails as any other
// does, with its record, its event and no signed object, whoever works on it.
type Objects struct {
	local.Objects
	Plan *Plan
}

// Get opens a version as the buckets do.
func (o Objects) Get(ctx context.Context, name, key, version string) (*bucket.Object, error) {
	object, err := o.Objects.Get(ctx, name, key, version)
	if profile := local.ProfileOf(ctx); err == nil && profile != "" {
		if rule := o.Plan.job(profile, key); rule != nil && rule.Fails != "" {
			object.Content = unsignable{object.Content, rule.Fails}
		}
	}
	return object, err
}

// unsignable is content that nobody can sign.
type unsignable struct {
	bucket.Content
	reason string
}

func (u unsignable) Read([]byte) (int, error) { return 0, &sign.Refusal{Reason: u.reason} }

func (u unsignable) ReadAt([]byte, int64) (int, error) { return 0, &sign.Refusal{Reason: u.reason} }
