package buckettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signer/pkg/bucket"
)

// helloTag is the entity tag of "hello": openssl dgst -md5.
const helloTag = `"5d41402abc4b2a76b9719d911017c592"`

var puts = []test{
	{"Info", func(b *box) {
		stored, err := b.Put(b.Context(), b.name, "dir/k.txt", strings.NewReader("hello"), bucket.PutOptions{
			ContentType: "text/plain; charset=utf-8",
			Metadata:    map[string]string{"Color": "Red", "empty": ""},
			ContentMD5:  "XUFAKrxLKna5cZ2REBfFkg==",
		})
		b.ok(err)
		stored.Checksum = bucket.Checksum{} // the store's own choice
		b.same("stored", stored, bucket.Stored{ETag: helloTag, Size: 5})
		info, err := b.Head(b.Context(), b.name, "dir/k.txt", "")
		b.ok(err)
		if age := time.Since(info.LastModified); age < -time.Minute || age > time.Hour {
			b.Errorf("last modified %v", info.LastModified)
		}
		info.LastModified, info.Checksum = time.Time{}, bucket.Checksum{}
		b.same("info", info, bucket.Info{
			Key:         "dir/k.txt",
			Size:        5,
			ETag:        helloTag,
			ContentType: "text/plain; charset=utf-8",
			Metadata:    map[string]string{"color": "Red", "empty": ""},
		})
	}},
	{"Headers", func(b *box) {
		headers := bucket.Headers{
			CacheControl:       "max-age=60, public",
			ContentDisposition: `attachment; filename="k.txt"`,
			ContentEncoding:    "gzip",
			ContentLanguage:    "de-AT",
			Expires:            "Thu, 01 Dec 1994 16:00:00 GMT",
			WebsiteRedirect:    "/elsewhere",
		}
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hello"), bucket.PutOptions{Headers: headers})
		b.ok(err)
		info, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("headers", info.Headers, headers)
		b.same("headers when opened", b.open("k", "").Headers, headers)
		_, err = b.Put(b.Context(), b.name, "k", strings.NewReader("hello"), bucket.PutOptions{})
		b.ok(err)
		info, err = b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("headers of another version", info.Headers, bucket.Headers{})
	}},
	{"Defaults", func(b *box) {
		stored := b.put("k", "")
		b.same("stored", []any{stored.VersionID, stored.ETag, stored.Size}, []any{"", `"d41d8cd98f00b204e9800998ecf8427e"`, int64(0)})
		o := b.open("k", "")
		b.same("type", o.ContentType, "binary/octet-stream")
		b.same("metadata", o.Metadata, map[string]string(nil))
		b.same("body", b.read("k", ""), "")
	}},
	{"Overwrite", func(b *box) {
		b.put("k", "one")
		b.put("k", "hello")
		b.same("body", b.read("k", ""), "hello")
		b.same("versions", b.history(bucket.VersionOptions{}, nil), []string{"k null *"})
	}},
	{"ContentMD5", func(b *box) {
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hallo"), bucket.PutOptions{ContentMD5: "XUFAKrxLKna5cZ2REBfFkg=="})
		b.refused(err, bucket.BadDigest)
		_, err = b.Head(b.Context(), b.name, "k", "")
		b.refused(err, bucket.NoSuchKey)
	}},
	{"InvalidMD5", func(b *box) {
		for _, sum := range []string{"XUFAKrxLKna5cZ2REBfFkg", "XUFA", "not base64!"} {
			_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hello"), bucket.PutOptions{ContentMD5: sum})
			b.refused(err, bucket.InvalidDigest)
		}
	}},
	{"Metadata", func(b *box) {
		big := bucket.PutOptions{Metadata: map[string]string{"a": strings.Repeat("v", 2047)}}
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("x"), big)
		b.ok(err)
		big.Metadata["b"] = ""
		_, err = b.Put(b.Context(), b.name, "k", strings.NewReader("y"), big)
		b.refused(err, bucket.MetadataTooLarge)
		b.same("body", b.read("k", ""), "x")
	}},
	{"BodyFails", func(b *box) {
		b.put("k", "old")
		for _, cause := range []error{io.ErrUnexpectedEOF, errors.New("the line is dead")} {
			body := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), failing{cause})
			_, err := b.Put(b.Context(), b.name, "k", body, bucket.PutOptions{})
			if !errors.Is(err, cause) {
				b.Errorf("got error %v, want %v", err, cause)
			}
		}
		b.same("body", b.read("k", ""), "old")
	}},
	{"Canceled", func(b *box) {
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		_, err := b.Put(ctx, b.name, "k", strings.NewReader("x"), bucket.PutOptions{})
		if !errors.Is(err, context.Canceled) {
			b.Errorf("got error %v, want %v", err, context.Canceled)
		}
		_, err = b.Head(b.Context(), b.name, "k", "")
		b.refused(err, bucket.NoSuchKey)
	}},
	{"IfNoneMatch", func(b *box) {
		once := bucket.PutOptions{IfNoneMatch: "*"}
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("first"), once)
		b.ok(err)
		_, err = b.Put(b.Context(), b.name, "k", strings.NewReader("second"), once)
		e := b.refused(err, bucket.PreconditionFailed)
		b.says(e, "At least one of the pre-conditions you specified did not hold")
		b.same("body", b.read("k", ""), "first")
		b.delete("k", "")
		_, err = b.Put(b.Context(), b.name, "k", strings.NewReader("third"), once)
		b.ok(err)
		_, err = b.Put(b.Context(), b.name, "k", strings.NewReader("x"), bucket.PutOptions{IfNoneMatch: `"tag"`})
		b.refused(err, bucket.NotImplemented)
	}},
	{"IfNoneMatchMarker", func(b *box) {
		b.versioning(bucket.Enabled)
		b.put("k", "first")
		b.delete("k", "")
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("second"), bucket.PutOptions{IfNoneMatch: "*"})
		b.ok(err)
		b.same("body", b.read("k", ""), "second")
	}},
	{"IfNoneMatchAtOnce", func(b *box) {
		b.versioning(bucket.Enabled)
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			b.same("puts that won "+key, b.race(key), int32(1))
		}
		b.same("versions", len(b.history(bucket.VersionOptions{}, nil)), 5)
	}},
}

// race puts a key eight times at once if it is not there, and returns how often
// that succeeded.
func (b *box) race(key string) int32 {
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := b.Put(b.Context(), b.name, key, strings.NewReader("x"), bucket.PutOptions{IfNoneMatch: "*"})
			if err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

// failing is a body that breaks off.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

var gets = []test{
	{"Missing", func(b *box) {
		_, err := b.Get(b.Context(), b.name, "k", "")
		e := b.refused(err, bucket.NoSuchKey)
		b.says(e, "The specified key does not exist.")
		b.same("key", e.Key, "k")
		_, err = b.Head(b.Context(), b.name, "k", "")
		b.refused(err, bucket.NoSuchKey)
	}},
	{"MalformedVersion", func(b *box) {
		b.versioning(bucket.Enabled)
		b.put("k", "x")
		for _, id := range []string{"none", "..", "a/b", "NULL", strings.Repeat("!", 32), "../../../../../../../etc/passwd"} {
			_, err := b.Get(b.Context(), b.name, "k", id)
			e := b.refused(err, bucket.InvalidArgument)
			b.says(e, "Invalid version id specified")
			_, err = b.Head(b.Context(), b.name, "k", id)
			b.refused(err, bucket.InvalidArgument)
			_, err = b.Delete(b.Context(), b.name, "k", id)
			b.refused(err, bucket.InvalidArgument)
		}
	}},
	{"OtherVersion", func(b *box) {
		b.versioning(bucket.Enabled)
		b.put("k", "x")
		other := b.put("other", "y").VersionID
		_, err := b.Get(b.Context(), b.name, "k", other)
		e := b.refused(err, bucket.NoSuchVersion)
		b.says(e, "The specified version does not exist.")
		_, err = b.Head(b.Context(), b.name, "k", other)
		b.refused(err, bucket.NoSuchVersion)
		_, err = b.Get(b.Context(), b.name, "k", bucket.Null)
		b.refused(err, bucket.NoSuchVersion)
	}},
	{"ReadAt", func(b *box) {
		body := strings.Repeat("0123456789", 100_000)
		b.put("k", body)
		o := b.open("k", "")
		tail := make([]byte, 15)
		n, err := o.ReadAt(tail, int64(len(body)-10))
		if n != 10 || err != io.EOF {
			b.Errorf("ReadAt over the end: %d, %v; want 10, EOF", n, err)
		}
		n, err = o.ReadAt(tail, 123_455)
		if n != 15 || string(tail) != "567890123456789" || err != nil {
			b.Errorf("ReadAt: %q, %v", tail[:n], err)
		}
		if n, err := o.ReadAt(tail, o.Size); n != 0 || err != io.EOF {
			b.Errorf("ReadAt at the end: %d, %v; want 0, EOF", n, err)
		}
		all, err := io.ReadAll(o)
		b.ok(err)
		b.same("all is well", string(all) == body, true)
	}},
	{"ReadThenReadAt", func(b *box) {
		body := strings.Repeat("0123456789", 10_000)
		b.put("k", body)
		o := b.open("k", "")
		head, part := make([]byte, 12), make([]byte, 3)
		_, err := io.ReadFull(o, head)
		b.ok(err)
		_, err = o.ReadAt(part, 5)
		b.ok(err)
		rest := new(bytes.Buffer)
		_, err = o.WriteTo(rest)
		b.ok(err)
		b.same("part", string(part), "567")
		b.same("all is well", string(head)+rest.String() == body, true)
	}},
	{"Overwritten", func(b *box) {
		body := strings.Repeat("old bytes ", 200_000)
		b.put("k", body)
		o := b.open("k", "")
		head := make([]byte, 1000)
		_, err := io.ReadFull(o, head)
		b.ok(err)
		b.put("k", "new")
		b.delete("k", "")
		rest, err := io.ReadAll(o)
		b.ok(err)
		b.same("all is well", string(head)+string(rest) == body, true)
	}},
}
