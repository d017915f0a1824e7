package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path"
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
	return s.files.Change(ctx, func(d Draft) error {
		secret, err := s.secret()
		if err != nil {
			return err
		}
		if secret == nil {
			return fmt.Errorf("encrypt the private keys in %s: %w", s.at(""), ErrNoPassphrase)
		}
		keys, err := s.masters(ctx, d)
		if errors.Is(err, fs.ErrNotExist) {
			keys, err = s.makeMaster(ctx, d, secret)
		}
		if err != nil {
			return err
		}
		return s.encryptAll(ctx, d, keys, secret)
	})
}

// encryptAll has every key encrypted with the first master key, and forgets the
// others.
func (s *Store) encryptAll(ctx context.Context, d Draft, keys []*age.X25519Identity, secret Secret) error {
	err := s.convertAll(ctx, d, func(block *pem.Block) (*pem.Block, error) {
		if block.Type == encryptedBlock {
			if _, err := decrypted(block, keys[0]); err == nil {
				return block, nil
			}
		}
		der, err := s.unwrap(ctx, d, block)
		if err != nil {
			return nil, err
		}
		return encrypted(der, keys[0].Recipient())
	})
	if err != nil || len(keys) == 1 {
		return err
	}
	return s.writeMasters(ctx, d, keys[:1], secret)
}

// Decrypt keeps every private key as it is, and forgets the master key. It fails with
// ErrNotEncrypted if there is none, as Rotate does.
func (s *Store) Decrypt(ctx context.Context) error {
	done := false
	return s.files.Change(ctx, func(d Draft) error {
		_, err := s.masters(ctx, d)
		if done && errors.Is(err, fs.ErrNotExist) { // it has come about, as was not known
			return nil
		}
		if err != nil {
			return s.notEncrypted(err)
		}
		err = s.convertAll(ctx, d, func(block *pem.Block) (*pem.Block, error) {
			der, err := s.unwrap(ctx, d, block)
			return &pem.Block{Type: keyBlock, Bytes: der}, err
		})
		if err != nil {
			return err
		}
		done = true
		return d.Remove(ctx, masterFile)
	})
}

// Rotate exchanges the passphrase, and the master key too, so that who knows the old
// passphrase and an old copy of the master key cannot read new keys.
func (s *Store) Rotate(ctx context.Context, passphrase Secret) error {
	if len(passphrase) == 0 {
		return errors.New("the new passphrase is empty")
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	return s.files.Change(ctx, func(d Draft) error {
		old, err := s.masters(ctx, d)
		if err != nil {
			return s.notEncrypted(err)
		}
		keys := slices.Concat([]*age.X25519Identity{key}, old)
		if err := s.writeMasters(ctx, d, keys, passphrase); err != nil {
			return err
		}
		return s.encryptAll(ctx, d, keys, passphrase)
	})
}

func (s *Store) notEncrypted(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", s.at(""), ErrNotEncrypted)
	}
	return err
}

// keyForms are the forms of the names of files that hold private keys.
func keyForms() []string {
	return []string{authorityDir + "*.pem", authorityDir + "*/*.pem", importedDir + "*.json", sealingFile}
}

// keyFiles are the files that hold private keys.
func keyFiles(ctx context.Context, in reader) ([]string, error) {
	names, err := in.List(ctx, "")
	var all []string
	for _, form := range keyForms() {
		for _, name := range names {
			if matches(form, name) {
				all = append(all, name)
			}
		}
	}
	return all, err
}

func matches(form, name string) bool {
	ok, _ := path.Match(form, name) // the forms are good
	return ok
}

// isImported tells whether a file's name is that of an imported certificate's.
func isImported(name string) bool { return matches(importedDir+"*.json", name) }

// isOurs tells whether a name is one that this package gives.
func isOurs(name string) bool {
	return name == masterFile || name == formerFile || slices.ContainsFunc(keyForms(), func(form string) bool { return matches(form, name) })
}

// convertAll converts the keys in all files. What is damaged stays as it is, and is
// told at the end.
func (s *Store) convertAll(ctx context.Context, d Draft, convert func(*pem.Block) (*pem.Block, error)) error {
	names, err := keyFiles(ctx, d)
	if err != nil {
		return err
	}
	var all error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := convertFile(ctx, d, name, convert)
		switch {
		case errors.Is(err, ErrLocked) || errors.Is(err, ErrPassphrase):
			return err
		case err != nil:
			all = errors.Join(all, fmt.Errorf("%s: %w", s.at(name), err))
		}
	}
	return all
}

// convertFile converts the key in a file.
func convertFile(ctx context.Context, d Draft, name string, convert func(*pem.Block) (*pem.Block, error)) error {
	old, err := d.Read(ctx, name)
	if err != nil {
		return err
	}
	converted := convertPEM
	if strings.HasSuffix(name, ".json") {
		converted = convertRecord
	}
	text, err := converted(old, convert)
	if err != nil || bytes.Equal(text, old) {
		return err
	}
	return d.Write(ctx, name, text)
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
