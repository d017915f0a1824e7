package transfer_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// What is asked to end ends at once, and can be gone on with.
func TestEnded(t *testing.T) {
	t.Parallel()
	from, _ := dirIn(t)
	home(t, from)
	to, _ := dirIn(t)
	asked, stop := context.WithTimeout(ctx, time.Hour)
	n := 0
	_, err := transfer.Run(asked, transfer.Config{From: from, To: to, AtOnce: 1, Progress: func(p transfer.Phase, _ transfer.Progress) {
		if p == transfer.Copying {
			n++
		}
		if n == 4 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	run(t, from, to, 0)
	same(t, from, to)
}

// Buckets are made in their regions, where the target can do that.
func TestRegions(t *testing.T) {
	t.Parallel()
	from, _ := dirIn(t)
	must(t, from.CreateBucket(ctx, "far", bucket.CreateOptions{Region: "ap-south-1"}))
	for name, tc := range map[string]struct {
		one, here bool
		want      string
	}{"any": {want: "ap-south-1"}, "one": {one: true, want: "us-east-1"}, "only its own": {here: true, want: "us-east-1"}} {
		to, _ := dirIn(t)
		var there bucket.Store = to
		if tc.here {
			there = local{to}
		}
		_, err := transfer.Run(ctx, transfer.Config{From: from, To: there, OneRegion: tc.one})
		must(t, err)
		if b, err := to.HeadBucket(ctx, "far"); err != nil || b.Region != tc.want {
			t.Errorf("%s: got %s, %v", name, b.Region, err)
		}
	}
}

// local is a store that makes buckets nowhere else.
type local struct{ bucket.Tagger }

func (l local) CreateBucket(ctx context.Context, name string, opts bucket.CreateOptions) error {
	if opts.Region != "" {
		return &bucket.Error{Code: "IllegalLocationConstraintException", Status: 400}
	}
	return l.Tagger.CreateBucket(ctx, name, opts)
}
