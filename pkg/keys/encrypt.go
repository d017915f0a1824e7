package keys

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// How private keys are encrypted: each by itself, with age (https://age-encryption.org/v1),
// for a master key that lies beside them, and that alone with the passphrase. To turn
// a passphrase into a key is slow on purpose: done once for the master key it costs a
// command some forty milliseconds, done for every key it would cost that for each.
//
// All is in age's own formats, so that keys can be saved without this program: age
// opens the master key with the passphrase, and every other key with that.

// encryptedBlock is the kind of PEM block that stands in place of a key's.
const encryptedBlock = "AGE ENCRYPTED FILE"

// workFactor is the base-2 logarithm of scrypt's N: 14 takes 16 MiB and about 40 ms.
// More than maxWorkFactor in a file would be an attack on who opens it.
const (
	workFactor    = 14
	maxWorkFactor = 18
)

// What is wrong where keys are encrypted.
var (
	ErrLocked       = errors.New("the private keys are encrypted, and no passphrase was given")
	ErrPassphrase   = errors.New("the passphrase is not the one that the private keys are encrypted with")
	ErrNoPassphrase = errors.New("no passphrase was given")
	ErrNotEncrypted = errors.New("the private keys are not encrypted")
)

// master holds the master keys as they were last read: the first encrypts, and any
// opens. There are two only while they are exchanged.
type master struct {
	mu   sync.Mutex
	text []byte // of the file
	keys []*age.X25519Identity
}

// secret is the passphrase; nil if there is none.
func (s *Store) secret() (Secret, error) {
	if s.passphrase == nil {
		return nil, nil
	}
	secret, err := s.passphrase()
	if len(secret) == 0 {
		return nil, err
	}
	return secret, err
}

// masters returns the master keys: fs.ErrNotExist if there is none. The file is read
// each time, since another process may have changed it.
func (s *Store) masters(ctx context.Context, in reader) ([]*age.X25519Identity, error) {
	text, err := in.Read(ctx, masterFile)
	if err != nil {
		return nil, err
	}
	s.master.mu.Lock()
	defer s.master.mu.Unlock()
	if s.master.keys != nil && bytes.Equal(text, s.master.text) {
		return s.master.keys, nil
	}
	secret, err := s.secret()
	if err != nil {
		return nil, err
	}
	if secret == nil {
		return nil, fmt.Errorf("%s: %w", s.at(""), ErrLocked)
	}
	keys, err := openMaster(text, secret)
	if errors.Is(err, ErrPassphrase) {
		return nil, fmt.Errorf("%s: %w", s.at(""), err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: restore it from a backup", s.at(masterFile))
	}
	s.master.text, s.master.keys = text, keys
	return keys, nil
}

// CheckPassphrase tells whether keys that are encrypted can be opened: ErrLocked or
// ErrPassphrase if not. Keys that were opened before the passphrase was exchanged go on
// to sign all the same.
func (s *Store) CheckPassphrase(ctx context.Context) error {
	_, err := s.masters(ctx, s.files)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Plain tells whether a private key lies in its file as it is, or would if it was made
// now.
func (s *Store) Plain(ctx context.Context) (bool, error) {
	all, err := s.files.ReadAll(ctx, "")
	if err != nil {
		return false, err
	}
	for name, text := range all {
		if isOurs(name) && bytes.Contains(text, []byte("-----BEGIN "+keyBlock+"-----")) {
			return true, nil
		}
	}
	secret, err := s.secret()
	return secret == nil && all[masterFile] == nil, err
}

// openMaster opens the master keys with a passphrase. An error never contains any
// of either.
func openMaster(text []byte, secret Secret) ([]*age.X25519Identity, error) {
	by, err := age.NewScryptIdentity(string(secret))
	if err != nil {
		return nil, err
	}
	by.SetMaxWorkFactor(maxWorkFactor)
	plain, err := age.Decrypt(armor.NewReader(bytes.NewReader(text)), by)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, err
	}
	found, err := age.ParseIdentities(plain)
	if err != nil {
		return nil, errors.New("it holds no key")
	}
	var keys []*age.X25519Identity
	for _, each := range found {
		key, ok := each.(*age.X25519Identity)
		if !ok {
			return nil, errors.New("it holds a key of another kind")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// writeMasters replaces the master keys, under a passphrase.
func (s *Store) writeMasters(ctx context.Context, d Draft, keys []*age.X25519Identity, secret Secret) error {
	to, err := age.NewScryptRecipient(string(secret))
	if err != nil {
		return err
	}
	to.SetWorkFactor(s.work)
	var plain bytes.Buffer
	for _, key := range keys {
		fmt.Fprintln(&plain, key)
	}
	block, err := encrypted(plain.Bytes(), to)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(block)
	if err := d.Write(ctx, masterFile, text); err != nil {
		return err
	}
	s.master.mu.Lock()
	defer s.master.mu.Unlock()
	s.master.text, s.master.keys = text, keys
	return nil
}

// makeMaster makes the first master key. Where keys are encrypted already it has been
// lost, and another would only hide that.
func (s *Store) makeMaster(ctx context.Context, d Draft, secret Secret) ([]*age.X25519Identity, error) {
	names, err := keyFiles(ctx, d)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if text, err := d.Read(ctx, name); err == nil && bytes.Contains(text, []byte("BEGIN "+encryptedBlock)) {
			return nil, s.masterMissing()
		}
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	keys := []*age.X25519Identity{key}
	return keys, s.writeMasters(ctx, d, keys, secret)
}

func (s *Store) masterMissing() error {
	return fmt.Errorf("%s is missing, without which the private keys cannot be read: restore it from a backup", s.at(masterFile))
}

// wrap is a private key as it is kept: encrypted, if there is a master key or a
// passphrase to make one for.
func (s *Store) wrap(ctx context.Context, d Draft, der []byte) (*pem.Block, error) {
	keys, err := s.masters(ctx, d)
	if errors.Is(err, fs.ErrNotExist) {
		var secret Secret
		if secret, err = s.secret(); err == nil && secret == nil {
			return &pem.Block{Type: keyBlock, Bytes: der}, nil
		}
		if err == nil {
			keys, err = s.makeMaster(ctx, d, secret)
		}
	}
	if err != nil {
		return nil, err
	}
	return encrypted(der, keys[0].Recipient())
}

// unwrap is the private key, in PKCS #8, that a block holds.
func (s *Store) unwrap(ctx context.Context, in reader, block *pem.Block) ([]byte, error) {
	if block.Type == keyBlock {
		return block.Bytes, nil
	}
	keys, err := s.masters(ctx, in)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.masterMissing()
	}
	if err != nil {
		return nil, err
	}
	return decrypted(block, keys...)
}

var errOtherMaster = errors.New("its private key cannot be decrypted with the master key")

func decrypted(block *pem.Block, keys ...*age.X25519Identity) ([]byte, error) {
	var by []age.Identity
	for _, key := range keys {
		by = append(by, key)
	}
	plain, err := age.Decrypt(bytes.NewReader(block.Bytes), by...)
	if err != nil {
		return nil, errOtherMaster
	}
	der, err := io.ReadAll(plain)
	if err != nil {
		return nil, errOtherMaster
	}
	return der, nil
}

func encrypted(plain []byte, to age.Recipient) (*pem.Block, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return &pem.Block{Type: encryptedBlock, Bytes: out.Bytes()}, nil
}

// isKey tells whether a block holds a private key, encrypted or not.
func isKey(block *pem.Block) bool { return block.Type == keyBlock || block.Type == encryptedBlock }
