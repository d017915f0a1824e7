package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY" // PKCS #8
)

// bundle is a key of the authority with the certificates that lead from it to
// the root, as one file holds them.
type bundle struct {
	chain []*x509.Certificate
	kept  *pem.Block    // the key, as it is kept
	key   crypto.Signer // nil until it is opened, if it is encrypted or elsewhere

	at, advice string // where the file is, and what to do when that is damaged
}

func (b *bundle) root() *x509.Certificate { return b.chain[len(b.chain)-1] }

// parseKey makes key of one in PKCS #8. An error never contains any of it.
func (b *bundle) parseKey(der []byte) error {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return errors.New("its private key cannot be read")
	}
	key, ok := parsed.(crypto.Signer)
	if !ok || !samePublic(key.Public(), b.chain[0].PublicKey) {
		return errors.New("its private key is not that of its certificate")
	}
	b.key = opaque{key}
	return nil
}

func samePublic(a, b crypto.PublicKey) bool {
	public, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(b)
}

// open makes the key of a bundle usable.
func (s *Store) open(ctx context.Context, in reader, b *bundle) error {
	if b.key != nil {
		return nil
	}
	if b.kept.Type == referenceBlock {
		return s.openNamed(b)
	}
	der, err := s.unwrap(ctx, in, b.kept)
	if errors.Is(err, errOtherMaster) {
		return b.damaged(err)
	}
	if err != nil {
		return err
	}
	if err := b.parseKey(der); err != nil {
		return b.damaged(err)
	}
	return nil
}

func (b *bundle) damaged(err error) error {
	return fmt.Errorf("%s is damaged: %w; %s", b.at, err, b.advice)
}

// under tells whether the chain goes on, at some place, with that of top.
func (b *bundle) under(top *bundle) bool {
	n := len(b.chain) - len(top.chain)
	return n >= 0 && slices.EqualFunc(b.chain[n:], top.chain, (*x509.Certificate).Equal)
}

// holds tells whether the certificate is good at now, and for longer than margin; or
// for as long as the one above it, for no other could be better.
func (b *bundle) holds(now time.Time, margin time.Duration) bool {
	c := b.chain[0]
	if now.Before(c.NotBefore) || !now.Before(c.NotAfter) {
		return false
	}
	return now.Add(margin).Before(c.NotAfter) || len(b.chain) > 1 && !c.NotAfter.Before(b.chain[1].NotAfter)
}

// check follows the chain to its root. That this signed itself is not asked: it
// is believed for being where the root is kept.
func (b *bundle) check() error {
	for i, c := range b.chain[:len(b.chain)-1] {
		if err := c.CheckSignatureFrom(b.chain[i+1]); err != nil {
			return fmt.Errorf("its certificate %s is not signed by the next: %w", c.Subject.CommonName, err)
		}
	}
	return nil
}

func (b *bundle) encode() []byte {
	var out bytes.Buffer
	for _, c := range b.chain {
		pem.Encode(&out, &pem.Block{Type: certificateBlock, Bytes: c.Raw}) // to memory: cannot fail
	}
	pem.Encode(&out, b.kept)
	return out.Bytes()
}

// readBundle reads the file of a level.
func (s *Store) readBundle(ctx context.Context, in reader, l level) (*bundle, error) {
	text, err := in.Read(ctx, l.file)
	if err != nil {
		return nil, err
	}
	b, err := decodeBundle(text)
	if err != nil {
		return nil, (&bundle{at: s.at(l.file), advice: l.advice}).damaged(err)
	}
	b.at, b.advice = s.at(l.file), l.advice
	return b, nil
}

func decodeBundle(text []byte) (*bundle, error) {
	b := &bundle{}
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("it is not PEM to its end")
		}
		text = rest
		switch {
		case block.Type == certificateBlock && b.kept == nil:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, errors.New("it has a certificate that cannot be read")
			}
			b.chain = append(b.chain, c)
		case (isKey(block) || block.Type == referenceBlock) && b.kept == nil:
			b.kept = block
		default:
			return nil, fmt.Errorf("it has a block %q that does not belong there", block.Type)
		}
	}
	if len(b.chain) == 0 || b.kept == nil {
		return nil, errors.New("it ends too early")
	}
	if b.kept.Type != keyBlock {
		return b, b.check()
	}
	return b, errors.Join(b.check(), b.parseKey(b.kept.Bytes))
}
