package sign_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"signer/pkg/sign"
)

var claims = sign.Claims{
	Job:            "arn:aws:signer:us-east-1:111122223333:/signing-jobs/a3f1c2d4-0000-4000-8000-000000000001",
	ProfileVersion: "arn:aws:signer:us-east-1:111122223333:/signing-profiles/web/IrwHQeF7XW",
	SignedAt:       time.Date(2026, 9, 28, 9, 19, 26, 806e6, time.UTC),
	ExpiresAt:      time.Date(2037, 12, 28, 9, 19, 26, 806e6, time.UTC),
}

// authority makes a root, an intermediate and a leaf on P-384.
func authority(t testing.TB) sign.Identity {
	t.Helper()
	var id sign.Identity
	var key *ecdsa.PrivateKey
	for level, name := range []string{"Test Root", "Test CA", "Test Leaf"} {
		k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(level) + 1), Subject: pkix.Name{CommonName: name},
			NotBefore: claims.SignedAt.Add(-time.Hour), NotAfter: claims.SignedAt.Add(72 * time.Hour),
			BasicConstraintsValid: true, IsCA: level < 2, KeyUsage: x509.KeyUsageCertSign,
		}
		if level == 2 {
			template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}
		parent, by := template, k
		if level > 0 {
			parent, by = id.Chain[0], key
		}
		id.Chain = slices.Insert(id.Chain, 0, certificate(t, template, parent, k.Public(), by))
		key, id.Key = k, k
	}
	return id
}

func certificate(t testing.TB, template, parent *x509.Certificate, public, key any) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
