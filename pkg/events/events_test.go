package events_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/events"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openLog(t testing.TB, path string) *events.Log {
	t.Helper()
	l, err := events.Open(path)
	must(t, err)
	return l
}

// check checks what a file has in it.
func check(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	must(t, err)
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := openLog(t, path)
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is made before anything is appended")
	}
	must(t, l.Append(ctx, []string{"one", "two"}))
	must(t, l.Append(ctx, []string{"three"}))
	must(t, l.Append(ctx, nil))
	check(t, path, "one\ntwo\nthree\n")
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if l.Name() != path {
		t.Errorf("its name is %s", l.Name())
	}
}

// What is said again stands there once.
func TestAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := openLog(t, path)
	must(t, l.Append(ctx, []string{"one", "two"}))
	must(t, l.Append(ctx, []string{"one", "two", "three"}))
	must(t, l.Append(ctx, []string{"on", "wo"})) // parts of lines are others
	check(t, path, "one\ntwo\nthree\non\nwo\n")
	must(t, l.Append(ctx, []string{strings.Repeat("long ", 20_000)}))
	must(t, l.Append(ctx, []string{"one"})) // too long ago
	got, err := os.ReadFile(path)
	must(t, err)
	if n := strings.Count("\n"+string(got), "\none\n"); n != 2 {
		t.Errorf("the line is there %d times", n)
	}
}

// A process that dies leaves a part of what it wrote; another one writes the same.
func TestMendsWhatWasCutShort(t *testing.T) {
	for _, tc := range []struct{ left, want string }{
		{"", "first\nsecond\n"},
		{"old\nfi", "old\nfirst\nsecond\n"},
		{"old\nfirst", "old\nfirst\nsecond\n"},
		{"old\nfirst\nsec", "old\nfirst\nsecond\n"},
		{"old\nfirst\nsecond", "old\nfirst\nsecond\n"},
		{"fir", "first\nsecond\n"},
		{"old\nsec", "old\nfirst\nsecond\n"}, // when the first one was not to be told yet
		{"somebody's own", "somebody's own\nfirst\nsecond\n"},
		{"old\nfirst\nsecond\nsomebody's", "old\nfirst\nsecond\nsomebody's\n"},
	} {
		path := filepath.Join(t.TempDir(), "log")
		must(t, os.WriteFile(path, []byte(tc.left), 0o644))
		must(t, openLog(t, path).Append(ctx, []string{"first", "second"}))
		check(t, path, tc.want)
	}
}

// Whoever renames the log finds all of it in the old file and the new one.
func TestRenamed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	l := openLog(t, path)
	done := make(chan error)
	go func() {
		for i := range 100 {
			if err := l.Append(ctx, []string{fmt.Sprint("line ", i)}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := 0; ; i++ {
		select {
		case err := <-done:
			must(t, err)
			if n := countLines(t, dir); n != 100 {
				t.Errorf("there are %d lines", n)
			}
			return
		default:
			os.Rename(path, filepath.Join(dir, fmt.Sprint("old-", i)))
		}
	}
}

func countLines(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(t, err)
		n += strings.Count(string(text), "\n")
	}
	return n
}

func TestCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "missing", "log"): "no such file or directory",
		dir:                                  "is a directory",
		"/dev/full":                          "no space left on device",
	} {
		if _, err := os.Stat("/dev/full"); err != nil && path == "/dev/full" {
			continue
		}
		err := openLog(t, path).Append(ctx, []string{"line"})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the event log "+path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
