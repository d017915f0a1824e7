package buckettest

import (
	"regexp"

	"signer/pkg/bucket"
)

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{24,}$`)

var versions = []test{
	{"Enabled", func(b *box) {
		b.versioning(bucket.Enabled)
		one, two := b.put("k", "one"), b.put("k", "two")
		if !idPattern.MatchString(one.VersionID) || one.VersionID == two.VersionID {
			b.Errorf("version ids %q and %q", one.VersionID, two.VersionID)
		}
		b.same("current", b.read("k", ""), "two")
		b.same("first", b.read("k", one.VersionID), "one")
		b.same("second", b.read("k", two.VersionID), "two")
		info, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("version of the current one", info.VersionID, two.VersionID)
		info, err = b.Head(b.Context(), b.name, "k", one.VersionID)
		b.ok(err)
		b.same("version of the first one", info.VersionID, one.VersionID)
		b.same("entity tag of the first one", info.ETag, one.ETag)
	}},
	{"DeleteMarker", func(b *box) {
		b.versioning(bucket.Enabled)
		one := b.put("k", "one")
		gone := b.delete("k", "")
		b.same("deleted", gone, bucket.Deleted{VersionID: gone.VersionID, DeleteMarker: true})
		_, err := b.Get(b.Context(), b.name, "k", "")
		e := b.refused(err, bucket.NoSuchKey)
		b.same("marker", []any{e.DeleteMarker, e.VersionID}, []any{true, gone.VersionID})
		_, err = b.Head(b.Context(), b.name, "k", "")
		e = b.refused(err, bucket.NoSuchKey)
		b.same("marker", []any{e.DeleteMarker, e.VersionID}, []any{true, gone.VersionID})
		b.same("hidden version", b.read("k", one.VersionID), "one")
		b.same("deleted marker", b.delete("k", gone.VersionID), gone)
		b.same("current again", b.read("k", ""), "one")
	}},
	{"MarkerById", func(b *box) {
		b.versioning(bucket.Enabled)
		gone := b.delete("k", "")
		_, err := b.Get(b.Context(), b.name, "k", gone.VersionID)
		e := b.refused(err, bucket.MethodNotAllowed)
		b.same("marker", e.DeleteMarker, true)
		_, err = b.Head(b.Context(), b.name, "k", gone.VersionID)
		e = b.refused(err, bucket.MethodNotAllowed)
		b.same("marker", e.DeleteMarker, true)
	}},
	{"DeleteVersion", func(b *box) {
		b.versioning(bucket.Enabled)
		one, two := b.put("k", "one"), b.put("k", "two")
		b.same("deleted", b.delete("k", two.VersionID), bucket.Deleted{VersionID: two.VersionID})
		b.same("deleted again", b.delete("k", two.VersionID), bucket.Deleted{VersionID: two.VersionID})
		b.same("current", b.read("k", ""), "one")
		_, err := b.Get(b.Context(), b.name, "k", two.VersionID)
		b.refused(err, bucket.NoSuchVersion)
		b.delete("k", one.VersionID)
		_, err = b.Get(b.Context(), b.name, "k", "")
		b.refused(err, bucket.NoSuchKey)
	}},
	{"DeleteUnversioned", func(b *box) {
		b.put("k", "x")
		b.same("deleted", b.delete("k", ""), bucket.Deleted{})
		b.same("deleted again", b.delete("k", ""), bucket.Deleted{})
		b.same("versions", b.history(bucket.VersionOptions{}, nil), []string(nil))
		b.put("k", "y")
		b.same("null version", b.read("k", bucket.Null), "y")
		b.delete("k", bucket.Null)
		b.same("versions", b.history(bucket.VersionOptions{}, nil), []string(nil))
	}},
	{"MissingKeyMarker", func(b *box) {
		b.versioning(bucket.Enabled)
		b.same("marker", b.delete("k", "").DeleteMarker, true)
		b.same("versions", len(b.history(bucket.VersionOptions{}, nil)), 1)
	}},
	{"NullThenEnabled", func(b *box) {
		b.put("k", "null one")
		b.versioning(bucket.Enabled)
		info, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		b.same("version", info.VersionID, bucket.Null)
		v1 := b.put("k", "v1").VersionID
		b.same("null", b.read("k", bucket.Null), "null one")
		b.same("history", b.history(bucket.VersionOptions{}, map[string]string{v1: "v1"}), []string{"k v1 *", "k null"})
	}},
	{"Suspended", func(b *box) {
		b.versioning(bucket.Enabled)
		v1 := b.put("k", "v1").VersionID
		b.versioning(bucket.Suspended)
		b.same("stored", b.put("k", "null one").VersionID, "")
		b.put("k", "null two")
		b.same("current", b.read("k", ""), "null two")
		b.same("null", b.read("k", bucket.Null), "null two")
		b.same("v1", b.read("k", v1), "v1")
		name := map[string]string{v1: "v1"}
		b.same("history", b.history(bucket.VersionOptions{}, name), []string{"k null *", "k v1"})
		b.versioning(bucket.Enabled)
		v2 := b.put("k", "v2").VersionID
		name[v2] = "v2"
		b.same("history", b.history(bucket.VersionOptions{}, name), []string{"k v2 *", "k null", "k v1"})
		b.delete("k", bucket.Null)
		b.same("history", b.history(bucket.VersionOptions{}, name), []string{"k v2 *", "k v1"})
	}},
	{"NullMovesUp", func(b *box) { // the null version is the newest again after it is replaced
		b.put("k", "null one")
		b.versioning(bucket.Enabled)
		v1 := b.put("k", "v1").VersionID
		b.versioning(bucket.Suspended)
		b.put("k", "null two")
		b.same("history", b.history(bucket.VersionOptions{}, map[string]string{v1: "v1"}), []string{"k null *", "k v1"})
	}},
	{"SuspendedDelete", func(b *box) {
		b.versioning(bucket.Enabled)
		v1 := b.put("k", "v1").VersionID
		b.versioning(bucket.Suspended)
		b.put("k", "null one")
		for range 2 {
			b.same("deleted", b.delete("k", ""), bucket.Deleted{VersionID: bucket.Null, DeleteMarker: true})
			b.same("history", b.history(bucket.VersionOptions{}, map[string]string{v1: "v1"}), []string{"k null x *", "k v1"})
		}
		_, err := b.Get(b.Context(), b.name, "k", "")
		b.refused(err, bucket.NoSuchKey)
		b.same("deleted marker", b.delete("k", bucket.Null), bucket.Deleted{VersionID: bucket.Null, DeleteMarker: true})
		b.same("current again", b.read("k", ""), "v1")
	}},
}
