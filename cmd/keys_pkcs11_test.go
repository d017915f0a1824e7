//go:build pkcs11

package cmd_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The PIN of the tokens here, and one that is wrong. No number in a log is like them by chance.
const (
	tokenPIN = "pin-of-the-token"
	wrongPIN = "pin-of-nobody"
)

// newToken makes a token of SoftHSM, and returns the variables that lead to it.
func newToken(t *testing.T) []string {
	t.Helper()
	util, err := exec.LookPath("softhsm2-util")
	if err != nil {
		t.Skip("softhsm2-util is not here")
	}
	modules, err := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so")
	if err != nil || len(modules) == 0 {
		t.Skip("SoftHSM's library is not where Debian has it")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	must(t, os.Mkdir(filepath.Join(dir, "tokens"), 0o700))
	must(t, os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", dir), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	if out, err := exec.Command(util, "--init-token", "--free", "--label", "signer", "--so-pin", "87654321", "--pin", tokenPIN).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return []string{"SOFTHSM2_CONF=" + conf, "SIGNER_KEYS=pkcs11:token=signer?module-path=" + modules[0], "SIGNER_PKCS11_PIN=" + tokenPIN}
}

// The keys are in a token of SoftHSM.
func TestKeysInToken(t *testing.T) {
	h := newServeHome(t)
	h.env = newToken(t)
	worksElsewhere(t, h, "pkcs11:token=signer;id=")
	if err := servesElsewhere(t, h).stop(t); err != nil {
		t.Error(err)
	}
	h.env[2] = "SIGNER_PKCS11_PIN=" + wrongPIN
	s := h.start(t)
	if status := readyz(t, s); status != http.StatusServiceUnavailable {
		t.Errorf("it answers %d", status)
	}
	s.says(t, "its PIN was refused, and is not tried again")
	s.secret(t, wrongPIN)
}

// Servers that share a database and a token have one root, whose key is in the token and
// whose certificate is in the database.
func TestKeysInTokenOfServers(t *testing.T) {
	h, _ := newSharedHome(t)
	h.env = append(h.env, newToken(t)...)
	h.makesOneRoot(t, 6)
	key := h.key(t, "maria")
	one, other := servesElsewhere(t, h.onAnother()), servesElsewhere(t, h.onAnother())
	arn := one.importDevice(t, key)
	images(t, one.client(t, key))
	for _, s := range []*served{one, other} {
		if _, err := payload(t, s.client(t, key)); err != nil {
			t.Error(err)
		}
	}
	if got := h.onAnother().run(t, "keys", "list", "--query", "keys[?name=='"+arn+"' || file=='authority/root.pem'].elsewhere", "--output", "text"); strings.Count(got, "pkcs11:token=signer;id=") != 2 {
		t.Errorf("got %s", got)
	}
	h.isSound(t)
	for _, s := range []*served{one, other} {
		must(t, s.stop(t))
		s.quiet(t)
		s.secret(t, tokenPIN)
	}
}
