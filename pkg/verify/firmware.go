package verify

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // what the TI platform signs with
	_ "crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"

	"signer/pkg/interrupt"
	"signer/pkg/sign"
)

// firmware is a JSON object of IoT device management or FreeRTOS (service format
// 8.2 and 8.3). It names neither who signed nor when: the devices that check it
// have been given a certificate.
type firmware struct {
	size      int64 // of what is signed, as the object says
	signature []byte
	algorithm string
	location  *sign.Location // where what is signed lies; nil: it is embedded

	sums   map[crypto.Hash]hash.Hash // of what is embedded
	length int64                     // of what is embedded
	has    map[string]bool
	odd    string // a member that such objects do not have
}

// openFirmware reads an object. What is embedded is hashed on the way.
func openFirmware(ctx context.Context, src sign.Source) (*Object, error) {
	f := &firmware{has: map[string]bool{}, sums: map[crypto.Hash]hash.Hash{crypto.SHA256: crypto.SHA256.New(), crypto.SHA1: crypto.SHA1.New()}}
	s := scan(ctx, src)
	err := s.object(func(name string) error { return f.member(s, name) })
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	o := &Object{Format: "JSONEmbedded", Algorithm: f.algorithm, PayloadSize: f.size, Payload: f.location, content: f.content}
	switch {
	case f.location != nil:
		o.Format, o.Platform = "JSONDetached", "AWSIoTDeviceManagement-SHA256-ECDSA"
	case f.algorithm == "SHA1withRSA":
		o.Platform = "AmazonFreeRTOS-TI-CC3220SF"
	default:
		o.Platform = "AmazonFreeRTOS-Default"
	}
	return o, nil
}

// member reads the value of a member.
func (f *firmware) member(s *scanner, name string) (err error) {
	f.has[name] = true
	switch name {
	case "rawPayloadSize":
		f.size, err = s.integer()
	case "signature":
		f.signature, err = s.base64()
	case "signatureAlgorithm":
		f.algorithm, err = s.text(maxName)
	case "payloadLocation":
		f.location, err = s.location()
	case "payload":
		err = f.embedded(s)
	default:
		f.odd = name
		err = s.skip()
	}
	return err
}

// base64 reads a short text of base64.
func (s *scanner) base64() ([]byte, error) {
	text, err := s.text(maxText)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errJSON("a text is not the base64 that it should be")
	}
	return b, nil
}

// location reads where a payload lies.
func (s *scanner) location() (*sign.Location, error) {
	at := new(sign.Location)
	members := map[string]*string{"bucketName": &at.Bucket, "key": &at.Key, "version": &at.Version}
	err := s.object(func(name string) error {
		if name != "s3" {
			return errJSON("its payload is not in a bucket")
		}
		return s.object(func(name string) (err error) {
			to := members[name]
			if to == nil {
				return errJSON("there is more to its payload's place than there should be")
			}
			*to, err = s.text(4 * maxName)
			return err
		})
	})
	return at, err
}

// embedded hashes the payload that stands in an object.
func (f *firmware) embedded(s *scanner) error {
	text, err := s.stream()
	if err != nil {
		return err
	}
	decoder := base64.NewDecoder(base64.StdEncoding.Strict(), &alphabet{r: text})
	f.length, err = io.CopyBuffer(io.MultiWriter(f.sums[crypto.SHA256], f.sums[crypto.SHA1]), decoder, make([]byte, 64<<10))
	var bad base64.CorruptInputError
	if errors.As(err, &bad) || err == io.ErrUnexpectedEOF {
		return errBase64()
	}
	return err
}

func errBase64() error { return errJSON("its payload is not base64") }

// alphabet lets pass what is base64 with padding at its end and nowhere else.
// Decoders do not agree on what to do with anything else.
type alphabet struct {
	r      io.Reader
	padded int
}

func (a *alphabet) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	for _, c := range p[:n] {
		switch {
		case c == '=':
			a.padded++
		case a.padded > 0, (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '+' && c != '/':
			return 0, errBase64()
		}
	}
	if a.padded > 2 {
		return 0, errBase64()
	}
	return n, err
}

// check holds the object to what all of its kind have.
func (f *firmware) check() error {
	embedded := f.has["payload"]
	_, _, known := scheme(f.algorithm)
	switch {
	case f.odd != "":
		return corrupt("It has a member %.100q, which no signed object has.", f.odd)
	case !f.has["rawPayloadSize"] || !f.has["signature"] || !f.has["signatureAlgorithm"] || embedded == f.has["payloadLocation"]:
		return corrupt("It lacks a member that every signed object has.")
	case !known || !embedded && f.algorithm != "SHA256withECDSA":
		return corrupt("Its signature is of a kind that AWS Signer does not make: %.100q.", f.algorithm)
	case embedded && f.length != f.size:
		return corrupt("Its payload has %d bytes, and it says %d.", f.length, f.size)
	}
	return nil
}

// scheme is what the name of an algorithm means, which is as Java has it.
func scheme(name string) (sum crypto.Hash, isRSA, known bool) {
	switch name {
	case "SHA256withECDSA":
		return crypto.SHA256, false, true
	case "SHA256withRSA":
		return crypto.SHA256, true, true
	case "SHA1withRSA":
		return crypto.SHA1, true, true
	}
	return 0, false, false
}

// content finds out which of the certificates that are known signed the payload.
func (f *firmware) content(ctx context.Context, t *Trust, v *Verdict) error {
	if len(t.Certificates) == 0 {
		return mismatch("It carries no certificate, and none is known whose key could have signed it.")
	}
	sum, err := f.digest(ctx, t)
	if err != nil {
		return err
	}
	for _, c := range t.Certificates {
		if f.signedBy(c.PublicKey, sum) {
			v.Signer = &c
			return nil
		}
	}
	return corrupt("It was changed after it was signed, or signed with a certificate that is not known.")
}

// digest is that of the payload, wherever it is.
func (f *firmware) digest(ctx context.Context, t *Trust) ([]byte, error) {
	kind, _, _ := scheme(f.algorithm)
	if f.location == nil {
		return f.sums[kind].Sum(nil), nil
	}
	payload, err := t.open(ctx, f.location)
	if err != nil {
		return nil, err
	}
	defer payload.Close()
	sum := kind.New()
	n, err := io.CopyBuffer(sum, interrupt.Reader(ctx, payload), make([]byte, 128<<10))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the payload: %w", err)
	case n != f.size:
		return nil, corrupt("Its payload has %d bytes, and %d were signed.", n, f.size)
	}
	return sum.Sum(nil), nil
}

// open opens the payload of a detached signature: the one that was named, else the
// one that lies where the signature says.
func (t *Trust) open(ctx context.Context, at *sign.Location) (io.ReadCloser, error) {
	if t.Payload != nil {
		return t.Payload(ctx)
	}
	err := ErrNoPayload
	if t.Fetch != nil {
		payload, failed := t.Fetch(ctx, *at)
		if failed == nil {
			return payload, nil
		}
		err = failed
	}
	return nil, fmt.Errorf("its payload is %q, version %q: %w", at.Bucket+"/"+at.Key, at.Version, err)
}

func (f *firmware) signedBy(key crypto.PublicKey, sum []byte) bool {
	kind, isRSA, _ := scheme(f.algorithm)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return !isRSA && ecdsa.VerifyASN1(key, sum, f.signature)
	case *rsa.PublicKey:
		return isRSA && rsa.VerifyPKCS1v15(key, kind, sum, f.signature) == nil
	}
	return false
}
