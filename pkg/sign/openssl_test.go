package sign_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/sign"
)

// run runs another program in dir and returns what it prints. Without the
// program, the test is skipped.
func run(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	c := exec.Command(name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err
}

// mustRun is run for a program that must succeed.
func mustRun(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out, err := run(t, dir, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func put(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// digestInPython computes inner the way that a reader of the service's format
// would, and prints the names.
const digestInPython = `
import sys, zipfile, hashlib
z = zipfile.ZipFile(sys.argv[1]); h = hashlib.sha384()
for i in z.infolist():
    name = i.orig_filename.encode('utf-8' if i.flag_bits & 0x800 else 'cp437')
    if i.filename != 'META_INF/aws_signer_signature_v1.0.SF':
        h.update(name); h.update(z.read(i))
    print(name.hex())
open(sys.argv[2], 'wb').write(h.digest())
`

func TestLambdaElsewhere(t *testing.T) {
	dir, id := t.TempDir(), authority(t)
	put(t, dir, "root.pem", pemOf(id.Chain[2]))
	archives := odd(t)
	for _, name := range []string{"descriptors", "comment", "24 bytes", "raw name", "META_INF"} {
		t.Run(name, func(t *testing.T) {
			out := lambda(t, archives[name], id)
			put(t, dir, "out.zip", out)
			if report, err := run(t, dir, "unzip", "-tq", "out.zip"); err != nil {
				t.Errorf("unzip: %v\n%s", err, report)
			}
			var want []string
			for _, n := range names(t, out) {
				want = append(want, hexOf(n))
			}
			got := strings.Fields(mustRun(t, dir, "python3", "-c", digestInPython, "out.zip", "inner.bin"))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error("python's entries", diff)
			}
			verifyCMS(t, dir, out)
		})
	}
}

func hexOf(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
	}
	return b.String()
}

// verifyCMS follows the recipe of service format 8.1, with the inner.bin that
// Python made; a changed one must fail.
func verifyCMS(t *testing.T, dir string, out []byte) {
	t.Helper()
	signed, err := sign.Read(t.Context(), bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "sig.pem", signed.Signature)
	verify := func(content, at string) (string, error) {
		return run(t, dir, "openssl", "cms", "-verify", "-binary", "-inform", "PEM", "-in", "sig.pem", "-content", content,
			"-CAfile", "root.pem", "-purpose", "any", "-attime", at, "-out", os.DevNull)
	}
	at := strconv.FormatInt(claims.SignedAt.Unix(), 10)
	if report, err := verify("inner.bin", at); err != nil {
		t.Errorf("openssl: %v\n%s", err, report)
	}
	if report, err := verify("inner.bin", strconv.FormatInt(claims.ExpiresAt.Unix(), 10)); err == nil || !strings.Contains(report, "expired") {
		t.Errorf("openssl with an old leaf: %v\n%s", err, report)
	}
	inner := bytes.Clone(signed.Inner)
	inner[0] ^= 1
	put(t, dir, "changed.bin", inner)
	if report, err := verify("changed.bin", at); err == nil {
		t.Errorf("openssl takes a changed digest: %s", report)
	}
}

// TestSignatureStructure holds the signature to what AWS writes, as openssl
// shows it: the two open wrappers, and everything from the signer on.
func TestSignatureStructure(t *testing.T) {
	dir := t.TempDir()
	signed, err := sign.Read(t.Context(), bytes.NewReader(lambda(t, handmade(nil, file{name: "a"}), authority(t))))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(signed.Signature)) {
		if len(line) > 65 {
			t.Errorf("a line of %d columns", len(line)-1)
		}
	}
	put(t, dir, "sig.pem", signed.Signature)
	var got []string
	for line := range strings.Lines(mustRun(t, dir, "openssl", "asn1parse", "-inform", "PEM", "-in", "sig.pem")) {
		_, element, _ := strings.Cut(line, ": ")
		kind, value, _ := strings.Cut(element, ":")
		if name, _, random := strings.Cut(kind, "[HEX DUMP"); random {
			kind, value = name, ""
		}
		if strings.Contains(line, "l=inf") {
			kind = "open " + kind
		}
		got = append(got, strings.TrimSpace(strings.TrimSpace(kind)+" "+strings.TrimSpace(value)))
	}
	want := []string{
		"open SEQUENCE", "OBJECT pkcs7-signedData", "open cont [ 0 ]", "SEQUENCE", "INTEGER 01",
		"SET", "SEQUENCE", "OBJECT sha384", "SEQUENCE", "OBJECT pkcs7-data", "cont [ 0 ]",
	}
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Error("the beginning", diff)
	}
	want = []string{
		"SET", "SEQUENCE", "INTEGER 01",
		"SEQUENCE", "SEQUENCE", "SET", "SEQUENCE", "OBJECT commonName", "PRINTABLESTRING Test CA", "INTEGER 03",
		"SEQUENCE", "OBJECT sha384",
		"cont [ 0 ]",
		"SEQUENCE", "OBJECT contentType", "SET", "OBJECT pkcs7-data",
		"SEQUENCE", "OBJECT 1.3.187.137.1.3", "SET", "GENERALIZEDTIME 20371228091926.806Z",
		"SEQUENCE", "OBJECT signingTime", "SET", "GENERALIZEDTIME 20260928091926.806Z",
		"SEQUENCE", "OBJECT 1.2.840.113549.1.9.52", "SET", "SEQUENCE",
		"SEQUENCE", "OBJECT sha384", "cont [ 1 ]", "OBJECT ecdsa-with-SHA384",
		"SEQUENCE", "OBJECT messageDigest", "SET", "OCTET STRING",
		"SEQUENCE", "OBJECT 1.3.187.137.1.4", "SET", "UTF8STRING " + claims.ProfileVersion,
		"SEQUENCE", "OBJECT 1.3.187.137.1.2", "SET", "UTF8STRING " + claims.Job,
		"SEQUENCE", "OBJECT ecdsa-with-SHA384", "OCTET STRING",
		"EOC", "EOC",
	}
	if diff := cmp.Diff(want, got[len(got)-len(want):]); diff != "" {
		t.Error("the signer", diff)
	}
}
