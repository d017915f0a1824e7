package local_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"signer/pkg/engine"
	"signer/pkg/engine/enginetest"
	"signer/pkg/local"
	"signer/pkg/local/localtest"
)

var _ engine.Engine = (*local.Engine)(nil)

var ctx = context.Background()

const (
	account     = localtest.Account
	region      = localtest.Region
	principal   = localtest.Principal
	source      = localtest.Source
	destination = localtest.Destination
)

func TestEngine(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) *enginetest.World {
		h := newHome(t)
		return &enginetest.World{
			Engine: h.engine(t), Account: account, Region: region, Principal: principal,
			As:     func(account, principal string) engine.Engine { return h.as(t, account, principal) },
			Source: source, Destination: destination, Put: h.Put, Get: h.Get,
			Certificate: h.Certify(t, ecKey()), Public: ecKey().Public(), RSACertificate: h.Certify(t, rsaKey()),
		}
	})
}

// home is a home for any number of engines.
type home struct{ *localtest.Home }

func newHome(t testing.TB) *home {
	t.Helper()
	return &home{localtest.At(t.TempDir()).Furnish(t)}
}

func homeIn(dir string) *home { return &home{localtest.At(dir)} }

func (h *home) engine(t testing.TB) *local.Engine { return open(t, h.Config()) }

// as is the engine as another principal has it.
func (h *home) as(t testing.TB, account, principal string) *local.Engine {
	c := h.Config()
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
