package local_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/engine"
	"signer/pkg/engine/enginetest"
	"signer/pkg/keys"
	"signer/pkg/local"
	"signer/pkg/records"
	"signer/pkg/sign"
)

var _ engine.Engine = (*local.Engine)(nil)

var ctx = context.Background()

const (
	account     = "111122223333"
	region      = "eu-west-1"
	principal   = "arn:aws:iam::111122223333:user/maria"
	source      = "source"
	destination = "destination"
)

func TestEngine(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) *enginetest.World {
		h := newHome(t)
		return &enginetest.World{
			Engine: h.engine(t), Account: account, Region: region, Principal: principal,
			As:     func(account, principal string) engine.Engine { return h.as(t, account, principal) },
			Source: source, Destination: destination, Put: h.put, Get: h.get,
			Certificate: h.certify(t, ecKey()), Public: ecKey().Public(), RSACertificate: h.certify(t, rsaKey()),
		}
	})
}

// home is a directory with buckets and records, for any number of engines.
type home struct {
	dir     string
	buckets *bucket.Dir
	keys    *keys.Store
}

func newHome(t testing.TB) *home {
	t.Helper()
	h := homeIn(t.TempDir())
	must(t, h.buckets.CreateBucket(ctx, source, bucket.CreateOptions{}))
	must(t, h.buckets.PutVersioning(ctx, source, bucket.Enabled))
	must(t, h.buckets.CreateBucket(ctx, destination, bucket.CreateOptions{}))
	return h
}

func homeIn(dir string) *home {
	return &home{dir, bucket.Open(bucket.Config{Dir: filepath.Join(dir, "buckets")}), keys.Open(keys.Config{Dir: filepath.Join(dir, "keys")})}
}

func (h *home) config() local.Config {
	return local.Config{
		Account: account, Region: region, Principal: principal,
		Records: func(ctx context.Context) (*records.Store, error) {
			return records.Open(ctx, records.Config{Path: filepath.Join(h.dir, "records.db")})
		},
		Objects: h.buckets, Keys: signers{h.keys},
	}
}

func (h *home) engine(t testing.TB) *local.Engine { return open(t, h.config()) }

// as is the engine as another principal has it.
func (h *home) as(t testing.TB, account, principal string) *local.Engine {
	c := h.config()
	c.Account, c.Principal = account, principal
	return open(t, c)
}

func open(t testing.TB, c local.Config) *local.Engine {
	t.Helper()
	e, err := local.Open(c)
	must(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

func (h *home) put(ctx context.Context, bucketName, key string, body []byte) (string, error) {
	stored, err := h.buckets.Put(ctx, bucketName, key, bytes.NewReader(body), bucket.PutOptions{})
	return stored.VersionID, err
}

func (h *home) get(ctx context.Context, bucketName, key string) ([]byte, string, error) {
	o, err := h.buckets.Get(ctx, bucketName, key, "")
	if err != nil {
		return nil, "", err
	}
	defer o.Close()
	body, err := io.ReadAll(o)
	return body, o.ContentType, err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signers are the keys of a home, as jobs ask for them.
type signers struct{ *keys.Store }

func (s signers) Service(ctx context.Context, region string, at time.Time) (sign.Identity, error) {
	id, err := s.IdentityAt(ctx, region, at)
	return sign.Identity(id), err
}

func (s signers) Certificate(ctx context.Context, arn string) (sign.Identity, error) {
	id, err := s.Imported(ctx, arn)
	return sign.Identity(id), err
}

// certify imports a certificate for a key and returns its ARN.
func (h *home) certify(t testing.TB, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "device"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	c, err := h.keys.Import(ctx, keys.Place{Partition: "aws", Account: account, Region: region}, keys.Bundle{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		PrivateKey:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	})
	must(t, err)
	return c.ARN
}

var (
	ecKey = sync.OnceValue(func() crypto.Signer {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return made(key, err)
	})
	rsaKey = sync.OnceValue(func() crypto.Signer {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		return made(key, err)
	})
)

func made(key crypto.Signer, err error) crypto.Signer {
	if err != nil {
		panic(err)
	}
	return key
}
