package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bundle is what is imported, each part in PEM.
type Bundle struct {
	Certificate []byte            // one certificate
	PrivateKey  Secret            // its key: PKCS #8, PKCS #1 or SEC 1, not encrypted
	Chain       []byte            // who certified it, in order; none if it did itself
	Tags        map[string]string // those that it is to have, if it is a new one

	// KeyName is the name of its key, in place of PrivateKey, if that is elsewhere
	// already. Whoever says it gets the use of that key: it must not come from
	// somebody who has no right to that.
	KeyName string
	named   crypto.Signer // the key of the name, when it is found
}

// found returns the bundle with the key that it names.
func (s *Store) found(b Bundle) (_ Bundle, err error) {
	if b.KeyName != "" {
		b.named, err = s.named(b.KeyName)
	}
	return b, err
}

// block is the private key, or its name, as it is kept in PEM.
func (b Bundle) block(key crypto.Signer) (*pem.Block, error) {
	if b.named != nil {
		return reference(b.KeyName), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errKey()
	}
	return &pem.Block{Type: keyBlock, Bytes: der}, nil
}

// material is a bundle that has been parsed.
type material struct {
	leaf      *x509.Certificate
	chain     []*x509.Certificate
	key       crypto.Signer
	algorithm string
}

// The texts are ACM's where they are known from its documentation and from what
// people report; the others are our own.
func errNotPEM() error {
	return invalid("Unable to parse certificate. Please ensure the certificate is in PEM format.")
}

func errKey() error { return invalid("The private key is not supported.") }

// check parses a bundle and makes ACM's checks.
func (b Bundle) check(now time.Time) (*material, error) {
	m, err := b.parse()
	if err != nil {
		return nil, err
	}
	if now.After(m.leaf.NotAfter) {
		return nil, invalid("The certificate expired at %s.", m.leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	if now.Before(m.leaf.NotBefore) {
		return nil, invalid("The certificate is not valid before %s.", m.leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return m, m.checkChain()
}

// parse parses the parts of a bundle, and holds the key to the certificate.
func (b Bundle) parse() (*material, error) {
	m, err := b.parsePublic()
	if err != nil {
		return nil, err
	}
	key := b.named
	if key == nil {
		if key, err = parseKey(b.PrivateKey); err != nil {
			return m, err
		}
	}
	return m, m.hold(key)
}

// hold takes a private key, which must be that of the certificate.
func (m *material) hold(key crypto.Signer) (err error) {
	m.key = key
	if m.algorithm, err = algorithm(m.key.Public()); err != nil {
		return err
	}
	if !samePublic(m.key.Public(), m.leaf.PublicKey) {
		return invalid("The private key does not match the certificate.")
	}
	return nil
}

// parsePublic parses the parts of a bundle that everybody may see.
func (b Bundle) parsePublic() (*material, error) {
	certificates, err := parseCertificates(b.Certificate)
	switch {
	case err != nil || len(certificates) == 0:
		return nil, errNotPEM()
	case len(certificates) > 1:
		return nil, invalid("The certificate field contains more than one certificate. You can specify only one certificate in this field.")
	}
	m := &material{leaf: certificates[0]}
	if m.chain, err = parseCertificates(b.Chain); err != nil {
		return nil, invalid("The certificate chain provided is not in a valid PEM format.")
	}
	m.algorithm, _ = algorithm(m.leaf.PublicKey) // of no other kind is one imported
	return m, nil
}

// parseCertificates parses certificates in PEM, and whatever text is between
// them.
func parseCertificates(text []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		if block.Type != certificateBlock {
			return nil, errNotPEM()
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errNotPEM()
		}
		list = append(list, c)
	}
	if bytes.Contains(text, []byte("-----BEGIN")) || len(list) == 0 && len(bytes.TrimSpace(text)) > 0 {
		return nil, errNotPEM()
	}
	return list, nil
}

// parseKey parses a private key in PEM. An error never contains any of it.
func parseKey(text []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(text)
	if block != nil && block.Type == "EC PARAMETERS" { // openssl ecparam -genkey puts them first
		block, _ = pem.Decode(rest)
	}
	if block == nil {
		return nil, errKey()
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, invalid("Your private key should not be encrypted.")
	}
	var key any
	var err error
	switch block.Type {
	case keyBlock:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, errKey()
	}
	return signer, nil
}

// algorithm is the kind of a key as ACM names it. Others than these are refused
// (ACM API Reference, KeyAlgorithm).
func algorithm(key crypto.PublicKey) (string, error) {
	switch public := key.(type) {
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		if !slices.Contains([]int{1024, 2048, 3072, 4096}, bits) {
			return "", invalid("The private key length %d is not supported for key algorithm.", bits)
		}
		return "RSA_" + strconv.Itoa(bits), nil
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			return "EC_prime256v1", nil
		case elliptic.P384():
			return "EC_secp384r1", nil
		case elliptic.P521():
			return "EC_secp521r1", nil
		}
	}
	return "", errKey()
}

// checkChain follows the chain from the certificate up.
func (m *material) checkChain() error {
	if len(m.chain) == 0 {
		if !selfSigned(m.leaf) {
			return invalid("Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain.")
		}
		return nil
	}
	if m.chain[0].Equal(m.leaf) {
		return badChain(0)
	}
	if m.leaf.CheckSignatureFrom(m.chain[0]) != nil {
		return invalid("Could not validate the certificate with the certificate chain.")
	}
	for i, c := range m.chain[1:] {
		if m.chain[i].CheckSignatureFrom(c) != nil {
			return badChain(i + 1)
		}
	}
	return nil
}

func badChain(i int) error {
	return invalid("Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: %d", i)
}

// selfSigned asks no more than that: the certificates that people make for
// devices are rarely those of a CA.
func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

func (m *material) certificate(r *record) *Certificate {
	return &Certificate{r.ARN, m.algorithm, m.leaf, m.chain, r.CreatedAt, r.ImportedAt}
}

// record is what is kept of a bundle: all of it in one form, whatever that of the
// import was.
func (m *material) record(arn string, key *pem.Block, now time.Time) *record {
	return &record{ARN: arn, CreatedAt: now, ImportedAt: now, Certificate: encode(m.leaf), Chain: encode(m.chain...), PrivateKey: string(pem.EncodeToMemory(key))}
}

func encode(certificates ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range certificates {
		pem.Encode(&b, &pem.Block{Type: certificateBlock, Bytes: c.Raw}) // to memory: cannot fail
	}
	return b.String()
}
