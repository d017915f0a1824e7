package keys_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/pkg/keys"
)

// TestDamage breaks each file in turn: the error names it and says what to do,
// and no root is ever made beside one.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	identity(t, s, "us-east-1")
	first := root(t, s)
	for _, name := range []string{"root.pem", "intermediate.pem", "us-east-1/ca.pem", "us-east-1/leaf.pem"} {
		for damage, change := range map[string]func([]byte) []byte{
			"empty":     func([]byte) []byte { return nil },
			"cut":       func(b []byte) []byte { return b[:len(b)/2] },
			"cut short": func(b []byte) []byte { return b[:len(b)-30] },
			"no key":    func(b []byte) []byte { return b[:bytes.Index(b, []byte("-----BEGIN PRIVATE"))] },
			"other key": func(b []byte) []byte { return otherKey(t, b) },
			"twice":     func(b []byte) []byte { return append(b, b...) },
			"text":      func(b []byte) []byte { return []byte("not PEM at all") },
			"bit":       func(b []byte) []byte { b[len("-----BEGIN CERTIFICATE-----\n")+64*5]--; return b },
		} {
			copied := copyDir(t, dir)
			path := filepath.Join(copied, "authority", filepath.FromSlash(name))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, change(text), 0o600); err != nil {
				t.Fatal(err)
			}
			// The levels below are gone, so that the damaged one is needed.
			for _, below := range belowOf(name) {
				os.Remove(filepath.Join(copied, "authority", filepath.FromSlash(below)))
			}
			s, _ := open(t, copied)
			_, err = s.Identity(t.Context(), "us-east-1")
			if err == nil || !strings.Contains(err.Error(), path+" is damaged") || !strings.Contains(err.Error(), "remove ") {
				t.Errorf("%s, %s: %v", name, damage, err)
			} else if strings.Contains(err.Error(), "BEGIN") {
				t.Errorf("%s, %s: the error has parts of the file: %v", name, damage, err)
			}
			if name != "root.pem" && !root(t, s).Equal(first) {
				t.Errorf("%s, %s: another root", name, damage)
			}
		}
	}
}

func belowOf(name string) []string {
	order := []string{"root.pem", "intermediate.pem", "us-east-1/ca.pem", "us-east-1/leaf.pem"}
	for i, n := range order {
		if n == name {
			return order[i+1:]
		}
	}
	return nil
}

func otherKey(t *testing.T, text []byte) []byte {
	t.Helper()
	s, _ := open(t, t.TempDir())
	identity(t, s, "us-east-1")
	return text[:bytes.Index(text, []byte("-----BEGIN PRIVATE"))]
}

func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestRootMissing: a root that was lost is not replaced by another.
func TestRootMissing(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	identity(t, s, "us-east-1")
	if err := os.Remove(filepath.Join(dir, "authority", "root.pem")); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir)
	for range 2 {
		_, err := s.Roots(t.Context())
		if err == nil || !strings.Contains(err.Error(), "root.pem is missing, while") || !strings.Contains(err.Error(), "restore it from a backup") {
			t.Errorf("got %v", err)
		}
	}
}

// TestInterrupted begins with what a process leaves that dies after any file.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	whole := identity(t, s, "us-east-1")
	for i, name := range []string{"root.pem", "intermediate.pem", "us-east-1/ca.pem", "us-east-1/leaf.pem"} {
		copied := copyDir(t, dir)
		authority := filepath.Join(copied, "authority")
		for _, below := range belowOf(name) {
			os.Remove(filepath.Join(authority, filepath.FromSlash(below)))
		}
		left := filepath.Join(authority, "us-east-1", ".new-123")
		if err := os.WriteFile(left, []byte("-----BEGIN"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := open(t, copied)
		id := identity(t, s, "us-east-1")
		for level := range 4 {
			if same := id.Chain[level].Equal(whole.Chain[level]); same != (level >= 3-i) {
				t.Errorf("after %s: certificate %d is the same: %t", name, level, same)
			}
		}
		if _, err := os.Stat(left); err == nil && i < 3 {
			t.Errorf("after %s: %s was left", name, left)
		}
	}
	// Died before the root was whole.
	copied := filepath.Join(t.TempDir(), "keys")
	if err := os.MkdirAll(filepath.Join(copied, "authority"), 0o700); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(copied, "authority", ".new-9"), []byte("-----BEGIN"), 0o600)
	s, _ = open(t, copied)
	identity(t, s, "us-east-1")
}

// TestTogether lets several stores begin at once in one process.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	leaves := make([]string, 16)
	for i := range leaves {
		all.Go(func() {
			s, _ := open(t, dir)
			id, err := s.Identity(context.Background(), "us-east-1")
			if err != nil {
				t.Error(err)
				return
			}
			leaves[i] = string(id.Chain[0].Raw)
		})
	}
	all.Wait()
	for _, l := range leaves {
		if l != leaves[0] {
			t.Fatal("they do not agree on the leaf")
		}
	}
}

// TestMain lets the test binary stand in for another process.
func TestMain(m *testing.M) {
	if dir := os.Getenv("KEYS_TEST_DIR"); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child prints the leaf of a directory.
func child(dir string) int {
	s := keys.Open(keys.Config{Dir: dir, Now: func() time.Time { return noon }})
	id, err := s.Identity(context.Background(), "us-east-1")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("%x %x\n", id.Chain[3].SerialNumber, id.Chain[0].SerialNumber)
	return 0
}

func process(dir string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "KEYS_TEST_DIR="+dir, "GORACE=atexit_sleep_ms=0")
	return c
}

func TestProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var all sync.WaitGroup
	said := make([]string, 8)
	for i := range said {
		all.Go(func() {
			out, err := process(dir).CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			said[i] = string(out)
		})
	}
	all.Wait()
	for _, s := range said {
		if s != said[0] {
			t.Fatalf("they do not agree: %q", said)
		}
	}
}

// TestKilled kills processes that make an authority, at moments all over that
// time. Whatever they leave, the next finds no authority or a whole one, and a
// root that was there stays.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	begun, known := time.Now(), ""
	if out, err := process(t.TempDir()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(begun)
	const kills = 25
	for i := range kills {
		c := process(dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(i) / kills)
		c.Process.Kill()
		c.Wait()
		text, err := os.ReadFile(filepath.Join(dir, "authority", "root.pem"))
		if err == nil && known != "" && string(text) != known {
			t.Fatal("another root")
		}
		known = string(text)
		if i%3 == 0 { // begin anew
			known = ""
			os.RemoveAll(dir)
		}
		if out, err := process(dir).CombinedOutput(); err != nil {
			t.Fatalf("after a kill: %v: %s", err, out)
		}
		os.Remove(filepath.Join(dir, "authority", "us-east-1", "leaf.pem"))
		os.Remove(filepath.Join(dir, "authority", "us-east-1", "ca.pem"))
	}
}
