package buckettest

import (
	"slices"
	"strings"
	"time"

	"signer/pkg/bucket"
)

var buckets = []test{
	{"Names", func(b *box) {
		defer func() { // no odd name has led to this bucket
			_, err := b.HeadBucket(b.Context(), b.name)
			b.ok(err)
		}()
		for _, name := range []string{
			"", "ab", strings.Repeat("a", 64), "Upper", "under_score", "-dash", "dash-", ".dot", "dot.", "two..dots",
			"192.168.5.4", "xn--a", "sthree-a", "amzn-s3-demo-a", "a-s3alias", "a--ol-s3", "a.mrap", "a--x-s3",
			"../escape", "a/b", "space here", "späße", "nul\x00l",
		} {
			b.refused(b.CreateBucket(b.Context(), name, bucket.CreateOptions{}), bucket.InvalidBucketName)
			if _, err := b.Head(b.Context(), name, "k", ""); err == nil {
				b.Errorf("there is a bucket %q", name)
			}
			if _, err := b.Delete(b.Context(), name, b.name, ""); err == nil {
				b.Errorf("there is a bucket %q", name)
			}
		}
	}},
	{"CreateTwice", func(b *box) {
		err := b.CreateBucket(b.Context(), b.name, bucket.CreateOptions{})
		e := b.refused(err, bucket.BucketAlreadyOwnedByYou)
		b.says(e, "Your previous request to create the named bucket succeeded and you already own it.")
	}},
	{"Missing", func(b *box) {
		none := freshName()
		_, err := b.Get(b.Context(), none, "k", "")
		e := b.refused(err, bucket.NoSuchBucket)
		b.says(e, "The specified bucket does not exist")
		_, err = b.Head(b.Context(), none, "k", "")
		b.refused(err, bucket.NoSuchBucket)
		_, err = b.Put(b.Context(), none, "k", strings.NewReader("x"), bucket.PutOptions{})
		b.refused(err, bucket.NoSuchBucket)
		_, err = b.Delete(b.Context(), none, "k", "")
		b.refused(err, bucket.NoSuchBucket)
		_, err = b.ListObjects(b.Context(), none, bucket.ListOptions{})
		b.refused(err, bucket.NoSuchBucket)
		_, err = b.ListVersions(b.Context(), none, bucket.VersionOptions{})
		b.refused(err, bucket.NoSuchBucket)
		_, err = b.Versioning(b.Context(), none)
		b.refused(err, bucket.NoSuchBucket)
		_, err = b.HeadBucket(b.Context(), none)
		b.refused(err, bucket.NoSuchBucket)
		b.refused(b.PutVersioning(b.Context(), none, bucket.Enabled), bucket.NoSuchBucket)
		b.refused(b.DeleteBucket(b.Context(), none), bucket.NoSuchBucket)
	}},
	{"List", func(b *box) {
		names := []string{b.name, freshName(), freshName()}
		for _, name := range names[1:] {
			b.ok(b.CreateBucket(b.Context(), name, bucket.CreateOptions{}))
		}
		slices.Sort(names)
		all, err := b.ListBuckets(b.Context())
		b.ok(err)
		b.same("buckets", namesAmong(all, names), names)
		for _, one := range all {
			if age := time.Since(one.Created); one.Name == b.name && (age < -time.Minute || age > time.Hour) {
				b.Errorf("created %v", one.Created)
			}
		}
	}},
	{"Head", func(b *box) {
		got, err := b.HeadBucket(b.Context(), b.name)
		b.ok(err)
		b.same("name", got.Name, b.name)
	}},
	{"Delete", func(b *box) {
		b.put("some/key", "x")
		e := b.refused(b.DeleteBucket(b.Context(), b.name), bucket.BucketNotEmpty)
		if !strings.HasPrefix(e.Message, "The bucket you tried to delete is not empty") {
			b.Errorf("text %q", e.Message)
		}
		b.delete("some/key", "")
		b.ok(b.DeleteBucket(b.Context(), b.name))
		b.refused(b.DeleteBucket(b.Context(), b.name), bucket.NoSuchBucket)
		b.ok(b.CreateBucket(b.Context(), b.name, bucket.CreateOptions{}))
		b.same("versions", b.history(bucket.VersionOptions{}, nil), []string(nil))
	}},
	{"DeleteWithMarker", func(b *box) {
		b.versioning(bucket.Enabled)
		marker := b.delete("k", "")
		b.refused(b.DeleteBucket(b.Context(), b.name), bucket.BucketNotEmpty)
		b.delete("k", marker.VersionID)
		b.ok(b.DeleteBucket(b.Context(), b.name))
	}},
	{"Versioning", func(b *box) {
		for _, want := range []bucket.Versioning{bucket.Unversioned, bucket.Enabled, bucket.Suspended, bucket.Enabled} {
			if want != bucket.Unversioned {
				b.versioning(want)
			}
			got, err := b.Versioning(b.Context(), b.name)
			b.ok(err)
			b.same("versioning", got, want)
		}
	}},
	{"VersioningUnknown", func(b *box) {
		for _, v := range []bucket.Versioning{bucket.Unversioned, "enabled", "Off"} {
			b.refused(b.PutVersioning(b.Context(), b.name, v), bucket.MalformedXML)
		}
	}},
}

// namesAmong returns the names of buckets that are among these, in the order of
// the buckets.
func namesAmong(all []bucket.Bucket, names []string) (among []string) {
	for _, b := range all {
		if slices.Contains(names, b.Name) {
			among = append(among, b.Name)
		}
	}
	return among
}
