//go:build pkcs11

package pkcs11

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/pkcs11"
)

// rootLabel is the label of the root's key, where the URI does not say another.
const rootLabel = "signer-root"

// Config says which token is meant, and how patient one is with it.
type Config struct {
	// URI names the token and the library, and perhaps the root's key, which is
	// else the one with the label signer-root.
	URI URI
	// PIN is asked for what logs in, where the URI does not say; nil, or "": nobody
	// logs in.
	PIN      func() (string, error)
	ReadFile func(string) ([]byte, error) // reads the PIN's file; nil means os.ReadFile
	Patience time.Duration                // for one answer of the token; 0 means 15 seconds
	Sessions int                          // how many may work at once; 0 means 8
}

// Keys are the private keys in a token. They may be used from several goroutines at
// once. The library is loaded when a key is needed, and sessions are opened anew when
// the token has lost them.
type Keys struct {
	config Config
	busy   chan struct{} // holds one for each who waits for the token
	late   atomic.Int32  // how many calls should have come to their end

	mu      sync.Mutex
	library *library // nil: not loaded
	token   *token   // nil: not open
	refused string   // the PIN that was wrong
}

// Open returns the keys in a token. Nothing is loaded or asked yet.
func Open(c Config) (*Keys, error) {
	switch {
	case c.URI.Module == "":
		return nil, errors.New("it lacks module-path, the file of the PKCS #11 library")
	case c.URI.Token == "" && c.URI.Serial == "" && c.URI.Slot == nil:
		return nil, errors.New("it names no token: give token, serial or slot-id")
	}
	if c.ReadFile == nil {
		c.ReadFile = os.ReadFile
	}
	if c.URI.Object == "" && c.URI.ID == nil {
		c.URI.Object = rootLabel
	}
	c.Patience, c.Sessions = cmp.Or(c.Patience, 15*time.Second), cmp.Or(c.Sessions, 8)
	return &Keys{config: c, busy: make(chan struct{}, 8*c.Sessions)}, nil
}

// Make returns the key that the URI names, and makes one on P-384 if there is none.
func (k *Keys) Make() (name string, _ crypto.Signer, err error) {
	root := &key{keys: k}
	err = k.do(context.Background(), func(ctx context.Context, t *token) error {
		found, err := t.one(ctx, k.config.URI)
		if err == nil && found == nil {
			found, err = t.generate(ctx, k.config.URI)
		}
		if err == nil {
			root.uri, root.public = found.name(k.config.URI), found.public
		}
		return err
	})
	if err != nil {
		return "", nil, err
	}
	return root.uri.String(), root, nil
}

// Key returns the key that a URI names.
func (k *Keys) Key(name string) (crypto.Signer, error) {
	u, err := Parse(name)
	if err != nil {
		return nil, fmt.Errorf("the name of a key in the token is no URI of PKCS #11: %w", err)
	}
	if !k.config.URI.sameToken(u) {
		return nil, fmt.Errorf("the key %s is in another token than %s", u, k.config.URI)
	}
	found := &key{keys: k, uri: u}
	err = k.do(context.Background(), func(ctx context.Context, t *token) error {
		p, err := t.named(ctx, u)
		if err == nil {
			found.public = p.public
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Check tells whether the token answers, and somebody is logged in.
func (k *Keys) Check(ctx context.Context) error {
	return k.do(ctx, func(ctx context.Context, t *token) error { return t.check(ctx) })
}

// Close gives the library back, when those who use it are done. The keys cannot be
// used while it lasts; who asks again opens it again.
func (k *Keys) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(k.token)
	return nil
}

// drop closes the token, unless it is another that is open by now. The caller holds
// mu.
func (k *Keys) drop(t *token) {
	if t == nil || k.token != t {
		return
	}
	k.token = nil
	t.using.Lock() // the last who uses it has gone then
	defer t.using.Unlock()
	t.close()
}

// do does something with the token, in a time that has an end. It is done once more
// where the token has lost its sessions. A call that hangs hangs on: nobody can end
// it, but others need not wait for it, and as long as it does they wait less.
func (k *Keys) do(ctx context.Context, f func(context.Context, *token) error) error {
	patience := k.config.Patience
	if k.late.Load() > 0 {
		patience /= 10
	}
	ctx, stop := context.WithTimeoutCause(ctx, patience, errPatience)
	defer stop()
	select {
	case k.busy <- struct{}{}:
	case <-ctx.Done():
		return k.failed(tooLate(ctx))
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-k.busy }()
		lost, err := k.try(ctx, f)
		if lost && ctx.Err() == nil {
			_, err = k.try(ctx, f)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return k.failed(err)
	case <-ctx.Done():
		k.late.Add(1)
		go func() { <-done; k.late.Add(-1) }()
		return k.failed(tooLate(ctx))
	}
}

var errPatience = errors.New("it does not answer in time")

// tooLate is why nobody waits any more: his own patience may have been shorter.
func tooLate(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w (%w)", errPatience, err)
	}
	return err
}

func (k *Keys) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the token of %s: %w", k.config.URI, err)
}

// try does something with the token, and closes it if it has lost its sessions, or its
// PIN is wrong by now.
func (k *Keys) try(ctx context.Context, f func(context.Context, *token) error) (lost bool, _ error) {
	t, err := k.opened()
	if err != nil {
		return false, err
	}
	t.using.RLock()
	err = f(ctx, t)
	t.using.RUnlock()
	lost = isLost(err)
	if wrong := errors.Is(err, errPIN); lost || wrong {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.drop(t)
		if wrong {
			k.refused = t.pin
		}
	}
	if t.pin == "" && is(err, pkcs11.CKR_USER_NOT_LOGGED_IN) {
		err = fmt.Errorf("it wants a PIN, and there is none: %w", err)
	}
	return lost, err
}

// opened returns the token, and opens it if it is not. A PIN that was wrong is not
// tried again: tokens count that.
func (k *Keys) opened() (*token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token != nil {
		return k.token, nil
	}
	pin, err := k.pin()
	if err != nil {
		return nil, err
	}
	if pin != "" && pin == k.refused {
		return nil, errPIN
	}
	if k.library == nil {
		if k.library, err = load(k.config.URI.Module); err != nil {
			return nil, err
		}
	}
	k.token, err = openToken(k.library, k.config, pin)
	if errors.Is(err, errPIN) {
		k.refused = pin
	}
	return k.token, err
}

var errPIN = errors.New("its PIN was refused, and is not tried again, for the token may lock itself: give the right one and start again")

func (k *Keys) pin() (string, error) {
	switch u := k.config.URI; {
	case u.PIN != "":
		return u.PIN, nil
	case u.PINSource != "":
		text, err := k.config.ReadFile(u.PINSource)
		if err != nil {
			return "", fmt.Errorf("read its PIN: %w", err)
		}
		return firstLine(text), nil
	case k.config.PIN != nil:
		return k.config.PIN()
	}
	return "", nil
}

// firstLine is the text of a file that holds a PIN.
func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r")))
}

// sameToken tells whether a key that is named can be in this token.
func (u URI) sameToken(key URI) bool {
	differs := func(a, b string) bool { return a != "" && b != "" && a != b }
	return !differs(u.Token, key.Token) && !differs(u.Serial, key.Serial) && !differs(u.Manufacturer, key.Manufacturer) && !differs(u.Model, key.Model)
}
