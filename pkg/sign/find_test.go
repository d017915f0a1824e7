package sign_test

import (
	"bytes"
	"testing"

	"signer/pkg/sign"
)

// What Find finds is what reading the whole archive finds.
func TestFind(t *testing.T) {
	id := authority(t)
	for name, archive := range odd(t) {
		if found, err := sign.Find(t.Context(), bytes.NewReader(archive)); err != nil || found != nil {
			t.Errorf("%s: found %q, %v", name, found, err)
		}
		out := lambda(t, archive, id)
		whole, err := sign.Read(t.Context(), bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		found, err := sign.Find(t.Context(), bytes.NewReader(out))
		if err != nil || len(found) == 0 || !bytes.Equal(found, whole.Signature) {
			t.Errorf("%s: found %.40q, %v", name, found, err)
		}
	}
}

// Damaged archives are refused or have another signature, and nothing worse.
func TestFindInDamage(t *testing.T) {
	out := lambda(t, odd(t)["descriptors"], authority(t))
	for i := range out {
		damaged := bytes.Clone(out)
		damaged[i] ^= 0x41
		sign.Find(t.Context(), bytes.NewReader(damaged))
		if found, err := sign.Find(t.Context(), bytes.NewReader(out[:i])); err == nil && found != nil {
			t.Fatalf("found %.40q in the first %d bytes", found, i)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	f.Fuzz(func(t *testing.T, archive []byte) {
		if found, err := sign.Find(t.Context(), bytes.NewReader(archive)); err == nil && len(found) > len(archive)*1100 {
			t.Errorf("found %d bytes in %d", len(found), len(archive))
		}
	})
}
