//go:build pkcs11

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/pkcs11"
)

// token is a token that is open. It holds its sessions until it is closed: with the
// last of them goes who is logged in.
type token struct {
	library *library
	slot    uint
	flags   uint // of sessions
	random  bool // it can be asked for chance
	pin     string
	using   sync.RWMutex              // held by who uses it; wholly by who closes it
	idle    chan pkcs11.SessionHandle // which nobody uses
	may     chan struct{}             // holds one for each session that is open, or that the token has not got
	open    atomic.Int32              // how many are
	mu      sync.Mutex
	byName  map[string]*pair
}

// openToken starts the library, finds the token and logs in.
func openToken(l *library, c Config, pin string) (*token, error) {
	if err := l.start(); err != nil {
		return nil, err
	}
	t := &token{library: l, flags: pkcs11.CKF_SERIAL_SESSION, pin: pin, byName: map[string]*pair{}}
	info, err := t.find(c.URI)
	if err == nil {
		t.fit(info, c.Sessions)
		err = t.begin(info)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// find finds the slot of the one token that is all that the URI says. Tokens that say
// nothing of themselves are others.
func (t *token) find(u URI) (found pkcs11.TokenInfo, err error) {
	slots, err := t.library.GetSlotList(true)
	if err != nil {
		return found, err
	}
	var n int
	var others []string
	var failed error
	for _, slot := range slots {
		info, err := t.library.GetTokenInfo(slot)
		switch {
		case err != nil:
			failed = err
		case u.isToken(slot, info):
			t.slot, found = slot, info
			n++
		default:
			others = append(others, info.Label)
		}
	}
	switch {
	case n == 0:
		return found, errors.Join(fmt.Errorf("there is no such token, or it is away; the labels of those that are there: %q", others), failed)
	case n > 1:
		return found, fmt.Errorf("there are %d such tokens: say which by its serial or slot-id", n)
	}
	return found, nil
}

// isToken tells whether a token is all that the URI says of it (RFC 7512, 2.3).
func (u URI) isToken(slot uint, info pkcs11.TokenInfo) bool {
	for _, a := range [][2]string{{u.Token, info.Label}, {u.Serial, info.SerialNumber}, {u.Manufacturer, info.ManufacturerID}, {u.Model, info.Model}} {
		if a[0] != "" && a[0] != strings.TrimRight(a[1], " \x00") {
			return false
		}
	}
	return u.Slot == nil || *u.Slot == slot
}

// fit makes room for as many sessions as the token has, and no more than are wanted.
func (t *token) fit(info pkcs11.TokenInfo, wanted int) {
	limits := []uint{info.MaxSessionCount}
	if info.Flags&pkcs11.CKF_WRITE_PROTECTED == 0 {
		t.flags |= pkcs11.CKF_RW_SESSION
		limits = append(limits, info.MaxRwSessionCount)
	}
	for _, n := range limits { // 0 is none, and what it does not know is very large
		if n > 0 && n < uint(wanted) {
			wanted = int(n)
		}
	}
	t.idle, t.may = make(chan pkcs11.SessionHandle, wanted), make(chan struct{}, wanted)
	t.random = info.Flags&pkcs11.CKF_RNG != 0
}

// begin opens the first session, and logs in. A PIN that could be the last that the
// token takes is not tried.
func (t *token) begin(info pkcs11.TokenInfo) error {
	switch {
	case t.pin != "" && info.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return errors.New("its PIN is locked, and can be set anew with that of its security officer")
	case t.pin != "" && info.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return errors.New("it will lock itself after one more wrong PIN, so none is tried: log in to it once with a program of its own")
	}
	return t.session(context.Background(), func(s pkcs11.SessionHandle) error {
		if t.pin == "" {
			return nil
		}
		return t.logIn(s, pkcs11.CKU_USER)
	})
}

// logIn logs in: to the token, or for one use of a key.
func (t *token) logIn(s pkcs11.SessionHandle, who uint) error {
	err := t.library.Login(s, who, t.pin)
	switch {
	case isPIN(err):
		return fmt.Errorf("%w (%w)", errPIN, err)
	case is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN):
		return nil
	}
	return err
}

// close gives everything back. Nobody uses the token any more.
func (t *token) close() {
	for {
		select {
		case s := <-t.idle:
			_ = t.library.CloseSession(s) // it may be gone
		default:
			t.library.stop()
			return
		}
	}
}

// session calls f with a session that nobody else uses in that time. One in which
// the token failed is not used again: it may wait for the rest of something.
func (t *token) session(ctx context.Context, f func(pkcs11.SessionHandle) error) error {
	s, err := t.take(ctx)
	if err != nil {
		return err
	}
	err = f(s)
	if code := pkcs11.Error(0); !errors.As(err, &code) {
		t.idle <- s
		return err
	}
	_ = t.library.CloseSession(s) // it may be gone
	t.open.Add(-1)
	<-t.may
	return err
}

// take returns a session, as soon as there is one.
func (t *token) take(ctx context.Context) (pkcs11.SessionHandle, error) {
	select {
	case s := <-t.idle:
		return s, nil
	default:
	}
	for {
		select {
		case s := <-t.idle:
			return s, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case t.may <- struct{}{}:
		}
		s, err := t.library.OpenSession(t.slot, t.flags)
		switch {
		case err == nil:
			t.open.Add(1)
			return s, nil
		case !is(err, pkcs11.CKR_SESSION_COUNT) || t.open.Load() == 0:
			<-t.may
			return 0, err
		}
		// It has fewer than it said, or others have them: wait for one of ours.
	}
}

// check looks whether a session can be had, and is that of somebody who has logged
// in, and whether the token has something to say.
func (t *token) check(ctx context.Context) error {
	return t.session(ctx, func(s pkcs11.SessionHandle) error {
		info, err := t.library.GetSessionInfo(s)
		switch {
		case err != nil:
			return err
		case t.pin != "" && info.State != pkcs11.CKS_RW_USER_FUNCTIONS && info.State != pkcs11.CKS_RO_USER_FUNCTIONS:
			return pkcs11.Error(pkcs11.CKR_USER_NOT_LOGGED_IN)
		case t.random:
			_, err = t.library.GenerateRandom(s, 1)
		}
		return err
	})
}
