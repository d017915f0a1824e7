package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY" // PKCS #8
)

// bundle is a key of the authority with the certificates that lead from it to
// the root, as one file holds them.
type bundle struct {
	chain []*x509.Certificate
	der   []byte // the key in PKCS #8
	key   crypto.Signer
}

func (b *bundle) root() *x509.Certificate { return b.chain[len(b.chain)-1] }

// parseKey makes key of der. An error never contains any of it.
func (b *bundle) parseKey() error {
	parsed, err := x509.ParsePKCS8PrivateKey(b.der)
	if err != nil {
		return errors.New("its private key cannot be read")
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(b.chain[0].PublicKey) {
		return errors.New("its private key is not that of its certificate")
	}
	b.key = opaque{key}
	return nil
}

// holds tells whether the certificate is good at now, and for longer than margin.
func (b *bundle) holds(now time.Time, margin time.Duration) bool {
	c := b.chain[0]
	return !now.Before(c.NotBefore) && now.Add(margin).Before(c.NotAfter)
}

// check follows the chain to its root. That this signed itself is not asked: it
// is believed for being where the root is kept.
func (b *bundle) check() error {
	for i, c := range b.chain[:len(b.chain)-1] {
		if err := c.CheckSignatureFrom(b.chain[i+1]); err != nil {
			return fmt.Errorf("its certificate %s is not signed by the next: %w", c.Subject.CommonName, err)
		}
	}
	return nil
}

func (b *bundle) encode() []byte {
	var out bytes.Buffer
	for _, c := range b.chain {
		pem.Encode(&out, &pem.Block{Type: certificateBlock, Bytes: c.Raw}) // to memory: cannot fail
	}
	pem.Encode(&out, &pem.Block{Type: keyBlock, Bytes: b.der})
	return out.Bytes()
}

// readBundle reads the file at path. advice is what to do when it is damaged.
func readBundle(path, advice string) (*bundle, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b, err := decodeBundle(text)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; %s", path, err, advice)
	}
	return b, nil
}

func decodeBundle(text []byte) (*bundle, error) {
	b := &bundle{}
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("it is not PEM to its end")
		}
		text = rest
		switch {
		case block.Type == certificateBlock && b.der == nil:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, errors.New("it has a certificate that cannot be read")
			}
			b.chain = append(b.chain, c)
		case block.Type == keyBlock && b.der == nil:
			b.der = block.Bytes
		default:
			return nil, fmt.Errorf("it has a block %q that does not belong there", block.Type)
		}
	}
	if len(b.chain) == 0 || b.der == nil {
		return nil, errors.New("it ends too early")
	}
	return b, errors.Join(b.check(), b.parseKey())
}
