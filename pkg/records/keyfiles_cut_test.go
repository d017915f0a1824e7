package records_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"signer/pkg/keys"
	"signer/pkg/keys/keystest"
	"signer/pkg/listen/listentest"
	"signer/pkg/records/recordstest"
)

// vault is a place for private keys elsewhere that counts those it has.
type vault struct {
	mu   sync.Mutex
	keys map[string]crypto.Signer
}

func (v *vault) Make() (string, crypto.Signer, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys["root"] == nil {
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			return "", nil, err
		}
		v.keys["root"] = key
	}
	return "root", v.keys["root"], nil
}

func (v *vault) Keep(label string, key crypto.Signer) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	name := fmt.Sprint(label, " ", len(v.keys))
	v.keys[name] = key
	return name, nil
}

func (v *vault) Key(name string) (crypto.Signer, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.keys[name], nil
}

func (v *vault) Check(context.Context) error { return nil }

// holding are keys that have been made and imported.
type holding struct {
	*keys.Store
	arn   string
	vault *vault
}

// Wherever the connection breaks while keys are changed, that is done once, whoever
// asked for it is told so, and no key is made twice elsewhere.
func testServerKeyFilesCut(t *testing.T, server *recordstest.Server) {
	place := keys.Place{Partition: "aws", Region: "us-east-1", Account: "111122223333"}
	for name, d := range map[string]struct {
		passphrase string
		far        bool
		fresh      bool // with nothing there
		do         func(holding) error
		phrase     string // after it
	}{
		"Identity": {fresh: true, do: func(h holding) error { _, err := h.Identity(ctx, "us-east-1"); return err }},
		"IdentityElsewhere": {fresh: true, far: true, do: func(h holding) error {
			_, err := h.Identity(ctx, "us-east-1")
			return err
		}},
		"Seal":                {fresh: true, do: func(h holding) error { _, err := h.Seal(ctx, "AKIA", keys.Secret("hush")); return err }},
		"Import":              {do: func(h holding) error { _, err := h.Import(ctx, place, keystest.Root(t, "ours")); return err }},
		"ImportElsewhere":     {far: true, do: func(h holding) error { _, err := h.Import(ctx, place, keystest.Root(t, "ours")); return err }},
		"Delete":              {do: func(h holding) error { return h.Delete(ctx, h.arn) }},
		"ImportRoot":          {do: func(h holding) error { return h.ImportRoot(ctx, keystest.Root(t, "ours"), true) }},
		"ImportRootElsewhere": {far: true, do: func(h holding) error { return h.ImportRoot(ctx, keystest.Root(t, "ours"), true) }},
		"Rotate":              {passphrase: "old", phrase: "new", do: func(h holding) error { return h.Rotate(ctx, keys.Secret("new")) }},
		"Decrypt":             {passphrase: "old", do: func(h holding) error { return h.Decrypt(ctx) }},
	} {
		t.Run(name, func(t *testing.T) {
			way := &scissors{}
			through := listentest.Between(t, server.Addr(), way.carry)
			run := func(at int, deaf bool) (messages int) {
				url := server.New(t)
				direct := keyFiles{openURL(t, url).KeyFiles()}
				cut := keyFiles{openURL(t, strings.Replace(url, server.Addr(), through, 1)).KeyFiles()}
				h := holding{vault: &vault{keys: map[string]crypto.Signer{}}}
				on := func(f keys.Files, passphrase string) *keys.Store {
					c := keys.Config{Files: f, Passphrase: func() (keys.Secret, error) { return keys.Secret(passphrase), nil }}
					if d.far {
						c.Elsewhere = func() (keys.Elsewhere, error) { return h.vault, nil }
					}
					return keys.Open(c)
				}
				if !d.fresh {
					seed := on(direct, d.passphrase)
					_, err := seed.Identity(ctx, "us-east-1")
					must(t, err)
					c, err := seed.Import(ctx, place, keystest.Root(t, "ours"))
					must(t, err)
					h.arn = c.ARN
				}
				before := len(h.vault.keys)
				h.Store = on(cut, d.passphrase)
				way.arm(at, deaf)
				err := d.do(h)
				if used := way.disarm(); err != nil || used == (at == uncut) {
					t.Errorf("cut at %d, unheard %v: %t, %v", at, deaf, used, err)
				}
				if made := len(h.vault.keys) - before; d.far && made != 1 {
					t.Errorf("cut at %d, unheard %v: %d keys were made elsewhere", at, deaf, made)
				}
				sound(t, on(direct, d.phrase))
				return uncut - way.passing
			}
			messages := run(uncut, false)
			if d.passphrase == "" { // each passphrase takes its time
				run(messages/2, false)
			}
			run(messages-2, false) // when all but COMMIT was to be done
			run(messages-1, true)  // the answer to COMMIT
		})
	}
}

// uncut is more messages than there are.
const uncut = 1000

// sound finds out whether keys are all whole and can be used.
func sound(t *testing.T, s *keys.Store) {
	t.Helper()
	items, err := s.Examine(ctx)
	all := []error{err}
	for _, i := range items {
		all = append(all, i.Err)
		if strings.HasPrefix(i.Name, "arn:") {
			_, err := s.Imported(ctx, i.Name)
			all = append(all, err)
		}
	}
	_, err = s.Identity(ctx, "us-east-1")
	if err := errors.Join(append(all, err)...); err != nil {
		t.Error(err)
	}
}
