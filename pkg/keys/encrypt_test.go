package keys_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/pkg/keys"
)

const phrase = "correct horse battery staple"

// with returns the keys in a directory, to be opened with a passphrase.
func with(dir, passphrase string) *keys.Store { return keys.Hasten(usual(dir, passphrase)) }

func usual(dir, passphrase string) *keys.Store {
	return keys.Open(keys.Config{Dir: dir, Now: func() time.Time { return noon },
		Passphrase: func() (keys.Secret, error) { return keys.Secret(passphrase), nil }})
}

// To turn a passphrase into a key takes as long as decided: age writes N's logarithm
// into the file.
func TestWorkFactor(t *testing.T) {
	dir := t.TempDir()
	identity(t, usual(dir, phrase), "us-east-1")
	text, err := os.ReadFile(filepath.Join(dir, "master.age"))
	must(t, err)
	block, _ := pem.Decode(text)
	if stanza := strings.Split(string(block.Bytes), "\n")[1]; !strings.HasPrefix(stanza, "-> scrypt ") || !strings.HasSuffix(stanza, " 14") {
		t.Errorf("%s", stanza)
	}
}

// inventory is what uses every kind of key there is: it signs in a region, with an
// imported certificate and for an earlier time, and opens a sealed secret.
type inventory struct {
	root   string
	arn    string
	sealed string
}

func fill(t *testing.T, s *keys.Store) inventory {
	t.Helper()
	id := identity(t, s, "us-east-1")
	identity(t, s, "eu-west-1")
	c, err := s.Import(t.Context(), place, device256(t))
	must(t, err)
	sealed, err := s.Seal(t.Context(), "label", keys.Secret("hush"))
	must(t, err)
	return inventory{string(id.Chain[3].Raw), c.ARN, sealed}
}

func device256(t *testing.T) keys.Bundle { return bundle(t, made(t, ec(t, elliptic.P256()), nil, nil)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// use uses all keys, and returns the first error.
func (i inventory) use(ctx context.Context, s *keys.Store) error {
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		id, err := s.Identity(ctx, region)
		if err != nil {
			return err
		}
		if string(id.Chain[3].Raw) != i.root {
			return errors.New("there is another root")
		}
	}
	if _, err := s.IdentityAt(ctx, "us-east-1", noon.Add(-30*time.Minute)); err != nil {
		return err
	}
	if _, err := s.Imported(ctx, i.arn); err != nil {
		return err
	}
	secret, err := s.Unseal(ctx, "label", i.sealed)
	if err == nil && string(secret) != "hush" {
		err = errors.New("another secret")
	}
	return err
}

// plainKeys are the files with a private key that is not encrypted.
func plainKeys(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("BEGIN PRIVATE KEY")) {
			found = append(found, path)
		}
		return err
	})
	must(t, err)
	return found
}

// With a passphrase no private key lies anywhere as it is, and without it nobody can
// sign; but certificates are there for all to see.
func TestPassphrase(t *testing.T) {
	dir := t.TempDir()
	i := fill(t, with(dir, phrase))
	if found := plainKeys(t, dir); found != nil {
		t.Errorf("not encrypted: %v", found)
	}
	must(t, i.use(t.Context(), with(dir, phrase)))
	for passphrase, want := range map[string]error{"": keys.ErrLocked, "wrong": keys.ErrPassphrase} {
		s := with(dir, passphrase)
		for name, use := range map[string]func() error{
			"identity":  func() error { _, err := s.Identity(t.Context(), "us-east-1"); return err },
			"at":        func() error { _, err := s.IdentityAt(t.Context(), "us-east-1", noon.Add(-30*time.Minute)); return err },
			"elsewhere": func() error { _, err := s.Identity(t.Context(), "ap-south-1"); return err },
			"imported":  func() error { _, err := s.Imported(t.Context(), i.arn); return err },
			"import":    func() error { _, err := s.Import(t.Context(), place, device256(t)); return err },
			"unseal":    func() error { _, err := s.Unseal(t.Context(), "label", i.sealed); return err },
			"decrypt":   func() error { return s.Decrypt(t.Context()) },
			"rotate":    func() error { return s.Rotate(t.Context(), keys.Secret("new")) },
		} {
			if err := use(); !errors.Is(err, want) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), phrase) {
				t.Errorf("%q, %s: %v", passphrase, name, err)
			}
		}
		if found, err := s.Roots(t.Context()); err != nil || string(found[0].Raw) != i.root {
			t.Errorf("%q: %v", passphrase, err)
		}
		if found, err := s.Certificates(t.Context()); err != nil || len(found) != 1 || found[0].KeyAlgorithm != "EC_prime256v1" {
			t.Errorf("%q: %v, %v", passphrase, found, err)
		}
		if items, err := s.Examine(t.Context()); err != nil || len(items) != 8 || items[0].Plain || items[0].Err != nil {
			t.Errorf("%q: %+v, %v", passphrase, items, err)
		}
	}
}

// Keys that are there are encrypted, exchanged and decrypted; who reads meanwhile
// gets the same root.
func TestProtect(t *testing.T) {
	dir := t.TempDir()
	i := fill(t, with(dir, ""))
	if n := len(plainKeys(t, dir)); n != 8 {
		t.Fatalf("%d plain keys", n)
	}
	if err := with(dir, "").Encrypt(t.Context()); !errors.Is(err, keys.ErrNoPassphrase) {
		t.Errorf("%v", err)
	}
	for _, s := range []*keys.Store{with(dir, phrase), with(dir, "")} {
		if err := s.Decrypt(t.Context()); !errors.Is(err, keys.ErrNotEncrypted) {
			t.Errorf("%v", err)
		}
		if err := s.Rotate(t.Context(), keys.Secret("x")); !errors.Is(err, keys.ErrNotEncrypted) {
			t.Errorf("%v", err)
		}
	}
	for range 2 { // which the second time does nothing
		must(t, with(dir, phrase).Encrypt(t.Context()))
	}
	must(t, i.use(t.Context(), with(dir, phrase)))
	if found := plainKeys(t, dir); found != nil {
		t.Errorf("not encrypted: %v", found)
	}
	before := contents(t, dir)
	must(t, with(dir, phrase).Rotate(t.Context(), keys.Secret("new")))
	for name, text := range contents(t, dir) {
		if name != "lock" && bytes.Equal(text, before[name]) {
			t.Errorf("%s is as it was", name)
		}
	}
	must(t, i.use(t.Context(), with(dir, "new")))
	if err := i.use(t.Context(), with(dir, phrase)); !errors.Is(err, keys.ErrPassphrase) {
		t.Errorf("%v", err)
	}
	must(t, with(dir, "new").Decrypt(t.Context()))
	must(t, i.use(t.Context(), with(dir, "")))
	if _, err := os.Stat(filepath.Join(dir, "master.age")); !errors.Is(err, fs.ErrNotExist) || len(plainKeys(t, dir)) != 8 {
		t.Errorf("%v", err)
	}
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path[len(dir)+1:]], err = os.ReadFile(path)
		return err
	})
	must(t, err)
	return all
}

// stopped is a context that ends after it was asked a number of times.
type stopped struct {
	context.Context
	left int
}

func (s *stopped) Err() error {
	if s.left--; s.left < 0 {
		return context.Canceled
	}
	return nil
}

// Wherever a change stops, the keys can be used, and the next run ends it.
func TestProtectStops(t *testing.T) {
	plain := t.TempDir()
	i := fill(t, with(plain, ""))
	secret := copyDir(t, plain)
	must(t, with(secret, phrase).Encrypt(t.Context()))
	const files = 8
	for _, after := range []int{1, 5, files + 1} { // the first time is that of the lock
		encrypting, rotating, decrypting := copyDir(t, plain), copyDir(t, secret), copyDir(t, secret)
		for what, change := range map[string]func(context.Context) error{
			"encrypt": with(encrypting, phrase).Encrypt,
			"rotate":  func(ctx context.Context) error { return with(rotating, phrase).Rotate(ctx, keys.Secret("new")) },
			"decrypt": with(decrypting, phrase).Decrypt,
		} {
			if err := change(&stopped{t.Context(), after}); (err != nil) != (after <= files) {
				t.Errorf("%s stopped after %d: %v", what, after, err)
			}
		}
		for _, step := range []error{
			i.use(t.Context(), with(encrypting, phrase)), i.use(t.Context(), with(rotating, "new")),
			with(encrypting, phrase).Encrypt(t.Context()), with(rotating, "new").Encrypt(t.Context()),
			i.use(t.Context(), with(encrypting, phrase)), i.use(t.Context(), with(rotating, "new")),
		} {
			if step != nil {
				t.Errorf("after %d: %v", after, step)
			}
		}
		if after <= files {
			must(t, i.use(t.Context(), with(decrypting, phrase)))
			must(t, with(decrypting, phrase).Decrypt(t.Context()))
		}
		must(t, i.use(t.Context(), with(decrypting, "")))
		if found := append(plainKeys(t, encrypting), plainKeys(t, rotating)...); found != nil {
			t.Errorf("after %d: not encrypted: %v", after, found)
		}
	}
}

// A master key that is lost is not replaced by another, and nor is the root.
func TestMasterIsLost(t *testing.T) {
	dir := t.TempDir()
	i := fill(t, with(dir, phrase))
	must(t, os.Remove(filepath.Join(dir, "master.age")))
	for _, passphrase := range []string{"", phrase} {
		s := with(dir, passphrase)
		for name, err := range map[string]error{"use": i.use(t.Context(), s), "encrypt": s.Encrypt(t.Context())} {
			if err == nil || passphrase == phrase && !strings.Contains(err.Error(), "master.age is missing, without which the private keys cannot be read: restore it from a backup") {
				t.Errorf("%q, %s: %v", passphrase, name, err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "master.age")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is another: %v", err)
	}
}

// What is damaged is named, with what to do, and nothing of it is told.
func TestDamagedEncryption(t *testing.T) {
	dir := t.TempDir()
	i := fill(t, with(dir, phrase))
	other := t.TempDir()
	fill(t, with(other, phrase))
	for name, want := range map[string]string{
		"master.age":                   "master.age is damaged: restore it from a backup",
		"authority/us-east-1/leaf.pem": "leaf.pem is damaged: ",
		"sealing.pem":                  "sealing.pem is damaged: ",
	} {
		for damage, change := range map[string]func([]byte) []byte{
			"cut":   func(b []byte) []byte { return b[:len(b)-100] },
			"bit":   func(b []byte) []byte { b = bytes.Clone(b); b[len(b)-60] ^= 1; return b },
			"other": func([]byte) []byte { return contents(t, other)[filepath.FromSlash(name)] },
		} {
			copied := copyDir(t, dir)
			path := filepath.Join(copied, filepath.FromSlash(name))
			text, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, change(text), 0o600))
			err = i.use(t.Context(), with(copied, phrase))
			if damage == "other" && strings.HasSuffix(name, "leaf.pem") && err == nil {
				continue // it is another root's, and made anew
			}
			if err == nil || damage != "other" && !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "BEGIN") {
				t.Errorf("%s, %s: %v", name, damage, err)
			}
		}
	}
}

// Many at once that make the first keys agree, with a passphrase as well.
func TestPassphraseAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	roots := make([]string, 8)
	for i := range roots {
		all.Go(func() {
			id, err := with(dir, phrase).Identity(t.Context(), "us-east-1")
			if err != nil {
				t.Error(err)
				return
			}
			roots[i] = string(id.Chain[3].Raw)
		})
	}
	all.Wait()
	for _, root := range roots {
		if root != roots[0] {
			t.Error("there are two roots")
		}
	}
	if found := plainKeys(t, dir); found != nil {
		t.Errorf("not encrypted: %v", found)
	}
}

// Keys that another process has changed the protection of meanwhile are not lost to
// the one that has read the old master key.
func TestProtectionChangesMeanwhile(t *testing.T) {
	dir := t.TempDir()
	passphrase := phrase
	s := keys.Hasten(keys.Open(keys.Config{Dir: dir, Now: func() time.Time { return noon },
		Passphrase: func() (keys.Secret, error) { return keys.Secret(passphrase), nil }}))
	i := fill(t, s)
	must(t, with(dir, phrase).Rotate(t.Context(), keys.Secret("new")))
	if _, err := s.Import(t.Context(), place, device256(t)); !errors.Is(err, keys.ErrPassphrase) {
		t.Errorf("it was encrypted for a key that is gone: %v", err)
	}
	passphrase = "new"
	must(t, i.use(t.Context(), s))
	_, err := s.Import(t.Context(), place, device256(t))
	must(t, err)
}

func BenchmarkPassphrase(b *testing.B) {
	dir := b.TempDir()
	identity(b, with(dir, phrase), "us-east-1")
	for b.Loop() {
		identity(b, with(dir, phrase), "us-east-1")
	}
}
