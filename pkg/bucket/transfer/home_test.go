package transfer_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// dirIn is a store in a directory.
func dirIn(t testing.TB) (*bucket.Dir, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "buckets")
	return bucket.Open(bucket.Config{Dir: dir}), dir
}

func put(t testing.TB, s bucket.Store, in, key, body string, opts ...bucket.PutOptions) bucket.Stored {
	t.Helper()
	stored, err := s.Put(ctx, in, key, strings.NewReader(body), append(opts, bucket.PutOptions{})[0])
	must(t, err)
	return stored
}

func remove(t testing.TB, s bucket.Store, in, key, version string) {
	t.Helper()
	_, err := s.Delete(ctx, in, key, version)
	must(t, err)
}

// large is the first part of what comes in parts.
var large = bytes.Repeat([]byte("0123456789abcdef"), bucket.MinPart/16)

// putParts puts an object in two parts.
func putParts(t testing.TB, s bucket.Store, in, key string, opts bucket.UploadOptions) {
	t.Helper()
	u, err := s.CreateUpload(ctx, in, key, opts)
	must(t, err)
	var parts []bucket.Part
	for i, body := range [][]byte{large, []byte("the end")} {
		sum := bucket.Checksum{Algorithm: opts.Checksum.Algorithm}
		p, err := s.PutPart(ctx, in, key, u.ID, i+1, bytes.NewReader(body), bucket.PartOptions{Checksum: sum})
		must(t, err)
		parts = append(parts, p)
	}
	_, err = s.CompleteUpload(ctx, in, key, u.ID, parts, bucket.CompleteOptions{})
	must(t, err)
}

// home fills a store as a home's is.
func home(t testing.TB, s bucket.Store) {
	t.Helper()
	must(t, s.CreateBucket(ctx, "plain", bucket.CreateOptions{}))
	put(t, s, "plain", "signed/a", "signed")
	put(t, s, "plain", "empty", "")
	must(t, s.CreateBucket(ctx, "nothing", bucket.CreateOptions{}))
	must(t, s.CreateBucket(ctx, "versioned", bucket.CreateOptions{}))
	put(t, s, "versioned", "old", "null version")
	put(t, s, "versioned", "app.zip", "null version")
	must(t, s.PutVersioning(ctx, "versioned", bucket.Enabled))
	for i := range 5 {
		put(t, s, "versioned", "app.zip", fmt.Sprint("version ", i))
	}
	put(t, s, "versioned", "app.zip", "version 4") // the same again
	put(t, s, "versioned", "gone", "it was here")
	remove(t, s, "versioned", "gone", "")
	put(t, s, "versioned", "dir/all", "hello", bucket.PutOptions{ContentType: "text/plain", Metadata: map[string]string{"color": "red"},
		Headers:  bucket.Headers{CacheControl: "no-store", ContentDisposition: "inline", ContentLanguage: "en", Expires: "Thu, 01 Dec 2033 16:00:00 GMT"},
		Checksum: bucket.Checksum{Algorithm: checksum.SHA256}})
	must(t, s.CreateBucket(ctx, "suspended", bucket.CreateOptions{}))
	must(t, s.PutVersioning(ctx, "suspended", bucket.Enabled))
	put(t, s, "suspended", "k", "one")
	must(t, s.PutVersioning(ctx, "suspended", bucket.Suspended))
	put(t, s, "suspended", "k", "null")
}

// big adds objects in parts.
func big(t testing.TB, s bucket.Store) {
	t.Helper()
	putParts(t, s, "versioned", "large", bucket.UploadOptions{ContentType: "application/zip", Metadata: map[string]string{"a": "b"}})
	putParts(t, s, "versioned", "composite", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.SHA256, Type: bucket.Composite}, Tags: []bucket.Tag{{Key: "big"}}})
	putParts(t, s, "versioned", "full", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.CRC32, Type: bucket.FullObject}})
}

// more is what not every server that speaks S3's protocol keeps.
func more(t testing.TB, s bucket.Store) {
	t.Helper()
	must(t, s.CreateBucket(ctx, "more", bucket.CreateOptions{Region: "eu-west-1", Tags: []bucket.Tag{{Key: "team", Value: "a b+c"}, {Key: "x"}}}))
	must(t, s.PutVersioning(ctx, "more", bucket.Enabled))
	for _, key := range []string{"x", "x/y", "x-y", "a//b", "sp ace+%", "é\n", strings.Repeat("l", 900)} {
		put(t, s, "more", key, key)
	}
	remove(t, s, "more", "never there", "")
	for i := range 3 {
		put(t, s, "more", "x/y", fmt.Sprint(i))
		remove(t, s, "more", "x/y", "")
	}
	put(t, s, "more", "x/y", "back again", bucket.PutOptions{Tags: []bucket.Tag{{Key: "stage", Value: "test"}, {Key: "é", Value: "ü/="}}})
}
