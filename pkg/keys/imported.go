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
	"os"
	"path/filepath"
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
	if err := s.locked(ctx, func() error { return s.put(r) }); err != nil {
		return nil, err
	}
	return m.certificate(r), nil
}

// Reimport puts another certificate and key in the place of those at arn. Beside
// the checks of [Store.Import], the kind of the key must stay the same. It fails
// with ResourceNotFoundException if there is nothing at arn.
func (s *Store) Reimport(ctx context.Context, arn string, b Bundle) (*Certificate, error) {
	m, r, err := s.admit(arn, b)
	if err != nil {
		return nil, err
	}
	err = s.locked(ctx, func() error {
		old, err := s.Certificate(ctx, arn)
		switch {
		case errors.Is(err, errDamaged): // to import it again is the remedy
		case isNotFound(err):
			return notFound("Could not find certificate %s.", arn)
		case err != nil:
			return err
		case old.KeyAlgorithm != m.algorithm:
			return invalid("The certificate %s has a key of the kind %s, and cannot be replaced by one of the kind %s.", arn, old.KeyAlgorithm, m.algorithm)
		default:
			r.CreatedAt = old.CreatedAt
		}
		return s.put(r)
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
func (s *Store) Certificates(context.Context) ([]*Certificate, error) {
	files, err := filepath.Glob(filepath.Join(s.imported(), "*.json"))
	if err != nil {
		return nil, err
	}
	var list []*Certificate
	for _, path := range files {
		r, err := readRecord(path)
		if errors.Is(err, fs.ErrNotExist) { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := r.material(path)
		if err != nil {
			return nil, err
		}
		list = append(list, m.certificate(r))
	}
	slices.SortFunc(list, func(a, b *Certificate) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ARN, b.ARN))
	})
	return list, nil
}

// Certificate returns the certificate at arn, or a ResourceNotFoundException.
func (s *Store) Certificate(_ context.Context, arn string) (*Certificate, error) {
	r, m, err := s.find(arn)
	if err != nil {
		return nil, err
	}
	return m.certificate(r), nil
}

// Imported returns who signs with the certificate at arn. It does not ask whether
// the certificate has expired since it was imported.
func (s *Store) Imported(_ context.Context, arn string) (Identity, error) {
	r, m, err := s.find(arn)
	if err == nil && m.key == nil {
		err = s.openRecord(r, m)
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{opaque{m.key}, slices.Insert(m.chain, 0, m.leaf)}, nil
}

// Delete removes the certificate at arn and its key, damaged or not. If there is
// none, it fails with ResourceNotFoundException.
func (s *Store) Delete(ctx context.Context, arn string) error {
	if _, _, err := s.find(arn); err != nil && !errors.Is(err, errDamaged) {
		return err
	}
	id, err := parseARN(arn)
	if err != nil {
		return err
	}
	return s.locked(ctx, func() error {
		err := os.Remove(s.file(id))
		if errors.Is(err, fs.ErrNotExist) {
			return notFoundAt(arn)
		}
		if err != nil {
			return fmt.Errorf("delete certificate %s: %w", arn, err)
		}
		return syncDir(s.imported())
	})
}

func (s *Store) imported() string { return filepath.Join(s.dir, "certificates") }

func (s *Store) file(id string) string { return filepath.Join(s.imported(), id+".json") }

func (s *Store) put(r *record) error {
	id, err := parseARN(r.ARN)
	if err != nil {
		return err
	}
	data, err := convertRecordKey(r, func(block *pem.Block) (*pem.Block, error) { return s.keep(r.ARN, block) })
	if err != nil {
		return err
	}
	return write(s.file(id), data)
}

// encode is what the file of the record holds.
func (r *record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// find reads and parses the record at arn.
func (s *Store) find(arn string) (*record, *material, error) {
	id, err := parseARN(arn)
	if err != nil {
		return nil, nil, err
	}
	r, err := readRecord(s.file(id))
	if errors.Is(err, fs.ErrNotExist) || err == nil && r.ARN != arn {
		return nil, nil, notFoundAt(arn)
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := r.material(s.file(id))
	if err != nil {
		return nil, nil, err
	}
	return r, m, nil
}

var errDamaged = errors.New("the file is damaged")

func readRecord(path string) (*record, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(record)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, recordDamaged(path, "it is not JSON as it should be")
	}
	return r, nil
}

func recordDamaged(path, what string) error {
	return fmt.Errorf("%w: %s: %s; import the certificate again under its ARN, or delete it", errDamaged, path, what)
}

// material parses what the record at path holds. A key that is encrypted, or
// elsewhere, is left alone.
func (r *record) material(path string) (*material, error) {
	b := Bundle{Certificate: []byte(r.Certificate), PrivateKey: Secret(r.PrivateKey), Chain: []byte(r.Chain)}
	parse := b.parse
	if block, _ := pem.Decode(b.PrivateKey); block != nil && (block.Type == encryptedBlock || block.Type == referenceBlock) {
		parse = b.parsePublic
	}
	m, err := parse()
	if err != nil {
		return nil, recordDamaged(path, err.Error())
	}
	return m, nil
}

// openRecord decrypts the key of a record, or finds it where it is.
func (s *Store) openRecord(r *record, m *material) error {
	key, err := s.recordKey(r)
	if err == nil {
		err = m.hold(key)
	}
	var refused *Error
	if id, _ := parseARN(r.ARN); errors.Is(err, errOtherMaster) || errors.As(err, &refused) {
		return recordDamaged(s.file(id), err.Error())
	}
	return err
}

func (s *Store) recordKey(r *record) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(r.PrivateKey)) // there is one: see material
	if block.Type == referenceBlock {
		return s.named(string(block.Bytes))
	}
	der, err := s.unwrap(block)
	if err != nil {
		return nil, err
	}
	return parseKey(pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}))
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
