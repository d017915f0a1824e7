//go:build pkcs11

package pkcs11

import (
	"bytes"
	"cmp"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/ThalesGroup/crypto11"
	"github.com/miekg/pkcs11"
)

// token is a token that is open: with crypto11, which has a pool of sessions and
// signs, and with sessions of its own for what that does not do.
type token struct {
	*crypto11.Context
	raw    *pkcs11.Ctx
	slot   uint
	login  bool
	using  sync.RWMutex // held by who uses it; wholly by who closes it
	mu     sync.Mutex
	byName map[string]crypto11.Signer
}

// openToken loads the library, finds the token and logs in.
func openToken(c Config, pin string) (*token, error) {
	found := crypto11.Config{Path: c.URI.Module, MaxSessions: c.Sessions, PoolWaitTimeout: c.Patience, Pin: pin, LoginNotSupported: pin == ""}
	switch {
	case c.URI.Serial != "":
		found.TokenSerial = c.URI.Serial
	case c.URI.Token != "":
		found.TokenLabel = c.URI.Token
	default:
		slot := int(*c.URI.Slot)
		found.SlotNumber = &slot
	}
	opened, err := crypto11.Configure(&found)
	if isPIN(err) {
		return nil, errPIN
	}
	if err != nil {
		return nil, err
	}
	t := &token{Context: opened, login: pin != "", byName: map[string]crypto11.Signer{}}
	if t.raw = pkcs11.New(c.URI.Module); t.raw == nil {
		return nil, errors.Join(errors.New("its library cannot be loaded"), opened.Close())
	}
	if t.slot, err = t.findSlot(c.URI); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// findSlot finds the slot that the token is in.
func (t *token) findSlot(u URI) (uint, error) {
	slots, err := t.raw.GetSlotList(true)
	if err != nil {
		return 0, err
	}
	for _, slot := range slots {
		info, err := t.raw.GetTokenInfo(slot)
		if err != nil {
			return 0, err
		}
		bySlot := u.Serial == "" && u.Token == "" && u.Slot != nil && *u.Slot == slot
		if bySlot || u.Serial != "" && u.Serial == info.SerialNumber || u.Serial == "" && u.Token != "" && u.Token == info.Label {
			return slot, nil
		}
	}
	return 0, pkcs11.Error(pkcs11.CKR_TOKEN_NOT_PRESENT)
}

// close gives everything back. Nobody uses the token any more.
func (t *token) close() {
	_ = t.Context.Close() // it never fails
	t.raw.Destroy()
}

// one is the key that a URI names; nil if there is none. Who is not logged in any more
// sees none either.
func (t *token) one(u URI) (crypto11.Signer, error) {
	found, err := t.FindKeyPairs(u.ID, []byte(u.Object))
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, t.check()
	case len(found) > 1:
		return nil, fmt.Errorf("%d keys are %s: say which by its id", len(found), u)
	}
	return found[0], nil
}

// generate makes a key on P-384 with the words of a URI, and an id if that has none.
func (t *token) generate(u URI) (crypto11.Signer, error) {
	if u.ID == nil {
		u.ID = make([]byte, 16)
		rand.Read(u.ID) // it never fails
	}
	return t.GenerateECDSAKeyPairWithLabel(u.ID, []byte(cmp.Or(u.Object, rootLabel)), elliptic.P384())
}

// id is the id of a key.
func (t *token) id(key crypto11.Signer) ([]byte, error) {
	a, err := t.GetAttribute(key, crypto11.CkaId)
	if err != nil {
		return nil, err
	}
	if a == nil || len(a.Value) == 0 {
		return nil, errors.New("the key has no id")
	}
	return a.Value, nil
}

// named is the key that a URI names, as long as the token is open.
func (t *token) named(u URI) (crypto11.Signer, error) {
	if u.Object == "" && u.ID == nil {
		return nil, fmt.Errorf("%s names no key: it has neither object nor id", u)
	}
	name := u.String()
	t.mu.Lock()
	signer := t.byName[name]
	t.mu.Unlock()
	if signer != nil {
		return signer, nil
	}
	signer, err := t.one(u)
	if err != nil {
		return nil, err
	}
	if signer == nil {
		return nil, fmt.Errorf("it has no private key %s, or nobody is logged in who could see it, or no public key lies beside it with the same id", u)
	}
	t.mu.Lock()
	t.byName[name] = signer
	t.mu.Unlock()
	return signer, nil
}

// session calls f with a session of its own.
func (t *token) session(f func(pkcs11.SessionHandle) error) error {
	s, err := t.raw.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return err
	}
	err = f(s)
	if closing := t.raw.CloseSession(s); err == nil {
		err = closing
	}
	return err
}

// check looks whether a session can be had, and is that of somebody who has logged
// in.
func (t *token) check() error {
	return t.session(func(s pkcs11.SessionHandle) error {
		info, err := t.raw.GetSessionInfo(s)
		if err == nil && t.login && info.State != pkcs11.CKS_RW_USER_FUNCTIONS && info.State != pkcs11.CKS_RO_USER_FUNCTIONS {
			return pkcs11.Error(pkcs11.CKR_USER_NOT_LOGGED_IN)
		}
		return err
	})
}

// isLost tells whether an error says that sessions are gone, or who was logged in, or
// the token itself: things that another start may mend.
func isLost(err error) bool {
	var code pkcs11.Error
	if !errors.As(err, &code) {
		return false
	}
	switch uint(code) {
	case pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID,
		pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED, pkcs11.CKR_SLOT_ID_INVALID:
		return true
	}
	return false
}

func isPIN(err error) bool {
	var code pkcs11.Error
	if !errors.As(err, &code) {
		return false
	}
	switch uint(code) {
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_PIN_EXPIRED:
		return true
	}
	return false
}

// sameToken tells whether a key that is named can be in this token.
func (u URI) sameToken(key URI) bool {
	differs := func(a, b string) bool { return a != "" && b != "" && a != b }
	return !differs(u.Token, key.Token) && !differs(u.Serial, key.Serial)
}

// firstLine is the text of a file that holds a PIN.
func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r")))
}
