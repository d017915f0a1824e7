package bucket_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/buckettest"
)

func TestDir(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) bucket.Store {
		return bucket.Open(bucket.Config{Dir: filepath.Join(t.TempDir(), "new", "buckets")})
	}, nil)
}

// TestOpenTouchesNothing checks that reading makes no directory.
func TestOpenTouchesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	d := bucket.Open(bucket.Config{Dir: dir})
	if all, err := d.ListBuckets(t.Context()); len(all) > 0 || err != nil {
		t.Errorf("buckets %v, %v", all, err)
	}
	_, err := d.Get(t.Context(), "abc", "k", "")
	if !bucket.IsCode(err, bucket.NoSuchBucket) {
		t.Errorf("get: %v", err)
	}
	_, err = d.Put(t.Context(), "abc", "k", strings.NewReader("x"), bucket.PutOptions{})
	if !bucket.IsCode(err, bucket.NoSuchBucket) {
		t.Errorf("put: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	dir, d := newPair(t)
	_, err := d.Put(t.Context(), "plain", "a/b", strings.NewReader("x"), bucket.PutOptions{})
	must(t, err)
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		must(t, err)
		st, err := e.Info()
		must(t, err)
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if st.Mode().Perm() != want {
			t.Errorf("%s has the mode %v", path, st.Mode())
		}
		return nil
	}))
}

// TestSameWorld checks that a fixed clock and repeating chance, as tests have
// them, neither confuse the order of versions nor names of files.
func TestSameWorld(t *testing.T) {
	d := bucket.Open(bucket.Config{
		Dir:  t.TempDir(),
		Now:  func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC) },
		Rand: readerFunc(func(p []byte) (int, error) { clear(p); return len(p), nil }),
	})
	must(t, d.CreateBucket(t.Context(), "abc", bucket.CreateOptions{Region: "eu-west-1"}))
	must(t, d.PutVersioning(t.Context(), "abc", bucket.Enabled))
	for _, b := range []string{"1", "2", "3"} {
		_, err := d.Put(t.Context(), "abc", "k", strings.NewReader(b), bucket.PutOptions{})
		must(t, err)
	}
	page, err := d.ListVersions(t.Context(), "abc", bucket.VersionOptions{})
	must(t, err)
	var got strings.Builder
	for _, v := range page.Versions {
		o, err := d.Get(t.Context(), "abc", "k", v.VersionID)
		must(t, err)
		_, err = io.Copy(&got, o)
		must(t, errors.Join(err, o.Close()))
	}
	if got.String() != "321" {
		t.Errorf("from new to old the versions are %s", got.String())
	}
	b, err := d.HeadBucket(t.Context(), "abc")
	must(t, err)
	if b != (bucket.Bucket{Name: "abc", Region: "eu-west-1", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}) {
		t.Errorf("bucket %+v", b)
	}
}

// TestReadersSeeWhole reads a key without pause while its versions, null and
// others, come and go: the key is always there and always whole.
func TestReadersSeeWhole(t *testing.T) {
	_, d := newPair(t)
	last := replace(t, d, 0, "")
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range 150 {
			last = replace(t, d, n, last)
		}
		close(done)
	})
	for range 2 {
		wg.Go(func() { readUntil(t, d, done) })
	}
	wg.Wait()
	checkWhole(t, d, "versioned")
}

// replace puts a version, of three in a row one null, and removes the last one.
func replace(t *testing.T, d *bucket.Dir, n int, last string) (id string) {
	v := bucket.Enabled
	if n%3 == 0 {
		v = bucket.Suspended
	}
	must(t, d.PutVersioning(t.Context(), "versioned", v))
	s, err := d.Put(t.Context(), "versioned", "k", strings.NewReader(body("writer", n)), bucket.PutOptions{})
	must(t, err)
	if id = s.VersionID; id == "" {
		id = bucket.Null
	}
	if last != "" && last != id {
		_, err := d.Delete(t.Context(), "versioned", "k", last)
		must(t, err)
	}
	return id
}

func readUntil(t *testing.T, d *bucket.Dir, done chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		info, err := d.Head(t.Context(), "versioned", "k", "")
		if err != nil {
			t.Error(err)
			return
		}
		page, err := d.ListVersions(t.Context(), "versioned", bucket.VersionOptions{})
		if err != nil || len(page.Versions) == 0 || !page.Versions[0].Latest || page.Versions[0].VersionID == "" {
			t.Errorf("versions %v, %v", page.Versions, err)
		}
		o, err := d.Get(t.Context(), "versioned", "k", "")
		if err != nil {
			t.Error(err)
			return
		}
		n, err := io.Copy(io.Discard, o)
		if n != o.Size || err != nil || info.Key != "k" {
			t.Errorf("%d bytes of %d, %v", n, o.Size, err)
		}
		o.Close()
	}
}

// TestPutDuringDelete has keys come and go under directories that are removed
// when they are empty, in buckets that are removed when they are.
func TestPutDuringDelete(t *testing.T) {
	_, d := newPair(t)
	var wg sync.WaitGroup
	for _, key := range []string{"a/b/1", "a/b/2", "a/3"} {
		wg.Go(func() {
			for range 50 {
				_, err := d.Put(t.Context(), "plain", key, strings.NewReader(key), bucket.PutOptions{})
				if bucket.IsCode(err, bucket.NoSuchBucket) {
					continue
				}
				if _, delErr := d.Delete(t.Context(), "plain", key, ""); err != nil || delErr != nil && !bucket.IsCode(delErr, bucket.NoSuchBucket) {
					t.Errorf("%s: %v, %v", key, err, delErr)
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			if err := d.DeleteBucket(t.Context(), "plain"); err != nil && !bucket.IsCode(err, bucket.BucketNotEmpty) {
				t.Error(err)
			}
			if err := d.CreateBucket(t.Context(), "plain", bucket.CreateOptions{}); err != nil && !bucket.IsCode(err, bucket.BucketAlreadyOwnedByYou) {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}

// TestLinks checks that a link in the store leads nobody out of it.
func TestLinks(t *testing.T) {
	dir, d := newPair(t)
	outside := t.TempDir()
	must(t, os.Symlink(outside, filepath.Join(dir, "plain", "objects", "+out")))
	_, err := d.Put(t.Context(), "plain", "out/k", strings.NewReader("x"), bucket.PutOptions{})
	if err == nil {
		t.Error("a link was followed")
	}
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil {
		t.Errorf("outside: %v, %v", left, err)
	}
}

// TestDamage checks that a file that is not as it was written is not taken for
// an object, and can be deleted.
func TestDamage(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(b []byte) []byte
		want   string
	}{
		"empty":     {func([]byte) []byte { return nil }, "damaged"},
		"cut short": {func(b []byte) []byte { return b[:len(b)-1] }, "damaged"},
		"no body":   {func(b []byte) []byte { return b[5:] }, "damaged"},
		"record":    {func(b []byte) []byte { b[10] ^= 1; return b }, "damaged"},
		"length":    {func(b []byte) []byte { b[len(b)-16] = 255; return b }, "damaged"},
		"longer":    {func(b []byte) []byte { b[len(b)-14] = 1; return b }, "damaged"},
		"newer":     {func(b []byte) []byte { b[len(b)-1] = 3; return b }, "newer version"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, d := newPair(t)
			_, err := d.Put(t.Context(), "plain", "k", strings.NewReader("hello"), bucket.PutOptions{})
			must(t, err)
			file := filepath.Join(dir, "plain", "objects", "=k", "null")
			b, err := os.ReadFile(file)
			must(t, err)
			must(t, os.WriteFile(file, tt.damage(b), 0o600))
			if _, err = d.Get(t.Context(), "plain", "k", ""); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
			_, err = d.Delete(t.Context(), "plain", "k", "")
			if tt.want == "damaged" {
				must(t, err)
				must(t, d.DeleteBucket(t.Context(), "plain"))
			}
		})
	}
}

// TestHalfMade checks that what is left of a bucket's making or removal is no
// bucket, and in nobody's way.
func TestHalfMade(t *testing.T) {
	dir, d := newPair(t)
	must(t, os.Remove(filepath.Join(dir, "plain", "objects")))
	if _, err := d.HeadBucket(t.Context(), "plain"); !bucket.IsCode(err, bucket.NoSuchBucket) {
		t.Errorf("head: %v", err)
	}
	all, err := d.ListBuckets(t.Context())
	must(t, err)
	if len(all) != 1 || all[0].Name != "versioned" {
		t.Errorf("buckets %v", all)
	}
	must(t, d.CreateBucket(t.Context(), "plain", bucket.CreateOptions{}))
	must(t, os.MkdirAll(filepath.Join(dir, "plain", "objects", "+a", "=b"), 0o700))
	must(t, d.DeleteBucket(t.Context(), "plain"))
}

func TestNewerBucket(t *testing.T) {
	dir, d := newPair(t)
	must(t, os.WriteFile(filepath.Join(dir, "plain", "bucket.json"), []byte(`{"format":2}`), 0o600))
	_, err := d.Put(t.Context(), "plain", "k", strings.NewReader("x"), bucket.PutOptions{})
	if err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("got error %v", err)
	}
}

// TestFiles checks what the package comment says of the directory.
func TestFiles(t *testing.T) {
	dir, d := newPair(t)
	for _, key := range []string{"app.zip", "photos/a.jpg"} {
		_, err := d.Put(t.Context(), "versioned", key, strings.NewReader("x"), bucket.PutOptions{})
		must(t, err)
	}
	_, err := d.Put(t.Context(), "plain", "app.zip", strings.NewReader("x"), bucket.PutOptions{})
	must(t, err)
	var got []string
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if !e.IsDir() && !strings.Contains(path, ".locks") {
			rel, relErr := filepath.Rel(dir, path)
			must(t, relErr)
			got = append(got, filepath.ToSlash(rel))
		}
		return err
	}))
	want := `plain/bucket\.json plain/objects/=app\.zip/null versioned/bucket\.json ` +
		`versioned/objects/\+photos/=a\.jpg/v[0-9a-f]{48} versioned/objects/=app\.zip/v[0-9a-f]{48}`
	if all := strings.Join(got, " "); !regexp.MustCompile("^" + want + "$").MatchString(all) {
		t.Errorf("files %s", all)
	}
}

// TestMemory checks that putting and getting take memory for their buffers, not
// for the body.
func TestMemory(t *testing.T) {
	_, d := newPair(t)
	const size = 64 << 20
	body := noise(size)
	before := allocated()
	_, err := d.Put(context.Background(), "plain", "k", body, bucket.PutOptions{})
	must(t, err)
	o, err := d.Get(context.Background(), "plain", "k", "")
	must(t, err)
	n, err := io.Copy(struct{ io.Writer }{io.Discard}, o)
	must(t, errors.Join(err, o.Close()))
	if used := allocated() - before; n != size || used > 3<<20 {
		t.Errorf("%d bytes were allocated for a body of %d", used, n)
	}
}

// allocated is how many bytes have ever been allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// FuzzKey checks that any key that is taken can be read and listed, and leaves
// nothing outside the store's directory.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"a", "../../x", "/", "a\x00b", "\xff", "", strings.Repeat("./", 500), strings.Repeat("é", 512)} {
		f.Add(key)
	}
	parent := f.TempDir()
	d := bucket.Open(bucket.Config{Dir: filepath.Join(parent, "store")})
	if err := d.CreateBucket(context.Background(), "fuzz", bucket.CreateOptions{}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		_, err := d.Put(t.Context(), "fuzz", key, strings.NewReader(key), bucket.PutOptions{})
		var refusal *bucket.Error
		if errors.As(err, &refusal) {
			return
		}
		must(t, err)
		page, err := d.ListObjects(t.Context(), "fuzz", bucket.ListOptions{Prefix: key, MaxKeys: 1})
		must(t, err)
		if len(page.Objects) != 1 || page.Objects[0].Key != key || page.Objects[0].Size != int64(len(key)) {
			t.Errorf("%q is listed as %+v", key, page)
		}
		_, err = d.Delete(t.Context(), "fuzz", key, "")
		must(t, err)
		checkAlone(t, parent)
	})
}

// checkAlone checks that only the store is in parent, and only what belongs to
// it in the store.
func checkAlone(t *testing.T, parent string) {
	t.Helper()
	for dir, want := range map[string]string{".": "store", "store": ".locks .tmp fuzz", "store/fuzz": "bucket.json objects", "store/fuzz/objects": ""} {
		entries, err := os.ReadDir(filepath.Join(parent, dir))
		must(t, err)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("in %s there is %q, want %q", dir, got, want)
		}
	}
}
