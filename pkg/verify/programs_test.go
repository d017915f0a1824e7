package verify_test

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"signer/pkg/sign"
	"signer/pkg/verify"
)

// These tests ask other programs. Where one is absent, its part is skipped.

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if !has(p) {
			t.Skipf("%s is not installed", p)
		}
	}
}

func run(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8") // some cannot name files elsewhere
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err
}

func mustRun(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out, err := run(t, dir, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func put(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

func pemOf(certificates ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certificates {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // to memory: cannot fail
	}
	return b.Bytes()
}

// TestOpenSSL has OpenSSL check all that is signed: chains, archives, envelopes and
// the JSON of devices.
func TestOpenSSL(t *testing.T) {
	need(t, "openssl")
	dir, id, d := t.TempDir(), authority(t, "Test"), device(t, "device")
	put(t, dir, "root.pem", pemOf(id.Chain[2]))
	put(t, dir, "between.pem", pemOf(id.Chain[1]))
	put(t, dir, "leaf.pem", pemOf(id.Chain[0]))
	put(t, dir, "device.pem", pemOf(d.Chain[0]))
	now := strconv.FormatInt(signedAt.Unix(), 10)
	mustRun(t, dir, "openssl", "verify", "-attime", now, "-CAfile", "root.pem", "-untrusted", "between.pem", "leaf.pem")

	signed, err := sign.Read(t.Context(), bytes.NewReader(signZip(t, archive(t, app...), id, claims)))
	must(t, err)
	put(t, dir, "sig.pem", signed.Signature)
	put(t, dir, "inner.bin", signed.Inner)
	mustRun(t, dir, "openssl", "cms", "-verify", "-binary", "-inform", "PEM", "-in", "sig.pem", "-content", "inner.bin", "-CAfile", "root.pem", "-purpose", "any", "-attime", now, "-out", "signed.bin")

	mustRun(t, dir, "openssl", "x509", "-in", "leaf.pem", "-noout", "-pubkey", "-out", "leaf.pub")
	object := notate(t, id, claims)
	raw, err := base64.RawURLEncoding.DecodeString(member(t, object, "signature"))
	must(t, err)
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:48]), new(big.Int).SetBytes(raw[48:])})
	must(t, err)
	put(t, dir, "jws.sig", der)
	put(t, dir, "jws.txt", []byte(member(t, object, "protected")+"."+member(t, object, "payload")))
	mustRun(t, dir, "openssl", "dgst", "-sha384", "-verify", "leaf.pub", "-signature", "jws.sig", "jws.txt")

	mustRun(t, dir, "openssl", "x509", "-in", "device.pem", "-noout", "-pubkey", "-out", "device.pub")
	der, err = base64.StdEncoding.DecodeString(member(t, embed(t, "image", d), "signature"))
	must(t, err)
	put(t, dir, "image.sig", der)
	put(t, dir, "image", []byte("image"))
	mustRun(t, dir, "openssl", "dgst", "-sha256", "-verify", "device.pub", "-signature", "image.sig", "image")
}

// oddities are archives of every kind that people's tools make.
func oddities(t testing.TB) map[string][]byte {
	make := func(comment string, headers ...*zip.FileHeader) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		must(t, w.SetComment(comment))
		for _, h := range headers {
			f, err := w.CreateHeader(h)
			must(t, err)
			if !strings.HasSuffix(h.Name, "/") && h.Name != "empty" {
				io.WriteString(f, strings.Repeat("body of "+h.Name+"\n", 20))
			}
		}
		must(t, w.Close())
		return b.Bytes()
	}
	file := func(name string, method uint16, mode fs.FileMode) *zip.FileHeader {
		h := &zip.FileHeader{Name: name, Method: method, Modified: signedAt}
		h.SetMode(mode)
		return h
	}
	raw := file("caf\x82.txt", zip.Deflate, 0o644)
	raw.NonUTF8 = true
	return map[string][]byte{
		"plain":    make("", file("a.txt", zip.Deflate, 0o644), file("b/c.txt", zip.Store, 0o755), file("empty", zip.Deflate, 0o644)),
		"comment":  make("built by hand", file("a.txt", zip.Deflate, 0o644)),
		"names":    make("", file("ünïcödé.txt", zip.Deflate, 0o644), raw, file("with blank", zip.Store, 0o600)),
		"tree":     make("", file("d/", zip.Store, fs.ModeDir|0o755), file("d/e/", zip.Store, fs.ModeDir|0o755), file("d/e/f", zip.Deflate, 0o644), file("link", zip.Store, fs.ModeSymlink|0o777)),
		"META_INF": make("", file("META_INF/", zip.Store, fs.ModeDir|0o755), file("META_INF/x", zip.Deflate, 0o644)),
	}
}

// listers print the names in an archive, one on a line, in its order.
var listers = map[string][]string{
	"unzip":  {"-Z1"},
	"bsdtar": {"-tf"},
	"jar":    {"tf"},
}

// TestReadersAgree lists archives with other programs, before they are signed and
// after: what is added comes last, and all else stays as it was for each of them.
func TestReadersAgree(t *testing.T) {
	dir := t.TempDir()
	names := signAll(t, dir, authority(t, "Test"))
	for program, args := range listers {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			need(t, program)
			for _, name := range names {
				if program == "jar" && name != "tree" && name != "many" {
					continue // it takes long to start, and reads no names but UTF-8
				}
				before, failed := run(t, dir, program, append(slices.Clone(args), name+".before")...)
				after, failedThen := run(t, dir, program, append(slices.Clone(args), name+".after")...)
				added, ok := strings.CutPrefix(after, before)
				if !ok || !isAddition(added) || (failed == nil) != (failedThen == nil) {
					t.Errorf("%s: added %q (%v, and then %v)", name, added, failed, failedThen)
				}
			}
		})
	}
	t.Run("unzip -t", func(t *testing.T) {
		t.Parallel()
		need(t, "unzip")
		for _, name := range names {
			// It warns of names in UTF-8 where the locale has none.
			_, failed := run(t, dir, "unzip", "-tq", name+".before")
			if out, err := run(t, dir, "unzip", "-tq", name+".after"); fmt.Sprint(err) != fmt.Sprint(failed) {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	})
	t.Run("python3", func(t *testing.T) {
		t.Parallel()
		need(t, "python3")
		mustRun(t, dir, "python3", append([]string{"-c", compareInPython}, names...)...)
	})
}

// isAddition tells whether lines are the names that signing adds.
func isAddition(lines string) bool {
	added := strings.Fields(lines)
	return slices.Equal(added, []string{"META_INF/", signatureName}) || slices.Equal(added, []string{signatureName})
}

// compareInPython reads archives before and after: names, contents, dates, modes and
// comments.
const compareInPython = `
import sys, zipfile
def entries(name):
    with zipfile.ZipFile(name) as z:
        return z.comment, [(i.orig_filename, i.date_time, i.compress_type, i.external_attr, i.comment, i.extra, n < 100 and z.read(i)) for n, i in enumerate(z.infolist())]
for name in sys.argv[1:]:
    (comment, before), (comment2, after) = entries(name + '.before'), entries(name + '.after')
    added = [e[0] for e in after[len(before):]]
    assert comment == comment2, name
    assert before == after[:len(before)], name
    assert added in (['META_INF/', 'META_INF/aws_signer_signature_v1.0.SF'], ['META_INF/aws_signer_signature_v1.0.SF']), (name, added)
`

// signAll signs archives of every kind, and Go's odd ones unless they are refused. It
// leaves NAME.before and NAME.after in a directory, and returns the names.
func signAll(t *testing.T, dir string, id sign.Identity) (names []string) {
	archives := oddities(t)
	archives["many"] = many(t, 65_600) // more than fit without ZIP64
	for name, data := range oddArchives(t) {
		if err := sign.Lambda(t.Context(), io.Discard, bytes.NewReader(data), id, claims, nil); err == nil {
			archives[name] = data
		}
	}
	for name, data := range archives {
		put(t, dir, name+".before", data)
		put(t, dir, name+".after", signZip(t, data, id, claims))
		names = append(names, name)
	}
	return names
}

func many(t *testing.T, n int) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range n {
		f, err := w.CreateHeader(&zip.FileHeader{Name: strconv.Itoa(i), Method: zip.Store})
		must(t, err)
		f.Write([]byte{byte(i)})
	}
	must(t, w.Close())
	return b.Bytes()
}

// makers are commands that make app.zip of the directory src.
var makers = map[string][]string{
	"zip":     {"sh", "-c", "cd src && zip -qr ../app.zip . && zip -q ../app.zip b/c.txt"},
	"streams": {"sh", "-c", "cd src && zip -qr - . | cat >../app.zip"}, // with data descriptors
	"zip64":   {"python3", "-c", "import zipfile\nwith zipfile.ZipFile('app.zip', 'w', 8) as z:\n  with z.open('a.txt', 'w', force_zip64=True) as f: f.write(b'a')"},
	"python3": {"python3", "-m", "zipfile", "-c", "app.zip", "src/a.txt", "src/b"},
	"jar":     {"jar", "cf", "app.zip", "-C", "src", "."},
	"bsdtar":  {"bsdtar", "-a", "-cf", "app.zip", "-C", "src", "."},
}

// TestMakersAgree signs what other programs make.
func TestMakersAgree(t *testing.T) {
	id := authority(t, "Test")
	for name, command := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need(t, command[0])
			if name == "zip" || name == "streams" {
				need(t, "zip")
			}
			dir := t.TempDir()
			must(t, os.MkdirAll(filepath.Join(dir, "src", "b"), 0o700))
			put(t, dir, "src/a.txt", []byte(strings.Repeat("a", 1000)))
			put(t, dir, "src/b/c.txt", nil)
			mustRun(t, dir, command[0], command[1:]...)
			data, err := os.ReadFile(filepath.Join(dir, "app.zip"))
			must(t, err)
			expect(t, judge(t, believe(id), signZip(t, data, id, claims)), verify.Valid, "")
		})
	}
}

// TestChangersAgree has other programs change a signed archive.
func TestChangersAgree(t *testing.T) {
	const rewrite = `
import sys, zipfile
old, new = zipfile.ZipFile(sys.argv[1]), zipfile.ZipFile('new.zip', 'w')
for i in old.infolist():
    data = old.read(i)
    exec(sys.argv[2])
    new.writestr(i, data)
new.close()`
	id := authority(t, "Test")
	signed := signZip(t, archive(t, app...), id, claims)
	for name, tc := range map[string]struct {
		command []string
		status  verify.Status
	}{
		"recompressed":  {[]string{"python3", "-c", rewrite, "new.zip.old", "i.compress_type = 0"}, verify.Valid},
		"redated":       {[]string{"python3", "-c", rewrite, "new.zip.old", "i.date_time = (1999, 1, 1, 0, 0, 0)"}, verify.Valid},
		"other modes":   {[]string{"python3", "-c", rewrite, "new.zip.old", "i.external_attr = 0o100777 << 16"}, verify.Valid},
		"renamed":       {[]string{"python3", "-c", rewrite, "new.zip.old", "i.filename = i.filename.replace('a.txt', 'b.txt')"}, verify.Corrupt},
		"edited":        {[]string{"python3", "-c", rewrite, "new.zip.old", "data = data.replace(b'hello', b'hullo')"}, verify.Corrupt},
		"doubled":       {[]string{"python3", "-W", "ignore", "-c", rewrite, "new.zip.old", "new.writestr(i, data)"}, verify.Corrupt},
		"comment added": {[]string{"sh", "-c", "echo hello | zip -qz new.zip"}, verify.Valid},
		"added":         {[]string{"sh", "-c", "echo more >more.txt && zip -q new.zip more.txt"}, verify.Corrupt},
		"deleted":       {[]string{"zip", "-qd", "new.zip", "lib/a.txt"}, verify.Corrupt},
		"updated":       {[]string{"sh", "-c", "echo more >more.txt && jar uf new.zip more.txt"}, verify.Corrupt},
		"prepended":     {[]string{"sh", "-c", "(echo '#!/bin/sh'; cat new.zip.old) >new.zip"}, verify.Corrupt},
		"appended":      {[]string{"sh", "-c", "echo more >>new.zip"}, verify.Corrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need(t, tc.command[0])
			for _, program := range []string{"zip", "jar"} {
				if strings.Contains(strings.Join(tc.command, " "), program+" -q") || strings.Contains(strings.Join(tc.command, " "), program+" uf") {
					need(t, program)
				}
			}
			dir := t.TempDir()
			put(t, dir, "new.zip.old", signed)
			put(t, dir, "new.zip", signed)
			mustRun(t, dir, tc.command[0], tc.command[1:]...)
			data, err := os.ReadFile(filepath.Join(dir, "new.zip"))
			must(t, err)
			if v := judge(t, believe(id), data); v.Status != tc.status {
				t.Errorf("got %s %q", v.Status, v.Reasons)
			}
		})
	}
}
