package bucket_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/pkg/bucket"
)

// examined are the faults of a store, each as its path, what it is of, and the error.
func examined(t *testing.T, dir string, whole bool) []string {
	t.Helper()
	var all []string
	later := bucket.Open(bucket.Config{Dir: dir, Now: func() time.Time { return time.Now().Add(time.Hour) }}) // when nothing is young
	must(t, later.Examine(t.Context(), whole, func(f bucket.Fault) {
		rel, err := filepath.Rel(dir, f.Path)
		must(t, err)
		all = append(all, filepath.ToSlash(rel)+" of "+f.Bucket+"/"+f.Key+": "+f.Err.Error())
	}))
	return all
}

// filled is a store with objects of all kinds.
func filled(t *testing.T) (dir string) {
	t.Helper()
	dir, d := newPair(t)
	for _, name := range []string{"plain", "versioned"} {
		_, err := d.Put(t.Context(), name, "dir/k", strings.NewReader("the bytes of an object"), bucket.PutOptions{})
		must(t, err)
	}
	_, err := d.Delete(t.Context(), "versioned", "dir/k", "")
	must(t, err)
	id, parts := putInParts(t, d, "plain", "parts", 5<<20, 10)
	_, err = d.CompleteUpload(t.Context(), "plain", "parts", id, parts, bucket.CompleteOptions{})
	must(t, err)
	return dir
}

func TestExamine(t *testing.T) {
	dir := filled(t)
	before := files(t, dir)
	if got := examined(t, dir, true); got != nil {
		t.Errorf("of a store that is whole: %q", got)
	}
	if after := files(t, dir); after != before {
		t.Errorf("%s has become %s", before, after)
	}
	if got := examined(t, filepath.Join(dir, "nothing"), true); got != nil {
		t.Errorf("of no store: %q", got)
	}
	object, parts := filepath.Join(dir, "plain", "objects", "+dir", "=k", "null"), filepath.Join(dir, "plain", "objects", "=parts", "null")
	for _, tc := range []struct {
		name  string
		do    func() error
		quick bool // it is seen without reading everything
		want  string
	}{
		{"a byte of an object", func() error { return alter(object, 3) }, false, "plain/objects/+dir/=k/null of plain/dir/k: damaged: its bytes do not have their MD5"},
		{"a byte of a record", func() error { return alter(object, -30) }, true, "damaged: its record does not have its checksum"},
		{"a byte of an object in parts", func() error { return alter(parts, 3) }, false, "of plain/parts: damaged: its bytes do not have their CRC64NVME"},
		{"a file in the place of another", func() error { return os.Rename(parts, object) }, true, `of plain/dir/k: damaged: it holds a version of the key "parts"`},
		{"a file that was cut", func() error { return os.Truncate(object, 10) }, true, "damaged: it has no record"},
		{"a bucket's file", func() error { return os.WriteFile(filepath.Join(dir, "plain", "bucket.json"), []byte("{"), 0o600) }, true, "plain/bucket.json of plain/: damaged: plain/bucket.json is not JSON"},
		{"no bucket's file", func() error { return os.Remove(filepath.Join(dir, "plain", "bucket.json")) }, true, "plain/bucket.json of plain/: it is missing, and without it the bucket's objects cannot be read"},
		{"no objects", func() error { return os.RemoveAll(filepath.Join(dir, "plain", "objects")) }, true, "plain/objects of plain/: it is missing, and with it all objects of the bucket"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			saved := filepath.Join(t.TempDir(), "plain")
			must(t, os.CopyFS(saved, os.DirFS(filepath.Join(dir, "plain"))))
			must(t, tc.do())
			if got := examined(t, dir, true); len(got) != 1 || !strings.Contains(got[0], tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got := examined(t, dir, false); tc.quick != (len(got) == 1) {
				t.Errorf("in a hurry: got %q", got)
			}
			must(t, os.RemoveAll(filepath.Join(dir, "plain")))
			must(t, os.CopyFS(filepath.Join(dir, "plain"), os.DirFS(saved)))
		})
	}
}

// alter changes a byte of a file, counted from its end if at is negative.
func alter(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[(at+len(b))%len(b)] ^= 1
	return os.WriteFile(path, b, 0o600)
}

// A bucket that is just being made has no fault.
func TestExamineYoung(t *testing.T) {
	dir, d := newPair(t)
	must(t, os.Remove(filepath.Join(dir, "plain", "objects")))
	must(t, d.Examine(t.Context(), true, func(f bucket.Fault) { t.Errorf("%s: %v", f.Path, f.Err) }))
}
