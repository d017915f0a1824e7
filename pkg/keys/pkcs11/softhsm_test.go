//go:build pkcs11

package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"signer/pkg/keys"
	"signer/pkg/keys/keystest"
)

// softHSM makes a token, and returns its URI. Without SoftHSM the test is skipped.
func softHSM(t *testing.T) URI {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	must(t, os.Mkdir(filepath.Join(dir, "tokens"), 0o700))
	must(t, os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", dir), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	another(t)
	must(t, os.WriteFile(filepath.Join(dir, "pin"), []byte("1234\n"), 0o600))
	u, err := Parse("pkcs11:token=signer%20test?module-path=" + module(t) + "&pin-source=file:" + dir + "/pin")
	must(t, err)
	return u
}

// another makes one more token with the same label.
func another(t *testing.T) {
	t.Helper()
	util, err := exec.LookPath("softhsm2-util")
	if err != nil {
		t.Skip("softhsm2-util is not here")
	}
	if out, err := exec.Command(util, "--init-token", "--free", "--label", "signer test", "--so-pin", "87654321", "--pin", "1234").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// module is SoftHSM's library.
func module(t *testing.T) string {
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Skip("SoftHSM's library is not here")
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func opened(t *testing.T, c Config) *Keys {
	t.Helper()
	k, err := Open(c)
	must(t, err)
	t.Cleanup(func() { k.Close() })
	return k
}

func TestSoftHSM(t *testing.T) {
	u := softHSM(t)
	keystest.Run(t, func() keys.Elsewhere { return opened(t, Config{URI: u}) })
}

// signs signs with a key.
func signs(key crypto.Signer) error {
	digest := sha512.Sum384([]byte("what is signed"))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA384)
	if err == nil && !ecdsa.VerifyASN1(key.Public().(*ecdsa.PublicKey), digest[:], signature) {
		err = errors.New("the signature is not one")
	}
	return err
}

// The token loses sessions, who was logged in, or everything; the next who asks does
// not notice.
func TestTokenIsLost(t *testing.T) {
	k := opened(t, Config{URI: softHSM(t)})
	_, key, err := k.Make()
	must(t, err)
	for name, lose := range map[string]func(raw *pkcs11.Ctx, slot uint) error{
		"sessions": func(raw *pkcs11.Ctx, slot uint) error { return raw.CloseAllSessions(slot) },
		"library":  func(raw *pkcs11.Ctx, _ uint) error { return raw.Finalize() },
		"login": func(raw *pkcs11.Ctx, slot uint) error {
			s, err := raw.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
			if err != nil {
				return err
			}
			return errors.Join(raw.Logout(s), raw.CloseSession(s))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				must(t, lose(k.token.library.Ctx, k.token.slot))
				must(t, signs(key))
				must(t, lose(k.token.library.Ctx, k.token.slot))
				must(t, k.Check(t.Context()))
			}
		})
	}
}

// A library that only says that something went wrong is started anew, once.
func TestSomethingWentWrong(t *testing.T) {
	k := opened(t, Config{URI: softHSM(t)})
	for _, fails := range []int{1, 2} {
		var asked []*token
		err := k.do(t.Context(), func(ctx context.Context, open *token) error {
			if asked = append(asked, open); len(asked) <= fails {
				return pkcs11.Error(pkcs11.CKR_GENERAL_ERROR)
			}
			return open.check(ctx)
		})
		if len(asked) != 2 || asked[0] == asked[1] || (err == nil) != (fails == 1) {
			t.Errorf("it fails %d times: %v, asked %d times", fails, err, len(asked))
		}
	}
}

// Many sign while the token loses all sessions, again and again.
func TestTokenIsLostWhileManySign(t *testing.T) {
	k := opened(t, Config{URI: softHSM(t), Sessions: 4})
	_, key, err := k.Make()
	must(t, err)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				// A token that loses its sessions twice in the time of one signature
				// may fail it.
				if err := signs(key); err != nil && !isLost(err) {
					t.Error(err)
				}
			}
		})
	}
	for range 10 {
		k.mu.Lock()
		if lost := k.token; lost != nil {
			lost.using.Lock() // SoftHSM does not bear it in the middle of a signature
			err = lost.library.CloseAllSessions(lost.slot)
			lost.using.Unlock()
		}
		k.mu.Unlock()
		must(t, err)
	}
	all.Wait()
	must(t, signs(key))
}

// A token that is away fails, and is found when it is back.
func TestTokenIsAway(t *testing.T) {
	u := softHSM(t)
	conf := os.Getenv("SOFTHSM2_CONF")
	k := opened(t, Config{URI: u})
	_, key, err := k.Make()
	must(t, err)
	tokens := filepath.Join(filepath.Dir(conf), "tokens")
	must(t, k.token.library.Ctx.Finalize())
	must(t, os.Rename(tokens, tokens+"-away"))
	must(t, os.Mkdir(tokens, 0o700))
	for _, err := range []error{signs(key), k.Check(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "pkcs11:token=signer%20test") {
			t.Error(err)
		}
	}
	must(t, os.Remove(tokens))
	must(t, os.Rename(tokens+"-away", tokens))
	must(t, signs(key))
	must(t, k.Check(t.Context()))
}

// A wrong PIN is tried once: the token may lock itself.
func TestWrongPIN(t *testing.T) {
	u := softHSM(t)
	u.PIN = "not-the-pin"
	k := opened(t, Config{URI: u})
	for range 2 {
		if err := k.Check(t.Context()); !errors.Is(err, errPIN) || strings.Contains(err.Error(), "not-the-pin") {
			t.Error(err)
		}
	}
	if k.refused != "not-the-pin" {
		t.Error("it would be tried again")
	}
}

// Who waits for a token that hangs waits no longer than it has patience.
func TestTokenHangs(t *testing.T) {
	k := opened(t, Config{URI: softHSM(t), Patience: 30 * time.Millisecond, Sessions: 2})
	held := make(chan struct{})
	for range cap(k.busy) + 1 {
		if err := k.do(t.Context(), func(context.Context, *token) error { <-held; return nil }); !errors.Is(err, errPatience) {
			t.Fatal(err)
		}
	}
	close(held)
	err := errPatience
	for range 1000 { // on a slow machine it may take some time
		if err = k.Check(t.Context()); err == nil {
			break
		}
	}
	must(t, err)
}

func TestOpenRefuses(t *testing.T) {
	for text, want := range map[string]string{"pkcs11:token=a": "module-path", "pkcs11:?module-path=/lib/x.so": "names no token"} {
		u, err := Parse(text)
		must(t, err)
		if _, err := Open(Config{URI: u}); err == nil || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
	}
	u, err := Parse("pkcs11:token=a?module-path=/no/such/lib.so&pin-source=/no/such/file")
	must(t, err)
	if err := opened(t, Config{URI: u}).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "read its PIN") {
		t.Error(err)
	}
	u.PINSource = ""
	if err := opened(t, Config{URI: u}).Check(t.Context()); err == nil {
		t.Error("a library that is not there was loaded")
	}
}

// A key that other programs have made is found by its label, and one of two with the
// same label is not guessed.
func TestKeysOfOthers(t *testing.T) {
	u := softHSM(t)
	tool, err := exec.LookPath("pkcs11-tool")
	if err != nil {
		t.Skip("pkcs11-tool is not here")
	}
	generate := func(id string) {
		out, err := exec.Command(tool, "--module", u.Module, "--login", "--pin", "1234", "--token-label", "signer test", "--keypairgen", "--key-type", "EC:secp384r1", "--label", "theirs", "--id", id).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	generate("01")
	theirs := u
	theirs.Object = "theirs"
	name, key, err := opened(t, Config{URI: theirs}).Make()
	must(t, err)
	if !strings.Contains(name, "id=%01") {
		t.Errorf("its name is %s", name)
	}
	must(t, signs(key))
	generate("02")
	if _, err := opened(t, Config{URI: u}).Key("pkcs11:object=theirs"); err == nil || !strings.Contains(err.Error(), "2 keys are") {
		t.Error(err)
	}
	if _, err := opened(t, Config{URI: u}).Key("pkcs11:token=other;object=theirs"); err == nil || !strings.Contains(err.Error(), "in another token") {
		t.Error(err)
	}
	if _, err := opened(t, Config{URI: u}).Key("pkcs11:token=signer%20test"); err == nil || !strings.Contains(err.Error(), "names no key") {
		t.Error(err)
	}
}
