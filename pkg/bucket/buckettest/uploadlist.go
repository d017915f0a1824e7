package buckettest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/pkg/bucket"
)

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

// uploadLists are the tests of what is told of uploads and their parts.
var uploadLists = []test{
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
