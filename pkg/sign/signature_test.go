package sign_test

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/sign"
)

func signatureOf(t testing.TB, id sign.Identity) *sign.Signed {
	t.Helper()
	signed, err := sign.Read(t.Context(), bytes.NewReader(lambda(t, handmade(nil, file{name: "a"}), id)))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestParseSignature(t *testing.T) {
	id := authority(t)
	signed := signatureOf(t, id)
	s, err := sign.ParseSignature(signed.Signature)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(claims, s.Claims); diff != "" {
		t.Error(diff)
	}
	for i, c := range id.Chain {
		if !c.Equal(s.Chain[i]) {
			t.Errorf("certificate %d is %s", i, s.Chain[i].Subject)
		}
	}
	if err := s.Check(signed.Inner); err != nil {
		t.Error(err)
	}
}

// TestClaimsTimes holds times to whole milliseconds, in UTC.
func TestClaimsTimes(t *testing.T) {
	id := authority(t)
	for at, want := range map[time.Time]time.Time{
		time.Date(2026, 9, 28, 9, 19, 26, 0, time.UTC):               time.Date(2026, 9, 28, 9, 19, 26, 0, time.UTC),
		time.Date(2026, 9, 28, 9, 19, 26, 800_000_000, time.UTC):     time.Date(2026, 9, 28, 9, 19, 26, 800e6, time.UTC),
		time.Date(2026, 9, 28, 9, 19, 26, 806_999_999, time.UTC):     time.Date(2026, 9, 28, 9, 19, 26, 806e6, time.UTC),
		time.Date(2026, 9, 28, 1, 0, 0, 0, time.FixedZone("", 3600)): time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC),
	} {
		var out bytes.Buffer
		c := claims
		c.SignedAt = at
		if err := sign.Lambda(t.Context(), &out, bytes.NewReader(handmade(nil, file{name: "a"})), id, c, nil); err != nil {
			t.Fatal(err)
		}
		signed, err := sign.Read(t.Context(), bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		s, err := sign.ParseSignature(signed.Signature)
		if err != nil {
			t.Fatal(err)
		}
		if !s.SignedAt.Equal(want) || s.SignedAt.Location() != time.UTC {
			t.Errorf("signed at %s, reads %s", at, s.SignedAt)
		}
	}
}

// TestSignatureInDER reads the form that openssl writes, in which nothing is
// open.
func TestSignatureInDER(t *testing.T) {
	dir := t.TempDir()
	signed := signatureOf(t, authority(t))
	put(t, dir, "sig.pem", signed.Signature)
	text := mustRun(t, dir, "openssl", "cms", "-cmsout", "-inform", "PEM", "-outform", "PEM", "-in", "sig.pem")
	s, err := sign.ParseSignature([]byte(strings.ReplaceAll(text, " CMS-", " PKCS7-")))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(signed.Inner); err != nil {
		t.Error(err)
	}
	if _, err := sign.ParseSignature([]byte(text)); err == nil {
		t.Error("took PEM of another type")
	}
}

// TestSignatureChanged flips bits all over a signature: none may be taken for the
// same claims by the same signer.
func TestSignatureChanged(t *testing.T) {
	signed := signatureOf(t, authority(t))
	original, err := sign.ParseSignature(signed.Signature)
	if err != nil {
		t.Fatal(err)
	}
	key := original.Chain[0].PublicKey.(*ecdsa.PublicKey)
	block, _ := pem.Decode(signed.Signature)
	claimed := 0
	for i := 0; i < len(block.Bytes); i += 9 {
		changed := bytes.Clone(block.Bytes)
		changed[i] ^= 1 << (i % 8)
		s, err := sign.ParseSignature(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: changed}))
		if err != nil || s.Check(signed.Inner) != nil {
			continue
		}
		// What is left are changes outside of what is signed, such as within
		// the certificates above the leaf.
		if s.Claims != original.Claims || !key.Equal(s.Chain[0].PublicKey) {
			t.Fatalf("byte %d may be changed: %+v", i, s.Claims)
		}
		claimed++
	}
	t.Logf("%d of %d changes are outside of what is signed", claimed, len(block.Bytes)/9)
}

func TestParseSignatureRefuses(t *testing.T) {
	signed := signatureOf(t, authority(t))
	block, _ := pem.Decode(signed.Signature)
	again := func(change func([]byte) []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: change(bytes.Clone(block.Bytes))}))
	}
	replaced := func(old, new string) string {
		if !bytes.Contains(block.Bytes, []byte(old)) {
			t.Fatalf("no %q", old)
		}
		return again(func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) })
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":      {"", "not one PEM block"},
		"two":          {string(signed.Signature) + string(signed.Signature), "not one PEM block"},
		"not wrapped":  {again(func(b []byte) []byte { return b[1:] }), "ContentInfo"},
		"not closed":   {again(func(b []byte) []byte { return b[:len(b)-1] }), "cut short"},
		"more":         {again(func(b []byte) []byte { return append(b[:len(b)-4], "\x05\x00\x00\x00\x00\x00"...) }), "bytes behind its SignedData"},
		"no job":       {replaced("\x2b\x81\x3b\x81\x09\x01\x02", "\x2b\x81\x3b\x81\x09\x01\x01"), "attribute 1.3.187.137.1.2 is missing"},
		"job twice":    {replaced("\x2b\x81\x3b\x81\x09\x01\x02", "\x2b\x81\x3b\x81\x09\x01\x04"), "does not have one value"},
		"bad time":     {replaced("20260928091926.806Z", "20261328091926.806Z"), "not a time in UTC"},
		"local time":   {replaced("20260928091926.806Z", "20260928091926.8060"), "not a time in UTC"},
		"not ecdsa":    {replaced("\x2a\x86\x48\xce\x3d\x04\x03\x03\x04", "\x2a\x86\x48\xce\x3d\x04\x03\x02\x04"), "not of ECDSA with SHA-384"},
		"content type": {replaced("\x09\x03\x31\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", "\x09\x03\x31\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), "not plain data"},
	} {
		_, err := sign.ParseSignature([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	signed := signatureOf(f, authority(f))
	block, _ := pem.Decode(signed.Signature)
	f.Add(block.Bytes, signed.Inner)
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, ber, inner []byte) {
		s, err := sign.ParseSignature(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: ber}))
		if err != nil {
			return
		}
		if len(s.Chain) == 0 {
			t.Fatal("a signature without a signer")
		}
		s.Check(inner)
	})
}
