package s3store_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
)

// newStore returns a store with a bucket "abc" on a server that flaky, if there
// is one, can answer for, and the directory of its temporary files.
func newStore(t *testing.T, flaky func(w http.ResponseWriter, r *http.Request) bool) (s *s3store.Store, temp string) {
	t.Helper()
	front := s3test.Handler(bucket.Open(bucket.Config{Dir: t.TempDir()}))
	server := s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if flaky == nil || !flaky(w, r) {
			front.ServeHTTP(w, r)
		}
	}))
	temp = t.TempDir()
	s = s3store.New(s3store.Config{Client: server.Client(), TempDir: temp})
	must(t, s.CreateBucket(t.Context(), "abc", bucket.CreateOptions{}))
	return s, temp
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s *s3store.Store, key string) string {
	t.Helper()
	o, err := s.Get(t.Context(), "abc", key, "")
	must(t, err)
	b, err := io.ReadAll(o)
	must(t, errors.Join(err, o.Close()))
	return string(b)
}

// empty checks that no temporary file is left.
func empty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if len(left) > 0 || err != nil {
		t.Errorf("temporary files: %v, %v", left, err)
	}
}

// TestBodies puts all kinds of bodies.
func TestBodies(t *testing.T) {
	s, temp := newStore(t, nil)
	begun := strings.NewReader("skipped rest")
	_, err := begun.Seek(8, io.SeekStart)
	must(t, err)
	pipe, w, err := os.Pipe() // a Seeker that cannot seek
	must(t, err)
	_, err = w.WriteString("rest")
	must(t, errors.Join(err, w.Close()))
	for name, body := range map[string]io.Reader{
		"begun":  begun,
		"pipe":   pipe,
		"stream": io.MultiReader(strings.NewReader("re"), strings.NewReader("st")),
		"bytes":  bytes.NewReader([]byte("rest")),
	} {
		stored, err := s.Put(t.Context(), "abc", name, body, bucket.PutOptions{})
		must(t, err)
		if got := read(t, s, name); got != "rest" || stored.Size != 4 {
			t.Errorf("%s: %q, %d bytes", name, got, stored.Size)
		}
	}
	empty(t, temp)
}

// TestRetry has the server fail once: a body of any kind is sent again, whole.
func TestRetry(t *testing.T) {
	var failures atomic.Int32
	s, temp := newStore(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/k") || failures.Add(1)%2 == 0 {
			return false
		}
		_, _ = io.CopyN(io.Discard, r.Body, 3)
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	for _, body := range []io.Reader{strings.NewReader("a body"), io.MultiReader(strings.NewReader("a body"))} {
		_, err := s.Put(t.Context(), "abc", "k", body, bucket.PutOptions{})
		must(t, err)
		if got := read(t, s, "k"); got != "a body" {
			t.Errorf("body %q", got)
		}
	}
	empty(t, temp)
}

// TestSpoolFails checks what is left when a body or an answer breaks off.
func TestSpoolFails(t *testing.T) {
	s, temp := newStore(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.Header().Set("Content-Length", "10")
		_, _ = w.Write([]byte("half"))
		return true
	})
	broken := io.MultiReader(strings.NewReader("half"), failing{io.ErrClosedPipe})
	if _, err := s.Put(t.Context(), "abc", "k", broken, bucket.PutOptions{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("put: %v", err)
	}
	o, err := s.Get(t.Context(), "abc", "k", "")
	must(t, err)
	for range 2 { // it does not go on with what is left
		if n, err := o.ReadAt(make([]byte, 1), 0); n > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("ReadAt: %d, %v", n, err)
		}
		if n, err := o.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Read: %d, %v", n, err)
		}
	}
	must(t, o.Close())
	empty(t, temp)
}

type failing struct{ err error }

func (e failing) Read([]byte) (int, error) { return 0, e.err }

// TestReadAtIsOneRequest checks that reading here and there asks the server once
// and leaves no file.
func TestReadAtIsOneRequest(t *testing.T) {
	var gets atomic.Int32
	s, temp := newStore(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			gets.Add(1)
		}
		return false
	})
	_, err := s.Put(t.Context(), "abc", "k", strings.NewReader("0123456789"), bucket.PutOptions{})
	must(t, err)
	o, err := s.Get(t.Context(), "abc", "k", "")
	must(t, err)
	b := make([]byte, 2)
	for off := int64(8); off >= 0; off -= 2 {
		_, err := o.ReadAt(b, off)
		must(t, err)
	}
	if string(b) != "01" || gets.Load() != 1 {
		t.Errorf("read %q after %d requests", b, gets.Load())
	}
	must(t, o.Close())
	empty(t, temp)
}

// TestReplacedBeforeReadAt checks that bytes of two objects are never mixed.
func TestReplacedBeforeReadAt(t *testing.T) {
	s, _ := newStore(t, nil)
	put := func(body string) {
		_, err := s.Put(t.Context(), "abc", "k", strings.NewReader(body), bucket.PutOptions{})
		must(t, err)
	}
	put("old")
	o, err := s.Get(t.Context(), "abc", "k", "")
	must(t, err)
	defer o.Close()
	_, err = o.Read(make([]byte, 1))
	must(t, err)
	put("new")
	if _, err := o.ReadAt(make([]byte, 1), 0); !bucket.IsCode(err, bucket.PreconditionFailed) {
		t.Errorf("got error %v", err)
	}
}

// TestNoServer checks that a failure of the network says what was being done.
func TestNoServer(t *testing.T) {
	h := httptest.NewServer(nil)
	h.Close()
	s := storeOn(t, s3test.At(h.URL))
	_, err := s.Head(t.Context(), "abc", "dir/k", "")
	var refusal smithy.APIError
	if !errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &refusal) || !strings.HasPrefix(err.Error(), "head s3://abc/dir/k: ") {
		t.Errorf("got error %v", err)
	}
}

// TestOtherRefusals checks that codes which the package does not know come
// through with their words.
func TestOtherRefusals(t *testing.T) {
	s, _ := newStore(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
		return true
	})
	_, err := s.Get(t.Context(), "abc", "k", "")
	var e *bucket.Error
	if !errors.As(err, &e) || e.Code != "AccessDenied" || e.Message != "Access Denied" || e.Status != 403 || e.ErrorFault() != smithy.FaultClient {
		t.Errorf("got error %#v", err)
	}
}
