package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
	"signer/pkg/bucket/transfer"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dirIn is a store in a directory.
func dirIn(t testing.TB) (*bucket.Dir, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "buckets")
	return bucket.Open(bucket.Config{Dir: dir}), dir
}

func put(t testing.TB, s bucket.Store, in, key, body string, opts ...bucket.PutOptions) bucket.Stored {
	t.Helper()
	stored, err := s.Put(ctx, in, key, strings.NewReader(body), append(opts, bucket.PutOptions{})[0])
	must(t, err)
	return stored
}

func remove(t testing.TB, s bucket.Store, in, key, version string) {
	t.Helper()
	_, err := s.Delete(ctx, in, key, version)
	must(t, err)
}

// large is the first part of what comes in parts.
var large = bytes.Repeat([]byte("0123456789abcdef"), bucket.MinPart/16)

// putParts puts an object in two parts.
func putParts(t testing.TB, s bucket.Store, in, key string, opts bucket.UploadOptions) {
	t.Helper()
	u, err := s.CreateUpload(ctx, in, key, opts)
	must(t, err)
	var parts []bucket.Part
	for i, body := range [][]byte{large, []byte("the end")} {
		sum := bucket.Checksum{Algorithm: opts.Checksum.Algorithm}
		p, err := s.PutPart(ctx, in, key, u.ID, i+1, bytes.NewReader(body), bucket.PartOptions{Checksum: sum})
		must(t, err)
		parts = append(parts, p)
	}
	_, err = s.CompleteUpload(ctx, in, key, u.ID, parts, bucket.CompleteOptions{})
	must(t, err)
}

// home fills a store as a home's is.
func home(t testing.TB, s bucket.Store) {
	t.Helper()
	must(t, s.CreateBucket(ctx, "plain", bucket.CreateOptions{}))
	put(t, s, "plain", "signed/a", "signed")
	put(t, s, "plain", "empty", "")
	must(t, s.CreateBucket(ctx, "nothing", bucket.CreateOptions{}))
	must(t, s.CreateBucket(ctx, "versioned", bucket.CreateOptions{}))
	put(t, s, "versioned", "old", "null version")
	put(t, s, "versioned", "app.zip", "null version")
	must(t, s.PutVersioning(ctx, "versioned", bucket.Enabled))
	for i := range 5 {
		put(t, s, "versioned", "app.zip", fmt.Sprint("version ", i))
	}
	put(t, s, "versioned", "app.zip", "version 4") // the same again
	put(t, s, "versioned", "gone", "it was here")
	remove(t, s, "versioned", "gone", "")
	put(t, s, "versioned", "dir/all", "hello", bucket.PutOptions{ContentType: "text/plain", Metadata: map[string]string{"color": "red"},
		Headers:  bucket.Headers{CacheControl: "no-store", ContentDisposition: "inline", ContentLanguage: "en", Expires: "Thu, 01 Dec 2033 16:00:00 GMT"},
		Checksum: bucket.Checksum{Algorithm: checksum.SHA256}})
	must(t, s.CreateBucket(ctx, "suspended", bucket.CreateOptions{}))
	must(t, s.PutVersioning(ctx, "suspended", bucket.Enabled))
	put(t, s, "suspended", "k", "one")
	must(t, s.PutVersioning(ctx, "suspended", bucket.Suspended))
	put(t, s, "suspended", "k", "null")
}

// big adds an object in parts.
func big(t testing.TB, s bucket.Store) {
	t.Helper()
	putParts(t, s, "versioned", "large", bucket.UploadOptions{ContentType: "application/zip", Metadata: map[string]string{"a": "b"}})
}

// more is what not every server that speaks S3's protocol keeps.
func more(t testing.TB, s bucket.Store) {
	t.Helper()
	must(t, s.CreateBucket(ctx, "more", bucket.CreateOptions{Region: "eu-west-1", Tags: []bucket.Tag{{Key: "team", Value: "a b+c"}, {Key: "x"}}}))
	must(t, s.PutVersioning(ctx, "more", bucket.Enabled))
	for _, key := range []string{"x", "x/y", "x-y", "a//b", "sp ace+%", "é\n", strings.Repeat("l", 900)} {
		put(t, s, "more", key, key)
	}
	remove(t, s, "more", "never there", "")
	for i := range 3 {
		put(t, s, "more", "x/y", fmt.Sprint(i))
		remove(t, s, "more", "x/y", "")
	}
	put(t, s, "more", "x/y", "back again", bucket.PutOptions{Tags: []bucket.Tag{{Key: "stage", Value: "test"}, {Key: "é", Value: "ü/="}}})
	putParts(t, s, "more", "composite", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.SHA256, Type: bucket.Composite}, Tags: []bucket.Tag{{Key: "big"}}})
	putParts(t, s, "more", "full", bucket.UploadOptions{Checksum: bucket.Checksum{Algorithm: checksum.CRC32, Type: bucket.FullObject}})
}

// seen is what a reader sees of a store, but for ids and times: each version of each
// key, newest first. exactly tells states of buckets and null versions, too.
func seen(t testing.TB, s bucket.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	list, err := s.ListBuckets(ctx)
	must(t, err)
	for _, b := range list {
		all[b.Name] = ""
		for _, v := range versions(t, s, b.Name) {
			at := b.Name + "/" + v.Key
			all[at] += fmt.Sprintln(v.Latest, told(t, s, b.Name, v))
		}
	}
	return all
}

// versions are all versions of a bucket.
func versions(t testing.TB, s bucket.Store, in string) (all []bucket.Version) {
	t.Helper()
	kept, err := s.Versioning(ctx, in)
	must(t, err)
	if kept == bucket.Unversioned { // versitygw does not page them
		for o, more := (bucket.ListOptions{}), true; more; {
			page, err := s.ListObjects(ctx, in, o)
			must(t, err)
			for _, i := range page.Objects {
				all = append(all, bucket.Version{Info: i, Latest: true})
			}
			o.Token, more = page.NextToken, page.Truncated
		}
		return all
	}
	for o, more := (bucket.VersionOptions{}), true; more; {
		page, err := s.ListVersions(ctx, in, o)
		must(t, err)
		all = append(all, page.Versions...)
		o.KeyMarker, o.VersionMarker, more = page.NextKeyMarker, page.NextVersionMarker, page.Truncated
	}
	return all
}

func told(t testing.TB, s bucket.Store, in string, v bucket.Version) string {
	t.Helper()
	if v.DeleteMarker {
		return "delete marker"
	}
	o, err := s.Get(ctx, in, v.Key, v.VersionID)
	must(t, err)
	defer o.Close()
	h := sha256.New()
	_, err = io.Copy(h, o)
	must(t, err)
	info, err := s.Head(ctx, in, v.Key, v.VersionID)
	must(t, err)
	sum := info.Checksum
	if sum.Algorithm != checksum.SHA256 && sum.Algorithm != checksum.CRC32 || info.Parts == 0 && sum.Algorithm == checksum.CRC32 { // others add themselves
		sum = bucket.Checksum{}
	}
	return fmt.Sprintf("%x %d %s %s %v %v %v %v %d", h.Sum(nil)[:4], info.Size, info.ETag, info.ContentType, info.Metadata, info.Headers, info.Tags, sum, info.Parts)
}

// run copies, and returns what has moved where.
func run(t testing.TB, from, to bucket.Store, page int) (transfer.Tally, map[transfer.Version]string) {
	t.Helper()
	moved := map[transfer.Version]string{}
	tally, err := transfer.Run(ctx, transfer.Config{From: from, To: to, Page: page, Moved: func(_ context.Context, v transfer.Version, id string) error {
		moved[v] = id
		return nil
	}})
	must(t, err)
	return tally, moved
}

func same(t testing.TB, from, to bucket.Store) {
	t.Helper()
	if d := cmp.Diff(seen(t, from), seen(t, to)); d != "" {
		t.Errorf("-source +target\n%s", d)
	}
}

// Whatever a store holds is in the other one afterwards, under the ids that are told, and
// the source is as it was.
func TestRun(t *testing.T) {
	for name, open := range targets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, dir := dirIn(t)
			home(t, from)
			big(t, from)
			if !strings.HasPrefix(name, "versitygw") {
				more(t, from)
			}
			before := files(t, dir)
			to := open(t)
			tally, moved := run(t, from, to, 2)
			same(t, from, to)
			checkMoved(t, from, to, moved)
			states(t, from, to, strings.Contains(name, "inside"))
			if d := cmp.Diff(before, files(t, dir)); d != "" {
				t.Errorf("the source has changed: %s", d)
			}
			there := ids(t, to)
			again, movedAgain := run(t, from, to, 0)
			if d := cmp.Diff([]any{tally, moved, there}, []any{again, movedAgain, ids(t, to)}); d != "" {
				t.Errorf("the second time: %s", d)
			}
			t.Logf("%+v", tally)
		})
	}
}

// files are all files below a directory, with their sizes and times.
func files(t testing.TB, dir string) (all []string) {
	t.Helper()
	must(t, filepath.Walk(dir, func(path string, i os.FileInfo, err error) error {
		if err == nil && !i.IsDir() {
			all = append(all, fmt.Sprint(path, i.Size(), i.ModTime()))
		}
		return err
	}))
	return all
}

// ids are the ids of all versions.
func ids(t testing.TB, s bucket.Store) (all []string) {
	t.Helper()
	list, err := s.ListBuckets(ctx)
	must(t, err)
	for _, b := range list {
		for _, v := range versions(t, s, b.Name) {
			all = append(all, v.VersionID)
		}
	}
	return all
}

// checkMoved checks that each version has, under its new id, its old bytes.
func checkMoved(t testing.TB, from, to bucket.Store, moved map[transfer.Version]string) {
	t.Helper()
	list, err := from.ListBuckets(ctx)
	must(t, err)
	for _, b := range list {
		for _, v := range versions(t, from, b.Name) {
			if v.VersionID == "" {
				v.VersionID = bucket.Null
			}
			there := v
			if id, ok := moved[transfer.Version{Bucket: b.Name, Key: v.Key, ID: v.VersionID}]; ok {
				there.VersionID = id
			}
			if v.DeleteMarker {
				continue
			}
			if kept, err := to.Versioning(ctx, b.Name); kept == bucket.Unversioned && err == nil { // versitygw knows no null then
				there.VersionID = ""
			}
			if mine, theirs := told(t, from, b.Name, v), told(t, to, b.Name, there); mine != theirs {
				t.Errorf("%s/%s version %s is %s here, and as %s %s there", b.Name, v.Key, v.VersionID, mine, there.VersionID, theirs)
			}
		}
	}
}

// states checks whether buckets keep versions as they did.
func states(t testing.TB, from, to bucket.Store, always bool) {
	t.Helper()
	list, err := from.ListBuckets(ctx)
	must(t, err)
	for _, b := range list {
		want, err := from.Versioning(ctx, b.Name)
		must(t, err)
		if always {
			want = bucket.Enabled
		}
		got, err := to.Versioning(ctx, b.Name)
		must(t, err)
		if got != want {
			t.Errorf("bucket %s: %q, want %q", b.Name, got, want)
		}
	}
}

// What somebody else has put into the target stops the copy, and nothing is changed.
func TestDiffers(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(to bucket.Store){
		"versioned/app.zip": func(to bucket.Store) { put(t, to, "versioned", "app.zip", "of somebody else") },
		"versioned/stray":   func(to bucket.Store) { put(t, to, "versioned", "stray", "of somebody else") },
		"versioned/zzz":     func(to bucket.Store) { remove(t, to, "versioned", "zzz", "") },
		"plain/empty":       func(to bucket.Store) { put(t, to, "plain", "empty", "x") },
		"plain/stray":       func(to bucket.Store) { put(t, to, "plain", "stray", "x") },
	} {
		for _, begun := range []bool{false, true} {
			from, _ := dirIn(t)
			home(t, from)
			to, _ := dirIn(t)
			if begun {
				run(t, from, to, 0)
			} else {
				must(t, to.CreateBucket(ctx, "versioned", bucket.CreateOptions{}))
				must(t, to.PutVersioning(ctx, "versioned", bucket.Enabled))
				must(t, to.CreateBucket(ctx, "plain", bucket.CreateOptions{}))
			}
			use(to)
			before := ids(t, to)
			_, err := transfer.Run(ctx, transfer.Config{From: from, To: to, Page: 2})
			if !errors.Is(err, transfer.ErrDiffers) || !strings.Contains(err.Error(), "s3://"+name) {
				t.Errorf("%s: got %v", name, err)
			}
			if d := cmp.Diff(before, ids(t, to)); d != "" {
				t.Errorf("%s: changed: %s", name, d)
			}
		}
	}
}

// The comparison at the end finds what does not agree.
func TestCompare(t *testing.T) {
	t.Parallel()
	from, _ := dirIn(t)
	home(t, from)
	to, _ := dirIn(t)
	for name, spoil := range map[string]func(){
		"has 1 versions there, and 2 here": func() { remove(t, to, "suspended", "k", versions(t, to, "suspended")[0].VersionID) },
		"is missing there":                 func() { remove(t, to, "versioned", "old", versions(t, to, "versioned")[10].VersionID) },
	} {
		_, err := transfer.Run(ctx, transfer.Config{From: from, To: &spoiling{Store: to, after: spoil}})
		if !errors.Is(err, transfer.ErrDiffers) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// spoiling is a store that is spoilt when it has been copied to.
type spoiling struct {
	bucket.Store
	after func()
	asked int
}

func (s *spoiling) Versioning(ctx context.Context, name string) (bucket.Versioning, error) {
	if name == "versioned" {
		if s.asked++; s.asked == 3 { // before, when it is made ready, and when it is left
			defer s.after()
		}
	}
	return s.Store.Versioning(ctx, name)
}

// What is damaged is told, and stops only what comes after it. When it is gone, the copy
// goes on.
func TestDamaged(t *testing.T) {
	t.Parallel()
	from, dir := dirIn(t)
	home(t, from)
	big(t, from)
	put(t, from, "versioned", "rotten", "to do")
	entries, err := os.ReadDir(filepath.Join(dir, "versioned", "objects", "=app.zip"))
	must(t, err)
	must(t, os.Truncate(filepath.Join(dir, "versioned", "objects", "=app.zip", entries[3].Name()), 3))
	overwrite(t, filepath.Join(dir, "versioned", "objects", "=rotten"), "to be")
	overwrite(t, filepath.Join(dir, "versioned", "objects", "=large"), "!")
	to, _ := dirIn(t)
	var told []string
	c := transfer.Config{From: from, To: to, Damaged: func(v transfer.Version, err error) {
		told = append(told, v.Key+": "+err.Error()[strings.Index(err.Error(), "damaged"):])
		remove(t, from, v.Bucket, v.Key, v.ID)
	}}
	if _, err := transfer.Run(ctx, c); !errors.Is(err, transfer.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	slices.Sort(told)
	if d := cmp.Diff([]string{"app.zip: damaged: it has no record", "large: damaged: its bytes do not have the MD5 of their parts", "rotten: damaged: its bytes do not have their MD5"}, told); d != "" {
		t.Error(d)
	}
	run(t, from, to, 0)
	same(t, from, to)
	if got := len(versions(t, to, "versioned")); got != 7-1+1+2+1 {
		t.Errorf("%d versions", got)
	}
}

// overwrite writes the first bytes of the only version of a key anew.
func overwrite(t testing.TB, keyDir, text string) {
	t.Helper()
	entries, err := os.ReadDir(keyDir)
	must(t, err)
	f, err := os.OpenFile(filepath.Join(keyDir, entries[0].Name()), os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte(text), 0)
	must(t, errors.Join(err, f.Close()))
}

// What was damaged after it was copied is not copied again.
func TestDamagedLater(t *testing.T) {
	t.Parallel()
	from, dir := dirIn(t)
	home(t, from)
	to, _ := dirIn(t)
	run(t, from, to, 0)
	overwriteEnd := filepath.Join(dir, "plain", "objects", "=empty", "null")
	must(t, os.Truncate(overwriteEnd, 3))
	before := ids(t, to)
	if _, moved := run(t, from, to, 0); len(moved) == 0 {
		t.Error("nothing has moved")
	}
	if d := cmp.Diff(before, ids(t, to)); d != "" {
		t.Error(d)
	}
}

// Uploads that are not finished are counted.
func TestUploads(t *testing.T) {
	t.Parallel()
	from, _ := dirIn(t)
	must(t, from.CreateBucket(ctx, "versioned", bucket.CreateOptions{}))
	for range 3 {
		_, err := from.CreateUpload(ctx, "versioned", "k", bucket.UploadOptions{})
		must(t, err)
	}
	to, _ := dirIn(t)
	if tally, _ := run(t, from, to, 0); tally.Uploads != 3 || tally.Versions != 0 {
		t.Errorf("got %+v", tally)
	}
}

// An answer that is lost does not make a second version, and an error that passes does
// no harm.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	from, _ := dirIn(t)
	home(t, from)
	more(t, from)
	to, _ := dirIn(t)
	lossy := &losing{Tagger: to}
	run(t, from, lossy, 2)
	same(t, from, to)
	if lossy.n < 20 {
		t.Errorf("only %d answers were asked for", lossy.n)
	}
}

// losing loses each third answer, and each third request.
type losing struct {
	bucket.Tagger
	mu sync.Mutex
	n  int
}

var errLost = errors.New("the connection is gone")

func (l *losing) Put(ctx context.Context, in, key string, body io.Reader, opts bucket.PutOptions) (bucket.Stored, error) {
	return lose(l, func() (bucket.Stored, error) { return l.Tagger.Put(ctx, in, key, body, opts) })
}

func (l *losing) DeleteIf(ctx context.Context, in, key, version string, c bucket.Conditions) (bucket.Deleted, error) {
	return lose(l, func() (bucket.Deleted, error) { return l.Tagger.DeleteIf(ctx, in, key, version, c) })
}

func (l *losing) CompleteUpload(ctx context.Context, in, key, id string, parts []bucket.Part, opts bucket.CompleteOptions) (bucket.Stored, error) {
	return lose(l, func() (bucket.Stored, error) { return l.Tagger.CompleteUpload(ctx, in, key, id, parts, opts) })
}

func lose[T any](l *losing, do func() (T, error)) (none T, err error) {
	l.mu.Lock()
	l.n++
	n := l.n
	l.mu.Unlock()
	if n%3 == 0 {
		return none, errLost
	}
	out, err := do()
	if n%3 == 1 {
		return none, errLost
	}
	return out, err
}

// What is asked to end ends at once, and can be gone on with.
func TestEnded(t *testing.T) {
	t.Parallel()
	from, _ := dirIn(t)
	home(t, from)
	to, _ := dirIn(t)
	asked, stop := context.WithTimeout(ctx, time.Hour)
	n := 0
	_, err := transfer.Run(asked, transfer.Config{From: from, To: to, AtOnce: 1, Progress: func(_, _ transfer.Tally) {
		if n++; n == 4 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	run(t, from, to, 0)
	same(t, from, to)
}
