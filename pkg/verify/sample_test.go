package verify_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/pkg/sign"
	"signer/pkg/verify"
)

var (
	signedAt = time.Date(2026, 9, 28, 9, 19, 26, 806e6, time.UTC)
	claims   = sign.Claims{
		Job:            "arn:aws:signer:us-east-1:111122223333:/signing-jobs/a3f1c2d4-0000-4000-8000-000000000001",
		ProfileVersion: "arn:aws:signer:us-east-1:111122223333:/signing-profiles/web/IrwHQeF7XW",
		SignedAt:       signedAt,
		ExpiresAt:      time.Date(2037, 12, 28, 9, 19, 26, 806e6, time.UTC),
	}
)

// key is a key on a curve that is always the same, so that what it signs is, too.
func key(t testing.TB, curve elliptic.Curve, name string) *ecdsa.PrivateKey {
	t.Helper()
	sum := sha512.Sum512([]byte(name))
	raw := make([]byte, (curve.Params().BitSize+7)/8)
	copy(raw[1:], sum[:])
	k, err := ecdsa.ParseRawPrivateKey(curve, raw)
	must(t, err)
	return k
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// certify makes a certificate of one key by another; a nil parent certifies itself.
func certify(t testing.TB, name string, public crypto.PublicKey, parent *x509.Certificate, by crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte(name)), Subject: pkix.Name{CommonName: name},
		NotBefore: signedAt.Add(-time.Hour), NotAfter: signedAt.Add(72 * time.Hour), BasicConstraintsValid: true,
	}
	change(template)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(nil, template, parent, public, by)
	must(t, err)
	c, err := x509.ParseCertificate(der)
	must(t, err)
	return c
}

func ca(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign }

func leaf(c *x509.Certificate) {
	c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
}

// authorities are those that were made already: they are always the same.
var authorities sync.Map

// authority is a root, an authority and a signer below it, on P-384.
func authority(t testing.TB, name string) sign.Identity {
	t.Helper()
	if made, ok := authorities.Load(name); ok {
		return made.(sign.Identity)
	}
	id := authorityFor(t, name, key(t, elliptic.P384(), name+" Leaf"), leaf)
	authorities.Store(name, id)
	return id
}

func authorityFor(t testing.TB, name string, signer crypto.Signer, change func(*x509.Certificate)) sign.Identity {
	t.Helper()
	rootKey, caKey := key(t, elliptic.P384(), name+" Root"), key(t, elliptic.P384(), name+" CA")
	root := certify(t, name+" Root", rootKey.Public(), nil, rootKey, ca)
	between := certify(t, name+" CA", caKey.Public(), root, rootKey, ca)
	return sign.Identity{Key: signer, Chain: []*x509.Certificate{certify(t, name+" Leaf", signer.Public(), between, caKey, change), between, root}}
}

// rsaIdentity is a certificate of its own on an RSA key.
func rsaIdentity(t testing.TB, bits int) sign.Identity {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	must(t, err)
	return sign.Identity{Key: k, Chain: []*x509.Certificate{certify(t, "RSA", k.Public(), nil, k, leaf)}}
}

// device is a certificate of its own, as people make them for devices.
func device(t testing.TB, name string) sign.Identity {
	t.Helper()
	k := key(t, elliptic.P256(), name)
	return sign.Identity{Key: k, Chain: []*x509.Certificate{certify(t, name, k.Public(), nil, k, leaf)}}
}

// entry is an entry of an archive; a nil body is a directory's.
type entry struct{ name, body string }

var app = []entry{{"index.py", strings.Repeat("print('hello')\n", 40)}, {"lib/", ""}, {"lib/a.txt", "aaa"}, {"lib/empty", ""}}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: signedAt})
		must(t, err)
		_, err = io.WriteString(f, e.body)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func signZip(t testing.TB, zipped []byte, id sign.Identity, c sign.Claims) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, sign.Lambda(t.Context(), &out, bytes.NewReader(zipped), id, c, nil))
	return out.Bytes()
}

func embed(t testing.TB, payload string, id sign.Identity) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, sign.Embedded(t.Context(), &out, strings.NewReader(payload), id, nil))
	return out.Bytes()
}

func detach(t testing.TB, payload string, id sign.Identity) []byte {
	t.Helper()
	var out bytes.Buffer
	at := sign.Location{Bucket: "source", Key: "image.bin", Version: "v1"}
	must(t, sign.Detached(t.Context(), &out, strings.NewReader(payload), id, at, nil))
	return out.Bytes()
}

// manifest is what the envelope of notate is about.
const manifest = `{"schemaVersion":2}`

const descriptor = `{"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:bafebd36189ad3688b7b3915ea55d461e0bfcfbdde11e54b0a123999fb6be50f","size":19}}`

func notate(t testing.TB, id sign.Identity, c sign.Claims) []byte {
	t.Helper()
	out, err := sign.Notation([]byte(descriptor), id, c, nil)
	must(t, err)
	return out
}

// believe trusts the roots of identities, a year after they signed.
func believe(ids ...sign.Identity) *verify.Trust {
	t := &verify.Trust{At: signedAt.AddDate(1, 0, 0)}
	for _, id := range ids {
		t.Roots = append(t.Roots, id.Chain[len(id.Chain)-1])
	}
	return t
}

func know(ids ...sign.Identity) *verify.Trust {
	t := &verify.Trust{At: signedAt}
	for _, id := range ids {
		t.Certificates = append(t.Certificates, verify.Certificate{Certificate: id.Chain[0]})
	}
	return t
}

func payload(text string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func judge(t testing.TB, trust *verify.Trust, object []byte) *verify.Verdict {
	t.Helper()
	v, err := trust.Judge(t.Context(), bytes.NewReader(object))
	must(t, err)
	return v
}

// expect holds a verdict to a status and a part of one of its reasons.
func expect(t testing.TB, v *verify.Verdict, status verify.Status, reason string) {
	t.Helper()
	if v.Status != status || reason == "" && len(v.Reasons) > 0 ||
		reason != "" && !slices.ContainsFunc(v.Reasons, func(r string) bool { return strings.Contains(r, reason) }) {
		t.Errorf("got %s %q, want %s %q", v.Status, v.Reasons, status, reason)
	}
	for _, r := range v.Reasons {
		if !strings.HasSuffix(r, ".") || strings.ToUpper(r[:1]) != r[:1] {
			t.Errorf("%q is no sentence", r)
		}
	}
}
