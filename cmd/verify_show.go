package cmd

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"signer/pkg/document"
	"signer/pkg/verify"
)

// show is a verdict as a document. What a corrupt file says of itself is left out.
func (v *verification) show(name string, verdict *verify.Verdict) *document.Object {
	d := document.New(member{Name: "file", Value: name},
		member{Name: "signatureStatus", Value: string(verdict.Status)}, member{Name: "accepted", Value: v.accepts(verdict)})
	if len(verdict.Reasons) > 0 {
		d.Set("reasons", texts(verdict.Reasons))
	}
	o := verdict.Object
	if o == nil {
		return d
	}
	v.claims(d, o)
	if r := verdict.Revocation; r != "" {
		d.Set("revocationStatus", string(r))
	}
	chain := verdict.Path
	switch s := verdict.Signer; {
	case s != nil:
		if s.ARN != "" {
			d.Set("certificateArn", s.ARN)
		}
		chain = []*x509.Certificate{s.Certificate}
	case chain == nil:
		chain = o.Chain
	}
	d.Set("certificates", v.certificateList(chain, v.certificateShort))
	return d
}

// plainError is an error in a line: that of a file without the system call that it
// came from, and any other as the program would end with it.
func (s *session) plainError(err error) string {
	if path, ok := err.(*fs.PathError); ok {
		return path.Path + ": " + path.Err.Error()
	}
	return s.complaint(err).text
}

// claims adds what an object says of itself.
func (s *session) claims(d *document.Object, o *verify.Object) {
	d.Set("platformId", o.Platform)
	for _, arn := range [...]member{{Name: "jobArn", Value: o.Job}, {Name: "profileVersionArn", Value: o.ProfileVersion}} {
		if arn.Value != "" {
			d.Set(arn.Name, arn.Value)
		}
	}
	if !o.SignedAt.IsZero() {
		d.Set("signatureTimestamp", s.instant(o.SignedAt))
	}
	if !o.ExpiresAt.IsZero() {
		d.Set("signatureExpiresAt", s.instant(o.ExpiresAt))
	}
	if t := o.Target; t != nil {
		d.Set("targetArtifact", document.New(member{Name: "mediaType", Value: t.MediaType}, member{Name: "digest", Value: t.Digest}, member{Name: "size", Value: t.Size}))
	}
	if at := o.Payload; at != nil {
		d.Set("payloadLocation", document.New(member{Name: "bucketName", Value: verify.Printable(at.Bucket)}, member{Name: "key", Value: verify.Printable(at.Key)}, member{Name: "version", Value: verify.Printable(at.Version)}))
	}
}

// instant is a time in the form in which times are shown.
func (s *session) instant(t time.Time) document.Value {
	if s.timestampFormat() == "wire" {
		return float64(t.UnixMilli()) / 1000
	}
	return t.In(s.env.Now().Location())
}

func (s *session) certificateList(chain []*x509.Certificate, show func(*x509.Certificate) *document.Object) document.List {
	list := document.List{}
	for _, c := range chain {
		list = append(list, show(c))
	}
	return list
}

// certificateShort tells which certificate it is.
func (s *session) certificateShort(c *x509.Certificate) *document.Object {
	sum := sha256.Sum256(c.Raw)
	return document.New(
		member{Name: "subject", Value: verify.Printable(c.Subject.String())},
		member{Name: "serial", Value: serialNumber(c)},
		member{Name: "notBefore", Value: s.instant(c.NotBefore)},
		member{Name: "notAfter", Value: s.instant(c.NotAfter)},
		member{Name: "sha256Fingerprint", Value: hex.EncodeToString(sum[:])},
	)
}

// certificateLong tells all that matters of a certificate.
func (s *session) certificateLong(c *x509.Certificate) *document.Object {
	d := s.certificateShort(c)
	d.Set("issuer", verify.Printable(c.Issuer.String()))
	d.Set("certificateAuthority", c.IsCA)
	d.Set("keyAlgorithm", keyKind(c))
	d.Set("signatureAlgorithm", signatureAlgorithm(c))
	d.Set("keyUsages", texts(keyUsages(c)))
	d.Set("extendedKeyUsages", texts(extendedUsageNames(c)))
	return d
}

// keyKind is the kind of a certificate's key, by ACM's name where that has one.
func keyKind(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA_" + strconv.Itoa(key.N.BitLen())
	case *ecdsa.PublicKey:
		name := key.Curve.Params().Name
		if acm := map[string]string{"P-256": "EC_prime256v1", "P-384": "EC_secp384r1", "P-521": "EC_secp521r1"}[name]; acm != "" {
			return acm
		}
		return "EC_" + name
	}
	return fmt.Sprint(c.PublicKeyAlgorithm)
}
