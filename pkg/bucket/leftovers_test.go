package bucket_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"signer/pkg/bucket"
)

// What is being written is no leftover, however old it is, nor is what is young.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	d := bucket.Open(bucket.Config{Dir: dir})
	if all, err := d.Leftovers(); err != nil || len(all) > 0 {
		t.Errorf("got %v, %v", all, err)
	}
	if err := d.CreateBucket(t.Context(), "source", bucket.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(dir, ".tmp")
	left, young := filepath.Join(tmp, "put-left"), filepath.Join(tmp, "put-young")
	for _, path := range []string{left, young} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * time.Minute)
	if err := os.Chtimes(left, old, old); err != nil {
		t.Fatal(err)
	}
	writing := readerFunc(func([]byte) (int, error) {
		entries, _ := os.ReadDir(tmp)
		for _, e := range entries { // one of them is our own
			if e.Name() != "put-young" {
				os.Chtimes(filepath.Join(tmp, e.Name()), old, old)
			}
		}
		all, err := d.Leftovers()
		if err != nil || !slices.Equal(all, []string{left}) {
			t.Errorf("got %v, %v", all, err)
		}
		return 0, io.EOF
	})
	if _, err := d.Put(t.Context(), "source", "key", writing, bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Error(err)
	}
}
