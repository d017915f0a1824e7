package server_test

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
	"fmt"
	"io"
	"math/big"
	"net/http/httptest"
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
	"signer/pkg/server"
	"signer/pkg/sign"
	"signer/pkg/sigv4"
)

// The local engine behind the server, as the SDK's client sees it, is AWS Signer.
func TestLocalEngine(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	rsa, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	enginetest.Run(t, func(t *testing.T) *enginetest.World {
		h := newHome(t)
		s := serve(t, nil, func(c *server.Config) { c.Secrets, c.EngineFor = h, h.engineFor })
		return &enginetest.World{
			Engine: h.client(t, s, account, principal), Account: account, Region: region, Principal: principal,
			As:     func(account, principal string) engine.Engine { return h.client(t, s, account, principal) },
			Source: "source", Destination: "destination", Put: h.put, Get: h.get,
			Certificate: h.certify(t, ec), Public: ec.Public(), RSACertificate: h.certify(t, rsa),
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// home is what the engines of many callers share, and whom they are for.
type home struct {
	dir     string
	buckets *bucket.Dir
	keys    *keys.Store

	mu      sync.Mutex
	callers callers
	engines map[server.Caller]*local.Engine
}

func newHome(t *testing.T) *home {
	dir := t.TempDir()
	h := &home{dir: dir, buckets: bucket.Open(bucket.Config{Dir: filepath.Join(dir, "buckets")}), keys: keys.Open(keys.Config{Dir: filepath.Join(dir, "keys")}),
		callers: callers{}, engines: map[server.Caller]*local.Engine{}}
	must(t, h.buckets.CreateBucket(t.Context(), "source", bucket.CreateOptions{}))
	must(t, h.buckets.PutVersioning(t.Context(), "source", bucket.Enabled))
	must(t, h.buckets.CreateBucket(t.Context(), "destination", bucket.CreateOptions{}))
	t.Cleanup(func() {
		for _, e := range h.engines {
			e.Close()
		}
	})
	return h
}

// client returns the engine that a new caller has.
func (h *home) client(t *testing.T, s *httptest.Server, account, principal string) engine.Engine {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := fmt.Sprintf("AKID%d", len(h.callers))
	h.callers[id] = sigv4.Key{Secret: secret, Account: account, Principal: principal, Active: true}
	return enginetest.SDK{Client: client(t, s, keyPair(id))}
}

// Key makes the home the keeper of its callers' keys.
func (h *home) Key(ctx context.Context, id string) (sigv4.Key, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.callers.Key(ctx, id)
}

func (h *home) engineFor(_ context.Context, caller server.Caller) (engine.Engine, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e, ok := h.engines[caller]; ok {
		return e, nil
	}
	e, err := local.Open(local.Config{
		Account: caller.Account, Region: caller.Region, Principal: caller.Principal,
		Records: func(ctx context.Context) (*records.Store, error) {
			return records.Open(ctx, records.Config{Path: filepath.Join(h.dir, "records.db")})
		},
		Objects: h.buckets, Keys: identities{h.keys},
	})
	if err != nil {
		return nil, err
	}
	h.engines[caller] = e
	return e, nil
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

// certify imports a certificate for a key and returns its ARN.
func (h *home) certify(t *testing.T, key crypto.Signer) string {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "device"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	c, err := h.keys.Import(t.Context(), keys.Place{Partition: "aws", Account: account, Region: region}, keys.Bundle{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		PrivateKey:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	})
	must(t, err)
	return c.ARN
}

// identities are the keys of a home as the local engine asks for them.
type identities struct{ *keys.Store }

func (s identities) Service(ctx context.Context, region string, at time.Time) (sign.Identity, error) {
	id, err := s.IdentityAt(ctx, region, at)
	return sign.Identity(id), err
}

func (s identities) Certificate(ctx context.Context, arn string) (sign.Identity, error) {
	id, err := s.Imported(ctx, arn)
	return sign.Identity(id), err
}
