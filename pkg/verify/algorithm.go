package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha512"
	"math/big"
)

// algorithm is one of those of JWS (RFC 7518, 3) that Notary Project allows, each
// of them for one size of keys (signature specification, "Signature Algorithm
// Requirements").
type algorithm struct {
	name string
	hash crypto.Hash
	bits int // of the key
	rsa  bool
}

// algorithmOf returns the algorithm for a key, and false if there is none.
func algorithmOf(key crypto.PublicKey) (algorithm, bool) {
	bits, isRSA := 0, false
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		bits = key.Curve.Params().BitSize
	case *rsa.PublicKey:
		bits, isRSA = key.Size()*8, true
	}
	for _, a := range [...]algorithm{
		{"ES256", crypto.SHA256, 256, false},
		{"ES384", crypto.SHA384, 384, false},
		{"ES512", crypto.SHA512, 521, false},
		{"PS256", crypto.SHA256, 2048, true},
		{"PS384", crypto.SHA384, 3072, true},
		{"PS512", crypto.SHA512, 4096, true},
	} {
		if a.bits == bits && a.rsa == isRSA {
			return a, true
		}
	}
	return algorithm{}, false
}

// verify tells whether a key made a signature of a text.
func (a algorithm) verify(key crypto.PublicKey, text string, signature []byte) bool {
	h := a.hash.New()
	h.Write([]byte(text))
	sum := h.Sum(nil)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		half := (a.bits + 7) / 8
		if len(signature) != 2*half {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		return ecdsa.Verify(key, sum, r, s)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(key, a.hash, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}
