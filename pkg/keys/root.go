package keys

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// The authority's own root can be replaced by a CA of somebody's: a root, or one that
// a root has certified, which then need not be here. What the old root certified can
// still be checked: its certificate is kept, among the former ones.

// ErrRootExists is the error of who would replace a root without saying so.
var ErrRootExists = errors.New("there is a root already, and what was signed so far leads to it")

// ImportRoot makes a CA the one that certifies everything from now on: a certificate
// and its key, and those above it up to a root, unless it is one itself. Where there
// is a root already it fails with ErrRootExists, unless it is to be replaced.
//
// A CA that cannot certify keys for signing code is refused with an [*Error].
func (s *Store) ImportRoot(ctx context.Context, b Bundle, replace bool) error {
	b, err := s.found(b)
	if err != nil {
		return err
	}
	top, key, err := b.authority(s.now())
	if err != nil {
		return err
	}
	return s.files.Change(ctx, func(d Draft) error {
		old, err := s.readBundle(ctx, d, s.rootLevel())
		switch {
		case err == nil && slices.EqualFunc(old.chain, top.chain, (*x509.Certificate).Equal):
			if moves, err := s.moves(old, key); err != nil || !moves {
				return err
			}
		case err == nil && !replace:
			return fmt.Errorf("%s: %w", s.at(authorityDir), ErrRootExists)
		case err == nil:
			err = s.keepFormer(ctx, d, old.root())
		case errors.Is(err, fs.ErrNotExist) && !replace:
			err = s.lost(ctx, d)
		case errors.Is(err, fs.ErrNotExist):
			err = nil
		}
		if err != nil {
			return err
		}
		if top.kept, err = s.keep(ctx, d, "signer root", key); err != nil {
			return err
		}
		if top.kept.Type == referenceBlock {
			key = top.kept // it goes there once, though all of this may be done again
		}
		return install(ctx, d, top)
	})
}

// lost returns an error if there has been a root that is missing.
func (s *Store) lost(ctx context.Context, d Draft) error {
	other, err := s.otherThanRoot(ctx, d)
	if other != "" {
		err = fmt.Errorf("%s is missing, while %s is there: %w", s.at(rootFile), other, ErrRootExists)
	}
	return err
}

// moves tells whether to import the root that is there already takes its key
// elsewhere.
func (s *Store) moves(root *bundle, key *pem.Block) (bool, error) {
	if root.kept.Type == referenceBlock {
		return key.Type == referenceBlock && !bytes.Equal(root.kept.Bytes, key.Bytes), nil
	}
	far, err := s.far()
	return far != nil || key.Type == referenceBlock, err
}

// install makes a CA the top of the authority, and takes away what another has
// certified: all of it is made again when it is needed.
func install(ctx context.Context, d Draft, top *bundle) error {
	if err := d.Write(ctx, rootFile, top.encode()); err != nil {
		return err
	}
	names, err := keyFiles(ctx, d)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, authorityDir) || name == rootFile {
			continue
		}
		if err := d.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// authority holds what is imported to what a CA must be.
func (b Bundle) authority(now time.Time) (top *bundle, key *pem.Block, err error) {
	m, err := b.parse()
	if err != nil {
		return nil, nil, err
	}
	top = &bundle{chain: slices.Insert(slices.Clone(m.chain), 0, m.leaf)}
	if len(m.chain) > 0 && m.chain[0].Equal(m.leaf) {
		top.chain = m.chain // some chains begin with the certificate itself
	}
	if err := checkAuthority(top.chain, now); err != nil {
		return nil, nil, err
	}
	key, err = b.block(m.key)
	return top, key, err
}

// checkAuthority finds out whether what a CA certifies for signing code will be
// accepted: by the rules of RFC 5280, and of Notary Project's for such chains
// (signature specification, "Certificate Requirements").
func checkAuthority(chain []*x509.Certificate, now time.Time) error {
	if err := (&bundle{chain: chain}).check(); err != nil {
		return invalid("The certificates do not lead from the CA to its root, one by one: %v.", err)
	}
	if !selfSigned(chain[len(chain)-1]) {
		return invalid("The chain of the CA does not end with a root: give all certificates above it as its chain.")
	}
	for _, c := range chain {
		name := c.Subject.CommonName
		switch {
		case !canCertify(c):
			return invalid("The certificate %s is not that of a CA, which has CA:TRUE and the key usage keyCertSign.", name)
		case now.Before(c.NotBefore) || now.After(c.NotAfter):
			return invalid("The certificate %s is good from %s to %s, and not now.", name, c.NotBefore.Format(time.RFC3339), c.NotAfter.Format(time.RFC3339))
		case !signsCode(c):
			return invalid("The certificate %s has extended key usages, and codeSigning is not among them.", name)
		case !strong(c):
			return invalid("The certificate %s has a key that is too weak, or of a kind that is not taken: RSA of 2048 bits or more, or P-256, P-384 or P-521.", name)
		}
	}
	if below(chain) < 0 {
		return invalid("The path length of a certificate above the CA %s does not allow it.", chain[0].Subject.CommonName)
	}
	return nil
}

// canCertify tells whether a certificate is that of a CA.
func canCertify(c *x509.Certificate) bool {
	return c.BasicConstraintsValid && c.IsCA && c.KeyUsage&x509.KeyUsageCertSign != 0
}

// signsCode tells whether a CA may stand above a certificate for signing code.
func signsCode(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageCodeSigning) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

func strong(c *x509.Certificate) bool {
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return key.Curve.Params().BitSize >= 256
	case *rsa.PublicKey:
		return key.N.BitLen() >= 2048
	}
	return false
}

// ownLevels is how many CAs of its own the authority has at most between a root and
// a leaf.
const ownLevels = 2

// below is how many CAs may stand between the first of a chain and a leaf, as far as
// that matters; less than 0 if not even the chain may be.
func below(chain []*x509.Certificate) int {
	n := ownLevels
	for above, c := range chain {
		if c.MaxPathLen > 0 || c.MaxPathLenZero {
			n = min(n, c.MaxPathLen-above)
		}
	}
	return n
}

// room is how many CAs of its own the authority can put between its root and a leaf.
// One that is certified by a root of others is as good as the first of them, and so is
// one whose key is elsewhere.
func (s *Store) room(ctx context.Context, in reader) (int, error) {
	text, err := in.Read(ctx, rootFile)
	if errors.Is(err, fs.ErrNotExist) {
		if far, _ := s.far(); far != nil { // what is wrong there is found by who makes the root
			return ownLevels - 1, nil
		}
		return ownLevels, nil
	}
	if err != nil {
		return ownLevels, err
	}
	chain, err := certificatesIn(text)
	if err != nil || len(chain) == 0 {
		return ownLevels, nil // it is damaged, which whoever needs it finds
	}
	room := below(chain)
	if len(chain) > 1 || referenceIn(text) != "" {
		room = min(room, ownLevels-1)
	}
	return max(room, 0), nil
}

// keepFormer keeps the certificate of a root that is replaced.
func (s *Store) keepFormer(ctx context.Context, d Draft, root *x509.Certificate) error {
	former, err := s.former(ctx, d)
	if err != nil || slices.ContainsFunc(former, root.Equal) {
		return err
	}
	var text bytes.Buffer
	for _, c := range append(former, root) {
		pem.Encode(&text, &pem.Block{Type: certificateBlock, Bytes: c.Raw}) // to memory: cannot fail
	}
	return d.Write(ctx, formerFile, text.Bytes())
}

// former are the roots that were replaced, the oldest first.
func (s *Store) former(ctx context.Context, in reader) ([]*x509.Certificate, error) {
	text, err := in.Read(ctx, formerFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the former roots: %w", err)
	}
	all, err := certificatesIn(text)
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("%s is damaged: it has no certificate that can be read; restore it from a backup, or remove it to trust none of them", s.at(formerFile))
	}
	return all, nil
}

// withFormer adds to the root those that were before it.
func (s *Store) withFormer(ctx context.Context, root *x509.Certificate) ([]*x509.Certificate, error) {
	former, err := s.former(ctx, s.files)
	if err != nil {
		return nil, err
	}
	all := []*x509.Certificate{root}
	for _, c := range slices.Backward(former) {
		if !c.Equal(root) {
			all = append(all, c)
		}
	}
	return all, nil
}
