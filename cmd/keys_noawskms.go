//go:build !awskms

package cmd

import (
	"errors"

	"signer/pkg/keys"
)

// openKMS says that this program has no client for AWS KMS, which would make every
// start slower, also for those who have no use for it.
func (s *session) openKMS(string) (keys.Elsewhere, error) {
	return nil, errors.New("this program was built without AWS KMS: build it with -tags awskms")
}
