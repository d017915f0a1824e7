package buckettest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"signer/pkg/bucket"
)

// large is the content of a part that is just large enough.
var large = bytes.Repeat([]byte("0123456789abcdef"), bucket.MinPart/16)

func (b *box) begin(key string, opts bucket.UploadOptions) string {
	b.Helper()
	u, err := b.CreateUpload(b.Context(), b.name, key, opts)
	b.ok(err)
	b.same("key", u.Key, key)
	return u.ID
}

func (b *box) part(key, id string, number int, body []byte) bucket.Part {
	b.Helper()
	p, err := b.PutPart(b.Context(), b.name, key, id, number, bytes.NewReader(body), bucket.PartOptions{})
	b.ok(err)
	sum := md5.Sum(body)
	b.same("part", []any{p.Number, p.Size, p.ETag}, []any{number, int64(len(body)), `"` + hex.EncodeToString(sum[:]) + `"`})
	return p
}

func (b *box) complete(key, id string, parts ...bucket.Part) (bucket.Stored, error) {
	return b.CompleteUpload(b.Context(), b.name, key, id, parts, bucket.CompleteOptions{})
}

// partsTag is the entity tag of an object that was put in these parts.
func partsTag(parts ...[]byte) string {
	all := md5.New()
	for _, p := range parts {
		sum := md5.Sum(p)
		all.Write(sum[:])
	}
	return fmt.Sprintf(`"%x-%d"`, all.Sum(nil), len(parts))
}

var uploads = []test{
	{"Whole", func(b *box) {
		b.versioning(bucket.Enabled)
		id := b.begin("dir/k", bucket.UploadOptions{
			ContentType: "text/plain",
			Metadata:    map[string]string{"Color": "Red"},
			Headers:     bucket.Headers{CacheControl: "no-store"},
		})
		_, err := b.Head(b.Context(), b.name, "dir/k", "")
		b.refused(err, bucket.NoSuchKey)
		tail := b.part("dir/k", id, 7, []byte("tail"))
		first := b.part("dir/k", id, 2, large)
		_, err = b.Head(b.Context(), b.name, "dir/k", "")
		b.refused(err, bucket.NoSuchKey)
		stored, err := b.complete("dir/k", id, first, tail)
		b.ok(err)
		b.same("entity tag", stored.ETag, partsTag(large, []byte("tail")))
		b.same("body is whole", b.read("dir/k", "") == string(large)+"tail", true)
		info, err := b.Head(b.Context(), b.name, "dir/k", stored.VersionID)
		b.ok(err)
		if age := time.Since(info.LastModified); age < -time.Minute || age > time.Hour {
			b.Errorf("last modified %v", info.LastModified)
		}
		info.LastModified = time.Time{}
		info.Checksum = bucket.Checksum{}
		b.same("info", info, bucket.Info{
			Key: "dir/k", VersionID: stored.VersionID, Size: int64(len(large)) + 4, ETag: stored.ETag, ContentType: "text/plain",
			Metadata: map[string]string{"color": "Red"}, Headers: bucket.Headers{CacheControl: "no-store"}, Parts: 2,
		})
		b.same("uploads", b.uploadIDs(bucket.UploadListOptions{}), []string(nil))
		_, err = b.ListParts(b.Context(), b.name, "dir/k", id, bucket.PartListOptions{})
		b.refused(err, bucket.NoSuchUpload)
	}},
	{"Unversioned", func(b *box) {
		b.put("k", "old")
		id := b.begin("k", bucket.UploadOptions{})
		p := b.part("k", id, 1, []byte("new"))
		b.same("body", b.read("k", ""), "old")
		stored, err := b.complete("k", id, p)
		b.ok(err)
		b.same("stored", []string{stored.VersionID, stored.ETag}, []string{"", partsTag([]byte("new"))})
		b.same("body", b.read("k", ""), "new")
		b.same("versions", b.history(bucket.VersionOptions{}, nil), []string{"k null *"})
	}},
	{"CompletedAgain", func(b *box) {
		b.versioning(bucket.Enabled)
		id := b.begin("k", bucket.UploadOptions{})
		p := b.part("k", id, 1, []byte("x"))
		first, err := b.complete("k", id, p)
		b.ok(err)
		again, err := b.complete("k", id, p)
		b.ok(err)
		b.same("version and entity tag", []string{again.VersionID, again.ETag}, []string{first.VersionID, first.ETag})
		b.same("versions", len(b.history(bucket.VersionOptions{}, nil)), 1)
	}},
	{"CompletedAtOnce", func(b *box) {
		b.versioning(bucket.Enabled)
		id := b.begin("k", bucket.UploadOptions{})
		one, two := b.part("k", id, 1, large), b.part("k", id, 2, []byte("x"))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := b.complete("k", id, one, two); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		b.same("versions", len(b.history(bucket.VersionOptions{}, nil)), 1)
	}},
	{"Replaced", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		old := b.part("k", id, 1, []byte("old"))
		now := b.part("k", id, 1, []byte("new"))
		_, err := b.complete("k", id, old)
		b.refused(err, bucket.InvalidPart)
		now.ETag = strings.Trim(now.ETag, `"`)
		_, err = b.complete("k", id, now)
		b.ok(err)
		b.same("body", b.read("k", ""), "new")
	}},
	{"Dropped", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		b.part("k", id, 1, []byte("one"))
		_, err := b.complete("k", id, b.part("k", id, 2, []byte("two")))
		b.ok(err)
		b.same("body", b.read("k", ""), "two")
	}},
	{"Refused", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		one, two := b.part("k", id, 1, []byte("small")), b.part("k", id, 2, large)
		for code, parts := range map[string][]bucket.Part{
			bucket.MalformedXML:     {},
			bucket.InvalidPartOrder: {two, one},
			bucket.EntityTooSmall:   {one, two},
			bucket.InvalidPart:      {{Number: 3, ETag: one.ETag}},
		} {
			_, err := b.complete("k", id, parts...)
			b.refused(err, code)
		}
		_, err := b.Head(b.Context(), b.name, "k", "")
		b.refused(err, bucket.NoSuchKey)
		_, err = b.complete("k", id, one)
		b.ok(err)
	}},
	{"PartNumbers", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		for _, n := range []int{0, -1, bucket.MaxParts + 1} {
			_, err := b.PutPart(b.Context(), b.name, "k", id, n, strings.NewReader("x"), bucket.PartOptions{})
			b.refused(err, bucket.InvalidArgument)
		}
		_, err := b.complete("k", id, b.part("k", id, bucket.MaxParts, []byte("last")))
		b.ok(err)
		b.same("body", b.read("k", ""), "last")
	}},
	{"Unknown", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		b.part("k", id, 1, []byte("x"))
		for _, at := range [][2]string{{"k", "none"}, {"other", id}, {"k", "../" + b.name}, {"k", id + "0"}} {
			_, err := b.PutPart(b.Context(), b.name, at[0], at[1], 1, strings.NewReader("x"), bucket.PartOptions{})
			b.refused(err, bucket.NoSuchUpload)
			_, err = b.ListParts(b.Context(), b.name, at[0], at[1], bucket.PartListOptions{})
			b.refused(err, bucket.NoSuchUpload)
			_, err = b.complete(at[0], at[1], bucket.Part{Number: 1, ETag: helloTag})
			b.refused(err, bucket.NoSuchUpload)
			b.refused(b.AbortUpload(b.Context(), b.name, at[0], at[1]), bucket.NoSuchUpload)
		}
		_, err := b.CreateUpload(b.Context(), freshName(), "k", bucket.UploadOptions{})
		b.refused(err, bucket.NoSuchBucket)
		_, err = b.ListUploads(b.Context(), freshName(), bucket.UploadListOptions{})
		b.refused(err, bucket.NoSuchBucket)
	}},
	{"Abort", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		p := b.part("k", id, 1, []byte("x"))
		b.ok(b.AbortUpload(b.Context(), b.name, "k", id))
		b.refused(b.AbortUpload(b.Context(), b.name, "k", id), bucket.NoSuchUpload)
		_, err := b.complete("k", id, p)
		b.refused(err, bucket.NoSuchUpload)
		b.same("uploads", b.uploadIDs(bucket.UploadListOptions{}), []string(nil))
	}},
	{"AbortDuringPart", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		body := readerFunc(func([]byte) (int, error) {
			b.ok(b.AbortUpload(b.Context(), b.name, "k", id))
			return 0, io.EOF
		})
		_, err := b.PutPart(b.Context(), b.name, "k", id, 1, io.MultiReader(strings.NewReader("x"), body), bucket.PartOptions{})
		b.refused(err, bucket.NoSuchUpload)
		b.same("uploads", b.uploadIDs(bucket.UploadListOptions{}), []string(nil))
	}},
	{"PartFails", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		kept := b.part("k", id, 1, []byte("kept"))
		cause := errors.New("the line is dead")
		_, err := b.PutPart(b.Context(), b.name, "k", id, 1, io.MultiReader(bytes.NewReader(large), failing{cause}), bucket.PartOptions{})
		if !errors.Is(err, cause) {
			b.Errorf("got error %v, want %v", err, cause)
		}
		_, err = b.PutPart(b.Context(), b.name, "k", id, 1, strings.NewReader("hallo"), bucket.PartOptions{ContentMD5: "XUFAKrxLKna5cZ2REBfFkg=="})
		b.refused(err, bucket.BadDigest)
		page, err := b.ListParts(b.Context(), b.name, "k", id, bucket.PartListOptions{})
		b.ok(err)
		b.same("parts", partLines(page.Parts), []string{"1 4 " + kept.ETag})
	}},
	{"DeleteBucket", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		b.part("k", id, 1, []byte("x"))
		b.ok(b.DeleteBucket(b.Context(), b.name))
		b.ok(b.CreateBucket(b.Context(), b.name, bucket.CreateOptions{}))
		b.same("uploads", b.uploadIDs(bucket.UploadListOptions{}), []string(nil))
	}},
	{"Conditions", func(b *box) {
		b.put("k", "hello")
		id := b.begin("k", bucket.UploadOptions{})
		p := b.part("k", id, 1, []byte("x"))
		size := int64(2)
		for code, opts := range map[string]bucket.CompleteOptions{
			bucket.PreconditionFailed: {IfNoneMatch: "*"},
			bucket.NotImplemented:     {IfNoneMatch: helloTag},
			bucket.InvalidRequest:     {Size: &size},
		} {
			_, err := b.CompleteUpload(b.Context(), b.name, "k", id, []bucket.Part{p}, opts)
			b.refused(err, code)
		}
		_, err := b.CompleteUpload(b.Context(), b.name, "k", id, []bucket.Part{p}, bucket.CompleteOptions{IfMatch: `"x"`})
		b.refused(err, bucket.PreconditionFailed)
		size = 1
		_, err = b.CompleteUpload(b.Context(), b.name, "k", id, []bucket.Part{p}, bucket.CompleteOptions{IfMatch: helloTag, Size: &size})
		b.ok(err)
		b.same("body", b.read("k", ""), "x")
	}},
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
