package backup_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whenever the process dies that restores, the home is what it was or what was in the
// backup, and nothing between.
func TestRestoreIsKilled(t *testing.T) {
	if file := os.Getenv("TEST_RESTORE"); file != "" {
		restoreForEver(t, file)
		return
	}
	base := t.TempDir()
	dir, file := filepath.Join(base, "home"), filepath.Join(base, "backup")
	want := [2]tree{large("one"), large("two")}
	var files [2][]byte
	for i, home := range want {
		from := filepath.Join(t.TempDir(), "home")
		home.write(t, from)
		var out bytes.Buffer
		_, err := plain(from).Write(t.Context(), &out)
		must(t, err)
		files[i] = out.Bytes()
	}
	want[0].write(t, dir)
	now := 0
	for n := range 12 {
		must(t, os.WriteFile(file, files[1-now], 0o600))
		child := exec.Command(os.Args[0], "-test.run=^TestRestoreIsKilled$")
		child.Env = append(os.Environ(), "TEST_RESTORE="+file, "TEST_HOME="+dir)
		ready, err := child.StdoutPipe()
		must(t, err)
		must(t, child.Start())
		_, err = ready.Read(make([]byte, 1))
		must(t, err)
		time.Sleep(time.Duration(n) * 2 * time.Millisecond) // whatever it is doing then
		must(t, child.Process.Kill())
		child.Wait() // it was killed
		got := read(t, dir)
		maps.DeleteFunc(got, func(name, _ string) bool { return strings.HasPrefix(name, ".signer-restore-") }) // which may be left
		if cmp.Diff(want[1-now], got) == "" {
			now = 1 - now
		} else if diff := cmp.Diff(want[now], got); diff != "" {
			t.Fatalf("the home is neither: %s", diff)
		}
	}
	must(t, os.WriteFile(file, files[0], 0o600))
	_, err := plain(dir).Restore(t.Context(), bytes.NewReader(files[0]), true)
	must(t, err)
	if left, _ := filepath.Glob(filepath.Join(base, ".signer-restore-*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// large is a home with many files that all say the same.
func large(text string) tree {
	home := tree{"records.db": text, "keys/": "", "keys/root.pem": text, "buckets/": "", "buckets/b/": ""}
	for n := range 200 {
		home[fmt.Sprintf("buckets/b/%03d", n)] = text
	}
	return home
}

func restoreForEver(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	must(t, err)
	fmt.Println("ready")
	for {
		_, err := plain(os.Getenv("TEST_HOME")).Restore(t.Context(), bytes.NewReader(text), true)
		must(t, err)
	}
}
