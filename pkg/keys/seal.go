package keys

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Secrets that lie elsewhere are sealed with a key that lies here: AES-256-GCM, by a
// key derived from one on X25519. That is not agreed upon with anybody; it is a
// private key like the others, and kept as they are.

// Seal encrypts a secret, so that only who can read these keys can open it: a text
// without blanks. The label says what the secret is for; it is no secret, and
// Unseal must be given it again. The key is made if there is none yet.
func (s *Store) Seal(ctx context.Context, label string, secret Secret) (string, error) {
	box, err := s.box(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.files.Change(ctx, func(d Draft) error { return s.makeSealingKey(ctx, d) }); err != nil {
			return "", err
		}
		box, err = s.box(ctx)
	}
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return "", fmt.Errorf("seal a secret: %w", err)
	}
	return base64.RawStdEncoding.EncodeToString(box.Seal(nonce, nonce, secret, []byte(label))), nil
}

// Unseal opens what Seal made.
func (s *Store) Unseal(ctx context.Context, label, sealed string) (Secret, error) {
	box, err := s.box(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a secret: %w", err)
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(b) < box.NonceSize() {
		return nil, errSealed(label)
	}
	secret, err := box.Open(nil, b[:box.NonceSize()], b[box.NonceSize():], []byte(label))
	if err != nil {
		return nil, errSealed(label)
	}
	return secret, nil
}

func errSealed(label string) error {
	return fmt.Errorf("the secret of %s was not sealed with the key in these keys, or is damaged", label)
}

// box returns what seals and opens. It reads the key once: fs.ErrNotExist if there
// is none.
func (s *Store) box(ctx context.Context) (cipher.AEAD, error) {
	if box := s.sealing.Load(); box != nil {
		return *box, nil
	}
	var key *ecdh.PrivateKey
	err := twice(func() (err error) {
		key, err = s.readSealingKey(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	derived, err := hkdf.Key(sha256.New, key.Bytes(), nil, "signer: seal secrets", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	box, err := cipher.NewGCM(block)
	if err == nil {
		s.sealing.Store(&box)
	}
	return box, err
}

// makeSealingKey makes the key, unless another process has.
func (s *Store) makeSealingKey(ctx context.Context, d Draft) error {
	if _, err := d.Read(ctx, sealingFile); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	seed := make([]byte, 32)
	if _, err := io.ReadFull(s.rand, seed); err != nil {
		return fmt.Errorf("make a key to seal with: %w", err)
	}
	key, err := ecdh.X25519().NewPrivateKey(seed)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	block, err := s.wrap(ctx, d, der)
	if err != nil {
		return fmt.Errorf("make a key to seal with: %w", err)
	}
	return d.Write(ctx, sealingFile, pem.EncodeToMemory(block))
}

// readSealingKey reads the key. An error never contains any of it.
func (s *Store) readSealingKey(ctx context.Context) (*ecdh.PrivateKey, error) {
	text, err := s.files.Read(ctx, sealingFile)
	if err != nil {
		return nil, err
	}
	damaged := func(err error) error {
		return fmt.Errorf("%s is damaged: %w; restore it from a backup, or remove it and make the access keys anew, whose secrets it seals", s.at(sealingFile), err)
	}
	block, _ := pem.Decode(text)
	if block == nil || !isKey(block) {
		return nil, damaged(errors.New("it holds no key"))
	}
	der, err := s.unwrap(ctx, s.files, block)
	if errors.Is(err, errOtherMaster) {
		return nil, damaged(err)
	}
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := parsed.(*ecdh.PrivateKey)
	if err != nil || !ok {
		return nil, damaged(errors.New("its key cannot be read"))
	}
	return key, nil
}
