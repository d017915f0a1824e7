package verify_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/pkg/sign"
	"signer/pkg/verify"
)

const signatureName = "META_INF/aws_signer_signature_v1.0.SF"

// rewritten is an archive with its entries written anew after a change of their
// list, by a program that knows nothing of signatures.
func rewritten(t testing.TB, signed []byte, write func(*zip.Writer, []*zip.File)) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(signed), int64(len(signed)))
	must(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	write(w, r.File)
	must(t, w.Close())
	return out.Bytes()
}

// repack writes entries under the names that are given, with other contents where
// body has them.
func repack(t testing.TB, h func(zip.FileHeader) zip.FileHeader, change func([]*zip.File) []*zip.File, body map[string]string) func(*zip.Writer, []*zip.File) {
	return func(w *zip.Writer, files []*zip.File) {
		if change != nil {
			files = change(slices.Clone(files))
		}
		for _, f := range files {
			data, err := readAll(f)
			must(t, err)
			if text, ok := body[f.Name]; ok {
				data = []byte(text)
			}
			header := h(zip.FileHeader{Name: f.Name, Method: f.Method, Modified: f.Modified})
			if strings.HasSuffix(header.Name, "/") {
				data = nil
			}
			e, err := w.CreateHeader(&header)
			must(t, err)
			_, err = e.Write(data)
			must(t, err)
		}
	}
}

func readAll(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func same(h zip.FileHeader) zip.FileHeader { return h }

// TestRewritten is about what may become of an archive after it was signed.
func TestRewritten(t *testing.T) {
	id := authority(t, "Test")
	signed := signZip(t, archive(t, app...), id, claims)
	extra := func(name string) func(*zip.Writer, []*zip.File) {
		return func(w *zip.Writer, files []*zip.File) {
			repack(t, same, nil, nil)(w, files)
			f, err := w.Create(name)
			must(t, err)
			io.WriteString(f, "more")
		}
	}
	for name, tc := range map[string]struct {
		write  func(*zip.Writer, []*zip.File)
		status verify.Status
		reason string
	}{
		"as it was":    {repack(t, same, nil, nil), verify.Valid, ""},
		"recompressed": {repack(t, func(h zip.FileHeader) zip.FileHeader { h.Method = zip.Store; return h }, nil, nil), verify.Valid, ""},
		"redated":      {repack(t, func(h zip.FileHeader) zip.FileHeader { h.Modified = time.Unix(1e9, 0); return h }, nil, nil), verify.Valid, ""},
		"commented": {func(w *zip.Writer, files []*zip.File) {
			repack(t, same, nil, nil)(w, files)
			w.SetComment("built today")
		}, verify.Valid, ""},
		"signature first": {repack(t, same, func(f []*zip.File) []*zip.File { return slices.Insert(f[:len(f)-1], 0, f[len(f)-1]) }, nil), verify.Valid, ""},

		"renamed":             {repack(t, func(h zip.FileHeader) zip.FileHeader { h.Name = strings.Replace(h.Name, "index", "inbex", 1); return h }, nil, nil), verify.Corrupt, "changed after it was signed"},
		"reordered":           {repack(t, same, func(f []*zip.File) []*zip.File { f[0], f[2] = f[2], f[0]; return f }, nil), verify.Corrupt, "changed after it was signed"},
		"edited":              {repack(t, same, nil, map[string]string{"lib/a.txt": "aab"}), verify.Corrupt, "changed after it was signed"},
		"emptied":             {repack(t, same, nil, map[string]string{"lib/a.txt": ""}), verify.Corrupt, "changed after it was signed"},
		"one removed":         {repack(t, same, func(f []*zip.File) []*zip.File { return f[1:] }, nil), verify.Corrupt, "changed after it was signed"},
		"a directory removed": {repack(t, same, func(f []*zip.File) []*zip.File { return slices.Delete(f, 1, 2) }, nil), verify.Corrupt, "changed after it was signed"},
		"one added":           {extra("more.txt"), verify.Corrupt, "changed after it was signed"},
		"an empty one added":  {extra("more/"), verify.Corrupt, ""},
		"one twice":           {repack(t, same, func(f []*zip.File) []*zip.File { return slices.Insert(f, 1, f[0]) }, nil), verify.Corrupt, "two entries with one name"},
		"one over another":    {extra("lib/./a.txt"), verify.Corrupt, "two entries with one name"},
		"signature twice":     {extra(signatureName), verify.Corrupt, "two entries with one name"},
		"signature changed":   {repack(t, same, nil, map[string]string{signatureName: "-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n"}), verify.Corrupt, "ContentInfo"},
		"signature emptied":   {repack(t, same, nil, map[string]string{signatureName: ""}), verify.Corrupt, "not one PEM block"},
		"signature too long":  {repack(t, same, nil, map[string]string{signatureName: strings.Repeat("A", 2<<20)}), verify.Corrupt, "longer than"},
		"signature removed":   {repack(t, same, func(f []*zip.File) []*zip.File { return f[:len(f)-1] }, nil), verify.Mismatch, "not signed"},
		"leading out":         {extra("../more"), verify.Corrupt, "leads out"},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(t, believe(id), rewritten(t, signed, tc.write))
			if tc.reason == "" && tc.status != verify.Valid {
				tc.reason = "."
			}
			expect(t, v, tc.status, tc.reason)
			if v.Status == verify.Corrupt && v.Object != nil {
				t.Error("a corrupt object says something of itself")
			}
		})
	}
}

// TestBoundary shows the weakness of AWS's format, which puts no frame between a
// name and its content: a part of one can become a part of the other, and the digest
// stays the same. Nothing that is signed could tell.
func TestBoundary(t *testing.T) {
	id := authority(t, "Test")
	signed := signZip(t, archive(t, entry{"run", "ner = 1"}, entry{"x", "x"}), id, claims)
	moved := rewritten(t, signed, repack(t, func(h zip.FileHeader) zip.FileHeader {
		if h.Name == "run" {
			h.Name = "runner"
		}
		return h
	}, nil, map[string]string{"run": " = 1"}))
	expect(t, judge(t, believe(id), moved), verify.Valid, "")
}

// TestEverywhere changes bytes all over a signed archive. What stays valid has
// the same entries still.
func TestEverywhere(t *testing.T) {
	id := authority(t, "Test")
	signed := signZip(t, archive(t, entry{"a", "abcabcabc"}, entry{"d/", ""}, entry{"d/é", "e"}), id, claims)
	want := contents(t, signed)
	trust := believe(id)
	kept := 0
	for i := 0; i < len(signed); i += 7 {
		changed := bytes.Clone(signed)
		changed[i] ^= 1 << (i % 8)
		v, err := trust.Judge(t.Context(), bytes.NewReader(changed))
		must(t, err)
		if v.Status != verify.Valid {
			continue
		}
		kept++
		if got := contents(t, changed); !slices.Equal(got, want) {
			t.Errorf("byte %d may be changed: %q", i, got)
		}
	}
	t.Logf("%d of %d bytes matter to nobody, such as dates and modes", kept, len(signed)/7)
}

// contents are the names and contents of an archive's entries but the signature.
func contents(t testing.TB, archive []byte) []string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	must(t, err)
	var all []string
	for _, f := range r.File {
		if f.Name == signatureName {
			continue
		}
		data, err := readAll(f)
		must(t, err)
		all = append(all, f.Name, string(data))
	}
	return all
}

// TestClaims is about a signature whose claims could not be shown.
func TestClaims(t *testing.T) {
	id := authority(t, "Test")
	for _, c := range []sign.Claims{
		{Job: "", ProfileVersion: claims.ProfileVersion},
		{Job: claims.Job, ProfileVersion: "arn:aws:signer:us-east-1:111122223333:/x\x1b[2J"},
		{Job: "arn:aws:iam::111122223333:root", ProfileVersion: claims.ProfileVersion},
	} {
		c.SignedAt, c.ExpiresAt = claims.SignedAt, claims.ExpiresAt
		expect(t, judge(t, believe(id), signZip(t, archive(t, app...), id, c)), verify.Corrupt, "not an ARN")
	}
}

func TestAttributes(t *testing.T) {
	id := authority(t, "Test")
	o, err := verify.Open(t.Context(), bytes.NewReader(signZip(t, archive(t, app...), id, claims)))
	must(t, err)
	got := map[string]string{}
	for _, a := range o.Attributes {
		got[a.Name] = a.Value
	}
	if len(got) != 7 || got["signingJob"] != claims.Job || got["expiry"] != "20371228091926.806Z" || got["contentType"] != "1.2.840.113549.1.7.1" || len(got["messageDigest"]) != 96 {
		t.Errorf("%q", got)
	}
}

// TestPeek looks at what cannot be opened.
func TestPeek(t *testing.T) {
	id := authority(t, "Test")
	signed := signZip(t, archive(t, app...), id, claims)
	changed := bytes.Clone(signed)
	changed[bytes.Index(changed, []byte("index.py"))] ^= 1 // in its local header
	for name, tc := range map[string]struct {
		object      []byte
		damage, err string
	}{
		"whole":               {signed, "", ""},
		"damaged":             {changed, "the local and the central header of entry", ""},
		"damaged, not signed": {bytes.Replace(archive(t, app...), []byte("index.py"), []byte("inbex.py"), 1), "", "the local and the central header of entry"},
		"cut":                 {signed[:len(signed)-1], "", "not a valid ZIP archive"},
		"not signed":          {archive(t, app...), "", "not signed"},
		"bad signature":       {rewritten(t, signed, repack(t, same, nil, map[string]string{signatureName: "-"})), "", "not one PEM block"},
	} {
		t.Run(name, func(t *testing.T) {
			o, damage, err := verify.Peek(t.Context(), bytes.NewReader(tc.object))
			if !says(damage, tc.damage) || !says(err, tc.err) {
				t.Fatalf("%v, %v", damage, err)
			}
			if err == nil && (o.Claims != claims || (o.Digest == "") != (damage != nil)) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// says tells whether an error has a text; without text, whether there is none.
func says(err error, text string) bool {
	return (err == nil) == (text == "") && (err == nil || strings.Contains(err.Error(), text))
}
