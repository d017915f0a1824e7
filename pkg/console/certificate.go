package console

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// certificate is a certificate for people.
type certificate struct {
	Role, Subject, Issuer, Serial, Key string
	NotBefore, NotAfter                *time.Time
	Validity, Tone                     string // as things are now
	SHA1, SHA256                       string // fingerprints
}

// certificates describes a chain, that of the signer first.
func certificates(chain []*x509.Certificate, now time.Time) []certificate {
	var all []certificate
	for i, c := range chain {
		one := certificate{
			Role: role(i, c), Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: pairs(c.SerialNumber.Bytes()), Key: keyOf(c),
			NotBefore: &c.NotBefore, NotAfter: &c.NotAfter, Validity: "valid now", Tone: "good",
		}
		switch {
		case now.Before(c.NotBefore):
			one.Validity, one.Tone = "not valid yet", "busy"
		case now.After(c.NotAfter):
			one.Validity, one.Tone = "over by now", "quiet"
		}
		weak, strong := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
		one.SHA1, one.SHA256 = pairs(weak[:]), pairs(strong[:])
		all = append(all, one)
	}
	return all
}

// role says what a certificate is for.
func role(i int, c *x509.Certificate) string {
	switch {
	case i == 0:
		return "Signer"
	case string(c.RawSubject) == string(c.RawIssuer):
		return "Root"
	}
	return "Intermediate"
}

// keyOf is the kind of a certificate's key.
func keyOf(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + key.Curve.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}

// pairs writes bytes as openssl does: 0A:1B.
func pairs(b []byte) string {
	all := make([]string, len(b))
	for i, one := range b {
		all[i] = fmt.Sprintf("%02X", one)
	}
	return strings.Join(all, ":")
}
