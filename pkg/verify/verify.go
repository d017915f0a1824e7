// Package verify judges signed objects: whether somebody who is trusted has signed
// just that, and whether the signature still counts. It gives the verdicts that
// AWS Lambda gives of code (Lambda Developer Guide, "Code signing"), and gives
// them of all that AWS Signer signs:
//
//   - ZIP archives for Lambda,
//   - the JSON objects of IoT device management and FreeRTOS,
//   - the envelopes of Notary Project, in JWS.
//
// [Open] takes an object apart and tells what it claims; [Trust.Judge] tells what
// of that is true.
//
// Objects come from strangers. Whatever they hold, reading them does not panic, and
// takes little memory: archives and payloads are streamed, everything else is
// bounded. What could be read in two ways is refused, because the next reader may
// read it in the other.
//
// The package uses no files, networks, clocks or stores: roots, times and what is
// known of revocations are handed in.
package verify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"signer/pkg/sign"
)

// Status is a verdict in one word.
type Status string

// The verdicts, the worst first.
const (
	Corrupt  Status = "CORRUPT"  // it is not what was signed, or cannot be read as a signed object
	Mismatch Status = "MISMATCH" // it is not signed, or not by a publisher who is trusted
	Revoked  Status = "REVOKED"
	Expired  Status = "EXPIRED"
	Valid    Status = "VALID"
)

// rank orders the statuses: one that comes first hides those behind it.
func (s Status) rank() int {
	return strings.Index("CORRUPT MISMATCH REVOKED EXPIRED VALID", string(s))
}

// Policy is what becomes of an object that is whole, yet not to be trusted:
// Lambda's UntrustedArtifactOnDeployment.
type Policy string

// The policies. Neither lets a corrupt object pass.
const (
	Warn    Policy = "Warn"
	Enforce Policy = "Enforce"
)

// Accepts tells whether an object of this status may be used.
func (p Policy) Accepts(s Status) bool {
	return s == Valid || p == Warn && s != Corrupt
}

// Trust is what objects are held to. The zero Trust believes nobody. It may be used
// by several goroutines at once if its functions may.
type Trust struct {
	// Roots are the certificates that chains must lead to.
	Roots []*x509.Certificate
	// Paths remembers how chains lead to Roots; nil: it is found out each time.
	Paths *Paths
	// Publishers are whose signatures are wanted; none: everybody's that leads to
	// a root. Objects that name no profile have no publisher.
	Publishers []Publisher
	// Certificates are those whose keys may have signed the objects that carry no
	// certificate: what a device has been given. They are believed as they are.
	Certificates []Certificate

	// At is when the signature must not have expired.
	At time.Time
	// Revocations tells what was revoked; nil: nobody knows.
	Revocations Revocations

	// Payload opens what a detached signature is about. Nil: it is fetched, if
	// the object says where it lies.
	Payload func(context.Context) (io.ReadCloser, error)
	// Fetch opens what lies in a bucket. It returns [ErrNoPayload] if that is not
	// to be had; nil: nothing is.
	Fetch func(context.Context, sign.Location) (io.ReadCloser, error)
}

// Certificate is one that may have signed, with the ARN under which people know it.
type Certificate struct {
	ARN string // "" if it has none
	*x509.Certificate
}

// Verdict is what became of judging an object.
type Verdict struct {
	Status  Status
	Reasons []string // sentences; none for a valid object

	// Object is what was judged. It is nil if what it says of itself means nothing:
	// it is corrupt, not signed, or signed by a key that is not known.
	Object *Object
	// Path leads from the certificate of the signer to a root; nil if it is not
	// trusted.
	Path []*x509.Certificate
	// Signer is the one of the Trust's Certificates whose key signed, if the
	// object carries none.
	Signer *Certificate
	// Revocation is what is known of revocations; "" if nobody was asked, because
	// the object is not to be trusted or of a kind that nobody revokes.
	Revocation Revocation
}

// fault is what is wrong with an object, in a sentence. Other errors are trouble
// with reading it.
type fault struct {
	status Status
	reason string
}

func (f *fault) Error() string { return f.reason }

func corrupt(format string, args ...any) error {
	return &fault{Corrupt, fmt.Sprintf(format, args...)}
}

func mismatch(format string, args ...any) error {
	return &fault{Mismatch, fmt.Sprintf(format, args...)}
}

// ErrNoPayload means that what a detached signature is about is not to be had.
var ErrNoPayload = errors.New("it is not here")

// Judge tells what an object is worth. An error means that it could not be judged:
// it could not be read, what its signature is about is not to be had
// ([ErrNoPayload]), or revocations could not be asked for.
func (t *Trust) Judge(ctx context.Context, src sign.Source) (*Verdict, error) {
	v := &Verdict{Status: Valid}
	o, err := Open(ctx, src)
	if err == nil {
		err = o.content(ctx, t, v)
	}
	if err == nil {
		v.Object = o
		err = t.hold(ctx, v)
	}
	if err := v.note(err); err != nil {
		return nil, err
	}
	return v, nil
}

// hold holds an object to everything but its content. Of what is wrong with it the
// last is returned, as any other error is.
func (t *Trust) hold(ctx context.Context, v *Verdict) error {
	for _, check := range [...]func(*Verdict) error{t.identity, t.publisher, t.times} {
		if err := v.note(check(v)); err != nil {
			return err
		}
	}
	return t.revocation(ctx, v)
}

// note takes a fault into the verdict, and returns any other error.
func (v *Verdict) note(err error) error {
	var f *fault
	if err == nil || !errors.As(err, &f) {
		return err
	}
	v.Reasons = append(v.Reasons, f.reason)
	if f.status.rank() < v.Status.rank() {
		v.Status = f.status
	}
	return nil
}

// identity finds out whether the signer is to be trusted. A certificate that was
// handed in is.
func (t *Trust) identity(v *Verdict) (err error) {
	if v.Signer != nil {
		return nil
	}
	v.Path, err = t.path(v.Object.Chain, v.Object.chainTime(t.At))
	return err
}

// publisher looks for the object's publisher among those that are wanted.
func (t *Trust) publisher(v *Verdict) error {
	if len(t.Publishers) == 0 {
		return nil
	}
	if v.Object.ProfileVersion == "" {
		return mismatch("Its signature names no signing profile, and only certain publishers are allowed.")
	}
	for _, p := range t.Publishers {
		if p.published(v.Object.ProfileVersion) {
			return nil
		}
	}
	return mismatch("Its publisher %s is not among those that are allowed.", v.Object.ProfileVersion)
}

// skew is how far the clocks of who signs and who verifies may be apart.
const skew = 5 * time.Minute

// times holds the signature to the time of the judgement.
func (t *Trust) times(v *Verdict) error {
	o := v.Object
	switch {
	case !o.ExpiresAt.IsZero() && !t.At.Before(o.ExpiresAt):
		return &fault{Expired, fmt.Sprintf("Its signature expired at %s.", stamp(o.ExpiresAt))}
	case o.SignedAt.After(t.At.Add(skew)):
		return &fault{Expired, fmt.Sprintf("Its signature is of a later time, %s.", stamp(o.SignedAt))}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
