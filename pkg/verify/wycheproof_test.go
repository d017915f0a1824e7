package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectors are a file of Project Wycheproof's.
type vectors struct {
	TestGroups []struct {
		PublicKeyDer string
		Public       struct{ Kty, X, Y, N, E string }
		Tests        []vector
	}
}

type vector struct {
	ID                             int `json:"tcId"`
	Comment, Msg, Sig, JWS, Result string
}

// judged compares an opinion with that of the vector. What is acceptable may be
// accepted.
func (v vector) judged(t *testing.T, accepted bool) {
	t.Helper()
	if want := v.Result == "valid"; accepted != want && v.Result != "acceptable" {
		t.Errorf("%d, %s: accepted %v, and it is %s", v.ID, v.Comment, accepted, v.Result)
	}
}

func readVectors(t *testing.T, name string) vectors {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "wycheproof", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var all vectors
	if err := json.Unmarshal(text, &all); err != nil || len(all.TestGroups) == 0 {
		t.Fatal(err)
	}
	return all
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// each calls f with every vector of a file and its key.
func each(t *testing.T, name string, f func(crypto.PublicKey, vector)) {
	for _, g := range readVectors(t, name).TestGroups {
		key, err := x509.ParsePKIXPublicKey(unhex(t, g.PublicKeyDer))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range g.Tests {
			f(key, v)
		}
	}
}

// TestWycheproofJOSE verifies signatures in the form that they have in envelopes.
func TestWycheproofJOSE(t *testing.T) {
	for _, name := range []string{
		"ecdsa_secp256r1_sha256_p1363", "ecdsa_secp384r1_sha384_p1363", "ecdsa_secp521r1_sha512_p1363",
		"rsa_pss_2048_sha256_mgf1_32", "rsa_pss_4096_sha512_mgf1_64",
	} {
		each(t, name, func(key crypto.PublicKey, v vector) {
			a, ok := algorithmOf(key)
			if !ok {
				t.Fatalf("%s: no algorithm", name)
			}
			v.judged(t, a.verify(key, string(unhex(t, v.Msg)), unhex(t, v.Sig)))
		})
	}
}

// TestWycheproofPS384 verifies signatures of the algorithm for RSA keys of 3072 bits,
// for which there are vectors of a shorter key only.
func TestWycheproofPS384(t *testing.T) {
	ps384 := algorithm{"PS384", crypto.SHA384, 3072, true}
	each(t, "rsa_pss_2048_sha384_mgf1_48", func(key crypto.PublicKey, v vector) {
		v.judged(t, ps384.verify(key, string(unhex(t, v.Msg)), unhex(t, v.Sig)))
	})
}

// TestWycheproofFirmware verifies signatures in the form that they have in the JSON
// of devices. SHA1withRSA, of which there are no vectors, goes the way of
// SHA256withRSA.
func TestWycheproofFirmware(t *testing.T) {
	for name, algorithm := range map[string]string{
		"ecdsa_secp256r1_sha256": "SHA256withECDSA", "ecdsa_secp384r1_sha256": "SHA256withECDSA",
		"rsa_signature_2048_sha256": "SHA256withRSA", "rsa_signature_3072_sha256": "SHA256withRSA",
	} {
		each(t, name, func(key crypto.PublicKey, v vector) {
			f := &firmware{algorithm: algorithm, signature: unhex(t, v.Sig)}
			sum := crypto.SHA256.New()
			sum.Write(unhex(t, v.Msg))
			v.judged(t, f.signedBy(key, sum.Sum(nil)))
		})
	}
}

// TestWycheproofJWS verifies whole JWS, in their compact form.
func TestWycheproofJWS(t *testing.T) {
	for _, g := range readVectors(t, "json_web_signature").TestGroups {
		key := crypto.PublicKey(&rsa.PublicKey{N: number(t, g.Public.N), E: int(number(t, g.Public.E).Int64())})
		if g.Public.Kty == "EC" {
			point := append([]byte{4}, number(t, g.Public.X).FillBytes(make([]byte, 32))...)
			ec, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(point, number(t, g.Public.Y).FillBytes(make([]byte, 32))...))
			if err != nil {
				t.Fatal(err)
			}
			key = ec
		}
		a, ok := algorithmOf(key)
		if !ok {
			t.Fatalf("no algorithm for %+v", g.Public)
		}
		for _, v := range g.Tests {
			v.judged(t, compact(a, key, v.JWS))
		}
	}
}

func number(t *testing.T, text string) *big.Int {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(b)
}

func headerAlgorithm(jws string) string {
	header, _, _ := strings.Cut(jws, ".")
	text, err := base64url(header)
	var h struct{ Alg string }
	if err != nil || json.Unmarshal(text, &h) != nil {
		return ""
	}
	return h.Alg
}

// compact verifies header.payload.signature.
func compact(a algorithm, key crypto.PublicKey, jws string) bool {
	last := strings.LastIndexByte(jws, '.')
	if strings.Count(jws, ".") != 2 || headerAlgorithm(jws) != a.name {
		return false
	}
	if _, err := base64url(strings.Split(jws, ".")[1]); err != nil {
		return false
	}
	signature, err := base64url(jws[last+1:])
	return err == nil && a.verify(key, jws[:last], signature)
}
