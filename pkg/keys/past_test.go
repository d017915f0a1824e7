package keys_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	nx509 "github.com/notaryproject/notation-core-go/x509"

	"signer/pkg/keys"
)

// What was asked for at any time since the root was made can be signed, and what
// is there stays as it is.
func TestIdentityAt(t *testing.T) {
	dir := t.TempDir()
	s, c := open(t, dir)
	identity(t, s, "us-east-1")
	const day = 24 * time.Hour
	for _, step := range []struct {
		now, at time.Duration // since the root was made
		shared  int           // how many certificates are those of now
	}{
		{0, 0, 4},
		{time.Hour, -time.Hour, 4},
		{2 * day, day, 3}, // the leaf is another by now
		{9 * day, time.Minute, 3},
		{400 * day, time.Hour, 2}, // so is the region's CA
		{403 * day, 400 * day, 3},
		{60 * 365 * day, day, 1},
		{60 * 365 * day, 62 * 365 * day, 2}, // a clock that went back
	} {
		c.t = noon.Add(step.now)
		today, at := identity(t, s, "us-east-1"), noon.Add(step.at)
		before := files(t, dir)
		id, err := s.IdentityAt(t.Context(), "us-east-1", at)
		if err != nil {
			t.Fatalf("after %s, at %s: %v", step.now, at, err)
		}
		if err := nx509.ValidateCodeSigningCertChain(id.Chain, &at); err != nil {
			t.Errorf("after %s, at %s: %v", step.now, at, err)
		}
		for i := range 4 {
			if shared := id.Chain[i].Equal(today.Chain[i]); shared != (4-i <= step.shared) {
				t.Errorf("after %s, at %s: certificate %d is that of now: %t", step.now, at, i, shared)
			}
			if name := today.Chain[i].Subject.String(); id.Chain[i].Subject.String() != name {
				t.Errorf("after %s, at %s: %s in the place of %s", step.now, at, id.Chain[i].Subject, name)
			}
		}
		if !bytes.Equal(before, files(t, dir)) {
			t.Errorf("after %s, at %s: something was written", step.now, at)
		}
	}
}

// files are all files of a directory, one after the other.
func files(t *testing.T, dir string) (all []byte) {
	t.Helper()
	for _, pattern := range []string{"*", "*/*", "*/*/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, _ := os.ReadFile(name) // of a directory: nothing
			all = append(append(all, name...), text...)
		}
	}
	return all
}

func TestIdentityBeforeTheRoot(t *testing.T) {
	s, _ := open(t, t.TempDir())
	_, err := s.IdentityAt(t.Context(), "us-east-1", noon.Add(-2*time.Hour))
	want := "Nothing can be signed with the time 2026-11-21T10:00:00Z: the root certificate is good from 2026-11-21T11:00:00Z to 2126-10-28T12:00:00Z."
	if refusal := (*keys.Error)(nil); !errors.As(err, &refusal) || refusal.Message != want {
		t.Errorf("got %v", err)
	}
}
