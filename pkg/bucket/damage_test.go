package bucket_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/bucket"
)

// TestDamageListed checks that a damaged version hides none from those who list, is not
// left out, and can be removed.
func TestDamageListed(t *testing.T) {
	dir, d := newPair(t)
	for _, key := range []string{"a", "dir/b", "z"} {
		_, err := d.Put(t.Context(), "versioned", key, strings.NewReader("hello"), bucket.PutOptions{})
		must(t, err)
	}
	old, err := d.Head(t.Context(), "versioned", "dir/b", "")
	must(t, err)
	_, err = d.Put(t.Context(), "versioned", "dir/b", strings.NewReader("hello again"), bucket.PutOptions{})
	must(t, err)
	damage(t, filepath.Join(dir, "versioned", "objects", "+dir", "=b"), 1)
	if got, want := listed(t, d), "a dir/b z | a! dir/b! dir/b? z!"; got != want {
		t.Errorf("an old version: got %s, want %s", got, want)
	}
	damage(t, filepath.Join(dir, "versioned", "objects", "+dir", "=b"), 2)
	if got, want := listed(t, d), "a dir/b? z | a! dir/b?! dir/b? z!"; got != want {
		t.Errorf("the current one, too: got %s, want %s", got, want)
	}
	page, err := d.ListVersions(t.Context(), "versioned", bucket.VersionOptions{Prefix: "dir/"})
	must(t, err)
	if v := page.Versions[1]; v.VersionID != old.VersionID || v.Size == 0 || v.LastModified.IsZero() || v.DeleteMarker {
		t.Errorf("got %+v", v)
	}
	for _, v := range page.Versions {
		if _, err := d.Get(t.Context(), "versioned", v.Key, v.VersionID); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("get: %v", err)
		}
		_, err := d.Delete(t.Context(), "versioned", v.Key, v.VersionID)
		must(t, err)
	}
	if got, want := listed(t, d), "a z | a! z!"; got != want {
		t.Errorf("deleted: got %s, want %s", got, want)
	}
}

// TestDamagedNullListed checks a damaged null version among others, where it was put
// before them.
func TestDamagedNullListed(t *testing.T) {
	dir, d := newPair(t)
	must(t, d.PutVersioning(t.Context(), "versioned", bucket.Suspended))
	for _, versioning := range []bucket.Versioning{bucket.Suspended, bucket.Enabled} {
		must(t, d.PutVersioning(t.Context(), "versioned", versioning))
		_, err := d.Put(t.Context(), "versioned", "k", strings.NewReader("hello"), bucket.PutOptions{})
		must(t, err)
	}
	must(t, os.Truncate(filepath.Join(dir, "versioned", "objects", "=k", "null"), 3))
	if got, want := listed(t, d), "k? | k?! k"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// damage cuts the oldest n versions of a key.
func damage(t *testing.T, keyDir string, n int) {
	t.Helper()
	entries, err := os.ReadDir(keyDir)
	must(t, err)
	for _, e := range entries[:n] {
		must(t, os.Truncate(filepath.Join(keyDir, e.Name()), 3))
	}
}

// listed are the objects and the versions of a bucket, page by page of one entry: the
// latest with "!", and with "?" those that have no entity tag.
func listed(t *testing.T, d *bucket.Dir) string {
	t.Helper()
	var all []string
	tell := func(i bucket.Info, mark string) {
		if i.ETag == "" {
			mark = "?" + mark
		}
		all = append(all, i.Key+mark)
	}
	for token, more := "", true; more; {
		page, err := d.ListObjects(t.Context(), "versioned", bucket.ListOptions{MaxKeys: 1, Token: token})
		must(t, err)
		for _, o := range page.Objects {
			tell(o, "")
		}
		token, more = page.NextToken, page.Truncated
	}
	all = append(all, "|")
	for key, version, more := "", "", true; more; {
		page, err := d.ListVersions(t.Context(), "versioned", bucket.VersionOptions{MaxKeys: 1, KeyMarker: key, VersionMarker: version})
		must(t, err)
		for _, v := range page.Versions {
			mark := ""
			if v.Latest {
				mark = "!"
			}
			tell(v.Info, mark)
		}
		key, version, more = page.NextKeyMarker, page.NextVersionMarker, page.Truncated
	}
	return strings.Join(all, " ")
}
