package cmd_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signer/cmd"
)

// The scripts in testdata/script show behaviour as people meet it. The program
// runs as a process of its own, made of this test's binary.

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"signer": program, "aws": program})
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
			return nil
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
