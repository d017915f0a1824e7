//go:build pkcs11

package cmd_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The keys are in a token of SoftHSM.
func TestKeysInToken(t *testing.T) {
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
	if out, err := exec.Command(util, "--init-token", "--free", "--label", "signer", "--so-pin", "87654321", "--pin", "1234").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h := newServeHome(t)
	h.env = []string{"SOFTHSM2_CONF=" + conf, "SIGNER_KEYS=pkcs11:token=signer?module-path=" + modules[0], "SIGNER_PKCS11_PIN=1234"}
	worksElsewhere(t, h, "pkcs11:token=signer;id=")
	if err := servesElsewhere(t, h).stop(t); err != nil {
		t.Error(err)
	}
	h.env[2] = "SIGNER_PKCS11_PIN=4321"
	s := h.start(t)
	if status := readyz(t, s); status != http.StatusServiceUnavailable {
		t.Errorf("it answers %d", status)
	}
	s.says(t, "its PIN was refused, and is not tried again")
	s.secret(t, "4321")
}
