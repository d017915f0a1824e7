package bucket_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"signer/pkg/bucket"
)

// mount mounts a memory file system of this size, or skips the test.
func mount(t *testing.T, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=700"); err != nil {
		t.Skipf("this test mounts a file system, and may not: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// TestDiskFull fills a disk: the put that does not fit fails clearly and leaves
// nothing, and the store works on.
func TestDiskFull(t *testing.T) {
	dir := mount(t, "1m")
	d := bucket.Open(bucket.Config{Dir: filepath.Join(dir, "store")})
	must(t, d.CreateBucket(t.Context(), "full", bucket.CreateOptions{}))
	must(t, d.PutVersioning(t.Context(), "full", bucket.Enabled))
	_, err := d.Put(t.Context(), "full", "small", strings.NewReader("old"), bucket.PutOptions{})
	must(t, err)

	_, err = d.Put(t.Context(), "full", "small", noise(4<<20), bucket.PutOptions{})
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "free some room") {
		t.Errorf("got error %v, want %v and advice", err, unix.ENOSPC)
	}
	if got := staged(t, filepath.Join(dir, "store"), 0); got != 0 {
		t.Errorf("%d files are left", got)
	}
	_, err = d.Put(t.Context(), "full", "half", noise(512<<10), bucket.PutOptions{})
	must(t, err)
	checkWhole(t, d, "full")
	info, err := d.Head(t.Context(), "full", "small", "")
	if err != nil || info.Size != 3 {
		t.Errorf("the old version is %+v, %v", info, err)
	}
}

// TestDiskFullAtAnyPoint has a disk get full a little later each time.
func TestDiskFullAtAnyPoint(t *testing.T) {
	dir := mount(t, "1m")
	d := bucket.Open(bucket.Config{Dir: dir})
	must(t, d.CreateBucket(t.Context(), "full", bucket.CreateOptions{}))
	ballast := filepath.Join(dir, "ballast")
	for pages := range 12 { // a put needs a few: file, record, directories
		must(t, os.WriteFile(ballast, make([]byte, free(t, dir)-uint64(pages)*4096), 0o600))
		key := strings.Repeat("d/", pages) + "k"
		_, err := d.Put(t.Context(), "full", key, noise(5000), bucket.PutOptions{})
		must(t, os.Remove(ballast))
		_, headErr := d.Head(t.Context(), "full", key, "")
		if err != nil && (!errors.Is(err, unix.ENOSPC) || !bucket.IsCode(headErr, bucket.NoSuchKey)) || err == nil && headErr != nil {
			t.Errorf("with %d pages free: %v, and then %v", pages, err, headErr)
		}
		checkWhole(t, d, "full")
	}
}

func free(t *testing.T, dir string) uint64 {
	t.Helper()
	var st unix.Statfs_t
	must(t, unix.Statfs(dir, &st))
	return st.Bfree * uint64(st.Bsize)
}

// TestReadOnly checks that a store on a file system that cannot be written can
// be read, and says so when it is to be written.
func TestReadOnly(t *testing.T) {
	dir := mount(t, "1m")
	d := bucket.Open(bucket.Config{Dir: dir})
	must(t, d.CreateBucket(t.Context(), "frozen", bucket.CreateOptions{}))
	_, err := d.Put(t.Context(), "frozen", "k", strings.NewReader("x"), bucket.PutOptions{})
	must(t, err)
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))

	checkWhole(t, d, "frozen")
	_, err = d.ListBuckets(t.Context())
	must(t, err)
	_, putErr := d.Put(t.Context(), "frozen", "k", strings.NewReader("y"), bucket.PutOptions{})
	_, delErr := d.Delete(t.Context(), "frozen", "k", "")
	for _, err := range []error{putErr, delErr, d.CreateBucket(t.Context(), "new", bucket.CreateOptions{}), d.DeleteBucket(t.Context(), "frozen")} {
		if !errors.Is(err, unix.EROFS) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "yours to read and write") {
			t.Errorf("got error %v, want %v and advice", err, unix.EROFS)
		}
	}
}

// TestForbidden is TestReadOnly for a directory of somebody else's.
func TestForbidden(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to root")
	}
	dir, d := newPair(t)
	must(t, os.Chmod(filepath.Join(dir, ".tmp"), 0))
	t.Cleanup(func() { must(t, os.Chmod(filepath.Join(dir, ".tmp"), 0o700)) })
	_, err := d.Put(t.Context(), "plain", "k", strings.NewReader("y"), bucket.PutOptions{})
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "yours to read and write") {
		t.Errorf("got error %v, want %v and advice", err, fs.ErrPermission)
	}
}
