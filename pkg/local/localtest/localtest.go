// Package localtest makes homes for tests: a directory with the buckets, the keys and
// the records that a local engine works with.
//
// It tests nothing itself; what is true of engines is in package enginetest.
package localtest

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"io"
	"path/filepath"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/keys"
	"signer/pkg/keys/keystest"
	"signer/pkg/local"
	"signer/pkg/records"
)

// For whom a home's engine is, unless a test says otherwise.
const (
	Account   = "111122223333"
	Region    = "eu-west-1"
	Principal = "arn:aws:iam::111122223333:user/maria"
)

// The buckets of a new home.
const (
	Source      = "source" // keeps versions
	Destination = "destination"
)

// Home is a directory for any number of engines, in this process and in others.
type Home struct {
	Dir     string
	Buckets *bucket.Dir
	Keys    *keys.Store
}

// At returns the home in a directory. It makes nothing there.
func At(dir string) *Home {
	return &Home{
		Dir:     dir,
		Buckets: bucket.Open(bucket.Config{Dir: filepath.Join(dir, "buckets")}),
		Keys:    keys.Open(keys.Config{Dir: filepath.Join(dir, "keys")}),
	}
}

// Furnish makes the buckets, and returns the home.
func (h *Home) Furnish(t testing.TB) *Home {
	t.Helper()
	must(t, h.Buckets.CreateBucket(t.Context(), Source, bucket.CreateOptions{}))
	must(t, h.Buckets.PutVersioning(t.Context(), Source, bucket.Enabled))
	must(t, h.Buckets.CreateBucket(t.Context(), Destination, bucket.CreateOptions{}))
	return h
}

// Config is that of an engine in the home.
func (h *Home) Config() local.Config {
	return local.Config{Account: Account, Region: Region, Principal: Principal, Records: h.Records, Objects: h.Buckets, Keys: local.Signers{Store: h.Keys}}
}

// Records opens the records. The caller closes them.
func (h *Home) Records(ctx context.Context) (*records.Store, error) {
	return records.Open(ctx, records.Config{Path: filepath.Join(h.Dir, "records.db")})
}

// Put puts an object and returns its version.
func (h *Home) Put(ctx context.Context, name, key string, body []byte) (version string, err error) {
	return Put(ctx, h.Buckets, name, key, body)
}

// Get returns an object and its type.
func (h *Home) Get(ctx context.Context, name, key string) (body []byte, contentType string, err error) {
	return Get(ctx, h.Buckets, name, key)
}

// Put puts an object into a store and returns its version.
func Put(ctx context.Context, s bucket.Store, name, key string, body []byte) (version string, err error) {
	stored, err := s.Put(ctx, name, key, bytes.NewReader(body), bucket.PutOptions{})
	return stored.VersionID, err
}

// Get returns an object of a store and its type.
func Get(ctx context.Context, s bucket.Store, name, key string) (body []byte, contentType string, err error) {
	o, err := s.Get(ctx, name, key, "")
	if err != nil {
		return nil, "", err
	}
	defer o.Close()
	body, err = io.ReadAll(o)
	return body, o.ContentType, err
}

// Certify imports a certificate for a key and returns its ARN.
func (h *Home) Certify(t testing.TB, key crypto.Signer) string {
	t.Helper()
	return Certify(t, h.Keys, Account, Region, key)
}

// Certify imports a certificate for a key to where an account has it, and returns its
// ARN.
func Certify(t testing.TB, s *keys.Store, account, region string, key crypto.Signer) string {
	t.Helper()
	c, err := s.Import(t.Context(), keys.Place{Partition: "aws", Account: account, Region: region}, keystest.Bundle(t, key))
	must(t, err)
	return c.ARN
}

// Archive is a ZIP archive with one entry.
func Archive(t testing.TB, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	must(t, err)
	_, err = io.WriteString(f, content)
	must(t, err)
	must(t, z.Close())
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
