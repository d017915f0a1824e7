package keys_test

import (
	"bytes"
	"crypto/elliptic"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hide replaces what stands between two marks of a file.
func hide(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(text, []byte(from))
	_, after, ok2 := bytes.Cut(rest, []byte(to))
	if !ok || !ok2 {
		t.Fatalf("%s has no %q", path, from)
	}
	if err := os.WriteFile(path, bytes.Join([][]byte{before, after}, []byte(from+"hidden"+to)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTrusted finds the root without its key, and makes none.
func TestTrusted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	s, _ := open(t, dir)
	if roots, err := s.Trusted(t.Context()); err != nil || len(roots) != 0 {
		t.Errorf("%v, %v", roots, err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("made %s", dir)
	}
	want := root(t, s)
	file := filepath.Join(dir, "authority", "root.pem")
	hide(t, file, "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----")
	if roots, err := s.Trusted(t.Context()); err != nil || len(roots) != 1 || !roots[0].Equal(want) {
		t.Errorf("%v, %v", roots, err)
	}
	for _, text := range []string{"", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Trusted(t.Context()); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("got %v", err)
		}
	}
}

// TestPublics finds imported certificates without their keys.
func TestPublics(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	if all, err := s.Publics(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	d := made(t, ec(t, elliptic.P256()), nil, nil)
	c, err := s.Import(t.Context(), place, bundle(t, d))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "certificates", c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]+".json")
	hide(t, file, "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----")
	if all, err := s.Publics(t.Context()); err != nil || len(all) != 1 || all[0].ARN != c.ARN || !all[0].Equal(d.cert) {
		t.Errorf("%v, %v", all, err)
	}
	hide(t, file, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
	if _, err := s.Publics(t.Context()); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("got %v", err)
	}
}
