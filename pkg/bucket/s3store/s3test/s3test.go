// Package s3test starts servers of buckets for tests: some that speak S3's protocol as
// this program does, and versitygw, which somebody else has written. Without that a test
// that needs it is skipped, and says so.
package s3test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
	"signer/pkg/s3server"
	"signer/pkg/sigv4"
)

// The one access key that the servers know, and where they are unless a test says
// otherwise.
const (
	KeyID  = "AKIASTORE"
	Secret = "store's secret"
	Region = "eu-west-1"
)

// Server is a server of buckets and a key that it knows.
type Server struct{ URL, Region, KeyID, Secret string }

// At is the server at a URL, with the key and the region of all of them.
func At(url string) Server { return Server{url, Region, KeyID, Secret} }

// Client returns a client of the server's, with the settings that this program has.
func (s Server) Client() *s3.Client { return s.ClientOver(&http.Client{}) }

// ClientOver is Client with connections of its own.
func (s Server) ClientOver(c *http.Client) *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: &s.URL, UsePathStyle: true, Region: s.Region, HTTPClient: c,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.Credentials(), nil })})
}

// Credentials are those of the key.
func (s Server) Credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: s.KeyID, SecretAccessKey: s.Secret}
}

// Handler serves the buckets of a store, by S3's protocol, to whoever has the key.
func Handler(store bucket.Store) http.Handler {
	return s3server.New(s3server.Config{Secrets: secrets{},
		StoreFor: func(context.Context, s3server.Caller) (bucket.Store, error) { return store, nil }})
}

type secrets struct{}

func (secrets) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	return sigv4.Key{Secret: Secret, Account: "111122223333", Active: true}, id == KeyID, nil
}

// Start starts a server, which ends with the test.
func Start(t testing.TB, h http.Handler) Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return At(s.URL)
}

// Own starts a server of buckets in a directory of the test's.
func Own(t testing.TB) Server {
	t.Helper()
	return Start(t, Handler(bucket.Open(bucket.Config{Dir: t.TempDir()})))
}

// Make makes a bucket that keeps versions.
func Make(t testing.TB, s bucket.Store, name string) {
	t.Helper()
	if err := errors.Join(s.CreateBucket(t.Context(), name, bucket.CreateOptions{}), s.PutVersioning(t.Context(), name, bucket.Enabled)); err != nil {
		t.Fatal(err)
	}
}
