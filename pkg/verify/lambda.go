package verify

import (
	"context"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode"

	"signer/pkg/sign"
)

const lambda = "AWSLambda-SHA384-ECDSA"

// openLambda reads a ZIP archive, whose every byte is accounted for, and the
// signature in it.
func openLambda(ctx context.Context, src sign.Source) (*Object, error) {
	signed, err := sign.Read(ctx, src)
	var refusal *sign.Refusal
	switch {
	case errors.As(err, &refusal):
		return nil, corrupt("%s", strings.Replace(refusal.Reason, "The source ZIP", "The ZIP", 1))
	case err != nil:
		return nil, err
	case signed.Signature == nil:
		return nil, mismatch("The ZIP archive is not signed.")
	}
	return lambdaObject(signed.Signature, signed.Inner)
}

// lambdaObject takes a signature apart. inner is the digest of what is signed, nil if
// that is not known.
func lambdaObject(signature, inner []byte) (*Object, error) {
	s, err := sign.ParseSignature(signature)
	if err != nil {
		return nil, badSignature(err)
	}
	if err := checkChain(s.Chain); err != nil {
		return nil, err
	}
	if err := checkClaims(s.Claims); err != nil {
		return nil, err
	}
	o := &Object{Format: "ZIP", Platform: lambda, Algorithm: "ECDSA-SHA384", Claims: s.Claims, Chain: s.Chain, Digest: hex.EncodeToString(inner)}
	for _, a := range s.Attributes() {
		o.Attributes = append(o.Attributes, attribute(a))
	}
	o.content = func(context.Context, *Trust, *Verdict) error {
		if err := s.Check(inner); err != nil {
			return badSignature(err)
		}
		return nil
	}
	return o, nil
}

// Peek is [Open] for who only wants to look: of an archive that is damaged, or could
// be read in two ways, it takes apart the signature that its directory names, if there
// is one. What Open says of such an archive is damage.
func Peek(ctx context.Context, src sign.Source) (o *Object, damage, err error) {
	o, err = Open(ctx, src)
	var f *fault
	if !errors.As(err, &f) || f.status != Corrupt {
		return o, nil, err
	}
	signature, failed := sign.Find(ctx, src)
	if failed != nil || signature == nil {
		return nil, nil, err
	}
	if o, failed = lambdaObject(signature, nil); failed != nil {
		return nil, nil, err
	}
	return o, err, nil
}

// badSignature makes a sentence of what package sign found.
func badSignature(err error) error {
	text := strings.TrimPrefix(err.Error(), "signature: ")
	return corrupt("Its signature is not good: %s.", Printable(text))
}

// attribute shows an attribute of the signature as text, its value too where it is
// one that AWS Signer writes.
func attribute(a sign.Attribute) Attribute {
	names := map[string]string{
		"1.2.840.113549.1.9.3": "contentType", "1.2.840.113549.1.9.4": "messageDigest", "1.2.840.113549.1.9.5": "signingTime",
		"1.2.840.113549.1.9.52": "cmsAlgorithmProtection",
		"1.3.187.137.1.2":       "signingJob", "1.3.187.137.1.3": "expiry", "1.3.187.137.1.4": "signingProfileVersion",
	}
	kind := a.Type.String()
	shown := Attribute{Type: kind, Name: names[kind], Value: hex.EncodeToString(a.Value.FullBytes)}
	if a.Value.Class != asn1.ClassUniversal {
		return shown
	}
	switch a.Value.Tag {
	case asn1.TagOID:
		var oid asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(a.Value.FullBytes, &oid); err == nil {
			shown.Value = oid.String()
		}
	case asn1.TagOctetString:
		shown.Value = hex.EncodeToString(a.Value.Bytes)
	case asn1.TagUTF8String, asn1.TagGeneralizedTime:
		shown.Value = Printable(string(a.Value.Bytes))
	}
	return shown
}

// Printable is text from strangers in a form that does nothing to a terminal.
func Printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
