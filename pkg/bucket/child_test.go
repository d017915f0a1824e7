package bucket_test

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/pkg/bucket"
)

// The test binary runs itself with this variable to have other processes at work
// in a directory: it names what they do.
const childVariable = "BUCKET_TEST_CHILD"

var children = map[string]func(d *bucket.Dir, name string){
	"put":   putForever,
	"once":  putOnce,
	"stall": stall,
}

func TestMain(m *testing.M) {
	if does := children[os.Getenv(childVariable)]; does != nil {
		does(bucket.Open(bucket.Config{Dir: os.Args[1]}), os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startChild starts a process that does something in a directory.
func startChild(t *testing.T, does, dir, name string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, dir, name)
	c.Env = append(os.Environ(), childVariable+"="+does)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewScanner(out)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}

// body is what version n of a key by one child has: its sizes are about those of
// the buffers, and it tells where it is from.
func body(name string, n int) string {
	line := fmt.Sprintf("%s %d\n", name, n)
	return strings.Repeat(line, 1+(n*7919)%60_000/len(line))
}

// putForever puts versions and, to a bucket without any, objects, tells each when it is
// done, and tags it.
func putForever(d *bucket.Dir, name string) {
	for n := 0; ; n++ {
		for _, in := range []string{"versioned", "plain"} {
			key := fmt.Sprint("dir/key-", n%3)
			s, err := d.Put(context.Background(), in, key, strings.NewReader(body(name, n)), bucket.PutOptions{})
			exitOn(err)
			fmt.Println(in, key, n, s.ETag, s.VersionID)
			_, err = d.PutTags(context.Background(), in, key, s.VersionID, []bucket.Tag{{Key: "by", Value: name}})
			if !bucket.IsCode(err, bucket.NoSuchKey) && !bucket.IsCode(err, bucket.NoSuchVersion) { // the other one's delete
				exitOn(err)
			}
		}
		_, err := d.Delete(context.Background(), "plain", fmt.Sprint("dir/key-", (n+1)%3), "")
		exitOn(err)
	}
}

// putOnce tries to be the first to put some keys.
func putOnce(d *bucket.Dir, name string) {
	for n := range 30 {
		_, err := d.Put(context.Background(), "plain", fmt.Sprint("once-", n), strings.NewReader(name), bucket.PutOptions{IfNoneMatch: "*"})
		switch {
		case err == nil:
			fmt.Println("won", n)
		case !bucket.IsCode(err, bucket.PreconditionFailed):
			exitOn(err)
		}
	}
}

// stall puts a body that does not come to its end.
func stall(d *bucket.Dir, name string) {
	said := readerFunc(func([]byte) (int, error) {
		fmt.Println("reading")
		time.Sleep(time.Hour)
		return 0, io.EOF
	})
	_, err := d.Put(context.Background(), "plain", name, io.MultiReader(strings.NewReader("begun"), said), bucket.PutOptions{})
	exitOn(err)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// newPair makes a directory with a bucket that keeps versions and one that does
// not.
func newPair(t *testing.T) (dir string, d *bucket.Dir) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "buckets")
	d = bucket.Open(bucket.Config{Dir: dir})
	for _, name := range []string{"plain", "versioned"} {
		must(t, d.CreateBucket(t.Context(), name, bucket.CreateOptions{}))
	}
	must(t, d.PutVersioning(t.Context(), "versioned", bucket.Enabled))
	return dir, d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestKill kills processes while they put, and checks that what they had told is
// there, and that what is there is whole.
func TestKill(t *testing.T) {
	dir, d := newPair(t)
	var told []string
	for round := range 12 {
		told = append(told, killed(t, dir, fmt.Sprint("child-", round), time.Duration(20+round*5)*time.Millisecond)...)
	}
	if len(told) == 0 {
		t.Skip("this machine is too slow: every child died before its first put")
	}
	for _, line := range told {
		checkTold(t, d, strings.Fields(line))
	}
	checkWhole(t, d, "versioned")
	checkWhole(t, d, "plain")
	t.Logf("%d puts were told by 24 processes that were killed", len(told))
}

// killed starts two children, kills them after a while and returns what they
// told.
func killed(t *testing.T, dir, name string, after time.Duration) (told []string) {
	t.Helper()
	first, out := startChild(t, "put", dir, name+"a")
	second, more := startChild(t, "put", dir, name+"b")
	time.AfterFunc(after, func() { _ = first.Process.Kill() })
	time.AfterFunc(after, func() { _ = second.Process.Kill() })
	for _, s := range []*bufio.Scanner{out, more} {
		for s.Scan() {
			told = append(told, s.Text())
		}
	}
	_, _ = first.Wait(), second.Wait()
	return told
}

// checkTold checks that a version that a child told of is there. Objects in the
// plain bucket may have been replaced since.
func checkTold(t *testing.T, d *bucket.Dir, told []string) {
	t.Helper()
	if len(told) != 5 {
		return // plain, or the line that the child died in
	}
	o, err := d.Get(t.Context(), told[0], told[1], told[4])
	if err != nil {
		t.Errorf("%v: %v", told, err)
		return
	}
	defer o.Close()
	if o.ETag != told[3] {
		t.Errorf("%v: its entity tag is %s", told, o.ETag)
	}
}

// checkWhole checks that each version in a bucket has the bytes of its entity
// tag and that each key has one latest version.
func checkWhole(t *testing.T, d *bucket.Dir, name string) {
	t.Helper()
	opts, latest := bucket.VersionOptions{}, map[string]int{}
	for {
		page, err := d.ListVersions(t.Context(), name, opts)
		must(t, err)
		for _, v := range page.Versions {
			latest[v.Key] += map[bool]int{true: 1}[v.Latest]
			checkBytes(t, d, name, v)
		}
		if !page.Truncated {
			break
		}
		opts.KeyMarker, opts.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
	}
	for key, n := range latest {
		if n != 1 {
			t.Errorf("s3://%s/%s has %d latest versions", name, key, n)
		}
	}
}

func checkBytes(t *testing.T, d *bucket.Dir, name string, v bucket.Version) {
	t.Helper()
	o, err := d.Get(t.Context(), name, v.Key, v.VersionID)
	if err != nil {
		t.Errorf("s3://%s/%s version %s: %v", name, v.Key, v.VersionID, err)
		return
	}
	defer o.Close()
	h := md5.New()
	n, err := io.Copy(h, o)
	if tag := `"` + hex.EncodeToString(h.Sum(nil)) + `"`; err != nil || n != v.Size || tag != v.ETag {
		t.Errorf("s3://%s/%s version %s: %d bytes of %d, MD5 %s of %s, error %v", name, v.Key, v.VersionID, n, v.Size, tag, v.ETag, err)
	}
}

// TestPutOnceAmongProcesses has processes race for the same keys.
func TestPutOnceAmongProcesses(t *testing.T) {
	dir, _ := newPair(t)
	var outs []*bufio.Scanner
	for i := range 4 {
		c, out := startChild(t, "once", dir, fmt.Sprint("child-", i))
		defer func() { must(t, c.Wait()) }()
		outs = append(outs, out)
	}
	won := map[string]int{}
	for _, out := range outs {
		for out.Scan() {
			won[out.Text()]++
		}
	}
	for n := range 30 {
		if got := won[fmt.Sprint("won ", n)]; got != 1 {
			t.Errorf("%d processes put key %d first", got, n)
		}
	}
}

// TestSweep checks that what a dead process left is removed when it is old, and
// what a living one writes is not, however old it is.
func TestSweep(t *testing.T) {
	dir, d := newPair(t)
	dead, out := startChild(t, "stall", dir, "dead")
	out.Scan()
	_ = dead.Process.Kill()
	_ = dead.Wait()
	if got := staged(t, dir, 0); got != 1 {
		t.Fatalf("a dead process left %d files", got)
	}
	alive, out := startChild(t, "stall", dir, "alive")
	out.Scan()
	defer func() { _, _ = alive.Process.Kill(), alive.Wait() }()

	putSmall := func(d *bucket.Dir) {
		_, err := d.Put(t.Context(), "plain", "k", strings.NewReader("x"), bucket.PutOptions{})
		must(t, err)
	}
	putSmall(d)
	if got := staged(t, dir, 2*time.Hour); got != 2 {
		t.Errorf("%d files are left of two that are young", got)
	}
	putSmall(bucket.Open(bucket.Config{Dir: dir}))
	if got := staged(t, dir, 0); got != 1 {
		t.Errorf("%d files are left of two that are old, one of them in use", got)
	}
}

// staged counts the files that are being written or were, and makes them older.
func staged(t *testing.T, dir string, by time.Duration) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, ".tmp", "*"))
	must(t, err)
	old := time.Now().Add(-by)
	for _, name := range names {
		must(t, os.Chtimes(name, old, old))
	}
	return len(names)
}
