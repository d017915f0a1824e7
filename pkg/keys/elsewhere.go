package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"unicode/utf8"
)

// Private keys can be elsewhere than in the files: in a hardware security module,
// or with a service that keeps keys. The root's is, then, and those of imported
// certificates are; in their files stands, in the place of a key, the name by which
// it is found there.
//
// The keys of regions and leaves stay here. A leaf signs for three days and its CA
// for a year, and that CA stands below the root itself: there is no intermediate,
// which would be good for decades. So what can be stolen from the files is good
// for a year at most, and the root is needed once a year for each region. The key
// that seals secrets is here, too.

// Elsewhere is where private keys are. What it is asked for it answers in a time that
// has an end. It may be used from several goroutines at once. Its errors say nothing
// of secrets.
type Elsewhere interface {
	// Make returns the key for a root, which it makes if there is none yet, and
	// its name: one line of text, without secrets. Who asks again gets the same.
	Make() (name string, key crypto.Signer, err error)

	// Keep takes a private key in and returns its name. The label is for people.
	Keep(label string, key crypto.Signer) (name string, err error)

	// Key returns the key of a name. Signing with it may fail, and succeed later.
	Key(name string) (crypto.Signer, error)

	// Check tells whether keys can be used now.
	Check(context.Context) error
}

// ErrElsewhere is the error of who needs a private key that is elsewhere, and has not
// been told where that is.
var ErrElsewhere = errors.New("the private key is kept elsewhere")

// referenceBlock is the kind of PEM block that holds the name of a key elsewhere.
const referenceBlock = "SIGNER KEY REFERENCE"

func reference(name string) *pem.Block { return &pem.Block{Type: referenceBlock, Bytes: []byte(name)} }

// far is where keys are elsewhere; nil if they are not.
func (s *Store) far() (Elsewhere, error) {
	if s.elsewhere == nil {
		return nil, nil
	}
	return s.elsewhere()
}

// Check tells whether private keys that are elsewhere can be used now. Where all are
// here there is nothing to check.
func (s *Store) Check(ctx context.Context) error {
	far, err := s.far()
	switch {
	case err != nil:
		return err
	case far != nil:
		return far.Check(ctx)
	}
	text, err := s.files.Read(ctx, rootFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if name := referenceIn(text); err == nil && name != "" {
		return nowhere(name)
	}
	return err
}

// named returns the key that has a name elsewhere.
func (s *Store) named(name string) (crypto.Signer, error) {
	far, err := s.far()
	if err == nil && far == nil {
		err = nowhere(name)
	}
	if err != nil {
		return nil, err
	}
	key, err := far.Key(name)
	if err != nil {
		return nil, err
	}
	return checked{key, name}, nil
}

func nowhere(name string) error { return fmt.Errorf("%w: %s", ErrElsewhere, name) }

// keep is a private key as it is kept: elsewhere, or here.
func (s *Store) keep(ctx context.Context, d Draft, label string, block *pem.Block) (*pem.Block, error) {
	if block.Type == referenceBlock {
		return block, nil
	}
	far, err := s.far()
	if err != nil {
		return nil, err
	}
	if far == nil {
		return s.wrap(ctx, d, block.Bytes)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, errKey()
	}
	name, err := far.Keep(label, key)
	return reference(name), err
}

// openNamed makes the key of a bundle usable that is elsewhere.
func (s *Store) openNamed(b *bundle) error {
	key, err := s.named(string(b.kept.Bytes))
	if err != nil {
		return err
	}
	if !samePublic(key.Public(), b.chain[0].PublicKey) {
		return b.damaged(errors.New("the private key that it names is not that of its certificate"))
	}
	b.key = opaque{key}
	return nil
}

// checked is a key elsewhere whose signatures are looked at before they go out: devices
// would be the first who found that they are none.
type checked struct {
	crypto.Signer
	name string
}

func (c checked) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, err := c.Signer.Sign(rand, digest, opts)
	if err != nil {
		return nil, err
	}
	if good, known := Signs(c.Public(), digest, opts, signature); known && !good {
		return nil, fmt.Errorf("what the key %s has made is no signature of what it was to sign", c.name)
	}
	return signature, nil
}

// Signs tells whether a signature is what a key's Sign makes of a digest, with the same
// options; of a kind of keys that is not known nobody can tell.
func Signs(public crypto.PublicKey, digest []byte, opts crypto.SignerOpts, signature []byte) (good, known bool) {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest, signature), true
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(public, opts.HashFunc(), digest, signature, &rsa.PSSOptions{SaltLength: pss.SaltLength}) == nil, true
		}
		return rsa.VerifyPKCS1v15(public, opts.HashFunc(), digest, signature) == nil, true
	}
	return false, false
}

// referenceIn is the name of the key elsewhere that a file names; "" if it names
// none.
func referenceIn(text []byte) string {
	if !bytes.Contains(text, []byte("BEGIN "+referenceBlock)) {
		return ""
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == referenceBlock && utf8.Valid(block.Bytes) {
			return string(block.Bytes)
		}
	}
	return ""
}
