//go:build unix

package events_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"signer/pkg/events"
)

// children are what the test binary does when a test starts it again as another
// process. What a child writes to standard output is its answer.
var children = map[string]func(*events.Log) error{"append": childAppend, "full": childFull}

const childEnv, pathEnv = "EVENTS_TEST_CHILD", "EVENTS_TEST_PATH"

func TestMain(m *testing.M) {
	child := children[os.Getenv(childEnv)]
	if child == nil {
		os.Exit(m.Run())
	}
	l, err := events.Open(os.Getenv(pathEnv))
	if err == nil {
		err = child(l)
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func command(child, path string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childEnv+"="+child, pathEnv+"="+path)
	c.Stderr = os.Stderr
	return c
}

// line is of more than a page, so that writing it can be interrupted.
func line(of, n int) string { return fmt.Sprintf("%d-%d %s.", of, n, strings.Repeat("x", 5000)) }

// childAppend appends lines until it is killed, and says which are there.
func childAppend(l *events.Log) error {
	for i := 0; ; i++ {
		if err := l.Append(ctx, []string{line(os.Getpid(), i)}); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// Lines are whole, and no line is lost or there twice, however those who write
// them die and the last line of each is said again.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := openLog(t, path)
	want := map[string]bool{}
	for round := range 4 {
		var all []*exec.Cmd
		var said []*bufio.Scanner
		for range 3 {
			c := command("append", path)
			out, err := c.StdoutPipe()
			must(t, err)
			c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if len(all) > 0 {
				c.SysProcAttr.Pgid = all[0].Process.Pid
			}
			must(t, c.Start())
			all, said = append(all, c), append(said, bufio.NewScanner(out))
		}
		time.Sleep(time.Duration(20+7*round) * time.Millisecond)
		must(t, syscall.Kill(-all[0].Process.Pid, syscall.SIGKILL)) // all at once: nobody writes behind half a line of another
		for i, c := range all {
			n := 0
			for ; said[i].Scan(); n++ {
				want[line(c.Process.Pid, n)] = true
			}
			c.Wait()
			again := line(c.Process.Pid, n) // it may be there, in part or not at all
			must(t, l.Append(ctx, []string{again}))
			want[again] = true
		}
	}
	text, err := os.ReadFile(path)
	must(t, err)
	for got := range strings.Lines(string(text)) {
		if got = strings.TrimSuffix(got, "\n"); !want[got] {
			t.Errorf("%.30q… of %d bytes is there twice, or is no line", got, len(got))
		}
		delete(want, got)
	}
	if len(want) > 0 {
		t.Errorf("%d lines are missing", len(want))
	}
}

// A pipe is a log while somebody reads it.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(path, 0o600))
	l := openLog(t, path)
	if err := l.Append(ctx, []string{"unheard"}); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("got %v", err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer reader.Close()
	must(t, l.Append(ctx, []string{"one", "two"}))
	got := make([]byte, 100)
	n, err := reader.Read(got)
	must(t, err)
	if string(got[:n]) != "one\ntwo\n" {
		t.Errorf("got %q", got[:n])
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	for err == nil { // until the pipe is full
		err = l.Append(short, []string{line(0, 0)})
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// childFull appends lines to a file that cannot grow beyond a size.
func childFull(l *events.Log) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 12_000, Max: 12_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for i := range 3 {
		fmt.Println(l.Append(ctx, []string{line(0, i)}))
	}
	return nil
}

// What finds no room leaves no part of a line.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	said, err := command("full", path).Output()
	must(t, err)
	if want := "<nil>\n<nil>\nthe event log " + path + ": write " + path + ": file too large\n"; string(said) != want {
		t.Errorf("got %s, want %s", said, want)
	}
	check(t, path, line(0, 0)+"\n"+line(0, 1)+"\n")
	must(t, openLog(t, path).Append(ctx, []string{line(0, 2)}))
	check(t, path, line(0, 0)+"\n"+line(0, 1)+"\n"+line(0, 2)+"\n")
}
