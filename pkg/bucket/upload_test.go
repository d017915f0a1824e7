package bucket_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// putInParts puts an object in parts of these sizes.
func putInParts(t testing.TB, d *bucket.Dir, name, key string, sizes ...int64) (id string, parts []bucket.Part) {
	t.Helper()
	u, err := d.CreateUpload(t.Context(), name, key, bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.CRC64NVME, Type: bucket.FullObject}})
	must(t, err)
	for i, size := range sizes {
		p, err := d.PutPart(t.Context(), name, key, u.ID, i+1, noise(size), bucket.PartOptions{})
		must(t, err)
		parts = append(parts, p)
	}
	return u.ID, parts
}

// TestUploadFiles checks what the package comment says of uploads, and that nothing
// is left of one that has ended.
func TestUploadFiles(t *testing.T) {
	dir, d := newPair(t)
	id, parts := putInParts(t, d, "plain", "dir/k", 1)
	want := `plain/bucket\.json plain/uploads/` + id + `/part-00001 plain/uploads/` + id + `/upload\.json versioned/bucket\.json`
	if got := files(t, dir); !regexp.MustCompile("^"+want+"$").MatchString(got) || len(id) != 48 {
		t.Errorf("files %s", got)
	}
	other, _ := putInParts(t, d, "plain", "dir/k", 1)
	must(t, d.AbortUpload(t.Context(), "plain", "dir/k", other))
	_, err := d.CompleteUpload(t.Context(), "plain", "dir/k", id, parts, bucket.CompleteOptions{})
	must(t, err)
	if got, want := files(t, dir), "plain/bucket.json plain/objects/+dir/=k/null versioned/bucket.json"; got != want {
		t.Errorf("files %s, want %s", got, want)
	}
}

// files returns the files in a store, but the locks.
func files(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if !e.IsDir() && !strings.Contains(path, ".locks") {
			rel, relErr := filepath.Rel(dir, path)
			must(t, relErr)
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	}))
	return strings.Join(all, " ")
}

// TestCompletedBeforeDeath has an upload completed whose version was in its place
// already when the process died.
func TestCompletedBeforeDeath(t *testing.T) {
	dir, d := newPair(t)
	id, parts := putInParts(t, d, "versioned", "k", 1)
	kept := filepath.Join(t.TempDir(), "kept")
	must(t, os.CopyFS(kept, os.DirFS(filepath.Join(dir, "versioned", "uploads", id))))
	first, err := d.CompleteUpload(t.Context(), "versioned", "k", id, parts, bucket.CompleteOptions{})
	must(t, err)
	must(t, os.CopyFS(filepath.Join(dir, "versioned", "uploads", id), os.DirFS(kept)))
	again, err := d.CompleteUpload(t.Context(), "versioned", "k", id, parts, bucket.CompleteOptions{})
	if err != nil || again != first {
		t.Errorf("completed again: %+v, %v; want %+v", again, err, first)
	}
	page, err := d.ListVersions(t.Context(), "versioned", bucket.VersionOptions{})
	if err != nil || len(page.Versions) != 1 {
		t.Errorf("versions %v, %v", page.Versions, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "versioned", "uploads", id)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the upload is still there: %v", err)
	}
	_, err = d.Put(t.Context(), "versioned", "k", strings.NewReader("newer"), bucket.PutOptions{})
	must(t, err)
	_, err = d.CompleteUpload(t.Context(), "versioned", "k", id, parts, bucket.CompleteOptions{})
	if !bucket.IsCode(err, bucket.NoSuchUpload) {
		t.Errorf("completed after another put: %v", err)
	}
}

// TestUploadLeftovers checks that what dying processes leave is swept away.
func TestUploadLeftovers(t *testing.T) {
	dir, _ := newPair(t)
	left := filepath.Join(dir, ".tmp", "put-0000", "gone")
	must(t, os.MkdirAll(left, 0o700))
	must(t, os.WriteFile(filepath.Join(left, "part-00001"), []byte("x"), 0o600))
	long := time.Now().Add(-2 * time.Hour)
	must(t, os.Chtimes(filepath.Dir(left), long, long))
	d := bucket.Open(bucket.Config{Dir: dir})
	_, err := d.Put(t.Context(), "plain", "k", strings.NewReader("x"), bucket.PutOptions{})
	must(t, err)
	if got := files(t, dir); strings.Contains(got, ".tmp") {
		t.Errorf("files %s", got)
	}
}

// A composite checksum may be told without the number of parts, as MinIO's clients do.
func TestCompositeChecksumTold(t *testing.T) {
	for told, ok := range map[string]bool{"%": true, "%-1": true, "%-2": false, "%-": false, "": true, "AAAAAA==": false} {
		_, d := newPair(t)
		u, err := d.CreateUpload(t.Context(), "plain", "k", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.CRC32, Type: bucket.Composite}})
		must(t, err)
		p, err := d.PutPart(t.Context(), "plain", "k", u.ID, 1, strings.NewReader("x"), bucket.PartOptions{Checksum: bucket.Checksum{Algorithm: checksum.CRC32}})
		must(t, err)
		const sum = "anF9hg==" // of the CRC-32 of "x"
		want := bucket.Checksum{Algorithm: checksum.CRC32, Value: strings.Replace(told, "%", sum, 1)}
		_, err = d.CompleteUpload(t.Context(), "plain", "k", u.ID, []bucket.Part{p}, bucket.CompleteOptions{Checksum: want})
		if ok != (err == nil) || err != nil && !bucket.IsCode(err, bucket.BadDigest) {
			t.Errorf("%q: %v", want.Value, err)
		}
	}
}

// TestOldRecord reads a version as programs wrote it that knew no uploads.
func TestOldRecord(t *testing.T) {
	dir, d := newPair(t)
	must(t, os.CopyFS(filepath.Join(dir, "plain", "objects"), os.DirFS("testdata/old")))
	o, err := d.Get(t.Context(), "plain", "old.txt", "")
	must(t, err)
	defer o.Close()
	body, err := io.ReadAll(o)
	want := bucket.Info{
		Key: "old.txt", Size: 5, ETag: `"5d41402abc4b2a76b9719d911017c592"`, LastModified: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC),
		ContentType: "text/plain", Metadata: map[string]string{"color": "red"},
	}
	if got := o.Info; err != nil || string(body) != "hello" || got.Key != want.Key || got.ETag != want.ETag || got.ContentType != want.ContentType ||
		got.Metadata["color"] != "red" || got.Checksum != want.Checksum || got.Headers != want.Headers || got.Parts != 0 {
		t.Errorf("got %+v with %q, %v", got, body, err)
	}
}

// TestUploadDamage checks that damage to an upload is told, and that it can be given
// up.
func TestUploadDamage(t *testing.T) {
	for _, file := range []string{"part-00001", "upload.json"} {
		t.Run(file, func(t *testing.T) {
			dir, d := newPair(t)
			id, parts := putInParts(t, d, "plain", "k", 5)
			must(t, os.WriteFile(filepath.Join(dir, "plain", "uploads", id, file), []byte("junk"), 0o600))
			_, err := d.CompleteUpload(t.Context(), "plain", "k", id, parts, bucket.CompleteOptions{})
			if err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("complete: %v", err)
			}
			if file == "part-00001" {
				must(t, d.AbortUpload(t.Context(), "plain", "k", id))
			}
			must(t, d.DeleteBucket(t.Context(), "plain"))
		})
	}
}

// TestUploadMemory checks that putting parts together takes no memory for their bytes.
func TestUploadMemory(t *testing.T) {
	_, d := newPair(t)
	const part = 8 << 20
	id, parts := putInParts(t, d, "plain", "k", part, part, part, part)
	before := allocated()
	stored, err := d.CompleteUpload(t.Context(), "plain", "k", id, parts, bucket.CompleteOptions{})
	must(t, err)
	if used := allocated() - before; used > 1<<20 || stored.Size != 4*part {
		t.Errorf("%d bytes were allocated for an object of %d", used, stored.Size)
	}
	o, err := d.Get(t.Context(), "plain", "k", "")
	must(t, err)
	defer o.Close()
	h := checksum.CRC64NVME.New()
	_, err = io.Copy(h, o)
	if sum := checksum.Encode(h.Sum(nil)); err != nil || sum != stored.Checksum.Value {
		t.Errorf("the bytes have the checksum %s, %v; told is %s", sum, err, stored.Checksum.Value)
	}
}

func BenchmarkComplete(b *testing.B) {
	const part = 8 << 20
	d := benchBucket(b, bucket.Unversioned)
	sizes := make([]int64, 250<<20/part)
	for i := range sizes {
		sizes[i] = part
	}
	b.SetBytes(int64(len(sizes)) * part)
	for b.Loop() {
		b.StopTimer()
		id, parts := putInParts(b, d, "bench", "k", sizes...)
		b.StartTimer()
		if _, err := d.CompleteUpload(context.Background(), "bench", "k", id, parts, bucket.CompleteOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
