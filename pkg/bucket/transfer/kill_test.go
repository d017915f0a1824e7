package transfer_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
	"signer/pkg/bucket/transfer"
)

// The test binary runs itself with this variable to be killed while it copies: it is the
// address of the target.
const childVariable = "TRANSFER_TEST_CHILD"

func TestMain(m *testing.M) {
	if url := os.Getenv(childVariable); url != "" {
		to, from := bucket.Store(storeOn(s3test.At(url), os.TempDir())), bucket.Open(bucket.Config{Dir: os.Args[1]})
		if os.Args[2] == "inside" {
			to = within(to.(*s3store.Store))
		}
		if _, err := transfer.Run(ctx, transfer.Config{From: from, To: to, Page: 3, AtOnce: 3}); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// deadly is a server whose clients die when they have asked so often. What they asked
// for last is done after they are dead, and after the next one has begun.
type deadly struct {
	http.Handler

	mu    sync.Mutex
	left  int // requests until the client dies
	child *exec.Cmd
	late  []chan struct{} // closed when what is late may be done
	began int             // requests of this client
}

func (d *deadly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wait := d.asked(r); wait != nil {
		<-wait
	}
	d.Handler.ServeHTTP(w, r)
}

func (d *deadly) asked(r *http.Request) (wait chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left--
	d.began++
	if d.began == 6 {
		d.release()
	}
	if d.left != 0 {
		return nil
	}
	_ = d.child.Process.Kill()
	if r.Method != http.MethodPut && r.Method != http.MethodDelete {
		return nil
	}
	wait = make(chan struct{})
	d.late = append(d.late, wait)
	return wait
}

func (d *deadly) release() {
	for _, wait := range d.late {
		close(wait)
	}
	d.late = nil
}

// run runs a child that dies after so many requests, and returns whether it lived.
func (d *deadly) run(t *testing.T, url, dir, where string, requests int) bool {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	c := exec.Command(exe, dir, where)
	c.Env = append(os.Environ(), childVariable+"="+url)
	c.Stderr = os.Stderr
	d.mu.Lock()
	d.left, d.child, d.began = requests, c, 0
	err = c.Start()
	d.mu.Unlock()
	must(t, err)
	return c.Wait() == nil
}

// A copy that is killed again and again, each time a little later, ends with one copy of
// each version.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"outside", "inside"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			from, dir := dirIn(t)
			eventful(t, from)
			there, _ := dirIn(t)
			d := &deadly{Handler: s3test.Handler(there)}
			server := s3test.Start(t, d)
			to := bucket.Store(storeOn(server, t.TempDir()))
			if where == "inside" {
				to = inside(t, to.(*s3store.Store))
			}
			deaths := 0
			for requests := 8; !d.run(t, server.URL, dir, where, requests); requests += 5 {
				if deaths++; deaths > 60 {
					t.Fatal("it does not come to an end")
				}
			}
			d.mu.Lock()
			d.release()
			d.mu.Unlock()
			same(t, from, to)
			uploads, err := to.ListUploads(ctx, "versioned", bucket.UploadListOptions{})
			if err != nil || len(uploads.Uploads) > 0 {
				t.Errorf("uploads are left: %+v, %v", uploads.Uploads, err)
			}
			before := ids(t, to)
			run(t, from, to, 0)
			if diff := cmp.Diff(before, ids(t, to)); diff != "" {
				t.Error(diff)
			}
			t.Logf("%d deaths", deaths)
			if deaths < 3 {
				t.Error("it hardly died")
			}
		})
	}
}

// eventful fills a store with histories in which no version is like the one before it:
// for these nobody can tell a request that comes late.
func eventful(t testing.TB, s bucket.Store) {
	t.Helper()
	must(t, s.CreateBucket(ctx, "plain", bucket.CreateOptions{}))
	must(t, s.CreateBucket(ctx, "versioned", bucket.CreateOptions{}))
	must(t, s.PutVersioning(ctx, "versioned", bucket.Enabled))
	for i := range 12 {
		put(t, s, "plain", fmt.Sprint("k", i), fmt.Sprint(i))
		put(t, s, "versioned", fmt.Sprint("dir/", i%4), fmt.Sprint("version ", i))
		if i%5 == 4 {
			remove(t, s, "versioned", fmt.Sprint("dir/", i%4), "")
		}
	}
	putParts(t, s, "versioned", "large", bucket.UploadOptions{})
	put(t, s, "versioned", "large", "small")
}
