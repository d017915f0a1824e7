package buckettest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
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

// sumOf is a checksum of bytes.
func sumOf(a checksum.Algorithm, body []byte) bucket.Checksum {
	h := a.New()
	h.Write(body)
	return bucket.Checksum{Algorithm: a, Type: bucket.FullObject, Value: checksum.Encode(h.Sum(nil))}
}

// uploadIDs returns the uploads in the bucket as "key id", over pages of this size.
func (b *box) uploadIDs(opts bucket.UploadListOptions) (lines []string) {
	b.Helper()
	for range 1000 {
		page, err := b.ListUploads(b.Context(), b.name, opts)
		b.ok(err)
		for _, u := range page.Uploads {
			lines = append(lines, u.Key+" "+u.ID)
		}
		for _, p := range page.Prefixes {
			lines = append(lines, p+" PRE")
		}
		if !page.Truncated {
			return lines
		}
		opts.KeyMarker, opts.UploadMarker = page.NextKeyMarker, page.NextUploadMarker
	}
	b.Fatal("the pages do not end")
	return nil
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
	{"FullObject", func(b *box) {
		for _, a := range []checksum.Algorithm{checksum.CRC32, checksum.CRC32C, checksum.CRC64NVME} {
			id := b.begin("k", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: a, Type: bucket.FullObject}})
			var parts []bucket.Part
			for i, body := range [][]byte{large, []byte("tail")} {
				p, err := b.PutPart(b.Context(), b.name, "k", id, i+1, bytes.NewReader(body), bucket.PartOptions{Checksum: bucket.Checksum{Algorithm: a}})
				b.ok(err)
				b.same("of the part", p.Checksum, sumOf(a, body))
				parts = append(parts, p)
			}
			want := sumOf(a, append(large[:len(large):len(large)], "tail"...))
			_, err := b.CompleteUpload(b.Context(), b.name, "k", id, parts, bucket.CompleteOptions{Checksum: parts[0].Checksum})
			b.refused(err, bucket.BadDigest)
			stored, err := b.CompleteUpload(b.Context(), b.name, "k", id, parts, bucket.CompleteOptions{Checksum: want})
			b.ok(err)
			b.same("stored", stored.Checksum, want)
			info, err := b.Head(b.Context(), b.name, "k", "")
			b.ok(err)
			b.same("kept", info.Checksum, want)
		}
	}},
	{"Composite", func(b *box) {
		for _, a := range []checksum.Algorithm{checksum.CRC32, checksum.SHA256} {
			id := b.begin("k", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: a, Type: bucket.Composite}})
			whole, all := a.New(), []bucket.Part(nil)
			for i, body := range [][]byte{large, []byte("tail")} {
				p, err := b.PutPart(b.Context(), b.name, "k", id, i+1, bytes.NewReader(body), bucket.PartOptions{Checksum: sumOf(a, body)})
				b.ok(err)
				sum, _ := a.Decode(p.Checksum.Value)
				whole.Write(sum)
				all = append(all, p)
			}
			stored, err := b.complete("k", id, all...)
			b.ok(err)
			b.same("stored", stored.Checksum, bucket.Checksum{Algorithm: a, Type: bucket.Composite, Value: checksum.Encode(whole.Sum(nil)) + "-2"})
			page, err := b.Parts(b.Context(), b.name, "k", "", bucket.PartListOptions{After: 1})
			b.ok(err)
			b.same("total", []any{page.Total, page.Truncated, page.ETag}, []any{2, false, stored.ETag})
			b.parts(page.Parts, 2)
			b.same("checksum of the part", page.Parts[0].Checksum.Value, all[1].Checksum.Value)
		}
	}},
	{"OtherChecksum", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.SHA1, Type: bucket.Composite}})
		for _, c := range []bucket.Checksum{{Algorithm: checksum.SHA256}, sumOf(checksum.CRC32, []byte("x"))} {
			_, err := b.PutPart(b.Context(), b.name, "k", id, 1, strings.NewReader("x"), bucket.PartOptions{Checksum: c})
			b.refused(err, bucket.InvalidRequest)
		}
		_, err := b.PutPart(b.Context(), b.name, "k", id, 1, strings.NewReader("x"), bucket.PartOptions{Checksum: sumOf(checksum.SHA1, []byte("y"))})
		b.refused(err, bucket.BadDigest)
		for _, c := range []bucket.Checksum{{Algorithm: checksum.SHA1, Type: bucket.FullObject}, {Algorithm: checksum.CRC64NVME, Type: bucket.Composite}} {
			_, err := b.CreateUpload(b.Context(), b.name, "k", bucket.UploadOptions{Checksum: c})
			b.refused(err, bucket.InvalidRequest)
		}
	}},
	{"ImpliedChecksum", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.CRC64NVME, Type: bucket.FullObject}, Implied: true})
		p, err := b.PutPart(b.Context(), b.name, "k", id, 1, strings.NewReader("hello"), bucket.PartOptions{Checksum: bucket.Checksum{Algorithm: checksum.SHA1}})
		b.ok(err)
		b.same("of the part", p.Checksum, sumOf(checksum.SHA1, []byte("hello")))
		stored, err := b.CompleteUpload(b.Context(), b.name, "k", id, []bucket.Part{p}, bucket.CompleteOptions{Checksum: sumOf(checksum.SHA1, []byte("other"))})
		b.ok(err)
		b.same("stored", stored.Checksum, sumOf(checksum.CRC64NVME, []byte("hello")))
	}},
	{"OnePart", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		three, five := b.part("k", id, 3, large), b.part("k", id, 5, []byte("tail"))
		_, err := b.complete("k", id, three, five)
		b.ok(err)
		page, err := b.Parts(b.Context(), b.name, "k", "", bucket.PartListOptions{After: 1, Max: 1})
		b.ok(err)
		b.same("total", page.Total, 2)
		b.parts(page.Parts, 2)
		b.same("part", []int64{page.Parts[0].Size, page.Parts[0].Offset}, []int64{4, int64(len(large))})
		b.put("plain", "x")
		page, err = b.Parts(b.Context(), b.name, "plain", "", bucket.PartListOptions{Max: 1})
		b.ok(err)
		b.same("parts of another", []int{page.Total, len(page.Parts)}, []int{0, 0})
	}},
	{"ListParts", func(b *box) {
		id := b.begin("k", bucket.UploadOptions{})
		var want []string
		for _, n := range []int{1, 2, 10, 11, 100} {
			p := b.part("k", id, n, []byte(strings.Repeat("x", n)))
			want = append(want, fmt.Sprint(n, " ", n, " ", p.ETag))
		}
		for max := range 7 {
			var got []string
			for opts := (bucket.PartListOptions{Max: max}); ; {
				page, err := b.ListParts(b.Context(), b.name, "k", id, opts)
				b.ok(err)
				b.same("upload", []string{page.Upload.Key, page.Upload.ID}, []string{"k", id})
				got = append(got, partLines(page.Parts)...)
				if !page.Truncated {
					break
				}
				opts.After = page.Parts[len(page.Parts)-1].Number
			}
			b.same(fmt.Sprint("parts in pages of ", max), got, want)
		}
	}},
	{"ListUploads", func(b *box) {
		var want []string
		for _, key := range []string{"a", "dir/one", "dir/one", "dir/two", "é", "z"} {
			want = append(want, key+" "+b.begin(key, bucket.UploadOptions{}))
			time.Sleep(time.Millisecond) // uploads of one key are in the order in which they began
		}
		want[4], want[5] = want[5], want[4]
		for max := range 8 {
			b.same(fmt.Sprint("uploads in pages of ", max), b.uploadIDs(bucket.UploadListOptions{Max: max}), want)
		}
		b.same("with a prefix", b.uploadIDs(bucket.UploadListOptions{Prefix: "dir/"}), want[1:4])
		b.same("after a key", b.uploadIDs(bucket.UploadListOptions{KeyMarker: "dir/one"}), want[3:])
		page, err := b.ListUploads(b.Context(), b.name, bucket.UploadListOptions{Delimiter: "/"})
		b.ok(err)
		b.same("prefixes", []any{len(page.Uploads), page.Prefixes}, []any{3, []string{"dir/"}})
		page, err = b.ListUploads(b.Context(), b.name, bucket.UploadListOptions{Delimiter: "/", Max: 2})
		b.ok(err)
		b.same("first page", []any{len(page.Uploads), page.Prefixes, page.Truncated, page.NextKeyMarker}, []any{1, []string{"dir/"}, true, "dir/"})
		last := bucket.UploadListOptions{Delimiter: "/", KeyMarker: page.NextKeyMarker, UploadMarker: page.NextUploadMarker}
		page, err = b.ListUploads(b.Context(), b.name, last)
		b.ok(err)
		b.same("page after an upload of a prefix", []any{len(page.Uploads), page.Prefixes, page.Truncated}, []any{2, []string{"dir/"}, false})
		b.ok(b.AbortUpload(b.Context(), b.name, "dir/one", last.UploadMarker))
		page, err = b.ListUploads(b.Context(), b.name, last)
		b.ok(err)
		b.same("page after an upload that has ended", []any{len(page.Uploads), page.Prefixes, page.Truncated}, []any{2, []string{"dir/"}, false})
		for _, id := range []string{"none", strings.Fields(want[0])[1], strings.Fields(want[5])[1]} {
			_, err = b.ListUploads(b.Context(), b.name, bucket.UploadListOptions{KeyMarker: "dir/one", UploadMarker: id})
			b.refused(err, bucket.InvalidArgument)
		}
		page, err = b.ListUploads(b.Context(), b.name, bucket.UploadListOptions{Delimiter: "/", KeyMarker: "dir/"})
		b.ok(err)
		b.same("second page", []any{len(page.Uploads), page.Prefixes, page.Truncated}, []any{2, []string(nil), false})
	}},
}

// parts ends the test unless these are the parts.
func (b *box) parts(got []bucket.Part, numbers ...int) {
	b.Helper()
	if !slices.EqualFunc(got, numbers, func(p bucket.Part, n int) bool { return p.Number == n }) {
		b.Fatalf("got parts %+v, want %v", got, numbers)
	}
}

func partLines(parts []bucket.Part) (lines []string) {
	for _, p := range parts {
		lines = append(lines, fmt.Sprint(p.Number, " ", p.Size, " ", p.ETag))
	}
	return lines
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
