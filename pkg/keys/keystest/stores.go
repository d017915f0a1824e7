package keystest

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"signer/pkg/keys"
)

// This file holds keys that processes share to what is promised of them, wherever their
// files lie.

func on(f keys.Files, passphrase string) *keys.Store {
	return keys.Open(keys.Config{Files: f, Passphrase: func() (keys.Secret, error) { return keys.Secret(passphrase), nil }})
}

func home() keys.Place {
	return keys.Place{Partition: "aws", Region: "us-east-1", Account: "111122223333"}
}

func identity(t *testing.T, s *keys.Store) keys.Identity {
	t.Helper()
	id, err := s.Identity(t.Context(), "us-east-1")
	must(t, err)
	signs(t, id.Key, id.Chain[0].PublicKey)
	return id
}

func top(id keys.Identity) *x509.Certificate { return id.Chain[len(id.Chain)-1] }

// What one process makes, imports, seals and deletes is there, and is gone, for all.
func testShared(t *testing.T, p Place) {
	a, b := on(p.Open(), ""), on(p.Open(), "")
	if one, other := identity(t, a), identity(t, b); !slices.EqualFunc(one.Chain, other.Chain, (*x509.Certificate).Equal) {
		t.Error("they sign with different certificates")
	}
	c, err := a.Import(t.Context(), home(), Bundle(t, Key(t)))
	must(t, err)
	id, err := b.Imported(t.Context(), c.ARN)
	must(t, err)
	signs(t, id.Key, c.Certificate.PublicKey)
	again, err := b.Reimport(t.Context(), c.ARN, Bundle(t, Key(t)))
	must(t, err)
	id, err = a.Imported(t.Context(), c.ARN)
	must(t, err)
	signs(t, id.Key, again.Certificate.PublicKey)
	all, err := a.Certificates(t.Context())
	must(t, err)
	public, err := a.Publics(t.Context())
	must(t, err)
	if len(all) != 1 || len(public) != 1 {
		t.Errorf("%d and %d certificates", len(all), len(public))
	}
	must(t, b.Delete(t.Context(), c.ARN))
	for _, s := range []*keys.Store{a, b} {
		var absent *keys.Error
		if _, err := s.Imported(t.Context(), c.ARN); !errors.As(err, &absent) {
			t.Errorf("got %v", err)
		}
	}
	sealed, err := a.Seal(t.Context(), "AKIA", keys.Secret("hush"))
	must(t, err)
	if secret, err := b.Unseal(t.Context(), "AKIA", sealed); string(secret) != "hush" {
		t.Errorf("%v", err)
	}
	examined(t, b, 5)
}

// examined has the files examined, of which none may be wrong.
func examined(t *testing.T, s *keys.Store, n int) []keys.Item {
	t.Helper()
	items, err := s.Examine(t.Context())
	must(t, err)
	for _, i := range items {
		if i.Err != nil {
			t.Errorf("%s: %v", i.Path, i.Err)
		}
	}
	if len(items) != n {
		t.Errorf("%d files", len(items))
	}
	return items
}

// Nobody signs below a root that somebody has replaced.
func testRootReplaced(t *testing.T, p Place) {
	a, b := on(p.Open(), ""), on(p.Open(), "")
	before := identity(t, b)
	if err := a.ImportRoot(t.Context(), Root(t, "ours"), false); !errors.Is(err, keys.ErrRootExists) {
		t.Errorf("got %v", err)
	}
	if after := identity(t, b); !after.Chain[0].Equal(before.Chain[0]) {
		t.Error("a root that was refused was used")
	}
	must(t, a.ImportRoot(t.Context(), Root(t, "ours"), true))
	after := identity(t, b)
	if top(after).Subject.CommonName != "ours" {
		t.Errorf("signed below %s", top(after).Subject)
	}
	roots, err := b.Trusted(t.Context())
	must(t, err)
	if len(roots) != 2 || !roots[0].Equal(top(after)) || !roots[1].Equal(top(before)) {
		t.Errorf("%d roots", len(roots))
	}
	examined(t, b, 4)
}

// A process that has keys open goes on while the passphrase is exchanged, and says so
// when it has to open others. With the new one all is well.
func testPassphrase(t *testing.T, p Place) {
	passphrase := "old"
	a := keys.Open(keys.Config{Files: p.Open(), Passphrase: func() (keys.Secret, error) { return keys.Secret(passphrase), nil }})
	before := identity(t, a)
	c, err := a.Import(t.Context(), home(), Bundle(t, Key(t)))
	must(t, err)
	use := func() {
		t.Helper()
		if after := identity(t, a); !after.Chain[0].Equal(before.Chain[0]) {
			t.Error("it signs with another certificate")
		}
		id, err := a.Imported(t.Context(), c.ARN)
		must(t, err)
		signs(t, id.Key, c.Certificate.PublicKey)
	}
	use()
	must(t, on(p.Open(), "old").Rotate(t.Context(), keys.Secret("new")))
	use()
	if _, err := a.Identity(t.Context(), "eu-west-1"); !errors.Is(err, keys.ErrPassphrase) {
		t.Errorf("got %v", err)
	}
	if err := a.CheckPassphrase(t.Context()); !errors.Is(err, keys.ErrPassphrase) {
		t.Errorf("got %v", err)
	}
	if _, err := on(p.Open(), "").Identity(t.Context(), "us-east-1"); !errors.Is(err, keys.ErrLocked) {
		t.Errorf("got %v", err)
	}
	passphrase = "new"
	must(t, a.CheckPassphrase(t.Context()))
	_, err = a.Identity(t.Context(), "eu-west-1")
	must(t, err)
	for _, i := range examined(t, a, 7) {
		if i.Plain {
			t.Errorf("%s is not encrypted", i.Path)
		}
	}
	must(t, on(p.Open(), "new").Decrypt(t.Context()))
	use()
	identity(t, on(p.Open(), ""))
}

// However many begin at once, there is one root and one key to seal with.
func testAtOnce(t *testing.T, p Place) {
	roots, sealed := make([]*x509.Certificate, 8), make([]string, 8)
	var all sync.WaitGroup
	for i := range roots {
		s := on(p.Open(), "")
		all.Go(func() {
			found, err := s.Roots(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			roots[i] = found[0]
			if sealed[i], err = s.Seal(t.Context(), "AKIA", keys.Secret("secret")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := on(p.Open(), "")
	for i, root := range roots {
		if !root.Equal(roots[0]) {
			t.Error("there are two roots")
		}
		if _, err := s.Unseal(t.Context(), "AKIA", sealed[i]); err != nil {
			t.Error(err)
		}
	}
}

// Where keys have been elsewhere before, nothing is made beside them, and nobody is
// told that there is nothing.
func testSuccessor(t *testing.T, p Place) {
	dir := t.TempDir()
	before := keys.InDir(filepath.Join(dir, "keys"))
	must(t, os.Mkdir(before.At(""), 0o700))
	must(t, os.WriteFile(before.At("README"), nil, 0o600)) // which is no key
	identity(t, on(keys.Unless(p.Open(), keys.LeftIn(before)), ""))
	must(t, p.Open().Change(t.Context(), func(d keys.Draft) error {
		names, err := d.List(t.Context(), "")
		for _, name := range names {
			err = errors.Join(err, d.Remove(t.Context(), name))
		}
		return err
	}))
	identity(t, on(before, ""))
	s := on(keys.Unless(p.Open(), keys.LeftIn(before)), "")
	for what, try := range map[string]func() error{
		"sign":  func() error { _, err := s.Identity(t.Context(), "us-east-1"); return err },
		"seal":  func() error { _, err := s.Seal(t.Context(), "AKIA", keys.Secret("hush")); return err },
		"roots": func() error { _, err := s.Roots(t.Context()); return err },
		"trust": func() error { _, err := s.Trusted(t.Context()); return err },
		"list":  func() error { _, err := s.Certificates(t.Context()); return err },
		"look":  func() error { _, err := s.Examine(t.Context()); return err },
		"import": func() error {
			_, err := s.Import(t.Context(), home(), Bundle(t, Key(t)))
			return err
		},
	} {
		if err := try(); !errors.Is(err, keys.ErrNotCopied) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if names, err := p.Open().List(t.Context(), ""); len(names) > 0 || err != nil {
		t.Errorf("%q %v", names, err)
	}
	_, err := keys.Copy(t.Context(), before, p.Open())
	must(t, err)
	if !top(identity(t, s)).Equal(top(identity(t, on(before, "")))) {
		t.Error("it is another root")
	}
}

// Keys are copied whole, or not at all; what was copied may be copied again.
func testCopy(t *testing.T, p Place) {
	dir := keys.InDir(filepath.Join(t.TempDir(), "keys"))
	if n, err := keys.Copy(t.Context(), dir, p.Open()); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if _, err := os.Stat(dir.At("")); err == nil {
		t.Error("it made the directory")
	}
	from := on(dir, "")
	want := identity(t, from)
	c, err := from.Import(t.Context(), home(), Bundle(t, Key(t)))
	must(t, err)
	must(t, os.WriteFile(dir.At("notes.txt"), []byte("mine"), 0o600))
	for range 2 {
		n, err := keys.Copy(t.Context(), dir, p.Open())
		must(t, err)
		if n != 5 {
			t.Errorf("%d files", n)
		}
	}
	to := on(p.Open(), "")
	if !identity(t, to).Chain[0].Equal(want.Chain[0]) {
		t.Error("it has another leaf")
	}
	_, err = to.Imported(t.Context(), c.ARN)
	must(t, err)
	must(t, from.Delete(t.Context(), c.ARN))
	_, err = from.Seal(t.Context(), "AKIA", keys.Secret("hush"))
	must(t, err)
	if _, err := keys.Copy(t.Context(), dir, p.Open()); !errors.Is(err, keys.ErrOtherKeys) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Open().Read(t.Context(), "sealing.pem"); err == nil {
		t.Error("it was copied in part")
	}
}
