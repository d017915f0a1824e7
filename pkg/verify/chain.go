package verify

import (
	"bytes"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

// path finds the way from the certificate of a signer, the first of chain, to a
// root that is trusted, as things were at a time: certificates of signers live for
// days, their signatures for years.
func (t *Trust) path(chain []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	switch {
	case len(t.Roots) == 0:
		return nil, mismatch("No root certificate is trusted, and so nobody's signature is.")
	case at.IsZero(): // which would mean now
		return nil, mismatch("Its signature is of no time at which its certificates could have been valid.")
	}
	if err := checkSigner(chain[0]); err != nil {
		return nil, err
	}
	if path := t.Paths.find(chain, at); path != nil {
		return path, nil
	}
	paths, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         pool(t.Roots),
		Intermediates: pool(chain[1:]),
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
	if err != nil {
		return nil, distrust(err, chain, at)
	}
	t.Paths.keep(chain, paths[0])
	return paths[0], nil
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certificates {
		p.AddCert(c)
	}
	return p
}

// distrust says why there is no way to a root.
func distrust(err error, chain []*x509.Certificate, at time.Time) error {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return mismatch("The certificate %.100q was not valid when it signed, at %s.", invalid.Cert.Subject.CommonName, stamp(at))
	case errors.As(err, &unknown):
		return mismatch("Its certificates lead to %.100q, which is not among the root certificates that are trusted.", last(chain))
	}
	return mismatch("Its certificates are not to be trusted: %s.", Printable(err.Error()))
}

// last is the name of whoever certified the last of the certificates that lead up
// from the first.
func last(chain []*x509.Certificate) string {
	at := chain[0]
	for range chain {
		i := slices.IndexFunc(chain, func(c *x509.Certificate) bool {
			return bytes.Equal(c.RawSubject, at.RawIssuer) && !c.Equal(at)
		})
		if i < 0 {
			break
		}
		at = chain[i]
	}
	return at.Issuer.CommonName
}

// checkSigner holds a certificate to what may sign code: a key for signatures, and
// neither an authority's nor a server's (Notary Project, signature specification,
// "Certificate requirements"; AWS Signer's have that form, too).
func checkSigner(c *x509.Certificate) error {
	const wrong = x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageKeyAgreement |
		x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageEncipherOnly | x509.KeyUsageDecipherOnly
	others := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection,
		x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageOCSPSigning}
	switch {
	case c.BasicConstraintsValid && c.IsCA:
		return mismatch("The certificate %.100q is one of an authority, and must not sign code.", c.Subject.CommonName)
	case !usageIsCritical(c), c.KeyUsage&x509.KeyUsageDigitalSignature == 0, c.KeyUsage&wrong != 0:
		return mismatch("The certificate %.100q is not one for signatures only.", c.Subject.CommonName)
	case slices.ContainsFunc(c.ExtKeyUsage, func(u x509.ExtKeyUsage) bool { return slices.Contains(others, u) }):
		return mismatch("The certificate %.100q is not one for signing code.", c.Subject.CommonName)
	}
	return nil
}

// usageIsCritical tells whether a certificate says what its key is for, to
// everybody.
func usageIsCritical(c *x509.Certificate) bool {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 15}) })
	return i >= 0 && c.Extensions[i].Critical
}

// checkOrder holds a chain to the order that Notary Project wants: each certificate
// by the next, the last by itself, and nothing else among them.
func checkOrder(chain []*x509.Certificate) error {
	root := len(chain) - 1
	for i, c := range chain {
		switch name := c.Subject.CommonName; {
		case i == root && !issued(c, c):
			return corrupt("Its certificates do not end with a root.")
		case i < root && issued(c, c):
			return corrupt("Its certificate %.100q is a root, and stands among others.", name)
		case i < root && !issued(c, chain[i+1]):
			return corrupt("Its certificate %.100q is not certified by the next, %.100q.", name, chain[i+1].Subject.CommonName)
		case i > 0 && (!c.BasicConstraintsValid || !c.IsCA || !usageIsCritical(c) || c.KeyUsage&x509.KeyUsageCertSign == 0):
			return corrupt("Its certificate %.100q is not one of an authority.", name)
		case i > 0 && (c.MaxPathLen > 0 || c.MaxPathLenZero) && c.MaxPathLen < i-1:
			return corrupt("Its certificate %.100q stands above too many others.", name)
		}
	}
	return nil
}

// issued tells whether one certificate is certified by another, or by itself. Only
// of itself may one that is not an authority's do so.
func issued(c, by *x509.Certificate) bool {
	if !bytes.Equal(by.RawSubject, c.RawIssuer) {
		return false
	}
	if c == by {
		return c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
	}
	return c.CheckSignatureFrom(by) == nil
}

// pairs are the hashes by which the certificates of a chain are known to
// GetRevocationStatus: each with its parent, and the root with itself.
func pairs(path []*x509.Certificate) []string {
	var all []string
	for i, c := range path {
		parent := path[min(i+1, len(path)-1)]
		child, above := sha512.Sum384(c.RawTBSCertificate), sha512.Sum384(parent.RawTBSCertificate)
		all = append(all, hex.EncodeToString(child[:])+hex.EncodeToString(above[:]))
	}
	return all
}
