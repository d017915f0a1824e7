package keys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"
)

// skew is by how much certificates begin before they are made, for machines
// whose clocks are late.
const skew = time.Hour

// issue makes a key and its certificate and writes them to their file. A parent
// of nil stands for the new key itself.
func (s *Store) issue(ctx context.Context, d Draft, l level, parent *bundle, now time.Time) (*bundle, error) {
	b, key, err := s.newBundle(ctx, d, l, parent, now)
	if err == nil && key.Type == keyBlock {
		key, err = s.wrap(ctx, d, key.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("make the certificate %s: %w", l.name, err)
	}
	b.kept = key
	if err := d.Write(ctx, l.file, b.encode()); err != nil {
		return nil, err
	}
	return b, nil
}

// newBundle makes a key and its certificate, and returns the key in PKCS #8 as well,
// or its name.
func (s *Store) newBundle(ctx context.Context, in reader, l level, parent *bundle, now time.Time) (_ *bundle, block *pem.Block, err error) {
	key, block, err := s.newKey(parent == nil)
	if err != nil {
		return nil, nil, err
	}
	c, above, err := s.certify(ctx, in, l, key, parent, now)
	if err != nil {
		return nil, nil, err
	}
	return &bundle{chain: slices.Concat([]*x509.Certificate{c}, above), key: opaque{key}, at: s.at(l.file), advice: l.advice}, block, nil
}

// newKey makes a key. That of a root may be elsewhere.
func (s *Store) newKey(root bool) (crypto.Signer, *pem.Block, error) {
	if root {
		far, err := s.far()
		if err != nil {
			return nil, nil, err
		}
		if far != nil {
			name, key, err := far.Make()
			return key, reference(name), err
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P384(), s.rand)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return key, &pem.Block{Type: keyBlock, Bytes: der}, err
}

// certify makes the certificate of a key, and returns those above it too.
func (s *Store) certify(ctx context.Context, in reader, l level, key crypto.Signer, parent *bundle, now time.Time) (c *x509.Certificate, above []*x509.Certificate, err error) {
	template, err := l.template(s.rand, now)
	if err != nil {
		return nil, nil, err
	}
	by, signer := template, key
	if parent != nil {
		if err := s.open(ctx, in, parent); err != nil {
			return nil, nil, err
		}
		by, signer, above = parent.chain[0], parent.key, parent.chain
		template.NotAfter = earlier(template.NotAfter, by.NotAfter)
	}
	template.SignatureAlgorithm = signatureBy(signer)
	der, err := x509.CreateCertificate(s.rand, template, by, key.Public(), signer)
	if err != nil {
		return nil, nil, err
	}
	c, err = x509.ParseCertificate(der)
	return c, above, err
}

// signatureBy is how a CA signs certificates: as everything of ours is signed, where
// its key is like ours, and else as Go finds best for it.
func signatureBy(ca crypto.Signer) x509.SignatureAlgorithm {
	if public, ok := ca.Public().(*ecdsa.PublicKey); ok && public.Curve == elliptic.P384() {
		return x509.ECDSAWithSHA384
	}
	return x509.UnknownSignatureAlgorithm
}

// template is what a certificate of this level says. It satisfies the rules that
// Notary Project's specification has for code signing (service format 8.4), and
// those of openssl.
func (l level) template(rand io.Reader, now time.Time) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := io.ReadFull(rand, serial); err != nil {
		return nil, fmt.Errorf("draw a serial number: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive, and always of one length
	now = now.UTC().Truncate(time.Second)
	t := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial),
		Subject:               pkix.Name{CommonName: l.name, Organization: []string{"Local"}},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(l.life),
		SignatureAlgorithm:    x509.ECDSAWithSHA384,
		BasicConstraintsValid: true,
		IsCA:                  l.ca,
	}
	if l.ca {
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		t.MaxPathLen, t.MaxPathLenZero = l.below, l.below == 0
	} else {
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	return t, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
