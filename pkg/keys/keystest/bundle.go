package keystest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"signer/pkg/keys"
)

// Key makes a private key.
func Key(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// Bundle makes a certificate for the key of a device.
func Bundle(t testing.TB, key crypto.Signer) keys.Bundle {
	t.Helper()
	return SelfSigned(t, key, x509.Certificate{Subject: pkix.Name{CommonName: "device"}})
}

// Root makes a key and the certificate of a root.
func Root(t testing.TB, name string) keys.Bundle {
	t.Helper()
	return SelfSigned(t, Key(t), x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
}

// SelfSigned makes a certificate that a key has signed itself. If it says nothing else
// it is good for a year.
func SelfSigned(t testing.TB, key crypto.Signer, c x509.Certificate) keys.Bundle {
	t.Helper()
	if c.SerialNumber == nil {
		c.SerialNumber = big.NewInt(time.Now().UnixNano())
	}
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	}
	certificate, err := x509.CreateCertificate(rand.Reader, &c, &c, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return keys.Bundle{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		PrivateKey:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}
