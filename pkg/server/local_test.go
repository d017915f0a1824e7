package server_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"

	"signer/pkg/engine"
	"signer/pkg/engine/enginetest"
	"signer/pkg/local"
	"signer/pkg/local/localtest"
	"signer/pkg/server"
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
		certify := func(key crypto.Signer) string { return localtest.Certify(t, h.Keys, account, region, key) }
		s := serve(t, nil, func(c *server.Config) { c.Secrets, c.EngineFor = h, h.engineFor })
		return &enginetest.World{
			Engine: h.client(t, s, account, principal), Account: account, Region: region, Principal: principal,
			As:     func(account, principal string) engine.Engine { return h.client(t, s, account, principal) },
			Source: "source", Destination: "destination", Put: h.Put, Get: h.Get,
			Certificate: certify(ec), Public: ec.Public(), RSACertificate: certify(rsa),
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
	*localtest.Home

	mu      sync.Mutex
	callers callers
	engines map[server.Caller]*local.Engine
}

func newHome(t *testing.T) *home {
	h := &home{Home: localtest.At(t.TempDir()).Furnish(t), callers: callers{}, engines: map[server.Caller]*local.Engine{}}
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
	c := h.Config()
	c.Account, c.Region, c.Principal = caller.Account, caller.Region, caller.Principal
	e, err := local.Open(c)
	if err != nil {
		return nil, err
	}
	h.engines[caller] = e
	return e, nil
}
