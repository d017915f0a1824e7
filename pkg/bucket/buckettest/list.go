package buckettest

import (
	"fmt"
	"strings"

	"signer/pkg/bucket"
)

// names lists keys and, marked by PRE, common prefixes over all pages.
func (b *box) names(opts bucket.ListOptions) (names []string) {
	b.Helper()
	for range 3000 {
		page, err := b.ListObjects(b.Context(), b.name, opts)
		b.ok(err)
		for _, o := range page.Objects {
			names = append(names, o.Key)
		}
		for _, p := range page.Prefixes {
			names = append(names, p+" PRE")
		}
		if most := opts.MaxKeys; most > 0 && len(page.Objects)+len(page.Prefixes) > most {
			b.Errorf("a page of %d has more", most)
		}
		if page.Truncated != (page.NextToken != "") {
			b.Errorf("truncated %v, but the next token is %q", page.Truncated, page.NextToken)
		}
		if !page.Truncated {
			return names
		}
		opts.Token = page.NextToken
	}
	b.Fatal("the pages do not end")
	return nil
}

// fill puts keys, each with itself as the body.
func (b *box) fill(keys ...string) {
	b.Helper()
	for _, k := range keys {
		b.put(k, k)
	}
}

var lists = []test{
	{"Empty", func(b *box) {
		page, err := b.ListObjects(b.Context(), b.name, bucket.ListOptions{Prefix: "none/", Delimiter: "/"})
		b.ok(err)
		b.same("page", page, bucket.ObjectPage{})
	}},
	{"Info", func(b *box) {
		b.versioning(bucket.Enabled)
		b.put("k", "hello")
		page, err := b.ListObjects(b.Context(), b.name, bucket.ListOptions{})
		b.ok(err)
		info, err := b.Head(b.Context(), b.name, "k", "")
		b.ok(err)
		if len(page.Objects) != 1 {
			b.Fatalf("page %v", page)
		}
		if d := page.Objects[0].LastModified.Sub(info.LastModified); d < 0 || d.Seconds() >= 1 {
			b.Errorf("last modified %v, but by head %v", page.Objects[0].LastModified, info.LastModified)
		}
		page.Objects[0].LastModified, page.Objects[0].Checksum = info.LastModified, bucket.Checksum{}
		b.same("page", page, bucket.ObjectPage{Objects: []bucket.Info{
			{Key: "k", Size: 5, ETag: helloTag, LastModified: info.LastModified},
		}})
	}},
	{"Order", func(b *box) {
		b.fill("b", "a/b", "a", "a-b", "a0", "B", "é", "a/", "z", "\U0001F511", "\uffee")
		b.same("keys", b.names(bucket.ListOptions{}),
			[]string{"B", "a", "a-b", "a/", "a/b", "a0", "b", "z", "é", "\uffee", "\U0001F511"})
	}},
	{"Prefix", func(b *box) {
		long := strings.Repeat("l", 200)
		b.fill("photos/1", "photos/2/x", "photos", "phone", "photosx", long+"a/1", long+"b")
		for prefix, want := range map[string][]string{
			"pho":           {"phone", "photos", "photos/1", "photos/2/x", "photosx"},
			"photos":        {"photos", "photos/1", "photos/2/x", "photosx"},
			"photos/":       {"photos/1", "photos/2/x"},
			"photos/2":      {"photos/2/x"},
			"photos/2/x":    {"photos/2/x"},
			"photos/2/x/":   nil,
			"q":             nil,
			long[:80]:       {long + "a/1", long + "b"},
			long[:81]:       {long + "a/1", long + "b"},
			long + "a":      {long + "a/1"},
			long + "a/":     {long + "a/1"},
			long + "a/2":    nil,
			long + long:     nil,
			"no/such/place": nil,
		} {
			b.same("keys with the prefix "+prefix, b.names(bucket.ListOptions{Prefix: prefix}), want)
		}
	}},
	{"Delimiter", func(b *box) {
		b.fill("a", "a/1", "a/2/x", "b-1", "b-2", "c/", "d//x", "/e")
		for _, tt := range []struct {
			prefix, delimiter string
			want              []string
		}{
			{"", "/", []string{"a", "b-1", "b-2", "/ PRE", "a/ PRE", "c/ PRE", "d/ PRE"}},
			{"a", "/", []string{"a", "a/ PRE"}},
			{"a/", "/", []string{"a/1", "a/2/ PRE"}},
			{"c/", "/", []string{"c/"}},
			{"d/", "/", []string{"d// PRE"}},
			{"", "-", []string{"/e", "a", "a/1", "a/2/x", "c/", "d//x", "b- PRE"}},
			{"", "/2/", []string{"/e", "a", "a/1", "b-1", "b-2", "c/", "d//x", "a/2/ PRE"}},
			{"", "none", []string{"/e", "a", "a/1", "a/2/x", "b-1", "b-2", "c/", "d//x"}},
		} {
			got := b.names(bucket.ListOptions{Prefix: tt.prefix, Delimiter: tt.delimiter})
			b.same(fmt.Sprintf("keys with the prefix %q and the delimiter %q", tt.prefix, tt.delimiter), got, tt.want)
		}
	}},
	{"StartAfter", func(b *box) {
		b.fill("a", "b/1", "b/2", "c")
		for start, want := range map[string][]string{
			"":     {"a", "b/1", "b/2", "c"},
			"a":    {"b/1", "b/2", "c"},
			"aa":   {"b/1", "b/2", "c"},
			"b/":   {"b/1", "b/2", "c"},
			"b/1":  {"b/2", "c"},
			"b/11": {"b/2", "c"},
			"c":    nil,
			"z":    nil,
		} {
			b.same("keys after "+start, b.names(bucket.ListOptions{StartAfter: start}), want)
		}
		b.same("keys with a prefix after a", b.names(bucket.ListOptions{StartAfter: "a", Prefix: "b/"}), []string{"b/1", "b/2"})
	}},
	{"StartAfterPrefix", func(b *box) {
		b.fill("asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud")
		opts := bucket.ListOptions{StartAfter: "boo/", Delimiter: "/"}
		b.same("keys after a common prefix", b.names(opts), []string{"cquux/ PRE"})
	}},
	{"Hidden", func(b *box) {
		b.versioning(bucket.Enabled)
		b.fill("a/1", "b", "c")
		b.delete("a/1", "")
		b.delete("b", "")
		b.same("keys", b.names(bucket.ListOptions{}), []string{"c"})
		b.same("groups", b.names(bucket.ListOptions{Delimiter: "/"}), []string{"c"})
	}},
	{"BadMaxKeys", func(b *box) {
		_, err := b.ListObjects(b.Context(), b.name, bucket.ListOptions{MaxKeys: -1})
		b.refused(err, bucket.InvalidArgument)
		_, err = b.ListVersions(b.Context(), b.name, bucket.VersionOptions{MaxKeys: -1})
		b.refused(err, bucket.InvalidArgument)
	}},
}

var pages = []test{
	{"Objects", func(b *box) {
		b.fill("a", "b/1", "b/2", "b/3", "c", "d/1", "e")
		for size := 1; size <= 8; size++ {
			b.same(fmt.Sprintf("keys in pages of %d", size), b.names(bucket.ListOptions{MaxKeys: size}),
				[]string{"a", "b/1", "b/2", "b/3", "c", "d/1", "e"})
		}
		b.same("pages of one, with groups", b.names(bucket.ListOptions{MaxKeys: 1, Delimiter: "/"}),
			[]string{"a", "b/ PRE", "c", "d/ PRE", "e"})
	}},
	{"ExactlyFull", func(b *box) {
		b.fill("a", "b/1", "b/2")
		page, err := b.ListObjects(b.Context(), b.name, bucket.ListOptions{MaxKeys: 2, Delimiter: "/"})
		b.ok(err)
		b.same("truncated", page.Truncated, false)
	}},
	{"TokenBeatsStartAfter", func(b *box) {
		b.fill("a", "b", "c")
		page, err := b.ListObjects(b.Context(), b.name, bucket.ListOptions{MaxKeys: 1})
		b.ok(err)
		got := b.names(bucket.ListOptions{Token: page.NextToken, StartAfter: "b"})
		b.same("keys", got, []string{"b", "c"})
	}},
	{"Changing", func(b *box) { // pages go by key: what comes and goes does not shift them
		b.fill("b", "d", "f", "h")
		page, err := b.ListObjects(b.Context(), b.name, bucket.ListOptions{MaxKeys: 2})
		b.ok(err)
		b.delete("b", "")
		b.delete("d", "")
		b.fill("a", "e")
		b.same("rest", b.names(bucket.ListOptions{Token: page.NextToken}), []string{"e", "f", "h"})
	}},
	{"Versions", func(b *box) {
		name := b.story()
		want := []string{"a a2 *", "a a1", "a null", "b/1 m1 x *", "b/1 b1", "b/2 b2 *", "c c1 *"}
		for size := 1; size <= 8; size++ {
			got := b.history(bucket.VersionOptions{MaxKeys: size}, name)
			b.same(fmt.Sprintf("versions in pages of %d", size), got, want)
		}
		b.same("versions with a prefix", b.history(bucket.VersionOptions{Prefix: "b/"}, name), want[3:6])
	}},
	{"VersionsOfOneKey", func(b *box) {
		name := b.story()
		after := bucket.VersionOptions{KeyMarker: "a"}
		b.same("after a key", b.history(after, name), []string{"b/1 m1 x *", "b/1 b1", "b/2 b2 *", "c c1 *"})
		page, err := b.ListVersions(b.Context(), b.name, bucket.VersionOptions{MaxKeys: 2})
		b.ok(err)
		last := page.Versions[1]
		b.same("next", []string{page.NextKeyMarker, page.NextVersionMarker}, []string{"a", last.VersionID})
	}},
	{"VersionGroups", func(b *box) {
		name := b.story()
		for size := 1; size <= 5; size++ {
			got := b.history(bucket.VersionOptions{Delimiter: "/", MaxKeys: size}, name)
			b.same(fmt.Sprintf("pages of %d", size), strings.Count(strings.Join(got, "|"), "b/ PRE"), 1)
			b.same("entries", len(got), 5)
		}
	}},
	{"VersionGone", func(b *box) { // a page begins well after a version that is gone by now
		name := b.story()
		page, err := b.ListVersions(b.Context(), b.name, bucket.VersionOptions{MaxKeys: 2})
		b.ok(err)
		b.delete("a", page.NextVersionMarker)
		rest := bucket.VersionOptions{KeyMarker: page.NextKeyMarker, VersionMarker: page.NextVersionMarker, Prefix: "a"}
		b.same("rest", b.history(rest, name), []string{"a null"})
	}},
	{"BadMarkers", func(b *box) {
		_, err := b.ListVersions(b.Context(), b.name, bucket.VersionOptions{VersionMarker: bucket.Null})
		e := b.refused(err, bucket.InvalidArgument)
		b.says(e, "A version-id marker cannot be specified without a key marker.")
		_, err = b.ListVersions(b.Context(), b.name, bucket.VersionOptions{KeyMarker: "k", VersionMarker: "bad id"})
		b.refused(err, bucket.InvalidArgument)
	}},
}

// story writes some versions and returns names for their ids.
func (b *box) story() map[string]string {
	b.Helper()
	b.put("a", "a0")
	b.versioning(bucket.Enabled)
	name := map[string]string{}
	name[b.put("a", "a1").VersionID] = "a1"
	name[b.put("a", "a2").VersionID] = "a2"
	name[b.put("b/1", "b1").VersionID] = "b1"
	name[b.delete("b/1", "").VersionID] = "m1"
	name[b.put("b/2", "b2").VersionID] = "b2"
	name[b.put("c", "c1").VersionID] = "c1"
	return name
}
