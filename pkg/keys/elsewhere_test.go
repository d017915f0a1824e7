package keys_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/pkg/keys"
	"signer/pkg/keys/keystest"
)

// drawer is a place for keys in memory.
type drawer struct {
	keys   map[string]crypto.Signer
	closed error // what comes of every question
	asked  int
}

func newDrawer() *drawer { return &drawer{keys: map[string]crypto.Signer{}} }

func (d *drawer) Make() (string, crypto.Signer, error) {
	if d.closed != nil {
		return "", nil, d.closed
	}
	d.asked++
	if d.keys["root"] != nil {
		return "root", d.keys["root"], nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	d.keys["root"] = key
	return "root", key, err
}

func (d *drawer) Keep(label string, key crypto.Signer) (string, error) {
	name := fmt.Sprintf("%s, the %d.", label, len(d.keys))
	d.keys[name] = key
	return name, d.closed
}

func (d *drawer) Key(name string) (crypto.Signer, error) {
	d.asked++
	if d.closed != nil {
		return nil, d.closed
	}
	if d.keys[name] == nil {
		return nil, errors.New("there is no key " + name)
	}
	return d.keys[name], nil
}

func (d *drawer) Check(context.Context) error { return d.closed }

func (d *drawer) store(dir string, at time.Time) *keys.Store {
	return keys.Open(keys.Config{Dir: dir, Now: func() time.Time { return at }, Elsewhere: func() (keys.Elsewhere, error) { return d, nil }})
}

func TestElsewhere(t *testing.T) {
	d := newDrawer()
	keystest.Run(t, func() keys.Elsewhere { return d })
}

// The root is asked for once a year and region, and nothing here works without it
// for longer.
func TestRootElsewhereIsSeldomAsked(t *testing.T) {
	dir, d := t.TempDir(), newDrawer()
	identity(t, d.store(dir, noon), "us-east-1")
	d.asked = 0
	d.closed = errors.New("the drawer is closed")
	for _, day := range []struct{ n, asked int }{{0, 0}, {2, 0}, {5, 0}, {300, 0}, {340, 1}, {364, 1}} { // the CA ends on day 365, and is to be replaced for a month
		identity(t, d.store(dir, noon.AddDate(0, 0, day.n)), "us-east-1")
		if d.asked != day.asked {
			t.Errorf("on day %d it was asked %d times", day.n, d.asked)
		}
		d.asked = 0
	}
	_, err := d.store(dir, noon.AddDate(0, 0, 366)).Identity(t.Context(), "us-east-1")
	if !errors.Is(err, d.closed) {
		t.Error(err)
	}
	if _, err := d.store(dir, noon).Identity(t.Context(), "eu-west-1"); !errors.Is(err, d.closed) {
		t.Error(err)
	}
	if err := d.store(dir, noon).Check(t.Context()); !errors.Is(err, d.closed) {
		t.Error(err)
	}
	roots, err := d.store(dir, noon).Roots(t.Context()) // its certificate is here
	must(t, err)
	if len(roots) != 1 {
		t.Errorf("%d roots", len(roots))
	}
}

// Nothing is made while the place of the root cannot be reached.
func TestNothingIsMadeWithoutTheRootElsewhere(t *testing.T) {
	dir := t.TempDir()
	d := newDrawer()
	d.closed = errors.New("the drawer is closed")
	if _, err := d.store(dir, noon).Identity(t.Context(), "us-east-1"); !errors.Is(err, d.closed) {
		t.Error(err)
	}
	broken := errors.New("no such setting")
	s := keys.Open(keys.Config{Dir: dir, Now: func() time.Time { return noon }, Elsewhere: func() (keys.Elsewhere, error) { return nil, broken }})
	for _, err := range []error{second2(s.Identity(t.Context(), "us-east-1")), second2(s.Roots(t.Context())), s.Check(t.Context()), second2(s.Import(t.Context(), place, device256(t)))} {
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	if left := contents(t, dir); len(left) != 1 { // the lock
		t.Errorf("there are %v", left)
	}
}

// Who does not say where the keys are is told that they are elsewhere.
func TestElsewhereIsNotSaid(t *testing.T) {
	dir, d := t.TempDir(), newDrawer()
	s := d.store(dir, noon)
	identity(t, s, "us-east-1")
	c, err := s.Import(t.Context(), place, device256(t))
	must(t, err)
	must(t, s.Check(t.Context()))
	s, _ = open(t, dir)
	identity(t, s, "us-east-1")
	for _, err := range []error{second2(s.Identity(t.Context(), "eu-west-1")), second2(s.Imported(t.Context(), c.ARN)), s.Check(t.Context())} {
		if !errors.Is(err, keys.ErrElsewhere) {
			t.Error(err)
		}
	}
	if list, err := s.Certificates(t.Context()); err != nil || len(list) != 1 || list[0].KeyAlgorithm != "EC_prime256v1" {
		t.Errorf("%v %v", list, err)
	}
	for _, i := range examined(t, dir) {
		if far := i.Elsewhere != ""; i.Err != nil || far == i.Plain || far != (strings.HasSuffix(i.Path, "root.pem") || strings.HasSuffix(i.Path, ".json")) {
			t.Errorf("%+v", i)
		}
	}
	must(t, s.Delete(t.Context(), c.ARN))
}

// A CA whose key is elsewhere becomes the root, and one that is the root already can
// go there.
func TestImportRootElsewhere(t *testing.T) {
	dir, d := t.TempDir(), newDrawer()
	ca := organisation(t, ec(t, elliptic.P384()), nil, "Acme Root")
	d.keys["acme"] = ca.key
	here, _ := open(t, dir)
	must(t, here.ImportRoot(t.Context(), bundle(t, ca), false))
	if id := identity(t, here, "us-east-1"); len(id.Chain) != 4 {
		t.Errorf("the chain has %d certificates", len(id.Chain))
	}
	named := keys.Bundle{Certificate: ca.pem(), KeyName: "acme"}
	if err := here.ImportRoot(t.Context(), named, false); !errors.Is(err, keys.ErrElsewhere) {
		t.Error(err)
	}
	s := d.store(dir, noon)
	for range 2 { // the second time nothing happens
		must(t, s.ImportRoot(t.Context(), named, false))
	}
	id := identity(t, s, "us-east-1")
	if len(id.Chain) != 3 {
		t.Errorf("the chain has %d certificates", len(id.Chain))
	}
	verify(t, id, []*x509.Certificate{ca.cert})
	if _, err := os.Stat(filepath.Join(dir, "former-roots.pem")); err == nil {
		t.Error("the root is among the former ones")
	}
	d.keys["other"] = ec(t, elliptic.P384())
	other := keys.Bundle{Certificate: ca.pem(), KeyName: "other"}
	wantError(t, "another key", s.ImportRoot(t.Context(), other, false), "ValidationException", "The private key does not match the certificate.")

	next := organisation(t, ec(t, elliptic.P384()), nil, "Next Root")
	if err := s.ImportRoot(t.Context(), bundle(t, next), false); !errors.Is(err, keys.ErrRootExists) {
		t.Error(err)
	}
	must(t, s.ImportRoot(t.Context(), bundle(t, next), true)) // whose key is taken in
	if got := len(plainKeys(t, dir)); got != 0 {
		t.Errorf("%d private keys are here", got)
	}
	verify(t, identity(t, s, "us-east-1"), []*x509.Certificate{next.cert})
}

// Encryption has nothing to do with keys that are elsewhere.
func TestEncryptLeavesKeysElsewhereAlone(t *testing.T) {
	dir, d := t.TempDir(), newDrawer()
	s := d.store(dir, noon)
	identity(t, s, "us-east-1")
	c, err := s.Import(t.Context(), place, device256(t))
	must(t, err)
	must(t, with(dir, "hush").Encrypt(t.Context()))
	if left := plainKeys(t, dir); len(left) > 0 {
		t.Errorf("%v are not encrypted", left)
	}
	must(t, with(dir, "hush").Decrypt(t.Context()))
	if _, err := d.store(dir, noon).Imported(t.Context(), c.ARN); err != nil {
		t.Error(err)
	}
	identity(t, d.store(dir, noon), "eu-west-1")
}

// A file that names another key is damaged.
func TestReferenceToAnotherKey(t *testing.T) {
	dir, d := t.TempDir(), newDrawer()
	s := d.store(dir, noon)
	identity(t, s, "us-east-1")
	c, err := s.Import(t.Context(), place, device256(t))
	must(t, err)
	for name := range d.keys {
		d.keys[name] = ec(t, elliptic.P256())
	}
	for _, err := range []error{second2(d.store(dir, noon).Identity(t.Context(), "eu-west-1")), second2(d.store(dir, noon).Imported(t.Context(), c.ARN))} {
		if err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Error(err)
		}
	}
}

// careless signs something else than it is given.
type careless struct{ crypto.Signer }

func (c careless) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return c.Signer.Sign(rand, make([]byte, len(digest)), opts)
}

// A signature that is none does not go out.
func TestSignatureElsewhereIsChecked(t *testing.T) {
	d := newDrawer()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	digest := sha256.Sum256([]byte("firmware"))
	for name, key := range map[string]crypto.Signer{"EC": ec, "RSA": weak} {
		d.keys[name] = key
		dir := t.TempDir()
		s := d.store(dir, noon)
		imported, err := s.Import(t.Context(), place, keys.Bundle{Certificate: made(t, key, nil, nil).pem(), KeyName: name})
		must(t, err)
		id, err := s.Imported(t.Context(), imported.ARN)
		must(t, err)
		_, err = id.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
		must(t, err)
		d.keys[name] = careless{key}
		id, err = d.store(dir, noon).Imported(t.Context(), imported.ARN)
		must(t, err)
		ways := []crypto.SignerOpts{crypto.SHA256}
		if name == "RSA" {
			ways = append(ways, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
		}
		for _, how := range ways {
			if _, err = id.Key.Sign(rand.Reader, digest[:], how); err == nil || !strings.Contains(err.Error(), "the key "+name+" has made is no signature") {
				t.Errorf("%s %T: %v", name, how, err)
			}
		}
	}
}
