// Package buckettest holds implementations of [bucket.Store] to their contract.
package buckettest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signer/pkg/bucket"
)

// Lacks names tests, such as "Keys" or "Put/ContentMD5", that cannot pass for a
// reason that lies in the server behind a store, and gives the reason.
type Lacks map[string]string

// Run tests the store that open returns. It makes buckets with names of its own,
// so that the store may hold others and need not be fresh.
func Run(t *testing.T, open func(t *testing.T) bucket.Store, lacks Lacks) {
	r := runner{open, lacks}
	r.group(t, "Buckets", buckets)
	r.group(t, "Put", puts)
	r.group(t, "Get", gets)
	r.group(t, "Versions", versions)
	r.group(t, "Keys", keys)
	r.group(t, "List", lists)
	r.group(t, "Pages", pages)
	r.group(t, "Conditions", conditions)
	r.group(t, "Checksums", checksums)
	r.group(t, "Uploads", slices.Concat(uploads, uploadSums, uploadLists))
	r.group(t, "Tags", tags)
}

// test is one behaviour, tried in a bucket of its own.
type test struct {
	name string
	run  func(b *box)
}

type runner struct {
	open  func(*testing.T) bucket.Store
	lacks Lacks
}

func (r runner) group(t *testing.T, name string, tests []test) {
	t.Run(name, func(t *testing.T) {
		if why := r.lacks[name]; why != "" {
			t.Skip(why)
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if why := r.lacks[name+"/"+tt.name]; why != "" {
					t.Skip(why)
				}
				tt.run(newBox(t, r.open(t)))
			})
		}
	})
}

// box is a store with an empty bucket, and a test that uses it.
type box struct {
	*testing.T
	bucket.Store
	name string
}

func newBox(t *testing.T, s bucket.Store) *box {
	b := &box{t, s, freshName()}
	b.ok(s.CreateBucket(t.Context(), b.name, bucket.CreateOptions{}))
	return b
}

func freshName() string {
	var r [8]byte
	_, _ = rand.Read(r[:]) // never fails
	return "t-" + hex.EncodeToString(r[:])
}

// ok ends the test if err is not nil.
func (b *box) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("unexpected error: %v", err)
	}
}

// refused checks that err has this code, and returns it.
func (b *box) refused(err error, code string) *bucket.Error {
	b.Helper()
	var e *bucket.Error
	if !errors.As(err, &e) || e.Code != code {
		b.Fatalf("got error %v, want %s", err, code)
	}
	if want := bucket.NewError(code); e.Status != want.Status || e.Message == "" {
		b.Errorf("%s has status %d and text %q, want %d and a text", code, e.Status, e.Message, want.Status)
	}
	return e
}

// says checks the text of a refusal. Some servers end it with a full stop where
// S3 does not.
func (b *box) says(e *bucket.Error, text string) {
	b.Helper()
	b.same("text", strings.TrimSuffix(e.Message, "."), strings.TrimSuffix(text, "."))
}

// same reports what differs between what a test got and wants.
func (b *box) same(what string, got, want any) {
	b.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		b.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func (b *box) put(key, body string) bucket.Stored {
	b.Helper()
	s, err := b.Put(b.Context(), b.name, key, strings.NewReader(body), bucket.PutOptions{})
	b.ok(err)
	return s
}

func (b *box) versioning(v bucket.Versioning) {
	b.Helper()
	b.ok(b.PutVersioning(b.Context(), b.name, v))
}

func (b *box) delete(key, version string) bucket.Deleted {
	b.Helper()
	d, err := b.Delete(b.Context(), b.name, key, version)
	b.ok(err)
	return d
}

func (b *box) open(key, version string) *bucket.Object {
	b.Helper()
	o, err := b.Get(b.Context(), b.name, key, version)
	b.ok(err)
	b.Cleanup(func() { o.Close() })
	return o
}

// read returns the bytes of a version.
func (b *box) read(key, version string) string {
	b.Helper()
	o := b.open(key, version)
	var buf bytes.Buffer
	_, err := io.Copy(&buf, o)
	b.ok(err)
	return buf.String()
}

// history tells all versions in the bucket that match opts, over pages of this
// size: key, version as name tells it, "x" for a delete marker, "*" for the
// latest.
func (b *box) history(opts bucket.VersionOptions, name map[string]string) (lines []string) {
	b.Helper()
	for range 1000 {
		page, err := b.ListVersions(b.Context(), b.name, opts)
		b.ok(err)
		for _, v := range page.Versions {
			lines = append(lines, line(v, name))
		}
		for _, p := range page.Prefixes {
			lines = append(lines, p+" PRE")
		}
		if !page.Truncated {
			return lines
		}
		opts.KeyMarker, opts.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
	}
	b.Fatal("the pages do not end")
	return nil
}

func line(v bucket.Version, name map[string]string) string {
	id := v.VersionID
	if n, ok := name[id]; ok {
		id = n
	}
	s := v.Key + " " + id
	if v.DeleteMarker {
		s += " x"
	}
	if v.Latest {
		s += " *"
	}
	return s
}
