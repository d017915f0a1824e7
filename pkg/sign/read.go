package sign

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Signed is what a signed archive consists of, as far as its signature goes.
type Signed struct {
	Inner     []byte // the SHA-384 of the names and data of all entries but the signature
	Signature []byte // the signature as the archive holds it, nil if there is none
}

// Read reads a ZIP archive, signed or not, by the rules of [Lambda]: what that
// would refuse in an archive is refused here. It judges no signature.
func Read(ctx context.Context, src Source) (*Signed, error) {
	a, err := openArchive(src)
	if err != nil {
		return nil, err
	}
	found, err := a.survey(ctx)
	if err != nil {
		return nil, err
	}
	inner, signature, err := a.digest(ctx, io.Discard, nil)
	if err != nil {
		return nil, err
	}
	if found.signed && signature == nil {
		signature = []byte{} // an empty one, which is not the same as none
	}
	return &Signed{inner, signature}, nil
}

// Signature is a signature of the Lambda form, taken apart.
type Signature struct {
	Claims
	Chain []*x509.Certificate // that of the signer first, the others from last to first

	attributes []byte // the SET that is signed
	digest     []byte // of inner
	value      []byte
}

// Attribute is one of the attributes that a signature signs.
type Attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// Attributes returns all that the signature signs, in its order: the claims, the
// digest, and whatever else there is.
func (s *Signature) Attributes() []Attribute {
	var list []attribute
	if err := unmarshal(s.attributes, &list, "set", "attributes"); err != nil {
		return nil // ParseSignature has seen to it
	}
	var all []Attribute
	for _, a := range list {
		all = append(all, Attribute{a.Type, a.Values[0]})
	}
	return all
}

// ParseSignature takes apart the signature that [Read] found. It knows the form
// that [Lambda] writes and no other; errors say what it found instead. A
// signature that parses is not yet a good one: see [Signature.Check].
func ParseSignature(text []byte) (*Signature, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != pemType || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("signature: not one PEM block " + pemType)
	}
	data, err := parseSignedData(block.Bytes)
	if err != nil {
		return nil, err
	}
	info := data.Signers[0]
	set := bytes.Clone(info.SignedAttributes.FullBytes)
	set[0] = asn1.TagSet | 0x20
	s := &Signature{attributes: set, value: info.Signature}
	if s.Chain, err = parseChain(data.Certificates.Bytes, info.Certificate); err != nil {
		return nil, err
	}
	return s, s.parseAttributes(set)
}

// Check reports whether the signer signed inner and the claims. It does not ask
// whether the signer is to be trusted, nor what time it is.
func (s *Signature) Check(inner []byte) error {
	digest := sha512.Sum384(inner)
	if !bytes.Equal(digest[:], s.digest) {
		return errors.New("signature: the content was changed after it was signed")
	}
	key, ok := s.Chain[0].PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return errors.New("signature: the key of the signer is not an elliptic one")
	}
	sum := sha512.Sum384(s.attributes)
	if !ecdsa.VerifyASN1(key, sum[:], s.value) {
		return errors.New("signature: it is not the signer's")
	}
	return nil
}

// parseSignedData returns a SignedData with one signer, after looking at
// everything in it that has one right value only.
func parseSignedData(ber []byte) (*signedData, error) {
	der, err := unwrap(ber)
	if err != nil {
		return nil, err
	}
	var d signedData
	if err := unmarshal(der, &d, "", "SignedData"); err != nil {
		return nil, err
	}
	if len(d.Signers) != 1 {
		return nil, fmt.Errorf("signature: %d signers instead of one", len(d.Signers))
	}
	s := d.Signers[0]
	switch {
	case d.Version != 1 || s.Version != 1:
		return nil, errors.New("signature: unknown version")
	case !d.Content.Type.Equal(oidData) || len(d.Content.Content.FullBytes) > 0:
		return nil, errors.New("signature: not a detached one of plain data")
	case !s.DigestAlgorithm.Algorithm.Equal(sha384.Algorithm) || !s.SignatureAlgorithm.Algorithm.Equal(ecdsaWithSHA384.Algorithm):
		return nil, errors.New("signature: not of ECDSA with SHA-384")
	}
	return &d, nil
}

// unwrap returns the SignedData within a ContentInfo, in DER or with the two open
// wrappers that AWS's signatures have.
func unwrap(ber []byte) ([]byte, error) {
	kind, err := asn1.Marshal(oidSignedData)
	if err != nil {
		return nil, err
	}
	if rest, ok := bytes.CutPrefix(ber, slices.Concat([]byte(openSequence), kind, []byte(openContext0))); ok {
		if data, ok := bytes.CutSuffix(rest, []byte(closing+closing)); ok {
			return data, nil
		}
		return nil, errors.New("signature: ContentInfo is cut short")
	}
	var c encapsulated
	if err := unmarshal(ber, &c, "", "ContentInfo"); err != nil {
		return nil, err
	}
	if !c.Type.Equal(oidSignedData) {
		return nil, errors.New("signature: not SignedData")
	}
	return c.Content.Bytes, nil
}

// unmarshal parses all of der into v.
func unmarshal(der []byte, v any, params, what string) error {
	rest, err := asn1.UnmarshalWithParams(der, v, params)
	if err != nil {
		return fmt.Errorf("signature: %s: %w", what, err)
	}
	if len(rest) > 0 {
		return fmt.Errorf("signature: %d bytes behind its %s", len(rest), what)
	}
	return nil
}

// parseChain parses the certificates and puts the one named by id first.
func parseChain(der []byte, id issuerAndSerial) ([]*x509.Certificate, error) {
	chain, err := x509.ParseCertificates(der)
	if err != nil {
		return nil, fmt.Errorf("signature: certificates: %w", err)
	}
	slices.Reverse(chain)
	i := slices.IndexFunc(chain, func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawIssuer, id.Issuer.FullBytes) && c.SerialNumber.Cmp(id.Serial) == 0
	})
	if i < 0 {
		return nil, errors.New("signature: the certificate of its signer is missing")
	}
	leaf := chain[i]
	return slices.Insert(slices.Delete(chain, i, i+1), 0, leaf), nil
}

// parseAttributes reads the claims and the digest.
func (s *Signature) parseAttributes(set []byte) error {
	a, err := newAttributes(set)
	if err != nil {
		return err
	}
	var kind asn1.ObjectIdentifier
	var by protection
	err = errors.Join(
		a.value(oidContentType, &kind, ""),
		a.value(oidMessageDigest, &s.digest, ""),
		a.value(oidJob, &s.Job, "utf8"),
		a.value(oidProfile, &s.ProfileVersion, "utf8"),
		a.value(oidProtection, &by, ""),
		a.time(oidSigningTime, &s.SignedAt),
		a.time(oidExpiry, &s.ExpiresAt),
	)
	switch {
	case err != nil:
		return err
	case !kind.Equal(oidData):
		return errors.New("signature: its content is not plain data")
	case !by.Digest.Algorithm.Equal(sha384.Algorithm) || !by.Signature.Algorithm.Equal(ecdsaWithSHA384.Algorithm):
		return errors.New("signature: its algorithms are not those that it protects")
	}
	return nil
}

// attributes are the values of a signature's attributes by their type.
type attributes map[string][]byte

// newAttributes refuses what could be read in two ways: a type that occurs
// twice, or has several values.
func newAttributes(set []byte) (attributes, error) {
	var list []attribute
	if err := unmarshal(set, &list, "set", "attributes"); err != nil {
		return nil, err
	}
	a := attributes{}
	for _, each := range list {
		kind := each.Type.String()
		if a[kind] != nil || len(each.Values) != 1 {
			return nil, fmt.Errorf("signature: attribute %s does not have one value", kind)
		}
		a[kind] = each.Values[0].FullBytes
	}
	return a, nil
}

// value parses the value of one type into v.
func (a attributes) value(kind asn1.ObjectIdentifier, v any, params string) error {
	der := a[kind.String()]
	if der == nil {
		return fmt.Errorf("signature: attribute %s is missing", kind)
	}
	return unmarshal(der, v, params, "attribute "+kind.String())
}

// time parses a GeneralizedTime, with or without a fraction.
func (a attributes) time(kind asn1.ObjectIdentifier, t *time.Time) error {
	var raw asn1.RawValue
	if err := a.value(kind, &raw, ""); err != nil {
		return err
	}
	parsed, err := time.Parse(timeLayout+"Z", string(raw.Bytes)) // takes fractions too
	if err != nil || raw.Class != asn1.ClassUniversal || raw.Tag != asn1.TagGeneralizedTime {
		return fmt.Errorf("signature: attribute %s is not a time in UTC", kind)
	}
	*t = parsed
	return nil
}
