package keys

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Place is where an imported certificate is at home; it becomes a part of the
// certificate's ARN.
type Place struct {
	Partition string // such as aws
	Region    string
	Account   string
}

// Certificate is an imported certificate. Nothing of its private key is in it.
type Certificate struct {
	ARN          string
	KeyAlgorithm string // as ACM names it, such as EC_prime256v1 or RSA_2048
	Certificate  *x509.Certificate
	Chain        []*x509.Certificate // those above it, as they were imported
	CreatedAt    time.Time           // when the ARN was made
	ImportedAt   time.Time           // when it was last imported
}

// record is an imported certificate as its file holds it.
type record struct {
	ARN         string    `json:"arn"`
	CreatedAt   time.Time `json:"createdAt"`
	ImportedAt  time.Time `json:"importedAt"`
	Certificate string    `json:"certificate"` // PEM, as are the next two
	Chain       string    `json:"chain"`
	PrivateKey  string    `json:"privateKey"` // PKCS #8

	Tags map[string]string `json:"tags,omitempty"`
}

// Import keeps a certificate and its key under a new ARN, durably. It makes the
// checks that ACM makes (ACM User Guide, "Prerequisites for importing
// certificates"); what fails one of them is a ValidationException.
func (s *Store) Import(ctx context.Context, at Place, b Bundle) (*Certificate, error) {
	id, err := uuid.NewRandomFromReader(s.rand)
	if err != nil {
		return nil, fmt.Errorf("draw an id for the certificate: %w", err)
	}
	arn := fmt.Sprintf("arn:%s:acm:%s:%s:certificate/%s", at.Partition, at.Region, at.Account, id)
	m, r, err := s.admit(arn, b)
	if err != nil {
		return nil, err
	}
	r.Tags = b.Tags
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	if err := s.files.Change(ctx, func(d Draft) error { return s.put(ctx, d, r) }); err != nil {
		return nil, err
	}
	return m.certificate(r), nil
}

// Reimport puts another certificate and key in the place of those at arn. Beside
// the checks of [Store.Import], the kind of the key must stay the same. The tags stay,
// and the bundle can have none. It fails with ResourceNotFoundException if there is
// nothing at arn.
func (s *Store) Reimport(ctx context.Context, arn string, b Bundle) (*Certificate, error) {
	if b.Tags != nil {
		return nil, invalid("Tagging is not permitted on re-import.")
	}
	m, r, err := s.admit(arn, b)
	if err != nil {
		return nil, err
	}
	err = s.files.Change(ctx, func(d Draft) error {
		was, old, err := s.find(ctx, d, arn)
		switch {
		case errors.Is(err, errDamaged): // to import it again is the remedy
		case isNotFound(err):
			return notFound("Could not find certificate %s.", arn)
		case err != nil:
			return err
		case old.algorithm != m.algorithm:
			return invalid("The certificate %s has a key of the kind %s, and cannot be replaced by one of the kind %s.", arn, old.algorithm, m.algorithm)
		default:
			r.CreatedAt, r.Tags = was.CreatedAt, was.Tags
		}
		return s.put(ctx, d, r)
	})
	if err != nil {
		return nil, err
	}
	return m.certificate(r), nil
}

// admit checks a bundle and makes the record of it.
func (s *Store) admit(arn string, b Bundle) (*material, *record, error) {
	if _, err := parseARN(arn); err != nil {
		return nil, nil, err
	}
	b, err := s.found(b)
	if err != nil {
		return nil, nil, err
	}
	now := s.now().UTC()
	m, err := b.check(now)
	if err != nil {
		return nil, nil, err
	}
	key, err := b.block(m.key)
	if err != nil {
		return nil, nil, err
	}
	return m, m.record(arn, key, now), nil
}

// Certificates returns all imported certificates, the oldest first.
func (s *Store) Certificates(ctx context.Context) ([]*Certificate, error) {
	records, err := s.records(ctx)
	if err != nil {
		return nil, err
	}
	var list []*Certificate
	for _, name := range slices.Sorted(maps.Keys(records)) {
		m, err := records[name].material(s.at(name))
		if err != nil {
			return nil, err
		}
		list = append(list, m.certificate(records[name]))
	}
	slices.SortFunc(list, func(a, b *Certificate) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ARN, b.ARN))
	})
	return list, nil
}

// records are those of all imported certificates, by the names of their files.
func (s *Store) records(ctx context.Context) (map[string]*record, error) {
	files, err := s.files.ReadAll(ctx, importedDir)
	if err != nil {
		return nil, err
	}
	all := map[string]*record{}
	for name, text := range files {
		if !isImported(name) {
			continue
		}
		if all[name], err = s.parseRecord(name, text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Certificate returns the certificate at arn, or a ResourceNotFoundException.
func (s *Store) Certificate(ctx context.Context, arn string) (*Certificate, error) {
	r, m, err := s.find(ctx, s.files, arn)
	if err != nil {
		return nil, err
	}
	return m.certificate(r), nil
}

// Imported returns who signs with the certificate at arn. It does not ask whether
// the certificate has expired since it was imported.
func (s *Store) Imported(ctx context.Context, arn string) (id Identity, err error) {
	err = twice(func() error {
		r, m, err := s.find(ctx, s.files, arn)
		if err == nil && m.key == nil {
			err = s.openRecord(ctx, r, m)
		}
		if err == nil {
			id = Identity{opaque{m.key}, slices.Insert(m.chain, 0, m.leaf)}
		}
		return err
	})
	return id, err
}

// Delete removes the certificate at arn and its key, damaged or not. If there is
// none, it fails with ResourceNotFoundException.
func (s *Store) Delete(ctx context.Context, arn string) error {
	if _, _, err := s.find(ctx, s.files, arn); err != nil && !errors.Is(err, errDamaged) {
		return err
	}
	id, err := parseARN(arn)
	if err != nil {
		return err
	}
	removed := false // if it is done again, it may have been done
	return s.files.Change(ctx, func(d Draft) error {
		err := d.Remove(ctx, importedFile(id))
		switch {
		case errors.Is(err, fs.ErrNotExist) && removed:
			return nil
		case errors.Is(err, fs.ErrNotExist):
			return notFoundAt(arn)
		case err != nil:
			return fmt.Errorf("delete certificate %s: %w", arn, err)
		}
		removed = true
		return nil
	})
}

// importedFile is the file of an imported certificate.
func importedFile(id string) string { return importedDir + id + ".json" }

func (s *Store) put(ctx context.Context, d Draft, r *record) error {
	id, err := parseARN(r.ARN)
	if err != nil {
		return err
	}
	data, err := convertRecordKey(r, func(block *pem.Block) (*pem.Block, error) {
		kept, err := s.keep(ctx, d, r.ARN, block)
		if err == nil && kept.Type == referenceBlock { // it goes there once, though all of this may be done again
			r.PrivateKey = string(pem.EncodeToMemory(kept))
		}
		return kept, err
	})
	if err != nil {
		return err
	}
	return d.Write(ctx, importedFile(id), data)
}

// encode is what the file of the record holds.
func (r *record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// find reads and parses the record at arn.
func (s *Store) find(ctx context.Context, in reader, arn string) (*record, *material, error) {
	id, err := parseARN(arn)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.readRecord(ctx, in, importedFile(id))
	if errors.Is(err, fs.ErrNotExist) || err == nil && r.ARN != arn {
		return nil, nil, notFoundAt(arn)
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := r.material(s.at(importedFile(id)))
	if err != nil {
		return nil, nil, err
	}
	return r, m, nil
}

var errDamaged = errors.New("the file is damaged")

func (s *Store) readRecord(ctx context.Context, in reader, name string) (*record, error) {
	text, err := in.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	return s.parseRecord(name, text)
}

func (s *Store) parseRecord(name string, text []byte) (*record, error) {
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, recordDamaged(s.at(name), errors.New("it is not JSON as it should be"))
	}
	return r, nil
}

func recordDamaged(at string, what error) error {
	return fmt.Errorf("%w: %s: %w; import the certificate again under its ARN, or delete it", errDamaged, at, what)
}

// material parses what a record holds, and says where that is if it cannot. A key that is encrypted, or
// elsewhere, is left alone.
func (r *record) material(at string) (*material, error) {
	b := Bundle{Certificate: []byte(r.Certificate), PrivateKey: Secret(r.PrivateKey), Chain: []byte(r.Chain)}
	parse := b.parse
	if block, _ := pem.Decode(b.PrivateKey); block != nil && (block.Type == encryptedBlock || block.Type == referenceBlock) {
		parse = b.parsePublic
	}
	m, err := parse()
	if err != nil {
		return nil, recordDamaged(at, errors.New(err.Error())) // which is of the file, and not of who asks
	}
	return m, nil
}

// openRecord decrypts the key of a record, or finds it where it is. One that was
// decrypted before need not be, though it may be encrypted otherwise by now: see
// [Store.openLeaf].
func (s *Store) openRecord(ctx context.Context, r *record, m *material) error {
	if m.key = s.decryptedBefore(r.ARN, m.leaf); m.key != nil {
		return nil
	}
	key, far, err := s.recordKey(ctx, r)
	if err == nil {
		err = m.hold(key)
	}
	var refused *Error
	if errors.As(err, &refused) {
		err = errors.New(err.Error()) // which is of the file, and not of who asks
	}
	if id, _ := parseARN(r.ARN); errors.Is(err, errOtherMaster) || refused != nil {
		return recordDamaged(s.at(importedFile(id)), err)
	}
	if err == nil && !far {
		s.remember(r.ARN, m)
	}
	return err
}

// mostOpened is how many keys of imported certificates are remembered.
const mostOpened = 256

// remember keeps a key that was decrypted.
func (s *Store) remember(arn string, m *material) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.opened) >= mostOpened {
		clear(s.opened)
	}
	s.opened[arn] = Identity{m.key, []*x509.Certificate{m.leaf}}
}

// decryptedBefore is the key of a certificate, or nil.
func (s *Store) decryptedBefore(arn string, leaf *x509.Certificate) crypto.Signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.opened[arn]
	if !ok || !id.Chain[0].Equal(leaf) {
		return nil
	}
	return id.Key
}

// recordKey is the key of a record, and whether it is elsewhere.
func (s *Store) recordKey(ctx context.Context, r *record) (key crypto.Signer, far bool, err error) {
	block, _ := pem.Decode([]byte(r.PrivateKey)) // there is one: see material
	if block.Type == referenceBlock {
		key, err = s.named(string(block.Bytes))
		return key, true, err
	}
	der, err := s.unwrap(ctx, s.files, block)
	if err != nil {
		return nil, false, err
	}
	key, err = parseKey(pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}))
	return key, false, err
}

func notFoundAt(arn string) error {
	return notFound("Could not find certificate %s in account %s.", arn, regexp.MustCompile(arnForm).FindStringSubmatch(arn)[1])
}

// arnForm is that of imported certificates. A certificate's id is the name of its
// file, and so must not be anything else.
const arnForm = `^arn:[a-z-]+:acm:[a-z0-9-]+:([0-9]{12}):certificate/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`

// parseARN returns the id of a certificate.
func parseARN(arn string) (id string, err error) {
	parts := regexp.MustCompile(arnForm).FindStringSubmatch(arn)
	if parts == nil {
		return "", &Error{"InvalidArnException", fmt.Sprintf("%q is not the ARN of a certificate, such as arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012.", arn)}
	}
	return parts[2], nil
}
