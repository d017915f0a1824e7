package verify

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"signer/pkg/interrupt"
	"signer/pkg/sign"
)

// envelope is a JWS in the flattened form of JSON (RFC 7515, 7.2.2), as Notary
// Project specifies it and AWS Signer writes it (service format 8.4).
type envelope struct {
	payload, protected, signature string // base64url
	chain                         []*x509.Certificate
	unsigned                      map[string]bool // the names of what is not signed
	header                        header
	about                         Target
}

// maxEnvelope is how long an envelope may be; ours are of 5 KB.
const maxEnvelope = 1 << 20

// openEnvelope reads an envelope, and holds it to all rules but trust, time and the
// signature itself.
func openEnvelope(ctx context.Context, src sign.Source) (*Object, error) {
	if src.Size() > maxEnvelope {
		return nil, corrupt("It is longer than an envelope of Notary Project may be.")
	}
	e := &envelope{unsigned: map[string]bool{}}
	s := scan(ctx, src)
	seen := map[string]bool{}
	err := s.object(func(name string) error {
		seen[name] = true
		return e.member(s, name)
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	if len(seen) != 4 {
		return nil, corrupt("It lacks a member that every envelope of Notary Project has.")
	}
	if err := e.readHeader(ctx); err != nil {
		return nil, err
	}
	if err := e.readPayload(ctx); err != nil {
		return nil, err
	}
	return e.object(), nil
}

// member reads the value of a member.
func (e *envelope) member(s *scanner, name string) (err error) {
	switch name {
	case "payload":
		e.payload, err = s.text(maxText)
	case "protected":
		e.protected, err = s.text(maxText)
	case "signature":
		e.signature, err = s.text(maxText)
	case "header":
		err = s.object(func(name string) error { return e.unsignedMember(s, name) })
	default:
		err = corrupt("It has a member %q, which no envelope of Notary Project has.", name)
	}
	return err
}

// unsignedMember reads the value of a member of the header that is not signed.
// Nothing but the chain in it matters, since anybody can change it.
func (e *envelope) unsignedMember(s *scanner, name string) error {
	e.unsigned[name] = true
	if name != "x5c" {
		return s.skip()
	}
	list, err := s.texts(maxMembers)
	if err != nil {
		return err
	}
	for _, text := range list {
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return corrupt("Its certificates are not base64.")
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return corrupt("Its signature has a certificate that cannot be read: %s.", Printable(err.Error()))
		}
		e.chain = append(e.chain, c)
	}
	return checkChain(e.chain)
}

// readHeader reads the header that is signed, and holds it to the chain.
func (e *envelope) readHeader(ctx context.Context) error {
	text, err := base64url(e.protected)
	if err != nil {
		return err
	}
	if e.header, err = parseHeader(ctx, text); err != nil {
		return err
	}
	for name := range e.unsigned {
		if e.header.has[name] {
			return corrupt("Its header %.100q is there twice, signed and not.", name)
		}
	}
	if len(e.chain) == 0 {
		return corrupt("It has no certificates.")
	}
	a, ok := algorithmOf(e.chain[0].PublicKey)
	if !ok || e.header.text["alg"] != a.name {
		return corrupt("Its algorithm %.100q is not the one for the key of its signer.", e.header.text["alg"])
	}
	return checkOrder(e.chain)
}

// base64url decodes in the way of JWS: without padding, and in one way only.
func base64url(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, corrupt("It is not base64url as it should be.")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, corrupt("It is not base64url as it should be.")
	}
	return b, nil
}

// readPayload reads what the envelope is about.
func (e *envelope) readPayload(ctx context.Context) error {
	text, err := base64url(e.payload)
	if err != nil {
		return err
	}
	s := scan(ctx, bytes.NewReader(text))
	err = s.object(func(name string) error {
		if name != "targetArtifact" {
			return s.skip()
		}
		return s.object(func(name string) error { return e.about.member(s, name) })
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && e.about.Digest == "" {
		err = corrupt("What it signs names no image.")
	}
	return err
}

// member reads the value of a member.
func (t *Target) member(s *scanner, name string) (err error) {
	switch name {
	case "mediaType":
		t.MediaType, err = s.text(maxName)
	case "digest":
		t.Digest, err = s.text(maxName)
	case "size":
		t.Size, err = s.integer()
	default:
		return s.skip()
	}
	t.MediaType, t.Digest = Printable(t.MediaType), Printable(t.Digest)
	return err
}

func (e *envelope) object() *Object {
	h := e.header
	return &Object{
		Format: "JWS", Platform: "Notation-OCI-SHA384-ECDSA", Algorithm: h.text["alg"], Claims: h.claims, Chain: e.chain,
		Attributes: h.attributes, Target: &e.about, scheme: h.text[headerScheme], content: e.content,
	}
}

// content checks the signature, and the image's manifest if that was named.
func (e *envelope) content(ctx context.Context, t *Trust, _ *Verdict) error {
	signature, err := base64url(e.signature)
	if err != nil {
		return err
	}
	key := e.chain[0].PublicKey
	if a, _ := algorithmOf(key); !a.verify(key, e.protected+"."+e.payload, signature) {
		return corrupt("Its signature is not good: it is not the signer's, or what it signs was changed.")
	}
	if name := e.header.text[headerPlugin]; e.header.has[headerPlugin] && name != awsPlugin {
		return mismatch("It is to be verified by %.100q, which this program is not.", name)
	}
	if t.Payload == nil {
		return nil
	}
	return e.checkManifest(ctx, t)
}

// checkManifest holds a manifest to the digest that was signed.
func (e *envelope) checkManifest(ctx context.Context, t *Trust) error {
	kind, want, _ := strings.Cut(e.about.Digest, ":")
	hashes := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}
	if hashes[kind] == 0 {
		return corrupt("It names an image by a digest of an unknown kind, %.100q.", kind)
	}
	manifest, err := t.Payload(ctx)
	if err != nil {
		return err
	}
	defer manifest.Close()
	sum := hashes[kind].New()
	n, err := io.CopyBuffer(sum, interrupt.Reader(ctx, manifest), make([]byte, 64<<10))
	switch {
	case err != nil:
		return fmt.Errorf("read the payload: %w", err)
	case n != e.about.Size || hex.EncodeToString(sum.Sum(nil)) != want:
		return corrupt("It was not made for the payload: it is about %s, of %d bytes.", e.about.Digest, e.about.Size)
	}
	return nil
}
