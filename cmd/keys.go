package cmd

import (
	"context"
	"path/filepath"
	"time"

	"signer/pkg/keys"
	"signer/pkg/sign"
)

// openKeys returns the keys of the local engine.
func (s *session) openKeys() (*keys.Store, error) {
	home, err := s.homeDirectory()
	if err != nil {
		return nil, err
	}
	return s.keysAt(home, s.env.Now), nil
}

func (s *session) keysAt(home string, now func() time.Time) *keys.Store {
	return keys.Open(keys.Config{Dir: filepath.Join(home, "keys"), Passphrase: s.passphrase, Elsewhere: s.elsewhere, Now: now, Rand: s.env.Rand})
}

// signers are the keys of the local engine, as its jobs ask for them.
type signers struct{ *keys.Store }

// Service returns the identity that signs for the service in a region, at a time.
func (k signers) Service(ctx context.Context, region string, at time.Time) (sign.Identity, error) {
	id, err := k.IdentityAt(ctx, region, at)
	return sign.Identity(id), err
}

// Certificate returns the identity that was imported under an ARN.
func (k signers) Certificate(ctx context.Context, arn string) (sign.Identity, error) {
	id, err := k.Imported(ctx, arn)
	return sign.Identity(id), err
}
