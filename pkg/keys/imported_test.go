package keys_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/keys"
)

var place = keys.Place{Partition: "aws", Region: "us-east-1", Account: "111122223333"}

// device is a key with its certificate.
type device struct {
	key  crypto.Signer
	cert *x509.Certificate
}

// made certifies a key by another, or by itself.
func made(t testing.TB, key crypto.Signer, by *device, change func(*x509.Certificate)) *device {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "device"},
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &device{key, c}
}

func ca(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid = name, true, true
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCertSign, nil
	}
}

func ec(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (d *device) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.cert.Raw})
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func bundle(t testing.TB, d *device, chain ...*device) keys.Bundle {
	b := keys.Bundle{Certificate: d.pem(), PrivateKey: pkcs8(t, d.key)}
	for _, c := range chain {
		b.Chain = append(b.Chain, c.pem()...)
	}
	return b
}

func TestImport(t *testing.T) {
	dir := t.TempDir()
	s, c := open(t, dir)
	d := made(t, ec(t, elliptic.P256()), nil, nil)
	first, err := s.Import(t.Context(), place, bundle(t, d))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.ARN, "arn:aws:acm:us-east-1:111122223333:certificate/") || first.KeyAlgorithm != "EC_prime256v1" || !first.ImportedAt.Equal(noon) {
		t.Errorf("%+v", first)
	}
	c.t = noon.Add(time.Minute)
	second, err := s.Import(t.Context(), place, bundle(t, made(t, ec(t, elliptic.P384()), nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s = keys.Open(keys.Config{Dir: dir, Now: c.now})
	list, err := s.Certificates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].ARN != first.ARN || list[1].ARN != second.ARN || !list[0].Certificate.Equal(d.cert) {
		t.Errorf("%+v", list)
	}
	checkSigns(t, s, first.ARN, d.cert)

	c.t = noon.Add(2 * time.Minute)
	other := made(t, ec(t, elliptic.P256()), nil, nil)
	again, err := s.Reimport(t.Context(), first.ARN, bundle(t, other))
	if err != nil {
		t.Fatal(err)
	}
	if again.ARN != first.ARN || !again.CreatedAt.Equal(first.CreatedAt) || !again.ImportedAt.Equal(c.t) {
		t.Errorf("%+v", again)
	}
	checkSigns(t, s, first.ARN, other.cert)

	if err := s.Delete(t.Context(), first.ARN); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"delete":   s.Delete(t.Context(), first.ARN),
		"describe": second2(s.Certificate(t.Context(), first.ARN)),
		"sign":     second2(s.Imported(t.Context(), first.ARN)),
	} {
		wantError(t, name, err, "ResourceNotFoundException", "Could not find certificate "+first.ARN+" in account 111122223333.")
	}
	_, err = s.Reimport(t.Context(), first.ARN, bundle(t, other))
	wantError(t, "reimport", err, "ResourceNotFoundException", "Could not find certificate "+first.ARN+".")
	if list, err := s.Certificates(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d certificates, %v", len(list), err)
	}
}

func second2[T any](_ T, err error) error { return err }

func checkSigns(t *testing.T, s *keys.Store, arn string, want *x509.Certificate) {
	t.Helper()
	id, err := s.Imported(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("x"))
	signature, err := id.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if !id.Chain[0].Equal(want) || !ecdsa.VerifyASN1(want.PublicKey.(*ecdsa.PublicKey), digest[:], signature) {
		t.Error("another key signs")
	}
}

func wantError(t *testing.T, name string, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v", name, err)
		return
	}
	if e.ErrorCode() != code || e.ErrorMessage() != message || e.ErrorFault() != smithy.FaultClient {
		t.Errorf("%s:\n got %s: %s\nwant %s: %s", name, e.ErrorCode(), e.ErrorMessage(), code, message)
	}
}

// TestImportForms imports each form of a key.
func TestImportForms(t *testing.T) {
	s, _ := open(t, t.TempDir())
	e, r := ec(t, elliptic.P521()), rsaKey(t, 2048)
	sec1, err := x509.MarshalECPrivateKey(e)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	for name, c := range map[string]struct {
		key       crypto.Signer
		text      []byte
		algorithm string
	}{
		"PKCS #8, EC":     {e, pkcs8(t, e), "EC_secp521r1"},
		"PKCS #8, RSA":    {r, pkcs8(t, r), "RSA_2048"},
		"PKCS #1":         {r, block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), "RSA_2048"},
		"SEC 1":           {e, block("EC PRIVATE KEY", sec1), "EC_secp521r1"},
		"with parameters": {e, append(block("EC PARAMETERS", []byte{6, 5, 43, 129, 4, 0, 35}), block("EC PRIVATE KEY", sec1)...), "EC_secp521r1"},
		"CRLF":            {e, bytes.ReplaceAll(pkcs8(t, e), []byte("\n"), []byte("\r\n")), "EC_secp521r1"},
	} {
		d := made(t, c.key, nil, nil)
		got, err := s.Import(t.Context(), place, keys.Bundle{Certificate: d.pem(), PrivateKey: c.text})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got.KeyAlgorithm != c.algorithm {
			t.Errorf("%s: %s", name, got.KeyAlgorithm)
		}
	}
}

func TestReimportOtherKind(t *testing.T) {
	s, _ := open(t, t.TempDir())
	first, err := s.Import(t.Context(), place, bundle(t, made(t, ec(t, elliptic.P256()), nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Reimport(t.Context(), first.ARN, bundle(t, made(t, rsaKey(t, 2048), nil, nil)))
	wantError(t, "RSA for EC", err, "ValidationException",
		"The certificate "+first.ARN+" has a key of the kind EC_prime256v1, and cannot be replaced by one of the kind RSA_2048.")
}

func TestARNs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	s, _ := open(t, dir)
	for _, arn := range []string{
		"", "x", "arn:aws:acm:us-east-1:111122223333:certificate/..", "arn:aws:acm:us-east-1:111122223333:certificate/../../x",
		"arn:aws:signer:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000",
		"arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-00000000000A",
		"arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000\n",
	} {
		_, err := s.Certificate(t.Context(), arn)
		wantError(t, arn, err, "InvalidArnException",
			fmt.Sprintf("%q is not the ARN of a certificate, such as arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012.", arn))
	}
	if _, err := s.Import(t.Context(), keys.Place{Partition: "aws", Region: "us-east-1", Account: "1"}, keys.Bundle{}); err == nil {
		t.Error("took an account of one digit")
	}
	if list, err := s.Certificates(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if err := s.Delete(t.Context(), "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"); err == nil {
		t.Error("deleted what is not there")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking made the directory")
	}
}

// TestOtherPlace: an id alone does not find a certificate of another account.
func TestOtherPlace(t *testing.T) {
	s, _ := open(t, t.TempDir())
	first, err := s.Import(t.Context(), place, bundle(t, made(t, ec(t, elliptic.P256()), nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(first.ARN, "111122223333", "444455556666", 1)
	_, err = s.Imported(t.Context(), other)
	wantError(t, "other account", err, "ResourceNotFoundException", "Could not find certificate "+other+" in account 444455556666.")
}

func TestImportedFile(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	d := made(t, ec(t, elliptic.P256()), nil, nil)
	first, err := s.Import(t.Context(), place, bundle(t, d))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "certificates", first.ARN[strings.LastIndex(first.ARN, "/")+1:]+".json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][]byte{
		"empty": nil, "cut": text[:len(text)/2], "no key": bytes.Replace(text, []byte("BEGIN PRIVATE"), []byte("BEGIN"), 1),
	} {
		if err := os.WriteFile(path, change, 0o600); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"list": second2(s.Certificates(t.Context())), "sign": second2(s.Imported(t.Context(), first.ARN))} {
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "import the certificate again") {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	if _, err := s.Reimport(t.Context(), first.ARN, bundle(t, d)); err != nil {
		t.Errorf("the remedy fails: %v", err)
	}
	os.WriteFile(path, nil, 0o600)
	if err := s.Delete(t.Context(), first.ARN); err != nil {
		t.Errorf("the other remedy fails: %v", err)
	}
}

// TestImportedIds come from the randomness that was handed in.
func TestImportedIds(t *testing.T) {
	s := keys.Open(keys.Config{Dir: t.TempDir(), Now: func() time.Time { return noon }, Rand: bytes.NewReader(slices.Repeat([]byte{7}, 16))})
	got, err := s.Import(t.Context(), place, bundle(t, made(t, ec(t, elliptic.P256()), nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("arn:aws:acm:us-east-1:111122223333:certificate/07070707-0707-4707-8707-070707070707", got.ARN); diff != "" {
		t.Error(diff)
	}
}

// TestImportByOpenSSL imports what openssl makes in the ways that people use.
func TestImportByOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	s := keys.Open(keys.Config{Dir: t.TempDir()})
	for name, script := range map[string]string{
		"genpkey": "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out key && openssl req -new -x509 -days 365 -key key -subj /CN=device -out cert",
		"ecparam": "openssl ecparam -name prime256v1 -genkey -out key && openssl req -new -x509 -days 365 -key key -subj /CN=device -out cert",
		"genrsa":  "openssl genrsa -traditional -out key 2048 && openssl req -new -x509 -days 365 -key key -subj /CN=device -text -out cert",
	} {
		dir := t.TempDir()
		c := exec.Command("sh", "-c", script)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		key, err := os.ReadFile(filepath.Join(dir, "key"))
		if err != nil {
			t.Fatal(err)
		}
		cert, err := os.ReadFile(filepath.Join(dir, "cert"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Import(t.Context(), place, keys.Bundle{Certificate: cert, PrivateKey: key}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzImport(f *testing.F) {
	d := made(f, ec(f, elliptic.P256()), nil, nil)
	b := bundle(f, d)
	f.Add(b.Certificate, []byte(b.PrivateKey), []byte{})
	f.Add([]byte("-----BEGIN"), []byte("-----BEGIN"), b.Certificate)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, cert, key, chain []byte) {
		s, _ := open(t, dir)
		c, err := s.Import(t.Context(), place, keys.Bundle{Certificate: cert, PrivateKey: key, Chain: chain})
		if err != nil {
			return
		}
		if _, err := s.Imported(t.Context(), c.ARN); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), c.ARN); err != nil {
			t.Fatal(err)
		}
	})
}
