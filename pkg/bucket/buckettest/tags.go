package buckettest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"signer/pkg/bucket"
)

var (
	red   = []bucket.Tag{{Key: "color", Value: "red"}, {Key: "empty"}}
	blue  = []bucket.Tag{{Key: "Größe é/x", Value: "a b+=._:/@-"}}
	crowd = func(n int) (tags []bucket.Tag) {
		for i := range n {
			tags = append(tags, bucket.Tag{Key: fmt.Sprint("t", i), Value: strings.Repeat("ä", 256)})
		}
		return tags
	}
)

// tagger is the store, if it keeps tags.
func (b *box) tagger() bucket.Tagger {
	b.Helper()
	t, ok := b.Store.(bucket.Tagger)
	if !ok {
		b.Skip("the store keeps no tags")
	}
	return t
}

// tagged checks the tags of a version, and that nothing else of it has changed.
func (b *box) tagged(before bucket.Info, version string, want []bucket.Tag) {
	b.Helper()
	now, err := b.Head(b.Context(), b.name, before.Key, version)
	b.ok(err)
	b.same("tags", now.Tags, want)
	now.Tags, before.Tags = nil, nil
	b.same("the rest", now, before)
}

var tags = []test{
	{"Put", func(b *box) {
		b.tagger()
		_, err := b.Put(b.Context(), b.name, "k", strings.NewReader("hello"), bucket.PutOptions{Tags: red})
		b.ok(err)
		o, err := b.Get(b.Context(), b.name, "k", "")
		b.ok(err)
		b.ok(o.Close())
		b.same("tags", o.Tags, red)
		b.put("k", "hello")
		info, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("tags of what took its place", info.Tags, []bucket.Tag(nil))
	}},
	{"Replace", func(b *box) {
		t := b.tagger()
		b.versioning(bucket.Enabled)
		b.put("k", "first")
		before, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.put("k", "second")
		for _, want := range [][]bucket.Tag{red, blue, crowd(10), nil} {
			info, err := t.PutTags(b.Context(), b.name, "k", before.VersionID, want)
			b.ok(err)
			b.same("version", info.VersionID, before.VersionID)
			b.tagged(before, before.VersionID, want)
			b.same("body", b.read("k", before.VersionID), "first")
		}
		b.same("body", b.read("k", ""), "second")
		_, err = t.PutTags(b.Context(), b.name, "k", "", red)
		b.ok(err)
		newest, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("tags", newest.Tags, red)
		b.delete("k", before.VersionID)
		b.delete("k", newest.VersionID)
		b.ok(b.DeleteBucket(b.Context(), b.name))
	}},
	{"Null", func(b *box) {
		t := b.tagger()
		b.put("k", "hello")
		before, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		_, err = t.PutTags(b.Context(), b.name, "k", "", red)
		b.ok(err)
		b.tagged(before, "", red)
		b.delete("k", "")
		b.ok(b.DeleteBucket(b.Context(), b.name))
	}},
	{"Parts", func(b *box) {
		t := b.tagger()
		id := b.begin("k", bucket.UploadOptions{Tags: red})
		_, err := b.complete("k", id, b.part("k", id, 1, large), b.part("k", id, 2, []byte("x")))
		b.ok(err)
		before, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("tags", before.Tags, red)
		_, err = t.PutTags(b.Context(), b.name, "k", "", blue)
		b.ok(err)
		b.tagged(before, "", blue)
		page, err := b.Parts(b.Context(), b.name, "k", "", bucket.PartListOptions{})
		b.ok(err)
		b.same("parts", len(page.Parts), 2)
		b.same("body", b.read("k", "") == string(large)+"x", true)
	}},
	{"Missing", func(b *box) {
		t := b.tagger()
		b.versioning(bucket.Enabled)
		_, err := t.PutTags(b.Context(), b.name, "k", "", red)
		b.refused(err, bucket.NoSuchKey)
		v := b.put("k", "hello").VersionID
		marker := b.delete("k", "").VersionID
		_, err = t.PutTags(b.Context(), b.name, "k", "", red)
		b.refused(err, bucket.NoSuchKey)
		_, err = t.PutTags(b.Context(), b.name, "k", marker, red)
		b.refused(err, bucket.MethodNotAllowed)
		b.delete("k", v)
		_, err = t.PutTags(b.Context(), b.name, "k", v, red)
		b.refused(err, bucket.NoSuchVersion)
	}},
	{"Refused", func(b *box) {
		t := b.tagger()
		b.put("k", "hello")
		for _, bad := range [][]bucket.Tag{
			{{Key: ""}}, {{Key: strings.Repeat("a", 129)}}, {{Key: "a", Value: strings.Repeat("ä", 257)}}, {{Key: "a!"}}, {{Key: "a", Value: "?"}},
			{{Key: "a\x00"}}, {{Key: "\xff"}}, {{Key: "a", Value: "b\n"}}, {{Key: "a"}, {Key: "a", Value: "b"}},
		} {
			_, err := t.PutTags(b.Context(), b.name, "k", "", bad)
			if !bucket.IsCode(err, bucket.InvalidTag) {
				b.Errorf("%q: %v", bad, err)
			}
			_, err = b.Put(b.Context(), b.name, "k", strings.NewReader("x"), bucket.PutOptions{Tags: bad})
			if !bucket.IsCode(err, bucket.InvalidTag) {
				b.Errorf("put with %q: %v", bad, err)
			}
		}
		if _, err := t.PutTags(b.Context(), b.name, "k", "", crowd(11)); !bucket.IsCode(err, "BadRequest") {
			b.Errorf("eleven tags: %v", err)
		}
		b.same("body", b.read("k", ""), "hello")
	}},
	{"Bucket", func(b *box) {
		t := b.tagger()
		told := func(want []bucket.Tag) {
			b.Helper()
			got, err := t.BucketTags(b.Context(), b.name)
			b.ok(err)
			b.same("tags", got, want)
		}
		told(nil)
		for _, want := range [][]bucket.Tag{crowd(50), blue, nil} {
			b.ok(t.PutBucketTags(b.Context(), b.name, want))
			told(want)
		}
		if err := t.PutBucketTags(b.Context(), b.name, crowd(51)); !bucket.IsCode(err, "BadRequest") {
			b.Errorf("51 tags: %v", err)
		}
		b.ok(b.DeleteBucket(b.Context(), b.name))
		b.refused(t.PutBucketTags(b.Context(), b.name, red), bucket.NoSuchBucket)
		_, err := t.BucketTags(b.Context(), b.name)
		b.refused(err, bucket.NoSuchBucket)
		b.ok(b.CreateBucket(b.Context(), b.name, bucket.CreateOptions{Tags: red}))
		told(red)
	}},
	{"Race", func(b *box) {
		t := b.tagger()
		b.put("k", "0")
		var wait sync.WaitGroup
		stop := make(chan struct{})
		halt := sync.OnceFunc(func() { close(stop); wait.Wait() })
		defer halt()
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, err := t.PutTags(b.Context(), b.name, "k", "", red)
				if err != nil && !bucket.IsCode(err, bucket.NoSuchVersion) && !bucket.IsCode(err, bucket.NoSuchKey) {
					b.Error(err)
				}
			}
		})
		for i := range 30 { // what is tagged meanwhile never comes back
			body := fmt.Sprint(i)
			b.put("k", body)
			b.same("body", b.read("k", ""), body)
			b.delete("k", "")
			_, err := b.Head(b.Context(), b.name, "k", "")
			b.refused(err, bucket.NoSuchKey)
		}
		halt()
		b.ok(b.DeleteBucket(b.Context(), b.name))
	}},
	{"Given up", func(b *box) {
		t := b.tagger()
		b.put("k", strings.Repeat("x", 1<<20))
		ctx, stop := context.WithCancel(b.Context())
		stop()
		if _, err := t.PutTags(ctx, b.name, "k", "", red); err == nil {
			b.Error("not given up")
		}
		info, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("tags", info.Tags, []bucket.Tag(nil))
	}},
}
