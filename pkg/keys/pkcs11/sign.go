//go:build pkcs11

package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"
)

// key is a private key in a token, wherever its sessions are.
type key struct {
	keys   *Keys
	uri    URI
	public crypto.PublicKey
}

func (k *key) Public() crypto.PublicKey { return k.public }

// Sign signs in the token, which has its own chance.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	how, input, err := mechanism(k.public, digest, opts)
	if err != nil {
		return nil, k.keys.failed(err)
	}
	var signature []byte // not to be looked at if nobody waited for it
	err = k.keys.do(context.Background(), func(ctx context.Context, t *token) error {
		p, err := t.named(ctx, k.uri)
		if err == nil {
			signature, err = t.sign(ctx, p, how, input)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, ok := k.public.(*ecdsa.PublicKey); ok {
		return inASN1(signature)
	}
	return signature, nil
}

// hash is a hash in PKCS #11, and how a digest of it begins in PKCS #1 (RFC 8017, 9.2).
type hash struct {
	name, mgf uint
	prefix    string
}

var hashes = map[crypto.Hash]hash{
	crypto.SHA256: {pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256, "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"},
	crypto.SHA384: {pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384, "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"},
	crypto.SHA512: {pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512, "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"},
}

// mechanism is a way to sign a digest, and what the token is given to sign by it.
// The mechanisms that make digests themselves are no way: there are only digests here.
func mechanism(public crypto.PublicKey, digest []byte, opts crypto.SignerOpts) (*pkcs11.Mechanism, []byte, error) {
	if opts == nil || opts.HashFunc().Size() != len(digest) {
		return nil, nil, errors.New("what is to be signed is not the digest that it is said to be")
	}
	if public, ok := public.(*ecdsa.PublicKey); ok {
		most := (public.Curve.Params().N.BitLen() + 7) / 8 // more is not looked at, but not all tokens take it
		return pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil), digest[:min(most, len(digest))], nil
	}
	h, ok := hashes[opts.HashFunc()]
	if !ok {
		return nil, nil, fmt.Errorf("it makes no signatures with %s", opts.HashFunc())
	}
	pss, ok := opts.(*rsa.PSSOptions)
	if !ok {
		return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil), append([]byte(h.prefix), digest...), nil
	}
	salt := pss.SaltLength
	if salt == rsa.PSSSaltLengthAuto || salt == rsa.PSSSaltLengthEqualsHash {
		salt = len(digest)
	}
	return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_PSS, pkcs11.NewPSSParams(h.name, h.mgf, uint(salt))), digest, nil
}

// sign signs with a key, for which some want the PIN each time.
func (t *token) sign(ctx context.Context, p *pair, how *pkcs11.Mechanism, input []byte) (signature []byte, err error) {
	err = t.session(ctx, func(s pkcs11.SessionHandle) error {
		err := t.library.SignInit(s, []*pkcs11.Mechanism{how}, p.handle)
		if err == nil && p.askAgain && t.pin != "" {
			err = t.logIn(s, pkcs11.CKU_CONTEXT_SPECIFIC)
		}
		if err == nil {
			signature, err = t.library.Sign(s, input)
		}
		return err
	})
	return signature, err
}

// inASN1 writes a signature of ECDSA, which is two numbers of the same length, as X.509
// has it.
func inASN1(signature []byte) ([]byte, error) {
	half := len(signature) / 2
	if half == 0 || len(signature) != 2*half {
		return nil, errors.New("the token has made a signature that is none")
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
}
