package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The README's example is run as it stands there and must print what it shows, but
// for what is new each time.
func TestREADMEExample(t *testing.T) {
	for _, program := range []string{"sh", "openssl", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not here", program)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := consoles(string(text))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "MyCode.rb"), []byte("puts \"hello\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", "-e")
	sh.Dir = dir
	sh.Env = append(os.Environ(), "HOME="+dir, "SIGNER_HOME="+filepath.Join(dir, "home"), "AWS_EC2_METADATA_DISABLED=true")
	sh.Stdin = strings.NewReader(typed(want))
	got, err := sh.Output()
	if err != nil {
		t.Errorf("the example fails: %v", err)
	}
	if diff := cmp.Diff(settled(want), settled(string(got))); diff != "" {
		t.Error(diff)
	}
}

// consoles returns what stands in the console blocks of a page.
func consoles(page string) string {
	var b strings.Builder
	for _, m := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(page, -1) {
		b.WriteString(m[1])
	}
	return b.String()
}

// typed makes a script of the commands of a console, each echoed before it runs.
func typed(console string) string {
	var b strings.Builder
	for line := range strings.Lines(console) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			b.WriteString("cat <<'END'\n" + line + "END\n" + command)
		}
	}
	return b.String()
}

// new each time: ids, versions and hashes.
var passing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|"[A-Za-z0-9_-]{32}"|"[A-Za-z0-9]{10}"|MyProfile7/[A-Za-z0-9]{10}|^20\d$`)

// settled replaces what is new each time. The length of a signature in base64
// varies by a few bytes.
func settled(console string) string {
	lines := strings.Split(console, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "$ ") {
			lines[i] = passing.ReplaceAllString(line, "…")
		}
	}
	return strings.Join(lines, "\n")
}
