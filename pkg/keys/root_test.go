package keys_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/pkg/keys"
)

// organisation is a CA of somebody's, good for ten years.
func organisation(t testing.TB, key crypto.Signer, by *device, name string, change ...func(*x509.Certificate)) *device {
	return made(t, key, by, func(c *x509.Certificate) {
		ca(name)(c)
		c.MaxPathLen = -1
		c.NotAfter = noon.AddDate(10, 0, 0)
		for _, ch := range change {
			ch(c)
		}
	})
}

func length(n int) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
}

// verify has Go's own rules, and OpenSSL's where it is, accept an identity.
func verify(t *testing.T, id keys.Identity, roots []*x509.Certificate) {
	t.Helper()
	trusted, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range roots {
		trusted.AddCert(c)
	}
	for _, c := range id.Chain[1:] {
		between.AddCert(c)
	}
	_, err := id.Chain[0].Verify(x509.VerifyOptions{Roots: trusted, Intermediates: between, CurrentTime: noon, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}})
	if err != nil {
		t.Error(err)
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		return
	}
	dir := t.TempDir()
	file := func(name string, list ...*x509.Certificate) string {
		var text []byte
		for _, c := range list {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, text, 0o600))
		return path
	}
	out, err := exec.Command("openssl", "verify", "-x509_strict", "-purpose", "any", "-attime", "1795262400", "-CAfile", file("roots", roots...),
		"-untrusted", file("between", id.Chain[1:]...), file("leaf", id.Chain[0])).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "Missing Subject Key Identifier") && !strings.Contains(string(out), "Missing Authority Key Identifier") {
		t.Errorf("%v: %s", err, out)
	}
}

// An organisation's root, or a CA that its root has certified, certifies everything;
// between them and the leaf stand as many CAs as their path lengths allow.
func TestImportRoot(t *testing.T) {
	root := organisation(t, ec(t, elliptic.P384()), nil, "Acme Root")
	for name, tc := range map[string]struct {
		ca     *device
		chain  []*device
		length int // of the chain of an identity
	}{
		"root":                   {root, nil, 4},
		"root with itself":       {root, []*device{root}, 4},
		"RSA root":               {organisation(t, rsaKey(t, 2048), nil, "Acme RSA"), nil, 4},
		"P-256 root":             {organisation(t, ec(t, elliptic.P256()), nil, "Acme P-256"), nil, 4},
		"root of length 1":       {organisation(t, ec(t, elliptic.P384()), nil, "One", length(1)), nil, 3},
		"root of length 0":       {organisation(t, ec(t, elliptic.P384()), nil, "None", length(0)), nil, 2},
		"intermediate":           {organisation(t, ec(t, elliptic.P384()), root, "Acme Code"), []*device{root}, 4},
		"intermediate, length 0": {organisation(t, ec(t, elliptic.P384()), root, "Acme Code", length(0)), []*device{root}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := with(dir, "")
			must(t, s.ImportRoot(t.Context(), bundle(t, tc.ca, tc.chain...), false))
			must(t, s.ImportRoot(t.Context(), bundle(t, tc.ca, tc.chain...), false)) // which changes nothing
			id := identity(t, s, "us-east-1")
			roots, err := s.Roots(t.Context())
			must(t, err)
			if len(id.Chain) != tc.length || len(roots) != 1 || !id.Chain[len(id.Chain)-1].Equal(roots[0]) {
				t.Errorf("a chain of %d, %d roots", len(id.Chain), len(roots))
			}
			verify(t, id, roots)
			if again := identity(t, with(dir, ""), "us-east-1"); !again.Chain[0].Equal(id.Chain[0]) {
				t.Error("another leaf was made")
			}
			items, err := s.Examine(t.Context())
			must(t, err)
			for _, i := range items {
				if i.Err != nil {
					t.Errorf("%+v", i)
				}
			}
			past, err := s.IdentityAt(t.Context(), "us-east-1", noon.Add(-30*time.Minute))
			must(t, err)
			if len(past.Chain) != tc.length {
				t.Errorf("a chain of %d", len(past.Chain))
			}
		})
	}
}

// A root that is replaced is still trusted, and everything below follows the new one.
func TestImportRootReplaces(t *testing.T) {
	dir := t.TempDir()
	s := with(dir, phrase)
	old := identity(t, s, "us-east-1")
	first, second := organisation(t, ec(t, elliptic.P384()), nil, "First"), organisation(t, ec(t, elliptic.P384()), nil, "Second", length(0))
	if err := s.ImportRoot(t.Context(), bundle(t, first), false); !errors.Is(err, keys.ErrRootExists) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
	must(t, s.ImportRoot(t.Context(), bundle(t, first), true))
	must(t, with(dir, phrase).ImportRoot(t.Context(), bundle(t, second), true))
	for _, s := range []*keys.Store{s, with(dir, phrase)} {
		id := identity(t, s, "us-east-1")
		if !id.Chain[len(id.Chain)-1].Equal(second.cert) {
			t.Errorf("it leads to %s", id.Chain[len(id.Chain)-1].Subject)
		}
	}
	want := []*x509.Certificate{second.cert, first.cert, old.Chain[3]}
	roots, err := s.Roots(t.Context())
	must(t, err)
	trusted, err := with(dir, "").Trusted(t.Context())
	must(t, err)
	for i, c := range want {
		if len(roots) != 3 || len(trusted) != 3 || !roots[i].Equal(c) || !trusted[i].Equal(c) {
			t.Fatalf("%d roots, %d trusted", len(roots), len(trusted))
		}
	}
	if found := plainKeys(t, dir); found != nil {
		t.Errorf("not encrypted: %v", found)
	}
	must(t, s.ImportRoot(t.Context(), bundle(t, first), true)) // back again
	if roots, err := s.Roots(t.Context()); err != nil || len(roots) != 3 || !roots[0].Equal(first.cert) {
		t.Errorf("%d roots, %v", len(roots), err)
	}
}

// A process that dies while a root is replaced leaves the old one or the new, with
// all that is trusted.
func TestImportRootStops(t *testing.T) {
	dir := t.TempDir()
	old := identity(t, with(dir, ""), "us-east-1")
	other := organisation(t, ec(t, elliptic.P384()), nil, "Other", length(0))
	after := copyDir(t, dir)
	must(t, with(after, "").ImportRoot(t.Context(), bundle(t, other), true))
	for n, names := range [][]string{{"former-roots.pem"}, {"former-roots.pem", "authority/root.pem"}} {
		dying := copyDir(t, dir)
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(after, filepath.FromSlash(name)))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dying, filepath.FromSlash(name)), text, 0o600))
		}
		s := with(dying, "")
		id := identity(t, s, "us-east-1")
		roots, err := s.Roots(t.Context())
		must(t, err)
		if len(roots) != 1+n {
			t.Errorf("%d: %d roots", n, len(roots))
		}
		verify(t, id, roots[:1])
		verify(t, old, roots)
	}
}

// Renewal goes on below an imported CA, and does not run on when that is about to
// expire itself.
func TestRenewalBelowImportedRoot(t *testing.T) {
	dir := t.TempDir()
	now := noon
	s := keys.Open(keys.Config{Dir: dir, Now: func() time.Time { return now }})
	end := noon.AddDate(0, 0, 20)
	must(t, s.ImportRoot(t.Context(), bundle(t, organisation(t, ec(t, elliptic.P384()), nil, "Short", func(c *x509.Certificate) { c.NotAfter = end })), false))
	leaves := map[string]bool{}
	for ; now.Before(end); now = now.Add(6 * time.Hour) {
		id := identity(t, s, "us-east-1")
		if now.After(id.Chain[0].NotAfter) || now.Before(id.Chain[0].NotBefore) {
			t.Fatalf("%v: the leaf is good from %v to %v", now, id.Chain[0].NotBefore, id.Chain[0].NotAfter)
		}
		leaves[string(id.Chain[0].Raw)] = true
	}
	if len(leaves) < 7 || len(leaves) > 12 {
		t.Errorf("%d leaves in 20 days", len(leaves))
	}
	if _, err := s.Identity(t.Context(), "us-east-1"); err == nil || !strings.Contains(err.Error(), "the clock says") {
		t.Errorf("%v", err)
	}
}

func TestImportRootRefuses(t *testing.T) {
	root := organisation(t, ec(t, elliptic.P384()), nil, "Acme Root")
	narrow := organisation(t, ec(t, elliptic.P384()), nil, "Narrow", length(0))
	for name, tc := range map[string]struct {
		b    keys.Bundle
		want string
	}{
		"no CA":          {bundle(t, made(t, ec(t, elliptic.P384()), nil, nil)), "is not that of a CA"},
		"no certSign":    {bundle(t, organisation(t, ec(t, elliptic.P384()), nil, "x", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })), "is not that of a CA"},
		"expired":        {bundle(t, organisation(t, ec(t, elliptic.P384()), nil, "x", func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Minute) })), "and not now"},
		"early":          {bundle(t, organisation(t, ec(t, elliptic.P384()), nil, "x", func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Minute) })), "and not now"},
		"for TLS":        {bundle(t, organisation(t, ec(t, elliptic.P384()), nil, "x", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })), "codeSigning is not among them"},
		"weak":           {bundle(t, organisation(t, rsaKey(t, 1024), nil, "x")), "too weak"},
		"no chain":       {bundle(t, organisation(t, ec(t, elliptic.P384()), root, "x")), "does not end with a root"},
		"other chain":    {bundle(t, organisation(t, ec(t, elliptic.P384()), root, "x"), narrow), "do not lead from the CA to its root"},
		"too deep":       {bundle(t, organisation(t, ec(t, elliptic.P384()), narrow, "x"), narrow), "path length"},
		"other key":      {keys.Bundle{Certificate: root.pem(), PrivateKey: pkcs8(t, ec(t, elliptic.P384()))}, "does not match"},
		"no key":         {keys.Bundle{Certificate: root.pem()}, "not supported"},
		"no certificate": {keys.Bundle{PrivateKey: pkcs8(t, root.key)}, "PEM format"},
	} {
		dir := t.TempDir()
		var refused *keys.Error
		if err := with(dir, "").ImportRoot(t.Context(), tc.b, true); !errors.As(err, &refused) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if left := contents(t, dir); len(left) > 0 {
			t.Errorf("%s: it left %d files", name, len(left))
		}
	}
}

// Where the root was lost, another may take its place only if that is said.
func TestImportRootWhereOneIsLost(t *testing.T) {
	dir := t.TempDir()
	identity(t, with(dir, ""), "us-east-1")
	must(t, os.Remove(filepath.Join(dir, "authority", "root.pem")))
	root := organisation(t, ec(t, elliptic.P384()), nil, "New")
	if err := with(dir, "").ImportRoot(t.Context(), bundle(t, root), false); !errors.Is(err, keys.ErrRootExists) {
		t.Errorf("%v", err)
	}
	must(t, with(dir, "").ImportRoot(t.Context(), bundle(t, root), true))
	identity(t, with(dir, ""), "us-east-1")
}
