package sign_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"signer/pkg/sign"
)

func selfSigned(t testing.TB, key crypto.Signer) sign.Identity {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	return sign.Identity{Key: key, Chain: []*x509.Certificate{certificate(t, template, template, key.Public(), key)}}
}

func ecIdentity(t testing.TB) sign.Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return selfSigned(t, key)
}

func rsaIdentity(t testing.TB) sign.Identity {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return selfSigned(t, key)
}

// fixed is a key whose signature is always "MADE UP".
type fixed struct{ crypto.Signer }

func (fixed) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return []byte("MADE UP"), nil
}

// TestFirmwareBytes holds the objects to the bytes that AWS writes.
func TestFirmwareBytes(t *testing.T) {
	ec, rs := ecIdentity(t), rsaIdentity(t)
	ec.Key, rs.Key = fixed{ec.Key}, fixed{rs.Key}
	src := strings.NewReader("image")
	var out bytes.Buffer
	for name, c := range map[string]struct {
		err  func() error
		want string
	}{
		"detached": {
			func() error {
				at := sign.Location{Bucket: "signer-source", Key: "a&<b>/ü.bin", Version: "CF5s"}
				return sign.Detached(t.Context(), &out, strings.NewReader("image"), ec, at, rand.Reader)
			},
			`{"rawPayloadSize":5,"signature":"TUFERSBVUA==","signatureAlgorithm":"SHA256withECDSA","payloadLocation":{"s3":{"bucketName":"signer-source","key":"a&<b>/ü.bin","version":"CF5s"}}}`,
		},
		"embedded": {
			func() error { return sign.Embedded(t.Context(), &out, src, ec, rand.Reader) },
			`{"rawPayloadSize":5,"signature":"TUFERSBVUA==","signatureAlgorithm":"SHA256withECDSA","payload":"aW1hZ2U="}`,
		},
		"RSA": {
			func() error { return sign.Embedded(t.Context(), &out, src, rs, rand.Reader) },
			`{"rawPayloadSize":5,"signature":"TUFERSBVUA==","signatureAlgorithm":"SHA256withRSA","payload":"aW1hZ2U="}`,
		},
		"TI": {
			func() error { return sign.EmbeddedTI(t.Context(), &out, src, rs, rand.Reader) },
			`{"rawPayloadSize":5,"signature":"TUFERSBVUA==","signatureAlgorithm":"SHA1withRSA","payload":"aW1hZ2U="}`,
		},
		"empty": {
			func() error { return sign.Embedded(t.Context(), &out, strings.NewReader(""), ec, rand.Reader) },
			`{"rawPayloadSize":0,"signature":"TUFERSBVUA==","signatureAlgorithm":"SHA256withECDSA","payload":""}`,
		},
	} {
		out.Reset()
		if err := c.err(); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if out.String() != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, &out, c.want)
		}
	}
}

func TestFirmwareKeys(t *testing.T) {
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, rs, ed := ecIdentity(t), rsaIdentity(t), selfSigned(t, edKey)
	src := strings.NewReader("image")
	detached := func(id sign.Identity) error {
		return sign.Detached(t.Context(), io.Discard, src, id, sign.Location{}, rand.Reader)
	}
	embedded := func(id sign.Identity) error { return sign.Embedded(t.Context(), io.Discard, src, id, rand.Reader) }
	ti := func(id sign.Identity) error { return sign.EmbeddedTI(t.Context(), io.Discard, src, id, rand.Reader) }
	for name, c := range map[string]struct {
		form func(sign.Identity) error
		id   sign.Identity
		want string
	}{
		"IoT, RSA":     {detached, rs, "can't identify EC private key."},
		"IoT, Ed25519": {detached, ed, "can't identify EC private key."},
		"Default, Ed":  {embedded, ed, "can't identify EC private key."},
		"TI, EC":       {ti, ec, "can't identify RSA private key."},
	} {
		err := c.form(c.id)
		var refusal *sign.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// fickle reads differently each time.
type fickle struct{ reads byte }

func (f *fickle) ReadAt(p []byte, at int64) (int, error) {
	f.reads++
	for i := range p {
		p[i] = f.reads
	}
	return len(p), nil
}

func (f *fickle) Size() int64 { return 10 }

func TestFirmwareTrouble(t *testing.T) {
	id := ecIdentity(t)
	if err := sign.Embedded(t.Context(), io.Discard, new(fickle), id, rand.Reader); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("a source that changes: %v", err)
	}
	if err := sign.Embedded(t.Context(), &broken{left: 20}, strings.NewReader("image"), id, rand.Reader); !errors.Is(err, errBroken) {
		t.Errorf("no room: %v", err)
	}
	if err := sign.Detached(t.Context(), &broken{}, strings.NewReader("image"), id, sign.Location{}, rand.Reader); !errors.Is(err, errBroken) {
		t.Errorf("no room: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sign.Detached(ctx, io.Discard, zeros{}, id, sign.Location{}, rand.Reader); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// firmware is what the JSON objects hold.
type firmware struct {
	RawPayloadSize     int64
	Signature, Payload []byte
	SignatureAlgorithm string
}

func TestFirmwareElsewhere(t *testing.T) {
	image := make([]byte, 200_001)
	rand.Read(image)
	at := sign.Location{Bucket: "b", Key: "k"}
	for name, c := range map[string]struct {
		form      func(*testing.T, *bytes.Buffer, sign.Identity) error
		id        sign.Identity
		hash, alg string
		embedded  bool
	}{
		"IoT": {func(t *testing.T, w *bytes.Buffer, id sign.Identity) error {
			return sign.Detached(t.Context(), w, bytes.NewReader(image), id, at, rand.Reader)
		}, ecIdentity(t), "-sha256", "SHA256withECDSA", false},
		"FreeRTOS EC": {func(t *testing.T, w *bytes.Buffer, id sign.Identity) error {
			return sign.Embedded(t.Context(), w, bytes.NewReader(image), id, rand.Reader)
		}, ecIdentity(t), "-sha256", "SHA256withECDSA", true},
		"FreeRTOS P-384": {func(t *testing.T, w *bytes.Buffer, id sign.Identity) error {
			return sign.Embedded(t.Context(), w, bytes.NewReader(image), id, rand.Reader)
		}, authority(t), "-sha256", "SHA256withECDSA", true},
		"FreeRTOS RSA": {func(t *testing.T, w *bytes.Buffer, id sign.Identity) error {
			return sign.Embedded(t.Context(), w, bytes.NewReader(image), id, rand.Reader)
		}, rsaIdentity(t), "-sha256", "SHA256withRSA", true},
		"TI": {func(t *testing.T, w *bytes.Buffer, id sign.Identity) error {
			return sign.EmbeddedTI(t.Context(), w, bytes.NewReader(image), id, rand.Reader)
		}, rsaIdentity(t), "-sha1", "SHA1withRSA", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := c.form(t, &out, c.id); err != nil {
				t.Fatal(err)
			}
			var got firmware
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if got.SignatureAlgorithm != c.alg || got.RawPayloadSize != int64(len(image)) {
				t.Errorf("%s of %d bytes", got.SignatureAlgorithm, got.RawPayloadSize)
			}
			if c.embedded != bytes.Equal(got.Payload, image) {
				t.Error("the payload is not the source")
			}
			verifyDigest(t, c.id, c.hash, image, got.Signature)
		})
	}
}

// verifyDigest asks openssl whether signature is the identity's, and whether it
// still is when the image is another.
func verifyDigest(t *testing.T, id sign.Identity, hash string, image, signature []byte) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "cert.pem", pemOf(id.Chain[0]))
	put(t, dir, "sig.der", signature)
	put(t, dir, "image", image)
	put(t, dir, "pub.pem", []byte(mustRun(t, dir, "openssl", "x509", "-in", "cert.pem", "-noout", "-pubkey")))
	verify := func() (string, error) {
		return run(t, dir, "openssl", "dgst", hash, "-verify", "pub.pem", "-signature", "sig.der", "image")
	}
	if report, err := verify(); err != nil {
		t.Errorf("openssl: %v: %s", err, report)
	}
	put(t, dir, "image", append([]byte{image[0] ^ 1}, image[1:]...))
	if report, err := verify(); err == nil {
		t.Errorf("openssl takes another image: %s", report)
	}
}

// BenchmarkDetached256MB signs a firmware image.
func BenchmarkDetached256MB(b *testing.B) {
	const size = 256 << 20
	id := authority(b)
	b.SetBytes(size)
	for b.Loop() {
		if err := sign.Detached(b.Context(), io.Discard, io.LimitReader(zeros{}, size), id, sign.Location{}, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
