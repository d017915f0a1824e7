package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
)

// This file changes how keys that are there are protected. Whenever a process dies
// on the way, all keys can be read with what the master file then needs, and the
// same method goes on where it stopped.

// Encrypt encrypts every private key that is not encrypted, with the passphrase, and
// ends an exchange that was interrupted. It fails with ErrNoPassphrase if there is
// none.
func (s *Store) Encrypt(ctx context.Context) error {
	return s.locked(ctx, func() error {
		secret, err := s.secret()
		if err != nil {
			return err
		}
		if secret == nil {
			return fmt.Errorf("encrypt the private keys in %s: %w", s.dir, ErrNoPassphrase)
		}
		keys, err := s.masters()
		if errors.Is(err, fs.ErrNotExist) {
			keys, err = s.makeMaster(secret)
		}
		if err != nil {
			return err
		}
		return s.encryptAll(ctx, keys, secret)
	})
}

// encryptAll has every key encrypted with the first master key, and forgets the
// others. The caller holds the lock.
func (s *Store) encryptAll(ctx context.Context, keys []*age.X25519Identity, secret Secret) error {
	err := s.convertAll(ctx, func(block *pem.Block) (*pem.Block, error) {
		if block.Type == encryptedBlock {
			if _, err := decrypted(block, keys[0]); err == nil {
				return block, nil
			}
		}
		der, err := s.unwrap(block)
		if err != nil {
			return nil, err
		}
		return encrypted(der, keys[0].Recipient())
	})
	if err != nil || len(keys) == 1 {
		return err
	}
	return s.writeMasters(keys[:1], secret)
}

// Decrypt keeps every private key as it is, and forgets the master key. It fails with
// ErrNotEncrypted if there is none, as Rotate does.
func (s *Store) Decrypt(ctx context.Context) error {
	return s.locked(ctx, func() error {
		if _, err := s.masters(); err != nil {
			return s.notEncrypted(err)
		}
		err := s.convertAll(ctx, func(block *pem.Block) (*pem.Block, error) {
			der, err := s.unwrap(block)
			return &pem.Block{Type: keyBlock, Bytes: der}, err
		})
		if err != nil {
			return err
		}
		if err := os.Remove(s.masterFile()); err != nil {
			return err
		}
		return syncDir(s.dir)
	})
}

// Rotate exchanges the passphrase, and the master key too, so that who knows the old
// passphrase and an old copy of the master key cannot read new keys.
func (s *Store) Rotate(ctx context.Context, passphrase Secret) error {
	if len(passphrase) == 0 {
		return errors.New("the new passphrase is empty")
	}
	return s.locked(ctx, func() error {
		old, err := s.masters()
		if err != nil {
			return s.notEncrypted(err)
		}
		key, err := age.GenerateX25519Identity()
		if err != nil {
			return err
		}
		keys := slices.Concat([]*age.X25519Identity{key}, old)
		if err := s.writeMasters(keys, passphrase); err != nil {
			return err
		}
		return s.encryptAll(ctx, keys, passphrase)
	})
}

func (s *Store) notEncrypted(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", s.dir, ErrNotEncrypted)
	}
	return err
}

// keyFiles are the files that hold private keys.
func (s *Store) keyFiles() []string {
	var all []string
	for _, form := range []string{"authority/*.pem", "authority/*/*.pem", "certificates/*.json", "sealing.pem"} {
		found, _ := filepath.Glob(filepath.Join(s.dir, filepath.FromSlash(form))) // the forms are good
		all = append(all, found...)
	}
	return all
}

// convertAll converts the keys in all files. What is damaged stays as it is, and is
// told at the end. The caller holds the lock.
func (s *Store) convertAll(ctx context.Context, convert func(*pem.Block) (*pem.Block, error)) error {
	var all error
	for _, path := range s.keyFiles() {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := convertFile(path, convert)
		switch {
		case errors.Is(err, ErrLocked) || errors.Is(err, ErrPassphrase):
			return err
		case err != nil:
			all = errors.Join(all, fmt.Errorf("%s: %w", path, err))
		}
	}
	return all
}

// convertFile converts the key in a file.
func convertFile(path string, convert func(*pem.Block) (*pem.Block, error)) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	converted := convertPEM
	if strings.HasSuffix(path, ".json") {
		converted = convertRecord
	}
	text, err := converted(old, convert)
	if err != nil || bytes.Equal(text, old) {
		return err
	}
	return write(path, text)
}

func convertPEM(text []byte, convert func(*pem.Block) (*pem.Block, error)) ([]byte, error) {
	var out bytes.Buffer
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("it is not PEM to its end")
		}
		text = rest
		if isKey(block) {
			var err error
			if block, err = convert(block); err != nil {
				return nil, err
			}
		}
		pem.Encode(&out, block) // to memory: cannot fail
	}
	return out.Bytes(), nil
}

func convertRecord(text []byte, convert func(*pem.Block) (*pem.Block, error)) ([]byte, error) {
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, errors.New("it is not JSON as it should be")
	}
	return convertRecordKey(r, convert)
}

// convertRecordKey is what the file of a record holds, with its key converted.
func convertRecordKey(r *record, convert func(*pem.Block) (*pem.Block, error)) ([]byte, error) {
	key, err := convertPEM([]byte(r.PrivateKey), convert)
	if err != nil {
		return nil, err
	}
	converted := *r
	converted.PrivateKey = string(key)
	return converted.encode()
}
