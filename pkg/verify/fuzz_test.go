package verify_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/pkg/sign"
	"signer/pkg/verify"
)

// oddArchives are those that Go's own tests of archive/zip are made with, read where
// they lie. There are none where Go is here without its tests.
func oddArchives(t testing.TB) map[string][]byte {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src", "archive", "zip", "testdata", "*zip*"))
	must(t, err)
	all := map[string][]byte{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		must(t, err)
		if strings.HasSuffix(path, ".base64") {
			if data, err = base64.StdEncoding.DecodeString(string(data)); err != nil {
				t.Fatal(err)
			}
		}
		all[filepath.Base(path)] = data
	}
	return all
}

// tampered adds an object and copies of it with faults all over.
func tampered(f *testing.F, object []byte) {
	f.Add(object)
	for i := range 16 {
		at := len(object) * i / 16
		changed := bytes.Clone(object)
		changed[at] ^= 1 << (i % 8)
		f.Add(changed)
		if i%4 == 0 {
			f.Add(object[:at])
			f.Add(slices.Concat(object[:at], object[at/2:]))
		}
	}
}

// FuzzZip judges archives. One that is valid has the digest that is signed, by a
// reader that knows nothing of signatures; and what cannot be signed is corrupt.
func FuzzZip(f *testing.F) {
	id := authority(f, "Test")
	archives := oddities(f)
	maps.Copy(archives, oddArchives(f))
	for _, data := range archives {
		f.Add(data)
		var out bytes.Buffer
		if sign.Lambda(f.Context(), &out, bytes.NewReader(data), id, claims, nil) == nil {
			f.Add(out.Bytes())
		}
	}
	tampered(f, signZip(f, archive(f, app...), id, claims))
	trust := believe(id)
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
			return // that is another's
		}
		v := judge(t, trust, data)
		if v.Status == verify.Valid && v.Object.Digest != innerOf(t, data) {
			t.Error("the digest is another")
		}
		var out bytes.Buffer
		err := sign.Lambda(t.Context(), &out, bytes.NewReader(data), id, claims, nil)
		var refusal *sign.Refusal
		switch signed := v.Object != nil || err != nil && strings.HasSuffix(err.Error(), "already signed."); {
		case err == nil && judge(t, trust, out.Bytes()).Status != verify.Valid:
			t.Error("what was signed is not valid")
		case err == nil && (v.Status != verify.Mismatch || v.Object != nil):
			t.Errorf("an archive that can be signed is %s: %q", v.Status, v.Reasons)
		case err != nil && !errors.As(err, &refusal):
			t.Error(err)
		case err != nil && !signed && v.Status != verify.Corrupt && bytes.Contains(data, []byte("PK\x05\x06")):
			t.Errorf("an archive that cannot be signed (%v) is %s: %q", err, v.Status, v.Reasons)
		}
	})
}

// innerOf is the digest of an archive's entries, read by archive/zip.
func innerOf(t testing.TB, data []byte) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	sum := sha512.New384()
	for _, f := range r.File {
		if f.Name == signatureName {
			continue
		}
		io.WriteString(sum, f.Name)
		body, err := readAll(f)
		must(t, err)
		sum.Write(body)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// FuzzCMS puts signatures into an archive that is whole. A valid one claims what was
// claimed.
func FuzzCMS(f *testing.F) {
	id := authority(f, "Test")
	signed := signZip(f, archive(f, app...), id, claims)
	whole, err := sign.Read(f.Context(), bytes.NewReader(signed))
	must(f, err)
	block, _ := pem.Decode(whole.Signature)
	tampered(f, block.Bytes)
	other, err := sign.Read(f.Context(), bytes.NewReader(signZip(f, archive(f, app...), authority(f, "Other"), claims)))
	must(f, err)
	block, _ = pem.Decode(other.Signature)
	f.Add(block.Bytes)
	trust := believe(id)
	f.Fuzz(func(t *testing.T, der []byte) {
		text := pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der})
		object := rewritten(t, signed, func(w *zip.Writer, files []*zip.File) {
			for _, f := range files[:len(files)-1] {
				must(t, w.Copy(f))
			}
			f, err := w.CreateHeader(&zip.FileHeader{Name: signatureName, Method: zip.Store})
			must(t, err)
			f.Write(text)
		})
		if v := judge(t, trust, object); v.Status == verify.Valid && v.Object.Claims != claims {
			t.Errorf("claims %+v", v.Object.Claims)
		}
	})
}

// FuzzFirmware judges the JSON of devices. What is valid has the payload that was
// signed, for a reader that is not as strict.
func FuzzFirmware(f *testing.F) {
	id := device(f, "device")
	tampered(f, embed(f, "image", id))
	tampered(f, detach(f, "image", id))
	for _, seed := range []string{`{}`, `{"payload":"\ud83d\ude00","signature":[{"a":1}]}`, "{\"signature\":\"\",\"a\":\"\\u00e9\x80\"}", `{"rawPayloadSize":1e9,"signature":null}`} {
		f.Add([]byte(seed))
	}
	trust := know(id)
	trust.Payload = payload("image")
	f.Fuzz(func(t *testing.T, data []byte) {
		v := judge(t, trust, data)
		if v.Status != verify.Valid || v.Object.Format != "JSONEmbedded" {
			return
		}
		var object struct{ Payload []byte }
		if err := json.Unmarshal(data, &object); err != nil || string(object.Payload) != "image" {
			t.Errorf("%v, payload %q", err, object.Payload)
		}
	})
}

// FuzzEnvelope judges envelopes. What is valid is so for Notary Project's library,
// too.
func FuzzEnvelope(f *testing.F) {
	id := authority(f, "Test")
	tampered(f, notate(f, id, claims))
	for _, change := range []func(*forged){without(expiry), critical("alg"), set(authTime, 1), func(f *forged) { f.payload = "[[]]" }} {
		f.Add(forge(f, id, change))
	}
	trust := believe(id)
	f.Fuzz(func(t *testing.T, data []byte) {
		v := judge(t, trust, data)
		if v.Status != verify.Valid || v.Object.Format != "JWS" {
			return
		}
		if err := notary(data); err != nil {
			t.Errorf("only ours takes it: %v", err)
		}
	})
}

// TestOddArchives holds what becomes of Go's odd archives to what is expected: those
// that are signed are valid then, those that are refused are refused with a reason.
func TestOddArchives(t *testing.T) {
	id := authority(t, "Test")
	refused := map[string]string{
		"comment-truncated.zip":  "does not end where",
		"dupdir.zip":             "two entries with one name",
		"readme.zip":             "does not end where",
		"readme.notzip":          "not a valid ZIP archive",
		"test-badbase.zip":       "belong to no entry",
		"test-baddirsz.zip":      "",
		"test-prefix.zip":        "",
		"test-trailing-junk.zip": "does not end where",
	}
	archives := oddArchives(t)
	if len(archives) == 0 {
		t.Skip("Go is here without its tests, or not at all")
	}
	for name, data := range archives {
		var out bytes.Buffer
		err := sign.Lambda(t.Context(), &out, bytes.NewReader(data), id, claims, nil)
		reason, isRefused := refused[name]
		switch {
		case err != nil && (!isRefused || !strings.Contains(err.Error(), reason)):
			t.Errorf("%s: refused: %v", name, err)
		case err == nil && isRefused:
			t.Errorf("%s: taken", name)
		case err != nil:
			if v := judge(t, believe(id), data); v.Status != verify.Corrupt && name != "readme.notzip" {
				t.Errorf("%s: refused (%v), and then %s", name, err, v.Status)
			}
		default:
			expect(t, judge(t, believe(id), data), verify.Mismatch, "not signed")
			expect(t, judge(t, believe(id), out.Bytes()), verify.Valid, "")
		}
	}
}
