package keys_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"signer/pkg/keys"
)

func TestSeal(t *testing.T) {
	dir := t.TempDir()
	s := keys.Open(keys.Config{Dir: dir})
	sealed, err := s.Seal(t.Context(), "AKIA1", keys.Secret("hush"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Seal(t.Context(), "AKIA1", keys.Secret("hush"))
	if err != nil || again == sealed || strings.ContainsAny(sealed, " \n") {
		t.Errorf("got %s and %s, %v", sealed, again, err)
	}
	for _, s := range []*keys.Store{s, keys.Open(keys.Config{Dir: dir})} { // one that has just sealed, and one that reads the key
		got, err := s.Unseal(t.Context(), "AKIA1", sealed)
		if err != nil || string(got) != "hush" {
			t.Errorf("got %s, %v", []byte(got), err)
		}
	}
	flipped := []byte(sealed)
	flipped[20] ^= 1
	for label, sealed := range map[string]string{"AKIA2": sealed, "AKIA1": string(flipped), "AKIA3": "", "AKIA4": "é"} {
		if got, err := s.Unseal(t.Context(), label, sealed); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %s, %v", label, []byte(got), err)
		}
	}
	file := filepath.Join(dir, "sealing.pem")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info, err)
	}
	if other, err := keys.Open(keys.Config{Dir: t.TempDir()}).Unseal(t.Context(), "AKIA1", sealed); err == nil {
		t.Errorf("another home opens it: %s", []byte(other))
	}
}

func TestDamagedSealingKey(t *testing.T) {
	for _, text := range []string{"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "sealing.pem"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := keys.Open(keys.Config{Dir: dir})
		if _, err := s.Seal(t.Context(), "AKIA1", keys.Secret("hush")); err == nil || !strings.Contains(err.Error(), "sealing.pem is damaged") {
			t.Errorf("got %v", err)
		}
		if _, err := s.Unseal(t.Context(), "AKIA1", "x"); err == nil {
			t.Error("it opens something")
		}
		left, err := os.ReadFile(filepath.Join(dir, "sealing.pem"))
		if err != nil || !bytes.Equal(left, []byte(text)) {
			t.Errorf("it was replaced: %s, %v", left, err)
		}
	}
}

func TestExamineSealingKey(t *testing.T) {
	dir := t.TempDir()
	s := keys.Open(keys.Config{Dir: dir})
	if _, err := s.Seal(t.Context(), "A", keys.Secret("hush")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "sealing.pem")
	items, err := s.Examine(t.Context())
	if err != nil || len(items) != 1 || items[0].Path != file || !items[0].Plain || items[0].Err != nil {
		t.Errorf("got %+v, %v", items, err)
	}
	if err := os.WriteFile(file, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if items, err := s.Examine(t.Context()); err != nil || len(items) != 1 || items[0].Err == nil {
		t.Errorf("got %+v, %v", items, err)
	}
}

// Who seals first makes the key, and the others use it.
func TestSealAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			sealed, err := keys.Open(keys.Config{Dir: dir}).Seal(t.Context(), "A", keys.Secret("hush"))
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := keys.Open(keys.Config{Dir: dir}).Unseal(t.Context(), "A", sealed); err != nil || string(got) != "hush" {
				t.Errorf("got %s, %v", []byte(got), err)
			}
		})
	}
	wg.Wait()
}
