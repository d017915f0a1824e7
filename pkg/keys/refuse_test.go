package keys_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"path/filepath"
	"testing"
	"time"

	"signer/pkg/keys"
)

func TestImportRefuses(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	root := made(t, ec(t, elliptic.P256()), nil, ca("root"))
	middle := made(t, ec(t, elliptic.P256()), root, ca("middle"))
	leaf := made(t, ec(t, elliptic.P256()), middle, nil)
	self := made(t, ec(t, elliptic.P256()), nil, nil)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small := rsaKey(t, 1536)
	with := func(d *device, change func(*keys.Bundle)) keys.Bundle {
		b := bundle(t, d)
		change(&b)
		return b
	}
	text := []byte("arn:aws:acm:…")
	const badChain = "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: "
	for name, c := range map[string]struct {
		bundle keys.Bundle
		want   string
	}{
		"no certificate": {with(self, func(b *keys.Bundle) { b.Certificate = nil }), "Unable to parse certificate. Please ensure the certificate is in PEM format."},
		"text":           {with(self, func(b *keys.Bundle) { b.Certificate = text }), "Unable to parse certificate. Please ensure the certificate is in PEM format."},
		"DER":            {with(self, func(b *keys.Bundle) { b.Certificate = self.cert.Raw }), "Unable to parse certificate. Please ensure the certificate is in PEM format."},
		"cut":            {with(self, func(b *keys.Bundle) { b.Certificate = b.Certificate[:200] }), "Unable to parse certificate. Please ensure the certificate is in PEM format."},
		"two":            {with(leaf, func(b *keys.Bundle) { b.Certificate = append(leaf.pem(), middle.pem()...) }), "The certificate field contains more than one certificate. You can specify only one certificate in this field."},
		"no key":         {with(self, func(b *keys.Bundle) { b.PrivateKey = nil }), "The private key is not supported."},
		"key is text":    {with(self, func(b *keys.Bundle) { b.PrivateKey = text }), "The private key is not supported."},
		"key is public":  {with(self, func(b *keys.Bundle) { b.PrivateKey = self.pem() }), "The private key is not supported."},
		"key is cut": {with(self, func(b *keys.Bundle) {
			b.PrivateKey = keys.Secret(bytes.Replace(b.PrivateKey, []byte("MIG"), []byte("MIH"), 1))
		}), "The private key is not supported."},
		"Ed25519":  {with(self, func(b *keys.Bundle) { b.PrivateKey = pkcs8(t, ed) }), "The private key is not supported."},
		"P-224":    {with(self, func(b *keys.Bundle) { b.PrivateKey = pkcs8(t, ec(t, elliptic.P224())) }), "The private key is not supported."},
		"RSA 1536": {bundle(t, made(t, small, nil, nil)), "The private key length 1536 is not supported for key algorithm."},
		"encrypted": {with(self, func(b *keys.Bundle) {
			b.PrivateKey = []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n")
		}), "Your private key should not be encrypted."},
		"encrypted, old": {with(self, func(b *keys.Bundle) {
			b.PrivateKey = []byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END EC PRIVATE KEY-----\n")
		}), "Your private key should not be encrypted."},
		"other key":       {with(self, func(b *keys.Bundle) { b.PrivateKey = pkcs8(t, leaf.key) }), "The private key does not match the certificate."},
		"expired":         {bundle(t, made(t, self.key, nil, func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Second) })), "The certificate expired at 2026-11-21T11:59:59Z."},
		"too early":       {bundle(t, made(t, self.key, nil, func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Second) })), "The certificate is not valid before 2026-11-21T12:00:01Z."},
		"chain needed":    {bundle(t, leaf), "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain."},
		"chain is text":   {with(leaf, func(b *keys.Bundle) { b.Chain = text }), "The certificate chain provided is not in a valid PEM format."},
		"chain is a key":  {with(leaf, func(b *keys.Bundle) { b.Chain = b.PrivateKey }), "The certificate chain provided is not in a valid PEM format."},
		"chain is cut":    {with(leaf, func(b *keys.Bundle) { b.Chain = append(middle.pem(), root.pem()[:99]...) }), "The certificate chain provided is not in a valid PEM format."},
		"chain of others": {bundle(t, leaf, root), "Could not validate the certificate with the certificate chain."},
		"chain with leaf": {bundle(t, leaf, leaf, middle), badChain + "0"},
		"chain disorder":  {bundle(t, leaf, middle, middle, root), badChain + "1"},
	} {
		_, err := s.Import(t.Context(), place, c.bundle)
		wantError(t, name, err, "ValidationException", c.want)
	}
	for name, chain := range map[string][]*device{"up to the root": {middle, root}, "without the root": {middle}} {
		got, err := s.Import(t.Context(), place, bundle(t, leaf, chain...))
		if err != nil || len(got.Chain) != len(chain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "certificates", "*")); len(left) != 2 {
		t.Errorf("kept what was refused: %v", left)
	}
}
