package cmd

import (
	"context"
	"net/http/httptest"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/s3server"
	"signer/pkg/sigv4"
)

// exampleStore is an object store with the bucket that examples name.
func exampleStore(t *testing.T) (url string) {
	t.Helper()
	dir := bucket.Open(bucket.Config{Dir: t.TempDir()})
	if err := dir.CreateBucket(t.Context(), "signer-objects", bucket.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := dir.PutVersioning(t.Context(), "signer-objects", bucket.Enabled); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s3server.New(s3server.Config{Secrets: exampleKeys{},
		StoreFor: func(context.Context, s3server.Caller) (bucket.Store, error) { return dir, nil }}))
	t.Cleanup(server.Close)
	return server.URL
}

type exampleKeys struct{}

func (exampleKeys) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	return sigv4.Key{Secret: "secret", Account: "111122223333", Active: true}, id == "key", nil
}
