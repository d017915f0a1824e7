package keys

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"crypto/x509"
)

// Item is a file, as [Store.Examine] finds it.
type Item struct {
	File      string    // its name, such as authority/root.pem
	Path      string    // where it is
	Name      string    // the name in the certificate, or the ARN of an imported one; "" if it cannot be read
	NotBefore time.Time // when the certificate begins to be good
	NotAfter  time.Time // and when it ends; both zero if it cannot be read, or if there is no certificate
	Lasting   bool      // nobody replaces it when it expires
	Plain     bool      // the private key lies in it as it is
	Elsewhere string    // the private key's name, if that is elsewhere
	Err       error     // what is wrong with it, and what to do; nil: nothing
}

// Examine looks at every file, and at how they belong together, and changes
// nothing. An error means that the files cannot be listed; what is wrong with a
// file is told with the file.
func (s *Store) Examine(ctx context.Context) ([]Item, error) {
	regions, err := s.regions(ctx)
	if err != nil {
		return nil, err
	}
	root := s.examineLevel(ctx, s.rootLevel(), nil)
	var all []Item
	if root.Err == nil || len(regions) > 0 || !errors.Is(root.Err, fs.ErrNotExist) {
		all = append(all, root.Item)
	}
	var top *x509.Certificate
	if root.Err == nil {
		top = root.top()
	}
	room, _ := s.room(ctx, s.files) // what is wrong with the root has been told
	levels := shared(room)
	for _, region := range regions {
		levels = append(levels, regional(region, room)...)
	}
	for _, l := range levels {
		if i := s.examineLevel(ctx, l, top); !errors.Is(i.Err, fs.ErrNotExist) {
			all = append(all, i.Item)
		}
	}
	if i := s.examineSealingKey(ctx); !errors.Is(i.Err, fs.ErrNotExist) {
		all = append(all, i)
	}
	imported, err := s.examineImported(ctx)
	return append(all, imported...), err
}

// examineSealingKey looks at the key that seals secrets. It has no certificate.
func (s *Store) examineSealingKey(ctx context.Context) Item {
	i := Item{File: sealingFile, Path: s.at(sealingFile), Name: "the key that seals secrets", Lasting: true}
	text, err := s.files.Read(ctx, sealingFile)
	if err != nil {
		i.Err = err
		return i
	}
	if i.Plain = hasPlainKey(text); i.Plain {
		_, i.Err = s.readSealingKey(ctx)
	}
	return i
}

// regions are those that the authority has certificates for.
func (s *Store) regions(ctx context.Context) ([]string, error) {
	names, err := s.files.List(ctx, authorityDir)
	var all []string
	for _, name := range names {
		if region, _, ok := strings.Cut(strings.TrimPrefix(name, authorityDir), "/"); ok && checkRegion(region) == nil {
			all = append(all, region)
		}
	}
	return slices.Compact(all), err
}

// examined is an item with its certificates.
type examined struct {
	Item
	chain []*x509.Certificate
}

// top is the last certificate of the chain, or nil.
func (e examined) top() *x509.Certificate {
	if len(e.chain) == 0 {
		return nil
	}
	return e.chain[len(e.chain)-1]
}

// examineLevel looks at a file of the authority, whose chain ought to end with a
// root; nil: with any.
func (s *Store) examineLevel(ctx context.Context, l level, root *x509.Certificate) examined {
	e := examined{Item: Item{File: l.file, Path: s.at(l.file), Lasting: l.file == rootFile}}
	text, err := s.files.Read(ctx, l.file)
	if err != nil {
		e.Err = err
		if e.Lasting && errors.Is(err, fs.ErrNotExist) {
			e.Err = fmt.Errorf("it is missing, while others of the authority are there; %s (%w)", l.advice, fs.ErrNotExist)
		}
		return e
	}
	e.Plain, e.Elsewhere = hasPlainKey(text), referenceIn(text)
	if e.chain, err = certificatesIn(text); err == nil && len(e.chain) == 0 {
		err = errors.New("it has no certificate")
	}
	if err == nil {
		c := e.chain[0]
		e.Name, e.NotBefore, e.NotAfter = c.Subject.CommonName, c.NotBefore, c.NotAfter
		err = (&bundle{chain: e.chain}).check()
	}
	if err == nil {
		_, err = decodeBundle(text)
	}
	if err == nil && e.Lasting {
		err = s.examineRoot(ctx, e.chain)
	}
	if err == nil && root != nil && !e.top().Equal(root) {
		err = errors.New("it leads to another root")
	}
	if err != nil {
		e.Err = fmt.Errorf("%w; %s", err, l.advice)
	}
	return e
}

// examineRoot finds out whether the chain of the root's file can be its chain: that of
// a root, or of a CA that was imported, and not of a file of the authority's that was
// copied over it.
func (s *Store) examineRoot(ctx context.Context, chain []*x509.Certificate) error {
	if c := chain[0]; !canCertify(c) {
		return fmt.Errorf("its first certificate %s is not that of a CA", c.Subject.CommonName)
	}
	if !selfSigned(chain[len(chain)-1]) {
		return errors.New("its last certificate is not that of a root, which signs itself")
	}
	if len(chain) == 1 { // a root: nobody has certified it
		return nil
	}
	names, err := keyFiles(ctx, s.files)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name != intermediateFile && path.Base(name) != caFile && path.Base(name) != leafFile {
			continue
		}
		text, _ := s.files.Read(ctx, name) // what is wrong with that file is told with it
		if found, err := certificatesIn(text); err == nil && len(found) > 0 && found[0].Equal(chain[0]) {
			return fmt.Errorf("it has the certificate of %s, which the root has certified", s.at(name))
		}
	}
	return nil
}

// hasPlainKey tells whether a text has a private key that is not encrypted.
func hasPlainKey(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == keyBlock {
			return true
		}
	}
	return false
}

// examineImported looks at the imported certificates.
func (s *Store) examineImported(ctx context.Context) ([]Item, error) {
	names, err := s.files.List(ctx, importedDir)
	var all []Item
	for _, name := range names {
		if !isImported(name) {
			continue
		}
		if i := s.examineRecord(ctx, name); !errors.Is(i.Err, fs.ErrNotExist) { // deleted meanwhile
			all = append(all, i)
		}
	}
	return all, err
}

func errUnreadable() error { return errors.New("its certificate cannot be read") }

func (s *Store) examineRecord(ctx context.Context, name string) Item {
	i := Item{File: name, Path: s.at(name), Lasting: true}
	r, err := s.readRecord(ctx, s.files, name)
	if err != nil {
		i.Err = err
		return i
	}
	i.Name, i.Plain = r.ARN, bytes.Contains([]byte(r.PrivateKey), []byte("-----BEGIN "+keyBlock+"-----"))
	i.Elsewhere = referenceIn([]byte(r.PrivateKey))
	found, err := parseCertificates([]byte(r.Certificate))
	if err != nil || len(found) != 1 {
		i.Err = recordDamaged(i.Path, errUnreadable())
		return i
	}
	i.NotBefore, i.NotAfter = found[0].NotBefore, found[0].NotAfter
	if id, err := parseARN(r.ARN); err != nil || name != importedFile(id) {
		i.Err = recordDamaged(i.Path, errors.New("it is not the file of the certificate that it names"))
	} else if i.Plain {
		_, i.Err = r.material(i.Path)
	}
	return i
}
