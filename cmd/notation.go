package cmd

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"signer/pkg/notation"
)

// exitPlugin is what notation takes for a failure of its plugin.
const exitPlugin = 1

// isPlugin tells whether the program was called as notation's plugin.
func isPlugin(args []string) bool {
	return strings.TrimSuffix(filepath.Base(args[0]), ".exe") == notation.Program
}

// answerNotation does what notation asks of its plugin. Nothing but an error in the
// form of the contract may be on standard error.
func answerNotation(ctx context.Context, env *Env) int {
	quiet := *env
	quiet.Stderr, quiet.StderrTerminal = io.Discard, false
	s := newSession(&quiet)
	defer s.database.close()
	p := &notation.Plugin{Version: version, Open: s.openForNotation, Words: func(err error) string { return s.complaint(err).message() }}
	command := ""
	if len(env.Args) > 1 {
		command = env.Args[1]
	}
	if err := s.guarded(func() error { return p.Run(ctx, command, env.Stdin, env.Stdout) }); err != nil {
		fmt.Fprint(env.Stderr, p.Refusal(err))
		return exitPlugin
	}
	return exitOK
}

// openForNotation opens the engine that the user wants, with the settings of AWS's
// plugin and two of our own. Without a region it works in that of what
// notation asks about, for there it is to be found.
func (s *session) openForNotation(ctx context.Context, region string, settings map[string]string) (notation.Signer, func(), error) {
	if region != "" {
		s.region = &region
	}
	s.engine, s.home = settings["signer-engine"], settings["signer-home"]
	for name, to := range map[string]**string{
		notation.ConfigRegion: &s.region, notation.ConfigProfile: &s.globals.profile, notation.ConfigEndpoint: &s.endpointURL,
	} {
		if v, ok := settings[name]; ok {
			*to = &v
		}
	}
	s.settings = s.newSettings(s.globals.profile)
	if err := firstError(s.settings.Load, s.checkEndpoint); err != nil {
		return nil, nil, err
	}
	return s.openEngine(ctx)
}
