package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Revocation is what is known of the revocation of a signature.
type Revocation string

// What can be known.
const (
	NotRevoked        Revocation = "NOT_REVOKED"
	IsRevoked         Revocation = "REVOKED"
	RevocationUnknown Revocation = "UNKNOWN" // who was asked does not know the signature
)

// Revocations knows what was revoked.
type Revocations interface {
	// Revoked returns those of the ARNs and hashes of a question that were
	// revoked, or [ErrUnknown] if it knows nothing of that signature.
	Revoked(context.Context, Question) ([]string, error)
}

// ErrUnknown means that nobody here knows whether a signature was revoked.
var ErrUnknown = errors.New("nothing is known of its revocation")

// Question is what AWS Signer's GetRevocationStatus is asked (service format 9).
type Question struct {
	Platform       string
	Job            string // its ARN
	ProfileVersion string // its ARN
	SignedAt       time.Time
	// Certificates are hashes of those of the chain, each with the one that
	// certified it: SHA-384 of both in hexadecimal, 192 digits.
	Certificates []string
}

// revocation asks whether a signature that is trusted was revoked. What is said of
// itself by one that is not could have been made up to send us anywhere.
func (t *Trust) revocation(ctx context.Context, v *Verdict) error {
	o := v.Object
	if v.Path == nil || o.Job == "" || o.ProfileVersion == "" {
		return nil
	}
	if t.Revocations == nil {
		v.Revocation = RevocationUnknown
		return nil
	}
	found, err := t.Revocations.Revoked(ctx, Question{o.Platform, o.Job, o.ProfileVersion, o.SignedAt, pairs(v.Path)})
	switch {
	case errors.Is(err, ErrUnknown):
		v.Revocation = RevocationUnknown
		return nil
	case err != nil:
		return fmt.Errorf("ask whether it was revoked: %w", err)
	case len(found) == 0:
		v.Revocation = NotRevoked
		return nil
	}
	v.Revocation = IsRevoked
	return &fault{Revoked, "Revoked: " + strings.Join(named(found), ", ") + "."}
}

// named says what revoked things are: hashes mean nothing to people.
func named(found []string) []string {
	var names []string
	for _, f := range found {
		if !strings.HasPrefix(f, "arn:") {
			f = "a certificate of its chain"
		}
		names = append(names, f)
	}
	return names
}
