package s3store_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
)

// Of a request that makes a version, the answer to which is lost, the client of a Store
// that is told so sends no other one.
func TestOnce(t *testing.T) {
	front := s3test.Handler(bucket.Open(bucket.Config{Dir: t.TempDir()}))
	var writes atomic.Int64
	s := s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/k") {
			writes.Add(1)
			front.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		front.ServeHTTP(w, r)
	}))
	to := s3store.New(s3store.Config{Client: s.Client(), TempDir: t.TempDir(), Once: true})
	s3test.Make(t, to, "bucket")
	if _, err := to.Put(t.Context(), "bucket", "k", strings.NewReader("x"), bucket.PutOptions{}); err == nil {
		t.Error("put: no error")
	}
	if _, err := to.Delete(t.Context(), "bucket", "k", ""); err == nil {
		t.Error("delete: no error")
	}
	page, err := to.ListVersions(t.Context(), "bucket", bucket.VersionOptions{})
	if err != nil || len(page.Versions) != 2 || writes.Load() != 2 {
		t.Errorf("%d requests made %d versions: %v", writes.Load(), len(page.Versions), err)
	}
}
