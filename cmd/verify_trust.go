package cmd

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"io"

	"signer/pkg/keys"
	"signer/pkg/lenient"
	"signer/pkg/verify"
)

// This file says what verify holds files to: what the options name, and otherwise
// what the home has. Nothing of this makes a home.

func (v *verification) trust(ctx context.Context) (*verify.Trust, error) {
	t := &verify.Trust{At: v.env.Now(), Paths: new(verify.Paths)}
	if v.at != "" {
		at, _, err := lenient.Time(v.at, v.env.Now())
		if err != nil {
			return nil, badWord("at", "%v", err)
		}
		t.At = at.UTC()
	}
	for _, arn := range v.publishers {
		p, err := verify.ParsePublisher(arn)
		if err != nil {
			return nil, badWord("allowed-publishers", "%v", err)
		}
		t.Publishers = append(t.Publishers, p)
	}
	if v.payload != "" {
		t.Payload = func(context.Context) (io.ReadCloser, error) { return v.env.Open(v.reader().Path(v.payload)) }
	}
	store, err := v.openKeys()
	if err != nil {
		return nil, err
	}
	if t.Roots, err = v.trustedRoots(ctx, store); err != nil {
		return nil, err
	}
	t.Certificates, err = v.signers(ctx, store)
	return t, err
}

// trustedRoots are the certificates of --trust-root, or else the home's root.
func (v *verification) trustedRoots(ctx context.Context, store *keys.Store) ([]*x509.Certificate, error) {
	if len(v.roots) == 0 {
		return store.Trusted(ctx)
	}
	var roots []*x509.Certificate
	for _, name := range v.roots {
		found, err := v.readCertificates("trust-root", name)
		if err != nil {
			return nil, err
		}
		roots = append(roots, found...)
	}
	return roots, nil
}

// signers are the certificates of --certificate, each the first of its file, or
// else those that were imported.
func (v *verification) signers(ctx context.Context, store *keys.Store) ([]verify.Certificate, error) {
	var all []verify.Certificate
	for _, name := range v.certificates {
		found, err := v.readCertificates("certificate", name)
		if err != nil {
			return nil, err
		}
		all = append(all, verify.Certificate{Certificate: found[0]})
	}
	if len(all) > 0 {
		return all, nil
	}
	imported, err := store.Publics(ctx)
	for _, c := range imported {
		all = append(all, verify.Certificate(c))
	}
	return all, err
}

// readCertificates reads the certificates in a file, one at least.
func (s *session) readCertificates(flag, name string) ([]*x509.Certificate, error) {
	text, err := s.env.ReadFile(s.reader().Path(name))
	if err != nil {
		return nil, badWord(flag, "%v", err)
	}
	var all []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, badWord(flag, "a certificate in %s cannot be read: %v", name, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, badWord(flag, "there is no certificate in PEM in %s", name)
	}
	return all, nil
}
