package buckettest

import (
	"slices"
	"strings"

	"signer/pkg/bucket"
)

// oddKeys are keys that S3 takes and that file systems, URLs or XML may spoil.
var oddKeys = []string{
	"x", "x/y", "x/y/z", "x/", "x//", "x//y", "/x", "a b", " ", "a+b", "a%2Fb", "a%20b", "%", "a?b#c&d=e",
	"UPPER", "upper", "Straße", "STRASSE", "\u00e9", "e\u0301", "日本語/キー", "🔑", "null", "v0", "a\\b", "a:b", "c:\\x", "CON", "aux.txt",
	"-rf", "~", "*", "'\"<>&", "trailing.", "trailing ", "=", "+", "@", "tab\tin", "=app.zip", ".hidden", "...",
	strings.Repeat("k", 255), strings.Repeat("k", 256), strings.Repeat("k", 1024), strings.Repeat("é", 512),
	strings.Repeat("d/", 512), strings.Repeat("/", 1023) + "x",
}

// dotKeys are keys that look like ways out of a directory, or like no way. Over its own
// protocol, S3 does not take all of them.
var dotKeys = []string{
	"/", "//", strings.Repeat("/", 1024),
	".", "..", "./x", "../x", "../../../../etc/passwd", "a/../b", "a/./b", "a/..", "..\\x", "/..", "/../x", "x/../../../y",
}

// controlKeys are keys that XML can only tell in a URL's way.
var controlKeys = []string{"new\nline", "\r\n", "bell\a", "esc\x1b[31m", "nul\x00l", "\x7f", "\ufffe"}

var keys = []test{
	{"Odd", func(b *box) { b.keep(oddKeys) }},
	{"Dots", func(b *box) { b.keep(dotKeys) }},
	{"Control", func(b *box) { b.keep(controlKeys) }},
	{"Refused", func(b *box) {
		for key, code := range map[string]string{
			"":                         bucket.InvalidArgument,
			strings.Repeat("k", 1025):  bucket.KeyTooLongError,
			strings.Repeat("é", 513):   bucket.KeyTooLongError,
			"broken \xff":              bucket.InvalidURI,
			"half of a letter \xc3":    bucket.InvalidURI,
			"surrogate \xed\xa0\x80 x": bucket.InvalidURI,
		} {
			_, err := b.Put(b.Context(), b.name, key, strings.NewReader("x"), bucket.PutOptions{})
			b.refused(err, code)
			_, err = b.Get(b.Context(), b.name, key, "")
			b.refused(err, code)
			_, err = b.Delete(b.Context(), b.name, key, "")
			b.refused(err, code)
		}
	}},
}

// keep checks that the keys do not disturb each other: put, read, listed in
// order, and deleted.
func (b *box) keep(keys []string) {
	b.Helper()
	for _, key := range keys {
		b.put(key, "body of "+key)
	}
	for _, key := range keys {
		if got := b.read(key, ""); got != "body of "+key {
			b.Errorf("key %q has the body %q", key, got)
		}
	}
	sorted := slices.Sorted(slices.Values(keys))
	b.same("listed", b.names(bucket.ListOptions{}), sorted)
	b.same("listed in small pages", b.names(bucket.ListOptions{MaxKeys: 3}), sorted)
	for _, key := range keys {
		b.delete(key, "")
	}
	b.same("left", b.names(bucket.ListOptions{}), []string(nil))
	b.ok(b.DeleteBucket(b.Context(), b.name))
}
