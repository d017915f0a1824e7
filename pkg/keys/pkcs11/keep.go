//go:build pkcs11

package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
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
	private, public, err := objects(key, label, u.ID)
	if err != nil {
		return "", err
	}
	err = k.do(context.Background(), func(t *token) error {
		if there, err := t.one(u); err != nil || there != nil {
			return err
		}
		return t.session(func(s pkcs11.SessionHandle) error { return t.create(s, private, public) })
	})
	if err != nil {
		return "", fmt.Errorf("%w; if it takes no keys from outside, make the key in it, and give its URI in place of the key", err)
	}
	return u.String(), nil
}

// create makes both halves of a key, or none.
func (t *token) create(s pkcs11.SessionHandle, private, public []*pkcs11.Attribute) error {
	half, err := t.raw.CreateObject(s, public)
	if err != nil {
		return err
	}
	if _, err = t.raw.CreateObject(s, private); err != nil {
		return errors.Join(err, t.raw.DestroyObject(s, half))
	}
	return nil
}

// objects are the halves of a key in PKCS #11's attributes.
func objects(key crypto.Signer, label string, id []byte) (private, public []*pkcs11.Attribute, err error) {
	both := func(class, kind uint) []*pkcs11.Attribute {
		return []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		}
	}
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
	private = append(append(both(pkcs11.CKO_PRIVATE_KEY, kind), private...), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true))
	public = append(append(both(pkcs11.CKO_PUBLIC_KEY, kind), public...), pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true))
	return private, public, err
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
