package cmd

import (
	"io"
	"log/slog"
)

// debugLog is where --debug tells what happens; nil without it.
func (s *session) debugLog() io.Writer {
	if !s.debug {
		return nil
	}
	return s.env.Stderr
}

// log tells what the program does, under --debug only. No value of a parameter is
// given to it: some are secrets.
func (s *session) log(message string, about ...any) {
	if w := s.debugLog(); w != nil {
		slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})).Debug(message, about...)
	}
}
