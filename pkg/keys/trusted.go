package keys

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// This file is for those who check signatures. They read no private key, so that
// they need no passphrase for one, and make nothing.

// Trusted returns what [Store.Roots] does if there is an authority already, and
// nothing if there is none. It is for whoever only checks signatures: no key is
// read, whatever protects it, and nothing is made.
func (s *Store) Trusted(ctx context.Context) ([]*x509.Certificate, error) {
	text, err := s.files.Read(ctx, rootFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the root certificate: %w", err)
	}
	chain, err := certificatesIn(text)
	if err != nil || len(chain) == 0 {
		return nil, fmt.Errorf("%s is damaged: it has no certificate that can be read; %s", s.at(rootFile), s.rootLevel().advice)
	}
	return s.withFormer(ctx, chain[len(chain)-1])
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
func (s *Store) Publics(ctx context.Context) ([]Public, error) {
	records, err := s.records(ctx)
	if err != nil {
		return nil, err
	}
	var all []Public
	for name, r := range records {
		found, err := parseCertificates([]byte(r.Certificate))
		if err != nil || len(found) != 1 {
			return nil, recordDamaged(s.at(name), errUnreadable())
		}
		all = append(all, Public{r.ARN, found[0]})
	}
	slices.SortFunc(all, func(a, b Public) int { return cmp.Compare(a.ARN, b.ARN) })
	return all, nil
}
