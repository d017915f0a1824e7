package cmd_test

import (
	"archive/zip"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signer/cmd"
	"signer/pkg/notation"
)

// The scripts in testdata/script show behaviour as people meet it. The program
// runs as a process of its own, made of this test's binary.

func TestMain(m *testing.M) {
	testscript.Main(alone{m}, map[string]func(){"signer": program, "aws": program, notation.Program: program})
}

// alone runs tests without the settings of who runs them.
type alone struct{ *testing.M }

var theirs = regexp.MustCompile(`^(AWS|SIGNER|OTEL)_|(?i:_proxy)$`)

func (a alone) Run() int {
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if theirs.MatchString(name) {
			os.Unsetenv(name)
		}
	}
	return a.M.Run()
}

func program() {
	env := cmd.OS()
	if now, err := time.Parse(time.RFC3339, os.Getenv("TEST_NOW")); err == nil {
		env.Now = func() time.Time { return now }
		env.Sleep = func(time.Duration) <-chan time.Time { return time.After(0) }
	}
	os.Exit(cmd.Main(context.Background(), env))
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "user"))
			e.Setenv("SIGNER_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("SIGNER_PRINCIPAL_ARN", "arn:aws:iam::000000000000:user/tester")
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			e.Setenv("TZ", "UTC")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each process otherwise
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"env-from": envFrom,
			"zip":      zipFiles,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// envFrom sets a variable to what a file, or stdout, holds: env-from NAME FILE.
func envFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: env-from NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// zipFiles makes an archive of files: zip ARCHIVE FILE...
func zipFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: zip ARCHIVE FILE...")
	}
	out, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	w := zip.NewWriter(out)
	for _, name := range args[1:] {
		f, err := w.Create(name)
		ts.Check(err)
		_, err = io.WriteString(f, ts.ReadFile(name))
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(out.Close())
}
