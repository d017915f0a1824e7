package buckettest

import (
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// helloSums are checksums of "hello": openssl dgst and python3 zlib.crc32.
var helloSums = map[checksum.Algorithm]string{
	checksum.CRC32:  "NhCmhg==",
	checksum.SHA1:   "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
	checksum.SHA256: "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
}

var checksums = []test{
	{"Kept", func(b *box) {
		for a, value := range helloSums {
			want := bucket.Checksum{Algorithm: a, Type: bucket.FullObject, Value: value}
			for _, given := range []string{"", value} {
				stored, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hello"), bucket.PutOptions{Checksum: bucket.Checksum{Algorithm: a, Value: given}})
				b.ok(err)
				b.same("stored", stored.Checksum, want)
				info, err := b.Head(b.Context(), b.name, "k", "")
				b.ok(err)
				b.same("kept", info.Checksum, want)
			}
		}
	}},
	{"Listed", func(b *box) {
		b.versioning(bucket.Enabled)
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hello"), bucket.PutOptions{Checksum: bucket.Checksum{Algorithm: checksum.SHA1}})
		b.ok(err)
		want := bucket.Checksum{Algorithm: checksum.SHA1, Type: bucket.FullObject}
		objects, err := b.ListObjects(b.Context(), b.name, bucket.ListOptions{})
		b.ok(err)
		b.same("in objects", objects.Objects[0].Checksum, want)
		versions, err := b.ListVersions(b.Context(), b.name, bucket.VersionOptions{})
		b.ok(err)
		b.same("in versions", versions.Versions[0].Checksum, want)
	}},
	{"Wrong", func(b *box) {
		for a, value := range helloSums {
			_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hallo"), bucket.PutOptions{Checksum: bucket.Checksum{Algorithm: a, Value: value}})
			e := b.refused(err, bucket.BadDigest)
			b.says(e, "The "+string(a)+" you specified did not match the calculated checksum.")
			_, err = b.Head(b.Context(), b.name, "k", "")
			b.refused(err, bucket.NoSuchKey)
		}
	}},
	{"Malformed", func(b *box) {
		for _, c := range []bucket.Checksum{{Algorithm: "CRC", Value: "NhCmhg=="}, {Algorithm: checksum.CRC32, Value: "NhCmhg"}, {Algorithm: checksum.SHA1, Value: "NhCmhg=="}} {
			_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hello"), bucket.PutOptions{Checksum: c})
			b.refused(err, bucket.InvalidRequest)
		}
	}},
	{"Trailer", func(b *box) {
		for body, code := range map[string]string{"hello": "", "hallo": bucket.BadDigest} {
			r := &ending{Reader: strings.NewReader(body)}
			_, err := b.Put(b.Context(), b.name, "k", r, bucket.PutOptions{
				Checksum: bucket.Checksum{Algorithm: checksum.CRC32},
				Trailer: func() string {
					if !r.ended {
						b.Error("the trailer is asked for before the body has been read")
					}
					return helloSums[checksum.CRC32]
				},
			})
			if code == "" {
				b.ok(err)
			} else {
				b.refused(err, code)
			}
		}
	}},
}

// ending is a body that knows when it has been read to its end.
type ending struct {
	*strings.Reader
	ended bool
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	e.ended = e.ended || err != nil
	return n, err
}
