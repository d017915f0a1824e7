//go:build pkcs11

package pkcs11

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/miekg/pkcs11"
)

// pair is a private key in a token, and what is known of it.
type pair struct {
	handle    pkcs11.ObjectHandle
	id, label []byte
	kind      []byte // as CKA_KEY_TYPE has it
	public    crypto.PublicKey
	askAgain  bool // for the PIN, for each signature
}

// name names the key, in a token: by its id, if it has one.
func (p *pair) name(u URI) URI {
	u = URI{Token: u.Token, Serial: u.Serial, Slot: u.Slot, ID: p.id}
	if len(p.id) == 0 {
		u.ID, u.Object = nil, string(p.label)
	}
	return u
}

// one is the key that a URI names; nil if there is none. Who is not logged in any more
// sees none either.
func (t *token) one(ctx context.Context, u URI) (found *pair, err error) {
	err = t.session(ctx, func(s pkcs11.SessionHandle) error {
		keys, err := t.objects(s, pkcs11.CKO_PRIVATE_KEY, u.ID, []byte(u.Object))
		switch {
		case err != nil || len(keys) == 0:
			return err
		case len(keys) > 1:
			return fmt.Errorf("%d keys are %s: say which by its id", len(keys), u)
		}
		found, err = t.pair(s, keys[0])
		return err
	})
	if err == nil && found == nil {
		err = t.check(ctx)
	}
	return found, err
}

// named is the key that a URI names, as long as the token is open.
func (t *token) named(ctx context.Context, u URI) (*pair, error) {
	if u.Object == "" && u.ID == nil {
		return nil, fmt.Errorf("%s names no key: it has neither object nor id", u)
	}
	name := u.String()
	t.mu.Lock()
	found := t.byName[name]
	t.mu.Unlock()
	if found != nil {
		return found, nil
	}
	found, err := t.one(ctx, u)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, fmt.Errorf("it has no private key %s, or nobody is logged in who could see it", u)
	}
	t.mu.Lock()
	t.byName[name] = found
	t.mu.Unlock()
	return found, nil
}

// objects are those of a class that have an id and a label, of which either may be
// none.
func (t *token) objects(s pkcs11.SessionHandle, class uint, id, label []byte) (all []pkcs11.ObjectHandle, err error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class)}
	if len(id) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	}
	if len(label) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	}
	if err := t.library.FindObjectsInit(s, template); err != nil {
		return nil, err
	}
	const enough = 100
	for len(all) < enough {
		some, _, err := t.library.FindObjects(s, enough)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			break
		}
		all = append(all, some...)
	}
	return all, t.library.FindObjectsFinal(s)
}

// attribute is an attribute of an object; nil if it has none, or shows it to nobody.
func (t *token) attribute(s pkcs11.SessionHandle, o pkcs11.ObjectHandle, kind uint) ([]byte, error) {
	got, err := t.library.GetAttributeValue(s, o, []*pkcs11.Attribute{pkcs11.NewAttribute(kind, nil)})
	if is(err, pkcs11.CKR_ATTRIBUTE_TYPE_INVALID, pkcs11.CKR_ATTRIBUTE_SENSITIVE) {
		return nil, nil
	}
	if err != nil || len(got) != 1 {
		return nil, err
	}
	return got[0].Value, nil
}

// has tells whether an attribute of an object has a value.
func (t *token) has(s pkcs11.SessionHandle, o pkcs11.ObjectHandle, kind uint, value any) (bool, error) {
	want := pkcs11.NewAttribute(kind, value)
	got, err := t.attribute(s, o, kind)
	return bytes.Equal(got, want.Value), err
}

// pair is what is known of a private key.
func (t *token) pair(s pkcs11.SessionHandle, handle pkcs11.ObjectHandle) (p *pair, err error) {
	p = &pair{handle: handle}
	if p.id, err = t.attribute(s, handle, pkcs11.CKA_ID); err != nil {
		return nil, err
	}
	if p.label, err = t.attribute(s, handle, pkcs11.CKA_LABEL); err != nil {
		return nil, err
	}
	if p.askAgain, err = t.has(s, handle, pkcs11.CKA_ALWAYS_AUTHENTICATE, true); err != nil {
		return nil, err
	}
	if p.kind, err = t.attribute(s, handle, pkcs11.CKA_KEY_TYPE); err != nil {
		return nil, err
	}
	p.public, err = t.publicOf(s, p)
	return p, err
}

// publicOf finds the public half of a private key: beside it, in a certificate, or in
// the private key itself, which of RSA is both.
func (t *token) publicOf(s pkcs11.SessionHandle, p *pair) (crypto.PublicKey, error) {
	for _, look := range []struct {
		class     uint
		id, label []byte
		read      func(pkcs11.SessionHandle, pkcs11.ObjectHandle) (crypto.PublicKey, error)
	}{
		{pkcs11.CKO_PUBLIC_KEY, p.id, p.label, t.public},
		{pkcs11.CKO_PUBLIC_KEY, p.id, nil, t.public},
		{pkcs11.CKO_CERTIFICATE, p.id, nil, t.certified},
		{pkcs11.CKO_PRIVATE_KEY, p.id, p.label, t.public},
	} {
		if len(look.id) == 0 && len(look.label) == 0 {
			continue
		}
		found, err := t.objects(s, look.class, look.id, look.label)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			public, err := look.read(s, o)
			if err != nil || p.isOf(public) {
				return public, err
			}
		}
	}
	return nil, errors.New("beside its private key lies no public key, and no certificate, that has the same id")
}

// isOf tells whether a public key is of the kind of this one.
func (p *pair) isOf(public crypto.PublicKey) bool {
	var kind uint
	switch public.(type) {
	case *rsa.PublicKey:
		kind = pkcs11.CKK_RSA
	case *ecdsa.PublicKey:
		kind = pkcs11.CKK_EC
	default:
		return false
	}
	return bytes.Equal(p.kind, pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind).Value)
}

// certified is the public key of a certificate; nil if it is of another kind.
func (t *token) certified(s pkcs11.SessionHandle, o pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	der, err := t.attribute(s, o, pkcs11.CKA_VALUE)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil // of no kind that is known
	}
	return c.PublicKey, nil
}

// public is the key that an object shows; nil if it shows none.
func (t *token) public(s pkcs11.SessionHandle, o pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	var values [4][]byte
	for i, kind := range []uint{pkcs11.CKA_MODULUS, pkcs11.CKA_PUBLIC_EXPONENT, pkcs11.CKA_EC_PARAMS, pkcs11.CKA_EC_POINT} {
		var err error
		if values[i], err = t.attribute(s, o, kind); err != nil {
			return nil, err
		}
	}
	switch {
	case len(values[0]) > 0 && len(values[1]) > 0:
		return rsaPublic(values[0], values[1])
	case len(values[2]) > 0 && len(values[3]) > 0:
		return ecPublic(values[2], values[3])
	}
	return nil, nil
}

func rsaPublic(modulus, exponent []byte) (crypto.PublicKey, error) {
	e := new(big.Int).SetBytes(exponent)
	if e.BitLen() > 31 {
		return nil, errors.New("the exponent of its public key is too large")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(e.Int64())}, nil
}

// ecPublic reads a point, which should be in an OCTET STRING (PKCS #11, 6.3.3), and
// from some libraries is not, or is in a BIT STRING.
func ecPublic(params, point []byte) (crypto.PublicKey, error) {
	for curve, name := range curves {
		if der, err := asn1.Marshal(name); err != nil || !bytes.Equal(der, params) {
			continue
		}
		return pointOn(curve, point)
	}
	return nil, errors.New("its key is on a curve other than P-256, P-384 and P-521")
}

func pointOn(curve elliptic.Curve, point []byte) (crypto.PublicKey, error) {
	if public, err := ecdsa.ParseUncompressedPublicKey(curve, point); err == nil {
		return public, nil
	}
	var wrapped asn1.RawValue
	if _, err := asn1.Unmarshal(point, &wrapped); err != nil {
		return nil, fmt.Errorf("its public key is no point: %w", err)
	}
	if wrapped.Tag == asn1.TagBitString && len(wrapped.Bytes) > 0 {
		wrapped.Bytes = wrapped.Bytes[1:] // how many bits are not used: none
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, wrapped.Bytes)
	if err != nil {
		return nil, fmt.Errorf("its public key is no point: %w", err)
	}
	return public, nil
}
