package sign

import (
	"bytes"
	"crypto"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"
)

// The signature of an archive is CMS (RFC 5652), detached, in PEM. The last three
// attributes are AWS Signer's own: 1.3.187 is Amazon's branch of the object
// identifiers (service format 8.1).
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidProtection    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 52}
	oidJob           = asn1.ObjectIdentifier{1, 3, 187, 137, 1, 2}
	oidExpiry        = asn1.ObjectIdentifier{1, 3, 187, 137, 1, 3}
	oidProfile       = asn1.ObjectIdentifier{1, 3, 187, 137, 1, 4}

	sha384          = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}}
	ecdsaWithSHA384 = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}}
)

type (
	signedData struct {
		Version          int
		DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
		Content          encapsulated
		Certificates     asn1.RawValue `asn1:"optional,tag:0"`
		CRLs             asn1.RawValue `asn1:"optional,tag:1"`
		Signers          []signerInfo  `asn1:"set"`
	}
	encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	signerInfo struct {
		Version            int
		Certificate        issuerAndSerial
		DigestAlgorithm    pkix.AlgorithmIdentifier
		SignedAttributes   asn1.RawValue `asn1:"tag:0"`
		SignatureAlgorithm pkix.AlgorithmIdentifier
		Signature          []byte
		Unsigned           asn1.RawValue `asn1:"optional,tag:1"`
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
	protection struct {
		Digest    pkix.AlgorithmIdentifier
		Signature pkix.AlgorithmIdentifier `asn1:"tag:1"`
	}
)

const pemType = "PKCS7"

// signInner signs inner, the digest of an archive, and returns the signature as
// the archive holds it.
func signInner(inner []byte, id Identity, c Claims, rand io.Reader) ([]byte, error) {
	attributes, err := signedAttributes(inner, c)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum384(attributes)
	signature, err := id.Key.Sign(rand, sum[:], crypto.SHA384)
	if err != nil {
		return nil, fmt.Errorf("sign with ECDSA: %w", err)
	}
	leaf := id.Chain[0]
	data, err := asn1.Marshal(signedData{
		Version:          1,
		DigestAlgorithms: []pkix.AlgorithmIdentifier{sha384},
		Content:          encapsulated{Type: oidData},
		Certificates:     certificates(id),
		Signers: []signerInfo{{
			Version:            1,
			Certificate:        issuerAndSerial{asn1.RawValue{FullBytes: leaf.RawIssuer}, leaf.SerialNumber},
			DigestAlgorithm:    sha384,
			SignedAttributes:   context0(attributes),
			SignatureAlgorithm: ecdsaWithSHA384,
			Signature:          signature,
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the signature: %w", err)
	}
	wrapped, err := wrap(data)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: wrapped}), nil
}

// certificates are those of the chain, the root first as AWS has them.
func certificates(id Identity) asn1.RawValue {
	var b []byte
	for _, c := range slices.Backward(id.Chain) {
		b = append(b, c.Raw...)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: b}
}

// signedAttributes is the SET that is signed.
func signedAttributes(inner []byte, c Claims) ([]byte, error) {
	digest := sha512.Sum384(inner)
	var set []attribute
	var failed error
	add := func(kind asn1.ObjectIdentifier, value any, params string) {
		der, err := asn1.MarshalWithParams(value, params)
		if err != nil {
			failed = fmt.Errorf("encode the signature: %w", err)
		}
		set = append(set, attribute{kind, []asn1.RawValue{{FullBytes: der}}})
	}
	add(oidContentType, oidData, "")
	add(oidExpiry, generalizedTime(c.ExpiresAt), "")
	add(oidSigningTime, generalizedTime(c.SignedAt), "")
	add(oidProtection, protection{sha384, ecdsaWithSHA384}, "")
	add(oidMessageDigest, digest[:], "")
	add(oidJob, c.Job, "utf8")
	add(oidProfile, c.ProfileVersion, "utf8")
	if failed != nil {
		return nil, failed
	}
	return asn1.MarshalWithParams(set, "set") // sorts, as DER wants it
}

// generalizedTime is t to the millisecond. DER has no zeros at the end of the
// fraction, and encoding/asn1 has no fraction at all.
func generalizedTime(t time.Time) asn1.RawValue {
	text := t.UTC().Format(timeLayout + ".999Z")
	return asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte(text)}
}

const timeLayout = "20060102150405"

// context0 gives a SET the tag that it has within a SignerInfo. The signature is
// over the SET itself.
func context0(set []byte) asn1.RawValue {
	b := bytes.Clone(set)
	b[0] = asn1.ClassContextSpecific<<6 | 0x20
	return asn1.RawValue{FullBytes: b}
}

// The two outermost wrappers of AWS's signatures have no length but an end; all
// within is DER.
const (
	openSequence = "\x30\x80"
	openContext0 = "\xa0\x80"
	closing      = "\x00\x00"
)

// wrap makes a ContentInfo of a SignedData.
func wrap(data []byte) ([]byte, error) {
	kind, err := asn1.Marshal(oidSignedData)
	if err != nil {
		return nil, fmt.Errorf("encode the signature: %w", err)
	}
	return slices.Concat([]byte(openSequence), kind, []byte(openContext0), data, []byte(closing+closing)), nil
}
