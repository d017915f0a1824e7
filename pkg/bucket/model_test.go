package bucket_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"signer/pkg/bucket"
)

// TestModel does random things to a bucket and to a model of one that fits in a
// few lines, and compares what they list.
func TestModel(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("20"); err != nil { // each check fsyncs a lot
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{t: rt, dir: bucket.Open(bucket.Config{Dir: filepath.Join(t.TempDir(), "b")}), keys: map[string][]entry{}}
		m.ok(m.dir.CreateBucket(context.Background(), "model", bucket.CreateOptions{}))
		rt.Repeat(map[string]func(*rapid.T){
			"put":        m.put,
			"delete":     m.delete,
			"remove":     m.remove,
			"versioning": m.setVersioning,
			"":           m.compare,
		})
	})
}

// model is what a bucket ought to hold.
type model struct {
	t          *rapid.T
	dir        *bucket.Dir
	versioning bucket.Versioning
	keys       map[string][]entry // newest first
}

type entry struct {
	id     string
	marker bool
}

// drawKey draws from keys that share prefixes, slashes and long pieces.
func drawKey(t *rapid.T, label string) string {
	long := strings.Repeat("l", 79)
	parts := []string{"a", "b", "/", "-", "é", "A", long, long + "l", "//////////"}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 5).Draw(t, label), "")
}

func (m *model) ok(err error) {
	if err != nil {
		m.t.Fatalf("unexpected error: %v", err)
	}
}

func (m *model) add(key string, e entry) {
	if e.id == bucket.Null {
		m.drop(key, bucket.Null)
	}
	m.keys[key] = slices.Insert(m.keys[key], 0, e)
}

func (m *model) drop(key, id string) {
	m.keys[key] = slices.DeleteFunc(m.keys[key], func(e entry) bool { return e.id == id })
}

func (m *model) put(t *rapid.T) {
	key := drawKey(t, "key")
	s, err := m.dir.Put(context.Background(), "model", key, strings.NewReader(key), bucket.PutOptions{})
	m.ok(err)
	if s.VersionID == "" {
		s.VersionID = bucket.Null
	}
	m.add(key, entry{id: s.VersionID})
}

func (m *model) delete(t *rapid.T) {
	key := m.someKey(t)
	d, err := m.dir.Delete(context.Background(), "model", key, "")
	m.ok(err)
	if m.versioning == bucket.Unversioned {
		m.drop(key, bucket.Null)
	} else {
		m.add(key, entry{d.VersionID, true})
	}
}

func (m *model) remove(t *rapid.T) {
	key := m.someKey(t)
	if len(m.keys[key]) == 0 {
		t.Skip("nothing to remove")
	}
	id := rapid.SampledFrom(m.keys[key]).Draw(t, "version").id
	_, err := m.dir.Delete(context.Background(), "model", key, id)
	m.ok(err)
	m.drop(key, id)
}

// someKey draws a key that is there, if there is any.
func (m *model) someKey(t *rapid.T) string {
	if len(m.keys) == 0 {
		return drawKey(t, "key")
	}
	return rapid.SampledFrom(m.sorted()).Draw(t, "known key")
}

func (m *model) setVersioning(t *rapid.T) {
	m.versioning = rapid.SampledFrom([]bucket.Versioning{bucket.Enabled, bucket.Suspended}).Draw(t, "versioning")
	m.ok(m.dir.PutVersioning(context.Background(), "model", m.versioning))
}

func (m *model) sorted() []string {
	var keys []string
	for key := range m.keys {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// compare lists the bucket with some options and compares that with the model.
func (m *model) compare(t *rapid.T) {
	o := bucket.VersionOptions{MaxKeys: rapid.IntRange(1, 5).Draw(t, "max keys")}
	if rapid.Bool().Draw(t, "with a prefix") {
		o.Prefix = drawKey(t, "prefix")
	}
	if rapid.Bool().Draw(t, "with a delimiter") {
		o.Delimiter = rapid.SampledFrom([]string{"/", "-", "al", "//"}).Draw(t, "delimiter")
	}
	if rapid.Bool().Draw(t, "with a marker") {
		o.KeyMarker = drawKey(t, "marker")
	}
	m.same(fmt.Sprintf("versions by %+q", []string{o.Prefix, o.Delimiter, o.KeyMarker}), m.listVersions(o), m.wantVersions(o))
	m.same(fmt.Sprintf("objects by %+q", []string{o.Prefix, o.Delimiter, o.KeyMarker}), m.listObjects(o), m.wantObjects(o))
}

func (m *model) same(what string, got, want []string) {
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		m.t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// The four lists below have first what is listed for itself and then the groups,
// each in order.

func (m *model) listVersions(o bucket.VersionOptions) (lines []string) {
	var groups []string
	for {
		page, err := m.dir.ListVersions(context.Background(), "model", o)
		m.ok(err)
		groups = append(groups, page.Prefixes...)
		for _, v := range page.Versions {
			lines = append(lines, fmt.Sprint(v.Key, " ", v.VersionID, v.DeleteMarker, v.Latest))
		}
		if !page.Truncated {
			return append(lines, groups...)
		}
		o.KeyMarker, o.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
	}
}

func (m *model) wantVersions(o bucket.VersionOptions) (lines []string) {
	var groups []string
	for _, key := range m.after(o) {
		if group := groupOf(key, o); group != "" && len(m.keys[key]) > 0 {
			groups = append(groups, group)
			continue
		}
		for i, e := range m.keys[key] {
			lines = append(lines, fmt.Sprint(key, " ", e.id, e.marker, i == 0))
		}
	}
	return append(lines, slices.Compact(groups)...)
}

func (m *model) listObjects(v bucket.VersionOptions) (lines []string) {
	o := bucket.ListOptions{Prefix: v.Prefix, Delimiter: v.Delimiter, StartAfter: v.KeyMarker, MaxKeys: v.MaxKeys}
	var groups []string
	for {
		page, err := m.dir.ListObjects(context.Background(), "model", o)
		m.ok(err)
		groups = append(groups, page.Prefixes...)
		for _, v := range page.Objects {
			lines = append(lines, v.Key)
		}
		if !page.Truncated {
			return append(lines, groups...)
		}
		o.Token = page.NextToken
	}
}

func (m *model) wantObjects(o bucket.VersionOptions) (lines []string) {
	var groups []string
	for _, key := range m.after(o) {
		if vs := m.keys[key]; len(vs) == 0 || vs[0].marker {
			continue
		}
		if group := groupOf(key, o); group != "" {
			groups = append(groups, group)
		} else {
			lines = append(lines, key)
		}
	}
	return append(lines, slices.Compact(groups)...)
}

// after returns the keys that a listing covers, in order.
func (m *model) after(o bucket.VersionOptions) (keys []string) {
	for _, key := range m.sorted() {
		passed := key <= o.KeyMarker || o.KeyMarker != "" && groupOf(key, o) == o.KeyMarker
		if strings.HasPrefix(key, o.Prefix) && !passed {
			keys = append(keys, key)
		}
	}
	return keys
}

func groupOf(key string, o bucket.VersionOptions) string {
	rest, ok := strings.CutPrefix(key, o.Prefix)
	if !ok || o.Delimiter == "" {
		return ""
	}
	if i := strings.Index(rest, o.Delimiter); i >= 0 {
		return key[:len(o.Prefix)+i+len(o.Delimiter)]
	}
	return ""
}
