package bucket

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestKeyPath(t *testing.T) {
	long := strings.Repeat("k", 80)
	for key, want := range map[string]string{
		"app.zip":                        "=app.zip",
		"x/y":                            "+x/=y",
		"x/":                             "+x/=",
		"//":                             "+/+/=",
		"..":                             "=.%2e",
		"../etc":                         "+.%2e/=etc",
		"A b":                            "=%41%20b",
		"é":                              "=%c3%a9",
		"a\\b\x00":                       "=a%5cb%00",
		"dir./x":                         "+dir%2e/=x",
		long:                             "=" + long,
		long + "l":                       "@" + long + "/=l",
		long + "/l":                      "@" + long + "/+/=l",
		long[1:] + "/l":                  "+" + long[1:] + "/=l",
		strings.Repeat("d/", 16) + "a/b": strings.Repeat("+d/", 16) + "=a%2fb",
	} {
		if got := keyPath(key); got != want {
			t.Errorf("keyPath(%q) = %q, want %q", key, got, want)
		}
	}
}

// FuzzKeyPath checks that no key's path leaves the directory or outgrows a file
// system's names, that the path tells the key, and that prefixes lead to it.
func FuzzKeyPath(f *testing.F) {
	for _, key := range []string{"a", "../x", "a//b", strings.Repeat("é", 512), strings.Repeat("/", 1024), strings.Repeat("x/", 20), "\x00\xff"} {
		f.Add(key, 3)
	}
	f.Fuzz(func(t *testing.T, key string, n int) {
		path := keyPath(key)
		if len(key) > 0 && !filepath.IsLocal(path) {
			t.Errorf("%q leads to %q", key, path)
		}
		if got, ok := parsePath(path); !ok || got != key {
			t.Errorf("%q leads to %q, which tells %q, %v", key, path, got, ok)
		}
		dir, _, rest := prefixPath(key[:max(0, min(n, len(key)))])
		if !strings.HasPrefix(path, dir) || !strings.Contains(key, rest) {
			t.Errorf("%q leads to %q, but a prefix of it to %q and %q", key, path, dir, rest)
		}
	})
}

// parsePath is the inverse of keyPath.
func parsePath(path string) (key string, ok bool) {
	for depth, name := range strings.Split(path, "/") {
		p, ok := parsePiece(name, depth)
		if !ok || len(name) > 241 {
			return "", false
		}
		key += p.text
	}
	return key, true
}

func TestParsePieceRefuses(t *testing.T) {
	for _, name := range []string{
		"", "x", "null", "=A", "=%41x%4", "=%4A", "=%zz", "=%61", "=a/b", "=a%2fb", "=a.", "+a%2fb", "@short", ".DS_Store", "lost+found",
		"=" + strings.Repeat("a", 81), "+" + strings.Repeat("a", 80), "@" + strings.Repeat("a", 81),
	} {
		if p, ok := parsePiece(name, 0); ok {
			t.Errorf("%q is taken for %+v", name, p)
		}
	}
	if _, ok := parsePiece("+a", maxSlashes); ok {
		t.Error("a slash is taken for the end of a piece too deep down")
	}
}

// TestPiecesSort checks that the pieces at one place sort as the keys do, however
// deep they are.
func TestPiecesSort(t *testing.T) {
	parts := []string{"a", "a/", "/", "-", "0", "B", "é", strings.Repeat("a", 80), strings.Repeat("a", 79), "/" + strings.Repeat("/a", 14)}
	var keys []string
	for _, p := range parts {
		for _, q := range parts {
			for _, r := range parts {
				keys = append(keys, p+q+r, p+q)
			}
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for i, key := range keys[1:] {
		if comparePaths(keys[i], key) >= 0 {
			t.Errorf("%q comes before %q, but not by its path", keys[i], key)
		}
	}
}

func comparePaths(a, b string) int {
	for depth := 0; ; depth++ {
		p, restA := cut(a, depth)
		q, restB := cut(b, depth)
		if c := p.compare(q); c != 0 || p.tag == keyTag {
			return c
		}
		a, b = restA, restB
	}
}

func TestAfter(t *testing.T) {
	for prefix, want := range map[string]string{"a": "b", "a/": "a0", "a\xff\xff": "b", "é": "\xc3\xaa"} {
		if got, ok := after(prefix); !ok || got != want {
			t.Errorf("after(%q) = %q, %v, want %q", prefix, got, ok, want)
		}
	}
	for _, prefix := range []string{"", "\xff"} {
		if got, ok := after(prefix); ok {
			t.Errorf("after(%q) = %q", prefix, got)
		}
	}
}

func TestVersionID(t *testing.T) {
	v := versionID{order: 0x18c0ffee, random: [16]byte{15: 7}}
	s := v.String()
	if len(s) != 32 {
		t.Errorf("%q has %d characters", s, len(s))
	}
	if got, ok := parseVersionID(s); !ok || got != v {
		t.Errorf("%q is taken for %+v, %v", s, got, ok)
	}
	if got, ok := parseFileName(v.fileName()); !ok || got != v {
		t.Errorf("%q is taken for %+v, %v", v.fileName(), got, ok)
	}
	for _, bad := range []string{"", "null", s[1:], s + "AAAA", s[:31] + "=", s[:31] + "+"} {
		if _, ok := parseVersionID(bad); ok {
			t.Errorf("%q is taken for an id", bad)
		}
	}
	if older := (versionID{order: 0xff}).fileName(); older >= v.fileName() {
		t.Errorf("%q does not sort before %q", older, v.fileName())
	}
}

func TestLeast(t *testing.T) {
	l := newLeast(3, strings.Compare)
	for _, s := range []string{"h", "b", "g", "a", "f", "c", "e", "d", "aa"} {
		l.add(s)
	}
	kept, more := l.sorted()
	if !slices.Equal(kept, []string{"a", "aa", "b"}) || !more {
		t.Errorf("kept %v, %v", kept, more)
	}
	l = newLeast(3, strings.Compare)
	l.add("b")
	l.add("a")
	if kept, more := l.sorted(); !slices.Equal(kept, []string{"a", "b"}) || more {
		t.Errorf("kept %v, %v", kept, more)
	}
}
