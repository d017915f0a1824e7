package local

import (
	"context"
	"time"

	"signer/pkg/keys"
	"signer/pkg/sign"
)

// Signers are keys at rest as an engine asks for them.
type Signers struct{ *keys.Store }

// Service returns the identity that signs for the service in a region, at a time.
func (s Signers) Service(ctx context.Context, region string, at time.Time) (sign.Identity, error) {
	id, err := s.IdentityAt(ctx, region, at)
	return sign.Identity(id), err
}

// Certificate returns the identity that was imported under an ARN.
func (s Signers) Certificate(ctx context.Context, arn string) (sign.Identity, error) {
	id, err := s.Imported(ctx, arn)
	return sign.Identity(id), err
}
