package keys_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"signer/pkg/keys"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func open(t testing.TB, dir string) (*keys.Store, *clock) {
	t.Helper()
	c := &clock{noon}
	return keys.Open(keys.Config{Dir: dir, Now: c.now}), c
}

func identity(t testing.TB, s *keys.Store, region string) keys.Identity {
	t.Helper()
	id, err := s.Identity(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func root(t testing.TB, s *keys.Store) *x509.Certificate {
	t.Helper()
	roots, err := s.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(roots) != 1 {
		t.Fatalf("%d roots", len(roots))
	}
	return roots[0]
}

func TestOpenTouchesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	open(t, dir)
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
}

// TestIdentity holds the chain to the rules of Notary Project for code signing,
// and to those of Lambda's signatures.
func TestIdentity(t *testing.T) {
	s, _ := open(t, filepath.Join(t.TempDir(), "home", "keys"))
	id := identity(t, s, "us-west-2")
	if len(id.Chain) != 4 {
		t.Fatalf("a chain of %d", len(id.Chain))
	}
	if !id.Chain[3].Equal(root(t, s)) {
		t.Error("the chain does not end in the root")
	}
	for i, want := range []struct {
		name string
		life time.Duration
	}{
		{"CN=Signer Local us-west-2,O=Local", 3 * 24 * time.Hour},
		{"CN=Signer Local us-west-2 CA,O=Local", 365 * 24 * time.Hour},
		{"CN=Signer Local Intermediate CA,O=Local", 50 * 365 * 24 * time.Hour},
		{"CN=Signer Local Root CA,O=Local", 100 * 365 * 24 * time.Hour},
	} {
		c := id.Chain[i]
		if c.Subject.String() != want.name || !c.NotAfter.Equal(noon.Add(want.life)) || c.NotBefore.After(noon) {
			t.Errorf("%s from %s to %s, want %s", c.Subject, c.NotBefore, c.NotAfter, want.name)
		}
		checkCertificate(t, c, id.Chain[min(i+1, 3)], i)
	}
	digest := sha512.Sum384([]byte("x"))
	signature, err := id.Key.Sign(nil, digest[:], crypto.SHA384)
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.VerifyASN1(id.Chain[0].PublicKey.(*ecdsa.PublicKey), digest[:], signature) {
		t.Error("the key does not sign for its certificate")
	}
}

func checkCertificate(t *testing.T, c, parent *x509.Certificate, level int) {
	t.Helper()
	if err := c.CheckSignatureFrom(parent); err != nil {
		t.Errorf("%s: %v", c.Subject, err)
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P384() || c.SignatureAlgorithm != x509.ECDSAWithSHA384 {
		t.Errorf("%s: %s on %v", c.Subject, c.SignatureAlgorithm, c.PublicKeyAlgorithm)
	}
	usage, extended := x509.KeyUsageDigitalSignature, 1
	if level > 0 {
		usage, extended = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, 0
	}
	if c.KeyUsage != usage || len(c.ExtKeyUsage) != extended || c.IsCA != (level > 0) || !c.BasicConstraintsValid {
		t.Errorf("%s: usage %b, %v, CA %t", c.Subject, c.KeyUsage, c.ExtKeyUsage, c.IsCA)
	}
	if extended == 1 && c.ExtKeyUsage[0] != x509.ExtKeyUsageCodeSigning {
		t.Errorf("%s: %v", c.Subject, c.ExtKeyUsage)
	}
	if limited := c.MaxPathLen > 0 || c.MaxPathLenZero; level > 0 && limited && c.MaxPathLen < level-1 {
		t.Errorf("%s: only %d CAs below", c.Subject, c.MaxPathLen)
	}
	for _, e := range c.Extensions {
		if e.Id.String() == "2.5.29.15" && !e.Critical {
			t.Errorf("%s: key usage is not critical", c.Subject)
		}
	}
}

func TestIdentityByOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	s, _ := open(t, t.TempDir())
	id := identity(t, s, "eu-central-1")
	dir := t.TempDir()
	for name, certificates := range map[string][]*x509.Certificate{"leaf": id.Chain[:1], "between": id.Chain[1:3], "root": id.Chain[3:]} {
		var text bytes.Buffer
		for _, c := range certificates {
			pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		}
		if err := os.WriteFile(filepath.Join(dir, name), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command("openssl", "verify", "-x509_strict", "-purpose", "any", "-attime", strconv.FormatInt(noon.Unix(), 10),
		"-CAfile", "root", "-untrusted", "between", "leaf")
	verify.Dir = dir
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

func TestRenewal(t *testing.T) {
	dir := t.TempDir()
	s, c := open(t, dir)
	first := identity(t, s, "us-east-1")
	other := identity(t, s, "eu-west-1")
	if other.Chain[1].Equal(first.Chain[1]) || !other.Chain[2].Equal(first.Chain[2]) {
		t.Error("regions share a CA, or have an intermediate each")
	}
	const day = 24 * time.Hour
	for _, step := range []struct {
		after  time.Duration
		change int // how many certificates are others than before
	}{
		{0, 0},
		{2*day - time.Minute, 0},
		{2 * day, 1},
		{335*day - time.Minute, 1},
		{335*day + 2*day, 2},
		{45*365*day - time.Minute, 2},
		{45*365*day + 2*day, 1}, // the region's CA is still good
		{46 * 365 * day, 3},
	} {
		c.t = noon.Add(step.after)
		again := identity(t, keys.Open(keys.Config{Dir: dir, Now: c.now}), "us-east-1")
		for i := range 4 {
			if changed := !again.Chain[i].Equal(first.Chain[i]); changed != (i < step.change) {
				t.Errorf("after %s: certificate %d changed: %t", step.after, i, changed)
			}
		}
		same := identity(t, keys.Open(keys.Config{Dir: dir, Now: c.now}), "us-east-1")
		if !same.Chain[0].Equal(again.Chain[0]) {
			t.Errorf("after %s: two leaves", step.after)
		}
		if left := again.Chain[0].NotAfter.Sub(c.t); left < day || again.Chain[0].NotBefore.After(c.t) {
			t.Errorf("after %s: a leaf with %s left", step.after, left)
		}
		first = again
	}
	if _, err := s.Identity(t.Context(), "us-east-1"); err != nil {
		t.Errorf("the store that was open all the time: %v", err)
	}
	c.t = noon.Add(-2 * time.Hour)
	if _, err := keys.Open(keys.Config{Dir: dir, Now: c.now}).Roots(t.Context()); err == nil || !strings.Contains(err.Error(), "the clock says 2026-11-21 10:00:00") {
		t.Errorf("before the root: %v", err)
	}
}

// TestModes holds every file to its owner alone, whatever the umask.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	s, _ := open(t, dir)
	identity(t, s, "us-east-1")
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		files++
		return nil
	})
	if err != nil || files != 8 {
		t.Errorf("%d files and directories, %v", files, err)
	}
}

func TestRegions(t *testing.T) {
	s, _ := open(t, t.TempDir())
	for _, region := range []string{"", ".", "..", "../x-1", "us-east-1/x", "US-EAST-1", "a-", "local--1", strings.Repeat("a-", 40) + "1", "us-east-1\x00"} {
		if _, err := s.Identity(t.Context(), region); err == nil || !strings.Contains(err.Error(), "not the name of a region") {
			t.Errorf("%q: %v", region, err)
		}
	}
	identity(t, s, "local") // as people call theirs
}

// TestRootReplaced: when another root is put in place, everything below follows.
func TestRootReplaced(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	identity(t, s, "us-east-1")
	other := t.TempDir()
	o, _ := open(t, other)
	want := root(t, o)
	text, err := os.ReadFile(filepath.Join(other, "authority", "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "authority", "root.pem"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir)
	if id := identity(t, s, "us-east-1"); !id.Chain[3].Equal(want) || id.Chain[0].CheckSignatureFrom(id.Chain[1]) != nil {
		t.Errorf("the chain ends in %s", id.Chain[3].SerialNumber)
	}
}

func TestReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	s, c := open(t, dir)
	id := identity(t, s, "us-east-1")
	os.Chmod(filepath.Join(dir, "authority", "us-east-1"), 0o500)
	defer os.Chmod(filepath.Join(dir, "authority", "us-east-1"), 0o700)
	s = keys.Open(keys.Config{Dir: dir, Now: c.now})
	if again := identity(t, s, "us-east-1"); !again.Chain[0].Equal(id.Chain[0]) {
		t.Error("another leaf")
	}
	c.t = noon.Add(48 * time.Hour)
	if _, err := s.Identity(t.Context(), "us-east-1"); err == nil || !strings.Contains(err.Error(), "leaf.pem") {
		t.Errorf("got %v", err)
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	id := identity(t, s, "us-east-1")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if text := fmt.Sprintf(verb, id.Key); text != "(private key)" {
			t.Errorf("%s prints %s", verb, text)
		}
		if text := fmt.Sprintf(verb, keys.Secret("key")); text != "(private key)" {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func BenchmarkIdentity(b *testing.B) {
	dir := b.TempDir()
	s, _ := open(b, dir)
	identity(b, s, "us-east-1")
	for b.Loop() {
		s, _ := open(b, dir)
		identity(b, s, "us-east-1")
	}
}
