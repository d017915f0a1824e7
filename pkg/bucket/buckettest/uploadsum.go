package buckettest

import (
	"bytes"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// uploadSums are the tests of the checksums of uploads.
var uploadSums = []test{
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
}

// sumOf is a checksum of bytes.
func sumOf(a checksum.Algorithm, body []byte) bucket.Checksum {
	h := a.New()
	h.Write(body)
	return bucket.Checksum{Algorithm: a, Type: bucket.FullObject, Value: checksum.Encode(h.Sum(nil))}
}
