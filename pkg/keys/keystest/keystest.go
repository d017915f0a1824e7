// Package keystest holds every place where private keys can be kept to what package
// keys expects of it.
package keystest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/keys"
)

// Run runs the suite. open returns the same place anew, as another process would. The
// place is that of one root.
func Run(t *testing.T, open func() keys.Elsewhere) {
	t.Run("make", func(t *testing.T) { testMake(t, open) })
	t.Run("keep", func(t *testing.T) { testKeep(t, open) })
	t.Run("authority", func(t *testing.T) { testAuthority(t, open) })
	t.Run("certificates", func(t *testing.T) { testCertificates(t, open) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testMake makes the root's key, and finds it again.
func testMake(t *testing.T, open func() keys.Elsewhere) {
	far := open()
	must(t, far.Check(t.Context()))
	name, key, err := far.Make()
	must(t, err)
	if strings.ContainsAny(name, "\n\r") || name == "" {
		t.Errorf("the name is %q", name)
	}
	signs(t, key, key.Public())
	again, same, err := open().Make()
	must(t, err)
	if again != name || !equal(same.Public(), key.Public()) {
		t.Errorf("%s, and another key %s", name, again)
	}
	found, err := open().Key(name)
	must(t, err)
	signs(t, found, key.Public())
	if _, err := open().Key("no such name"); err == nil {
		t.Error("there is a key of a name that is none")
	}
}

func equal(a, b crypto.PublicKey) bool {
	public, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(b)
}

// signs checks that a key makes signatures of a public key.
func signs(t *testing.T, key crypto.Signer, public crypto.PublicKey) {
	t.Helper()
	if !equal(key.Public(), public) {
		t.Fatal("it is another key")
	}
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		digest, hash := digestFor(public)
		signature, err := key.Sign(rand.Reader, digest, hash)
		must(t, err)
		if !ecdsa.VerifyASN1(public, digest, signature) {
			t.Error("the signature is not one")
		}
	case *rsa.PublicKey:
		digest := sha256.Sum256([]byte("what is signed"))
		signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		must(t, err)
		must(t, rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature))
		signature, err = key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
		must(t, err)
		must(t, rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
	}
}

func digestFor(public *ecdsa.PublicKey) ([]byte, crypto.Hash) {
	if public.Curve == elliptic.P256() {
		d := sha256.Sum256([]byte("what is signed"))
		return d[:], crypto.SHA256
	}
	d := sha512.Sum384([]byte("what is signed"))
	return d[:], crypto.SHA384
}

func localKeys(t *testing.T) map[string]crypto.Signer {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return map[string]crypto.Signer{"P-256": p256, "P-384": p384, "RSA": weak}
}

// testKeep takes keys in, more than once.
func testKeep(t *testing.T, open func() keys.Elsewhere) {
	for kind, key := range localKeys(t) {
		name, err := open().Keep("a "+kind+" key", key)
		must(t, err)
		found, err := open().Key(name)
		must(t, err)
		signs(t, found, key.Public())
		again, err := open().Keep("a "+kind+" key", key)
		must(t, err)
		found, err = open().Key(again)
		must(t, err)
		signs(t, found, key.Public())
	}
}

func store(dir string, open func() keys.Elsewhere) *keys.Store {
	far := open()
	return keys.Open(keys.Config{Dir: dir, Elsewhere: func() (keys.Elsewhere, error) { return far, nil }})
}

// testAuthority makes an authority whose root's key is elsewhere.
func testAuthority(t *testing.T, open func() keys.Elsewhere) {
	dir := t.TempDir()
	s := store(dir, open)
	id, err := s.Identity(t.Context(), "eu-west-1")
	must(t, err)
	roots, err := s.Roots(t.Context())
	must(t, err)
	trusted, between := x509.NewCertPool(), x509.NewCertPool()
	trusted.AddCert(roots[0])
	for _, c := range id.Chain[1:] {
		between.AddCert(c)
	}
	_, err = id.Chain[0].Verify(x509.VerifyOptions{Roots: trusted, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}})
	must(t, err)
	if len(id.Chain) != 3 {
		t.Errorf("the chain has %d certificates", len(id.Chain))
	}
	if _, err = store(dir, open).Identity(t.Context(), "us-east-1"); err != nil {
		t.Error(err) // another region needs the root again
	}
	if text := read(t, dir, "root.pem"); strings.Contains(text, "PRIVATE KEY") || !strings.Contains(text, "SIGNER KEY REFERENCE") {
		t.Error("the root's key lies in its file")
	}
}

// read returns what the files of a name hold.
func read(t *testing.T, dir, name string) string {
	t.Helper()
	var all strings.Builder
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, name) {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	return all.String()
}

// testCertificates imports a certificate with its key, and one whose key is elsewhere
// already.
func testCertificates(t *testing.T, open func() keys.Elsewhere) {
	dir := t.TempDir()
	at := keys.Place{Partition: "aws", Region: "us-east-1", Account: "111122223333"}
	for kind, key := range localKeys(t) {
		b := Bundle(t, key)
		imported, err := store(dir, open).Import(t.Context(), at, b)
		must(t, err)
		id, err := store(dir, open).Imported(t.Context(), imported.ARN)
		must(t, err)
		signs(t, id.Key, key.Public())

		name, err := open().Keep("named "+kind, key)
		must(t, err)
		named, err := store(dir, open).Import(t.Context(), at, keys.Bundle{Certificate: b.Certificate, KeyName: name})
		must(t, err)
		id, err = store(dir, open).Imported(t.Context(), named.ARN)
		must(t, err)
		signs(t, id.Key, key.Public())
	}
	if strings.Contains(read(t, dir, ".json"), "PRIVATE KEY") {
		t.Error("a key lies in its file")
	}
}
