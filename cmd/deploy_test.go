package cmd_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The files for deploying give options that there are.
func TestDeployOptions(t *testing.T) {
	h := newServeHome(t)
	var all [][]string
	for _, name := range []string{"signer.service", "signer-network.conf"} {
		for _, line := range regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/signer (.*)$`).FindAllStringSubmatch(deployed(t, name), -1) {
			all = append(all, strings.Fields(line[1]))
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^(?:HEALTHCHECK.*)?CMD (\[.*\])$`).FindAllStringSubmatch(deployed(t, "Containerfile"), -1) {
		var args []string
		must(t, json.Unmarshal([]byte(line[1]), &args))
		all = append(all, args)
	}
	if len(all) != 4 {
		t.Errorf("found %q", all)
	}
	for _, args := range all {
		if args[0] == "/signer" {
			args = args[1:]
		}
		out, err := h.command(append(args, "--check", "--admin-addr", "127.0.0.1:1")...).CombinedOutput() // where nobody is
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 255 {
			t.Errorf("%q: %v %s", args, err, out)
		}
	}
}

func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "deploy", name))
	must(t, err)
	return string(text)
}

// systemd finds nothing wrong with the unit, and little that it could still be kept from.
func TestDeployUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze")
	}
	h := newServeHome(t)
	dir := t.TempDir()
	unit := filepath.Join(dir, "signer.service")
	must(t, os.Mkdir(unit+".d", 0o700))
	for name, path := range map[string]string{"signer.service": unit, "signer-network.conf": filepath.Join(unit+".d", "network.conf")} {
		text := strings.ReplaceAll(deployed(t, name), "/usr/local/bin/signer", h.program) // which has to be there
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	out, err := exec.Command("systemd-analyze", "verify", unit).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v %s", err, out)
	}
	if out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--threshold=15", unit).CombinedOutput(); err != nil {
		t.Errorf("%v %s", err, out)
	}
}

// docs/operations.md names every number that there is, and no other.
func TestOperationsNumbers(t *testing.T) {
	s := newServeHome(t).start(t)
	_, text := get(t, s.admin+"/metrics")
	page, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	must(t, err)
	_, table, _ := strings.Cut(string(page), "## Numbers")
	table, _, _ = strings.Cut(table, "## Traces")
	known := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(text, -1) {
		known[line[1]] = true
		if !strings.Contains(table, "`"+line[1]+"`") {
			t.Errorf("nobody says what %s is", line[1])
		}
	}
	for _, name := range regexp.MustCompile("`((?:signer|go|process)_[a-z_]+)`").FindAllStringSubmatch(table, -1) {
		if !known[name[1]] {
			t.Errorf("there is no %s", name[1])
		}
	}
}
