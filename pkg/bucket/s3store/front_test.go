package s3store_test

import (
	"context"
	"net/http"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/s3server"
	"signer/pkg/sigv4"
)

// newFront speaks S3's protocol over a directory.
//
// No other server that can be had for tests does all that S3 does: see the lacks of
// moto and versitygw. This one does, by way of [bucket.Dir].
func newFront(t *testing.T) http.Handler {
	dir := bucket.Open(bucket.Config{Dir: t.TempDir()})
	return s3server.New(s3server.Config{
		Secrets:  frontKeys{},
		StoreFor: func(context.Context, s3server.Caller) (bucket.Store, error) { return dir, nil },
	})
}

type frontKeys struct{}

func (frontKeys) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	return sigv4.Key{Secret: "secret", Account: "111122223333", Active: true}, id == "key", nil
}
