// Package sign writes signed objects in the formats of AWS Signer's platforms:
// bytes in, bytes out.
//
//   - [Lambda] adds a signature to a ZIP archive (AWSLambda-SHA384-ECDSA).
//   - [Detached] writes a JSON object that holds the signature of a source and
//     says where the source lies (AWSIoTDeviceManagement-SHA256-ECDSA).
//   - [Embedded] and [EmbeddedTI] write a JSON object that holds the signature
//     and the source itself (AmazonFreeRTOS-Default, AmazonFreeRTOS-TI-CC3220SF).
//   - [Notation] signs a small payload that names a container image
//     (Notation-OCI-SHA384-ECDSA).
//
// [Read] and [ParseSignature] read a signed archive back: its digest, and what
// its signature claims.
//
// Objects are streamed: memory stays at about a mebibyte, whatever the size of
// the source, and what a hostile source declares about itself reserves nothing.
// The destination is written once, from front to back. When a function fails,
// the destination holds a part of the object that must be thrown away.
//
// A source that cannot be signed is a [Refusal], whose text is meant for the
// person who sent it; every other error is trouble with reading, writing or the
// key. The package knows no buckets, jobs, clocks or trusted roots: names and
// times are handed in, and whether a certificate is to be believed is for the
// caller to judge.
package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"
)

// Identity is who signs. The key may live anywhere: only its public half and its
// Sign method are used.
type Identity struct {
	Key   crypto.Signer
	Chain []*x509.Certificate // that of the key first, the root last
}

// Claims are what a signature of the Lambda and Notation forms says of itself
// beside who signed.
type Claims struct {
	Job            string // the ARN of the signing job
	ProfileVersion string // the ARN of the version of the signing profile
	SignedAt       time.Time
	ExpiresAt      time.Time
}

// Source is an object to sign; *io.SectionReader and *bytes.Reader are two. Its
// bytes must not change while it is signed.
type Source interface {
	io.ReaderAt
	Size() int64
}

// Refusal is the reason why a source cannot be signed with this identity, in a
// sentence or two for the person who sent it. AWS Signer shows it as the
// statusReason of a job that failed.
type Refusal struct{ Reason string }

// Error returns the reason.
func (r *Refusal) Error() string { return r.Reason }

func refuse(format string, args ...any) error {
	return &Refusal{fmt.Sprintf(format, args...)}
}

// CheckSize refuses a source larger than a platform takes; its maxSizeInMB
// counts mebibytes here, and 0 means that any size will do.
func CheckSize(size, maxSizeInMB int64) error {
	if maxSizeInMB > 0 && size > maxSizeInMB<<20 {
		return refuse("The source object exceeds the maximum size of %d MB.", maxSizeInMB)
	}
	return nil
}

// check finds an identity whose signatures nobody could verify.
func (id Identity) check() error {
	if id.Key == nil || len(id.Chain) == 0 {
		return errors.New("signing identity: a key and its certificate are needed")
	}
	public, ok := id.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(id.Chain[0].PublicKey) {
		return errors.New("signing identity: the certificate does not belong to the key")
	}
	return nil
}

// ec holds an identity to a key on an elliptic curve.
func (id Identity) ec() error {
	if err := id.check(); err != nil {
		return err
	}
	if _, ok := id.Key.Public().(*ecdsa.PublicKey); !ok {
		return refuse("can't identify EC private key.") // AWS's own words
	}
	return nil
}
