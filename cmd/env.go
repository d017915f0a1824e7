package cmd

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"
)

// Env is the world as a command sees it. Only this file knows where it comes from.
type Env struct {
	Args           []string // the program's name first
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	LookupEnv      func(string) (string, bool)
	ReadFile       func(string) ([]byte, error)
	TempFile       func() (*os.File, error) // gone once it is closed
	Open           func(string) (*os.File, error)
	Stat           func(string) (os.FileInfo, error)
	Save           func(name string, write func(io.Writer) error) error // whole or not at all
	Draft          func(path string) (*draftFile, error)                // unseen until it has its place
	MakeDir        func(string) error                                   // if it is missing, and those above it
	Now            func() time.Time
	Rand           io.Reader
	Sleep          func(time.Duration) <-chan time.Time

	Interrupts func(context.Context) (context.Context, context.CancelFunc) // a context that SIGINT ends
	Stops      func() (asked <-chan os.Signal, done func())                // SIGINT and SIGTERM, as they come

	StdoutTerminal, StderrTerminal bool
	Width                          int // columns of the terminal; 80 where there is none
}

// OS returns the world of this process.
func OS() *Env {
	return &Env{
		Args:      os.Args,
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		LookupEnv: os.LookupEnv,
		ReadFile:  os.ReadFile,
		TempFile:  tempFile,
		Open:      os.Open,
		Stat:      os.Stat,
		Save:      saveFile,
		Draft:     drafts(),
		MakeDir:   func(dir string) error { return os.MkdirAll(dir, 0o777) },
		Now:       clock(),
		Rand:      rand.Reader,
		Sleep:     time.After,
		Interrupts: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return signal.NotifyContext(ctx, os.Interrupt)
		},
		Stops: func() (<-chan os.Signal, func()) {
			c := make(chan os.Signal, 2)
			signal.Notify(c, os.Interrupt, syscall.SIGTERM)
			return c, func() { signal.Stop(c) }
		},
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Width:          width(),
	}
}

// clock returns the time in the user's zone. Go knows the zones that TZ may name,
// but not the rules that it may spell out, as in TZ=EST5EDT.
func clock() func() time.Time {
	zone := time.Local
	if tz, ok := os.LookupEnv("TZ"); ok && tz != "" {
		if _, err := time.LoadLocation(strings.TrimPrefix(tz, ":")); err != nil {
			zone = ruledZone(tz)
		}
	}
	return func() time.Time { return time.Now().In(zone) }
}

// ruledZone is a zone of POSIX rules: in the file format of zones (RFC 9636) they
// stand behind everything else, so a file that says nothing else will do.
func ruledZone(rules string) *time.Location {
	header := "TZif2" + strings.Repeat("\x00", 15)
	counts := strings.Repeat("\x00", 16) + "\x00\x00\x00\x01" + "\x00\x00\x00\x04" // one type, four characters
	one := header + counts + "\x00\x00\x00\x00\x00\x00" + "UTC\x00"
	zone, err := time.LoadLocationFromTZData(rules, []byte(one+one+"\n"+rules+"\n"))
	if err != nil {
		return time.UTC
	}
	return zone
}

// tempFile makes a file that has no name any more, so that nothing can leave it
// behind.
func tempFile() (*os.File, error) {
	f, err := os.CreateTemp("", "signer-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func width() int {
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		return w
	}
	return 80
}

// getenv returns a variable's value, or "" if it is not set.
func (e *Env) getenv(name string) string {
	v, _ := e.LookupEnv(name)
	return v
}
