package sign

import (
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestWycheproof checks signatures of archives with the vectors of Project
// Wycheproof for ECDSA on P-384 with SHA-384, which lie beside package verify.
func TestWycheproof(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "verify", "testdata", "wycheproof", "ecdsa_secp384r1_sha384.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		TestGroups []struct {
			PublicKeyDer string
			Tests        []struct {
				ID                        int `json:"tcId"`
				Comment, Msg, Sig, Result string
			}
		}
	}
	if err := json.Unmarshal(text, &all); err != nil || len(all.TestGroups) == 0 {
		t.Fatal(err)
	}
	unhex := func(text string) []byte {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	inner := []byte("inner")
	digest := sha512.Sum384(inner)
	for _, g := range all.TestGroups {
		key, err := x509.ParsePKIXPublicKey(unhex(g.PublicKeyDer))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range g.Tests {
			s := &Signature{Chain: []*x509.Certificate{{PublicKey: key}}, attributes: unhex(v.Msg), value: unhex(v.Sig), digest: digest[:]}
			if accepted := s.Check(inner) == nil; accepted != (v.Result == "valid") {
				t.Errorf("%d, %s: accepted %v, and it is %s", v.ID, v.Comment, accepted, v.Result)
			}
		}
	}
}
