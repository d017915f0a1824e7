//go:build pkcs11

package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ThalesGroup/crypto11"
	"github.com/miekg/pkcs11"
)

// A root that crypto11 made, as this package had it do once, is found and not made anew.
func TestKeyOfEarlierVersions(t *testing.T) {
	u := softHSM(t)
	c, err := crypto11.Configure(&crypto11.Config{Path: u.Module, TokenLabel: u.Token, Pin: "1234"})
	must(t, err)
	old, err := c.GenerateECDSAKeyPairWithLabel([]byte("its id"), []byte(rootLabel), elliptic.P384())
	must(t, err)
	must(t, c.Close())
	name, key, err := opened(t, Config{URI: u}).Make()
	must(t, err)
	if name != "pkcs11:token=signer%20test;id=%69%74%73%20%69%64;type=private" || !old.Public().(*ecdsa.PublicKey).Equal(key.Public()) {
		t.Errorf("it is %s", name)
	}
	must(t, signs(key))
}

// inToken does something in a token, as another program would.
func inToken(t *testing.T, k *Keys, f func(*token, pkcs11.SessionHandle) error) {
	t.Helper()
	must(t, k.do(t.Context(), func(ctx context.Context, open *token) error {
		return open.session(ctx, func(s pkcs11.SessionHandle) error { return f(open, s) })
	}))
}

const nothing = ^uint(0) // is an attribute that none has

// create puts halves of a key into a token, without the attributes that are left out.
func create(t *testing.T, k *Keys, leftOut uint, halves ...[]*pkcs11.Attribute) {
	t.Helper()
	inToken(t, k, func(open *token, s pkcs11.SessionHandle) error {
		for _, h := range halves {
			h = slices.DeleteFunc(slices.Clone(h), func(a *pkcs11.Attribute) bool { return a.Type == leftOut })
			if _, err := open.library.CreateObject(s, h); err != nil {
				return err
			}
		}
		return nil
	})
}

// The public half of a key need not lie beside it.
func TestPublicHalves(t *testing.T) {
	k := opened(t, Config{URI: softHSM(t)})
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	private, public, err := halves(ec, "no id", nil)
	must(t, err)
	create(t, k, pkcs11.CKA_ID, private, public)
	private, _, err = halves(weak, "RSA alone", []byte{1})
	must(t, err)
	create(t, k, nothing, private)
	private, _, err = halves(ec, "certified", []byte{2})
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ec.Public(), ec)
	must(t, err)
	create(t, k, nothing, private, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE), pkcs11.NewAttribute(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_SUBJECT, []byte{0x30, 0}), pkcs11.NewAttribute(pkcs11.CKA_ID, []byte{2}), pkcs11.NewAttribute(pkcs11.CKA_VALUE, der),
	})
	private, _, err = halves(ec, rootLabel, []byte{3})
	must(t, err)
	create(t, k, nothing, private)

	for name, want := range map[string]crypto.PublicKey{"object=no%20id": ec.Public(), "id=%01": weak.Public(), "id=%02": ec.Public()} {
		found, err := k.Key(Scheme + name)
		must(t, err)
		if !found.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(want) {
			t.Errorf("%s is another key", name)
		}
		digest := sha512.Sum384(nil)
		_, err = found.Sign(rand.Reader, digest[:], crypto.SHA384)
		must(t, err)
	}
	// A root whose public half is nowhere is not made a second time.
	for range 2 {
		if _, _, err := k.Make(); err == nil || !strings.Contains(err.Error(), "no public key") {
			t.Error(err)
		}
	}
	k.config.URI.Object = "no id"
	if name, _, err := k.Make(); err != nil || name != "pkcs11:token=signer%20test;object=no%20id;type=private" {
		t.Errorf("%s %v", name, err)
	}
}

// Some keys want the PIN for each signature.
func TestAlwaysAuthenticate(t *testing.T) {
	k := opened(t, Config{URI: softHSM(t), Sessions: 1})
	curve, err := asn1.Marshal(curves[elliptic.P384()])
	must(t, err)
	inToken(t, k, func(open *token, s pkcs11.SessionHandle) error {
		public := append(half(pkcs11.CKO_PUBLIC_KEY, pkcs11.CKK_EC, "careful", []byte{1}), pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, curve))
		private := append(half(pkcs11.CKO_PRIVATE_KEY, pkcs11.CKK_EC, "careful", []byte{1}), pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, true))
		_, _, err := open.library.GenerateKeyPair(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_EC_KEY_PAIR_GEN, nil)}, public, private)
		return err
	})
	key, err := k.Key("pkcs11:object=careful")
	must(t, err)
	for range 3 {
		must(t, signs(key))
	}
	k.token.pin = "not-the-pin" // as if somebody had changed it
	for range 3 {
		if err := signs(key); !errors.Is(err, errPIN) {
			t.Error(err)
		}
		if k.refused != "not-the-pin" {
			t.Error("it would be tried again")
		}
		k.config.URI.PIN = "not-the-pin"
	}
}

// A token with one session serves many, one after the other, and is not closed by what
// it refuses.
func TestOneSession(t *testing.T) {
	k := opened(t, Config{URI: softHSM(t), Sessions: 1})
	_, key, err := k.Make()
	must(t, err)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if err := signs(key); err != nil {
				t.Error(err)
			}
			if _, err := k.Key("pkcs11:object=nobody"); err == nil {
				t.Error("there is a key of that name")
			}
		})
	}
	all.Wait()
	if n := k.token.open.Load(); n != 1 {
		t.Errorf("%d sessions are open", n)
	}
	// One that may be in the middle of something is closed, and with it goes the login.
	err = k.do(t.Context(), func(ctx context.Context, open *token) error {
		return open.session(ctx, func(pkcs11.SessionHandle) error { return pkcs11.Error(pkcs11.CKR_DATA_INVALID) })
	})
	if n := k.token.open.Load(); n != 0 || !is(err, pkcs11.CKR_DATA_INVALID) {
		t.Errorf("%d sessions are open: %v", n, err)
	}
	must(t, signs(key))
}

func TestFit(t *testing.T) {
	const unknown = ^uint(0)
	for _, tc := range []struct {
		all, writing, flags uint
		want                int
	}{
		{0, 0, 0, 8}, {unknown, unknown, 0, 8}, {unknown - 1, 3, 0, 3}, {1, 1, 0, 1}, {4, 0, 0, 4}, {100, 100, 0, 8},
		{5, 1, pkcs11.CKF_WRITE_PROTECTED, 5},
	} {
		var got token
		got.fit(pkcs11.TokenInfo{MaxSessionCount: tc.all, MaxRwSessionCount: tc.writing, Flags: tc.flags}, 8)
		if cap(got.idle) != tc.want || cap(got.may) != tc.want || got.flags&pkcs11.CKF_RW_SESSION == 0 != (tc.flags != 0) {
			t.Errorf("%+v: %d", tc, cap(got.idle))
		}
	}
}

// A PIN is not tried that might be the last, nor one that is locked.
func TestLastPINIsNotTried(t *testing.T) {
	for flag, want := range map[uint]string{pkcs11.CKF_USER_PIN_FINAL_TRY: "one more wrong PIN", pkcs11.CKF_USER_PIN_LOCKED: "is locked"} {
		secret := token{pin: "1234"}
		if err := secret.begin(pkcs11.TokenInfo{Flags: flag}); err == nil || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
	}
}

// All that a URI says of its token must be so.
func TestIsToken(t *testing.T) {
	info := pkcs11.TokenInfo{Label: "one", SerialNumber: "000", ManufacturerID: "Mozilla Foundation", Model: "NSS 3\x00\x00"}
	for text, want := range map[string]bool{
		"token=one": true, "serial=000": true, "serial=000;token=one": true, "serial=000;token=two": false, "slot-id=7": true, "slot-id=8": false, "token=one;slot-id=8": false,
		"model=NSS%203;manufacturer=Mozilla%20Foundation;serial=000;token=one": true, "token=one;model=NSS": false, "token=one;manufacturer=NSS": false,
	} {
		u, err := Parse(Scheme + text)
		must(t, err)
		if u.isToken(7, info) != want {
			t.Error(text)
		}
	}
}

// Of two tokens with the same label none is chosen.
func TestTwoTokens(t *testing.T) {
	u := softHSM(t)
	another(t)
	_, _, err := opened(t, Config{URI: u}).Make()
	if err == nil || !strings.Contains(err.Error(), "2 such tokens") {
		t.Fatal(err)
	}
	stranger := u
	stranger.Token = "nobody's"
	if err := opened(t, Config{URI: stranger}).Check(t.Context()); err == nil || !strings.Contains(err.Error(), `those that are there: ["signer test" "signer test"`) {
		t.Error(err)
	}
	l, err := load(u.Module)
	must(t, err)
	must(t, l.start())
	slots, err := l.GetSlotList(true)
	must(t, err)
	info, err := l.GetTokenInfo(slots[0])
	must(t, err)
	l.stop()
	u.Serial = info.SerialNumber
	name, key, err := opened(t, Config{URI: u}).Make()
	must(t, err)
	if !strings.Contains(name, "serial="+info.SerialNumber) {
		t.Error(name)
	}
	must(t, signs(key))
}

// A point is in an OCTET STRING, as it should be, or as some libraries have it.
func TestPoints(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	params, err := asn1.Marshal(curves[elliptic.P256()])
	must(t, err)
	plain, err := key.PublicKey.Bytes()
	must(t, err)
	octets, err := asn1.Marshal(plain)
	must(t, err)
	bits, err := asn1.Marshal(asn1.BitString{Bytes: plain, BitLength: 8 * len(plain)})
	must(t, err)
	for _, point := range [][]byte{plain, octets, bits} {
		if got, err := ecPublic(params, point); err != nil || !key.PublicKey.Equal(got) {
			t.Errorf("%x: %v", point, err)
		}
	}
	for _, point := range [][]byte{nil, {4}, plain[:64], octets[:60], {3, 0}, {3, 1, 0}, {4, 0}} {
		if got, err := ecPublic(params, point); err == nil {
			t.Errorf("%x is %v", point, got)
		}
	}
	if _, err := ecPublic([]byte{6, 1, 1}, octets); err == nil || !strings.Contains(err.Error(), "on a curve other than") {
		t.Error(err)
	}
}

func TestMechanism(t *testing.T) {
	p256, strong := &ecdsa.PublicKey{Curve: elliptic.P256()}, &rsa.PublicKey{}
	digest := make([]byte, 48)
	for _, tc := range []struct {
		public  crypto.PublicKey
		opts    crypto.SignerOpts
		name    uint
		size    int
		refused string
	}{
		{p256, crypto.SHA384, pkcs11.CKM_ECDSA, 32, ""},
		{strong, crypto.SHA384, pkcs11.CKM_RSA_PKCS, 19 + 48, ""},
		{strong, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA384}, pkcs11.CKM_RSA_PKCS_PSS, 48, ""},
		{p256, crypto.SHA256, 0, 0, "not the digest"},
		{p256, nil, 0, 0, "not the digest"},
		{strong, crypto.SHA3_384, 0, 0, "no signatures with SHA3-384"},
	} {
		how, input, err := mechanism(tc.public, digest, tc.opts)
		if tc.refused != "" {
			if err == nil || !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("%+v: %v", tc, err)
			}
		} else if err != nil || how.Mechanism != tc.name || len(input) != tc.size {
			t.Errorf("%+v: %v %d bytes %v", tc, how, len(input), err)
		}
	}
	if _, err := inASN1(make([]byte, 63)); err == nil {
		t.Error("a signature of 63 bytes is taken")
	}
}

// Who has no PIN is told that one is wanted, and not that the token makes no keys.
func TestNoPIN(t *testing.T) {
	u := softHSM(t)
	u.PINSource = ""
	_, _, err := opened(t, Config{URI: u}).Make()
	if err == nil || !strings.Contains(err.Error(), "it wants a PIN, and there is none") || strings.Contains(err.Error(), "of another kind") {
		t.Error(err)
	}
}
