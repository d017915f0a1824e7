package cmd

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"signer/pkg/document"
	"signer/pkg/keys"
)

type member = document.Member

// certificateDetail tells what ACM tells of an imported certificate.
func certificateDetail(one *keys.Certificate, now time.Time) *document.Object {
	c := one.Certificate
	return present(
		member{Name: "CertificateArn", Value: one.ARN},
		member{Name: "DomainName", Value: domainName(c)},
		member{Name: "SubjectAlternativeNames", Value: texts(namesOf(c))},
		member{Name: "Serial", Value: serialNumber(c)},
		member{Name: "Subject", Value: c.Subject.String()},
		member{Name: "Issuer", Value: issuer(c)},
		member{Name: "CreatedAt", Value: one.CreatedAt},
		member{Name: "ImportedAt", Value: one.ImportedAt},
		member{Name: "Status", Value: statusOfCertificate(one, now)},
		member{Name: "NotBefore", Value: c.NotBefore},
		member{Name: "NotAfter", Value: c.NotAfter},
		member{Name: "KeyAlgorithm", Value: one.KeyAlgorithm},
		member{Name: "SignatureAlgorithm", Value: signatureAlgorithm(c)},
		member{Name: "InUseBy", Value: document.List{}},
		member{Name: "Type", Value: "IMPORTED"},
		member{Name: "KeyUsages", Value: objectsNamed(keyUsages(c))},
		member{Name: "ExtendedKeyUsages", Value: extendedUsages(c)},
		member{Name: "RenewalEligibility", Value: "INELIGIBLE"},
		member{Name: "Options", Value: document.New(member{Name: "CertificateTransparencyLoggingPreference", Value: "DISABLED"})},
	)
}

// certificateSummary tells what ACM tells of it in a listing.
func certificateSummary(one *keys.Certificate, now time.Time) *document.Object {
	c, all := one.Certificate, namesOf(one.Certificate)
	const most = 100
	return present(
		member{Name: "CertificateArn", Value: one.ARN},
		member{Name: "DomainName", Value: domainName(c)},
		member{Name: "SubjectAlternativeNameSummaries", Value: texts(all[:min(most, len(all))])},
		member{Name: "HasAdditionalSubjectAlternativeNames", Value: len(all) > most},
		member{Name: "Status", Value: statusOfCertificate(one, now)},
		member{Name: "Type", Value: "IMPORTED"},
		member{Name: "KeyAlgorithm", Value: one.KeyAlgorithm},
		member{Name: "KeyUsages", Value: texts(keyUsages(c))},
		member{Name: "ExtendedKeyUsages", Value: texts(extendedUsageNames(c))},
		member{Name: "InUse", Value: false},
		member{Name: "RenewalEligibility", Value: "INELIGIBLE"},
		member{Name: "NotBefore", Value: c.NotBefore},
		member{Name: "NotAfter", Value: c.NotAfter},
		member{Name: "CreatedAt", Value: one.CreatedAt},
		member{Name: "ImportedAt", Value: one.ImportedAt},
	)
}

// present makes an object of the members whose text is not empty.
func present(members ...member) *document.Object {
	return document.New(slices.DeleteFunc(members, func(m member) bool { return m.Value == "" })...)
}

// inPEM is what certificates are exchanged as.
func inPEM(certificates ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range certificates {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // to memory: cannot fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func texts(all []string) document.List {
	l := document.List{}
	for _, t := range all {
		l = append(l, t)
	}
	return l
}

// objectsNamed makes of each name an object that has it.
func objectsNamed(names []string) document.List {
	l := document.List{}
	for _, n := range names {
		l = append(l, document.New(member{Name: "Name", Value: n}))
	}
	return l
}

func statusOfCertificate(one *keys.Certificate, now time.Time) string {
	if now.After(one.Certificate.NotAfter) {
		return "EXPIRED"
	}
	return "ISSUED"
}

// domainName is the name that a certificate is for: its common name, else the first
// of its alternative names.
func domainName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" || len(c.DNSNames) == 0 {
		return c.Subject.CommonName
	}
	return c.DNSNames[0]
}

// namesOf are all the names that it is for, the domain name first.
func namesOf(c *x509.Certificate) []string {
	first := domainName(c)
	if first == "" {
		return nil
	}
	return append([]string{first}, slices.DeleteFunc(slices.Clone(c.DNSNames), func(n string) bool { return n == first })...)
}

// issuer is the organization that issued a certificate, by which ACM calls it, or
// the issuer's common name.
func issuer(c *x509.Certificate) string {
	if len(c.Issuer.Organization) > 0 {
		return c.Issuer.Organization[0]
	}
	return c.Issuer.CommonName
}

// serialNumber is the serial number as pairs of hexadecimal digits.
func serialNumber(c *x509.Certificate) string {
	digits := hex.EncodeToString(c.SerialNumber.Bytes())
	if digits == "" {
		digits = "00"
	}
	var pairs []string
	for pair := range slices.Chunk([]byte(digits), 2) {
		pairs = append(pairs, string(pair))
	}
	return strings.Join(pairs, ":")
}

// signatureAlgorithm is the name that Java has for an algorithm, and so ACM.
func signatureAlgorithm(c *x509.Certificate) string {
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA:
		return "SHA1WITHRSA"
	case x509.SHA256WithRSA:
		return "SHA256WITHRSA"
	case x509.SHA384WithRSA:
		return "SHA384WITHRSA"
	case x509.SHA512WithRSA:
		return "SHA512WITHRSA"
	case x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS:
		return "RSASSA-PSS"
	case x509.ECDSAWithSHA1:
		return "SHA1WITHECDSA"
	case x509.ECDSAWithSHA256:
		return "SHA256WITHECDSA"
	case x509.ECDSAWithSHA384:
		return "SHA384WITHECDSA"
	case x509.ECDSAWithSHA512:
		return "SHA512WITHECDSA"
	}
	return strings.ToUpper(c.SignatureAlgorithm.String())
}

// keyUsages are the uses of a certificate's key, by ACM's names, in the order of
// their bits.
func keyUsages(c *x509.Certificate) []string {
	names := []string{"DIGITAL_SIGNATURE", "NON_REPUDIATION", "KEY_ENCIPHERMENT", "DATA_ENCIPHERMENT", "KEY_AGREEMENT",
		"CERTIFICATE_SIGNING", "CRL_SIGNING", "ENCIPHER_ONLY", "DECIPHER_ONLY"} // bits 0 to 8 of RFC 5280, 4.2.1.3
	var used []string
	for bit, name := range names {
		if c.KeyUsage&(1<<bit) != 0 {
			used = append(used, name)
		}
	}
	return used
}

// extendedUsage is a purpose of a certificate.
type extendedUsage struct {
	name string
	oid  string
}

// acmPurposes are the purposes that ACM has names for.
var acmPurposes = map[x509.ExtKeyUsage]extendedUsage{
	x509.ExtKeyUsageAny:             {"ANY", "2.5.29.37.0"},
	x509.ExtKeyUsageServerAuth:      {"TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"},
	x509.ExtKeyUsageClientAuth:      {"TLS_WEB_CLIENT_AUTHENTICATION", "1.3.6.1.5.5.7.3.2"},
	x509.ExtKeyUsageCodeSigning:     {"CODE_SIGNING", "1.3.6.1.5.5.7.3.3"},
	x509.ExtKeyUsageEmailProtection: {"EMAIL_PROTECTION", "1.3.6.1.5.5.7.3.4"},
	x509.ExtKeyUsageIPSECEndSystem:  {"IPSEC_END_SYSTEM", "1.3.6.1.5.5.7.3.5"},
	x509.ExtKeyUsageIPSECTunnel:     {"IPSEC_TUNNEL", "1.3.6.1.5.5.7.3.6"},
	x509.ExtKeyUsageIPSECUser:       {"IPSEC_USER", "1.3.6.1.5.5.7.3.7"},
	x509.ExtKeyUsageTimeStamping:    {"TIME_STAMPING", "1.3.6.1.5.5.7.3.8"},
	x509.ExtKeyUsageOCSPSigning:     {"OCSP_SIGNING", "1.3.6.1.5.5.7.3.9"},
}

func purposes(c *x509.Certificate) []extendedUsage {
	var all []extendedUsage
	for _, u := range c.ExtKeyUsage {
		if p, ok := acmPurposes[u]; ok {
			all = append(all, p)
		}
	}
	for _, oid := range c.UnknownExtKeyUsage {
		all = append(all, extendedUsage{"CUSTOM", asn1.ObjectIdentifier(oid).String()})
	}
	return all
}

func extendedUsageNames(c *x509.Certificate) []string {
	var names []string
	for _, p := range purposes(c) {
		names = append(names, p.name)
	}
	return names
}

func extendedUsages(c *x509.Certificate) document.List {
	l := document.List{}
	for _, p := range purposes(c) {
		l = append(l, document.New(member{Name: "Name", Value: p.name}, member{Name: "OID", Value: p.oid}))
	}
	return l
}
