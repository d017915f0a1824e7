package cmd

import (
	"context"
	"strings"
	"testing"
)

// A mistake of ours shows no stack to the user, unless he wants to see it.
func TestPanicsAreErrors(t *testing.T) {
	for _, debug := range []bool{false, true} {
		var out strings.Builder
		s := newSession(&Env{Args: []string{"signer"}, Stderr: &out, LookupEnv: func(string) (string, bool) { return "", false }})
		s.settings = s.newSettings(nil)
		s.debug = debug
		code := s.exit(context.Background(), s.guarded(func() error { panic("oops") }))
		if code != exitGeneral || !strings.Contains(out.String(), "[ERROR]: something that should not happen") {
			t.Errorf("code %d, %s", code, out.String())
		}
		if strings.Contains(out.String(), "root_test.go") != debug {
			t.Errorf("debug %v: %s", debug, out.String())
		}
	}
}
