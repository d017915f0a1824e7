package buckettest

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signer/pkg/bucket"
)

var conditions = []test{
	{"IfMatch", func(b *box) {
		putIf := func(body, tag string) error {
			_, err := b.Put(b.Context(), b.name, "k", strings.NewReader(body), bucket.PutOptions{IfMatch: tag})
			return err
		}
		b.refused(putIf("x", helloTag), bucket.NoSuchKey)
		b.put("k", "hello")
		b.refused(putIf("x", `"5d41402abc4b2a76b9719d911017c593"`), bucket.PreconditionFailed)
		b.same("body", b.read("k", ""), "hello")
		b.ok(putIf("hello", helloTag))
		b.ok(putIf("second", strings.Trim(helloTag, `"`)))
		b.refused(putIf("x", helloTag), bucket.PreconditionFailed)
		b.same("body", b.read("k", ""), "second")
		b.delete("k", "")
		b.refused(putIf("x", helloTag), bucket.NoSuchKey)
	}},
	{"IfMatchMarker", func(b *box) {
		b.versioning(bucket.Enabled)
		b.put("k", "hello")
		b.delete("k", "")
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("x"), bucket.PutOptions{IfMatch: helloTag})
		b.refused(err, bucket.NoSuchKey)
	}},
	{"Both", func(b *box) {
		b.put("k", "hello")
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("x"), bucket.PutOptions{IfMatch: helloTag, IfNoneMatch: "*"})
		b.refused(err, bucket.NotImplemented)
	}},
	{"IfMatchAtOnce", func(b *box) { // a counter that nobody loses a step of
		tag := b.put("k", "").ETag
		var won atomic.Int32
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				_, err := b.Put(b.Context(), b.name, "k", strings.NewReader(strings.Repeat("x", n+1)), bucket.PutOptions{IfMatch: tag})
				if err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		b.same("puts that won", won.Load(), int32(1))
	}},
	{"Delete", func(b *box) {
		b.put("k", "hello")
		info, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		size, other := info.Size, info.Size+1
		for _, c := range []bucket.Conditions{
			{IfMatch: `"5d41402abc4b2a76b9719d911017c593"`}, {Size: &other}, {Modified: info.LastModified.Add(-time.Hour)},
			{IfMatch: helloTag, Size: &other}, {IfMatch: `"x"`, Size: &size},
		} {
			_, err := b.DeleteIf(b.Context(), b.name, "k", "", c)
			b.refused(err, bucket.PreconditionFailed)
		}
		_, err = b.DeleteIf(b.Context(), b.name, "k", "", bucket.Conditions{IfMatch: helloTag, Size: &size, Modified: info.LastModified})
		b.ok(err)
		_, err = b.Head(b.Context(), b.name, "k", "")
		b.refused(err, bucket.NoSuchKey)
		_, err = b.DeleteIf(b.Context(), b.name, "k", "", bucket.Conditions{IfMatch: helloTag})
		b.refused(err, bucket.NoSuchKey)
		_, err = b.DeleteIf(b.Context(), b.name, "k", "", bucket.Conditions{Size: &size})
		b.ok(err)
	}},
	{"DeleteVersioned", func(b *box) {
		b.versioning(bucket.Enabled)
		id := b.put("k", "hello").VersionID
		_, err := b.DeleteIf(b.Context(), b.name, "k", "", bucket.Conditions{IfMatch: `"x"`})
		b.refused(err, bucket.PreconditionFailed)
		_, err = b.DeleteIf(b.Context(), b.name, "k", id, bucket.Conditions{IfMatch: `"x"`})
		b.refused(err, bucket.PreconditionFailed)
		b.same("body", b.read("k", ""), "hello")
		gone, err := b.DeleteIf(b.Context(), b.name, "k", "", bucket.Conditions{IfMatch: helloTag})
		b.ok(err)
		b.same("marker", gone.DeleteMarker, true)
		_, err = b.DeleteIf(b.Context(), b.name, "k", "", bucket.Conditions{IfMatch: helloTag})
		b.refused(err, bucket.PreconditionFailed)
		_, err = b.DeleteIf(b.Context(), b.name, "k", id, bucket.Conditions{IfMatch: helloTag})
		b.ok(err)
		_, err = b.DeleteIf(b.Context(), b.name, "k", id, bucket.Conditions{IfMatch: helloTag})
		b.refused(err, bucket.NoSuchKey)
	}},
}
