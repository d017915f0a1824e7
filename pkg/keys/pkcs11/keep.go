//go:build pkcs11

package pkcs11

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/miekg/pkcs11"
)

// Keep takes a private key into the token: as one that stays there and shows itself to
// nobody. Its id is made of the public key, so that what is there already is not put
// there again. Some tokens take no keys from outside.
func (k *Keys) Keep(label string, key crypto.Signer) (name string, err error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", err
	}
	id := sha256.Sum256(der)
	u := URI{Token: k.config.URI.Token, Serial: k.config.URI.Serial, Slot: k.config.URI.Slot, ID: id[:20]}
	private, public, err := halves(key, label, u.ID)
	if err != nil {
		return "", err
	}
	err = k.do(context.Background(), func(ctx context.Context, t *token) error {
		if there, err := t.one(ctx, u); err != nil || there != nil {
			return err
		}
		return t.session(ctx, func(s pkcs11.SessionHandle) error { return t.create(s, private, public) })
	})
	if isRefused(err) {
		err = fmt.Errorf("%w; it takes no such keys from outside: make the key in it, and give its URI in place of the key", err)
	}
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// create makes both halves of a key, or none.
func (t *token) create(s pkcs11.SessionHandle, private, public []*pkcs11.Attribute) error {
	half, err := t.library.CreateObject(s, public)
	if err != nil {
		return err
	}
	if _, err = t.library.CreateObject(s, private); err != nil {
		return errors.Join(err, t.library.DestroyObject(s, half))
	}
	return nil
}

// half is what a half of a key is in PKCS #11's attributes, but for its numbers.
func half(class, kind uint, label string, id []byte) []*pkcs11.Attribute {
	all := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
	}
	if class == pkcs11.CKO_PUBLIC_KEY {
		return append(all, pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true))
	}
	return append(all, pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true))
}

// halves are the halves of a key in PKCS #11's attributes.
func halves(key crypto.Signer, label string, id []byte) (private, public []*pkcs11.Attribute, err error) {
	var kind uint
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		kind = pkcs11.CKK_EC
		private, public, err = ecParts(key)
	case *rsa.PrivateKey:
		kind = pkcs11.CKK_RSA
		private, public = rsaParts(key)
	default:
		return nil, nil, errors.New("a key of this kind cannot be put into a token")
	}
	return append(half(pkcs11.CKO_PRIVATE_KEY, kind, label, id), private...), append(half(pkcs11.CKO_PUBLIC_KEY, kind, label, id), public...), err
}

// generate makes a key on P-384 with the words of a URI, and an id if that has none.
func (t *token) generate(ctx context.Context, u URI) (made *pair, err error) {
	if u.ID == nil {
		u.ID = make([]byte, 16)
		rand.Read(u.ID) // it never fails
	}
	curve, err := asn1.Marshal(curves[elliptic.P384()])
	if err != nil {
		return nil, err
	}
	label := cmp.Or(u.Object, rootLabel)
	public := append(half(pkcs11.CKO_PUBLIC_KEY, pkcs11.CKK_EC, label, u.ID), pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, curve))
	err = t.session(ctx, func(s pkcs11.SessionHandle) error {
		how := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_EC_KEY_PAIR_GEN, nil)}
		_, private, err := t.library.GenerateKeyPair(s, how, public, half(pkcs11.CKO_PRIVATE_KEY, pkcs11.CKK_EC, label, u.ID))
		if isRefused(err) {
			return fmt.Errorf("it makes no key on P-384: %w; make one of another kind with a program of its own, and name it with object or id", err)
		}
		if err != nil {
			return fmt.Errorf("make a key on P-384: %w", err)
		}
		made, err = t.pair(s, private)
		return err
	})
	return made, err
}

// curves have their names in ASN.1 (RFC 5480, 2.1.1.1).
var curves = map[elliptic.Curve]asn1.ObjectIdentifier{
	elliptic.P256(): {1, 2, 840, 10045, 3, 1, 7},
	elliptic.P384(): {1, 3, 132, 0, 34},
	elliptic.P521(): {1, 3, 132, 0, 35},
}

func ecParts(key *ecdsa.PrivateKey) (private, public []*pkcs11.Attribute, err error) {
	curve, err := asn1.Marshal(curves[key.Curve])
	if err != nil {
		return nil, nil, err
	}
	scalar, err := key.Bytes()
	if err != nil {
		return nil, nil, err
	}
	plain, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, nil, err
	}
	point, err := asn1.Marshal(plain) // an OCTET STRING
	params := pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, curve)
	return []*pkcs11.Attribute{params, pkcs11.NewAttribute(pkcs11.CKA_VALUE, scalar)}, []*pkcs11.Attribute{params, pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, point)}, err
}

func rsaParts(key *rsa.PrivateKey) (private, public []*pkcs11.Attribute) {
	key.Precompute()
	number := func(name uint, n *big.Int) *pkcs11.Attribute { return pkcs11.NewAttribute(name, n.Bytes()) }
	public = []*pkcs11.Attribute{number(pkcs11.CKA_MODULUS, key.N), number(pkcs11.CKA_PUBLIC_EXPONENT, big.NewInt(int64(key.E)))}
	return append([]*pkcs11.Attribute{
		number(pkcs11.CKA_PRIVATE_EXPONENT, key.D), number(pkcs11.CKA_PRIME_1, key.Primes[0]), number(pkcs11.CKA_PRIME_2, key.Primes[1]),
		number(pkcs11.CKA_EXPONENT_1, key.Precomputed.Dp), number(pkcs11.CKA_EXPONENT_2, key.Precomputed.Dq), number(pkcs11.CKA_COEFFICIENT, key.Precomputed.Qinv),
	}, public...), public
}
