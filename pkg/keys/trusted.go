package keys

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// This file is for those who check signatures. They read no private key, so that
// they need no passphrase for one, and make nothing.

// Trusted returns what [Store.Roots] does if there is an authority already, and
// nothing if there is none. It is for whoever only checks signatures: no key is
// read, whatever protects it, and nothing is made.
func (s *Store) Trusted(context.Context) ([]*x509.Certificate, error) {
	l := s.rootLevel()
	text, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the root certificate: %w", err)
	}
	chain, err := certificatesIn(text)
	if err != nil || len(chain) == 0 {
		return nil, fmt.Errorf("%s is damaged: it has no certificate that can be read; %s", l.path, l.advice)
	}
	return s.withFormer(chain[len(chain)-1])
}

// certificatesIn returns the certificates among PEM blocks.
func certificatesIn(text []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return all, nil
		}
		if block.Type == certificateBlock {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
		text = rest
	}
}

// Public is an imported certificate without its key.
type Public struct {
	ARN string
	*x509.Certificate
}

// Publics returns all imported certificates by their ARNs. Like [Store.Trusted] it
// reads no key.
func (s *Store) Publics(context.Context) ([]Public, error) {
	files, err := filepath.Glob(filepath.Join(s.imported(), "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Public
	for _, path := range files {
		r, err := readRecord(path)
		if errors.Is(err, fs.ErrNotExist) { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		found, err := parseCertificates([]byte(r.Certificate))
		if err != nil || len(found) != 1 {
			return nil, recordDamaged(path, "its certificate cannot be read")
		}
		all = append(all, Public{r.ARN, found[0]})
	}
	slices.SortFunc(all, func(a, b Public) int { return cmp.Compare(a.ARN, b.ARN) })
	return all, nil
}
