package cmd

import (
	"errors"
	"slices"
	"strings"
)

// The AWS CLI can ask for what a command line lacks: always (on), or when the line
// is wrong (on-partial). This program cannot, and says so with the exit code that
// the AWS CLI has where there is no terminal to ask on.

// promptError says that nothing is asked for. mistake is what the AWS CLI would ask
// about, or nil.
type promptError struct{ mistake error }

const noPrompt = "Auto prompt is not there in signer. Leave out --cli-auto-prompt, or set AWS_CLI_AUTO_PROMPT or cli_auto_prompt to off. " +
	"What can be given is told by help, and by the completion of your shell (see: signer completion help)."

func (e *promptError) Error() string {
	if e.mistake == nil {
		return noPrompt
	}
	return e.mistake.Error() + "\n\n" + noPrompt
}

// prompted carries a command line out in the way that the setting asks for.
func (s *session) prompted(words []string, carryOut func() error) error {
	mode := s.promptMode(words)
	if mode == "on" {
		return &promptError{}
	}
	err := carryOut()
	if mode == "on-partial" && s.isUsage(err) {
		return &promptError{err}
	}
	return err
}

// promptMode is on, on-partial, or anything else for off. It is looked up as the
// AWS CLI does, before the command line is read.
func (s *session) promptMode(words []string) string {
	has := func(word string) bool { return slices.Contains(words, word) }
	switch {
	case has("help"), has("--version"), has("--no-cli-auto-prompt"), s.name != "aws" && (has("--help") || has("-h")):
		return "off"
	case has("--cli-auto-prompt"):
		return "on"
	}
	mode, _ := s.settings.Lookup("cli_auto_prompt", "AWS_CLI_AUTO_PROMPT")
	return strings.ToLower(mode)
}

// isUsage tells whether an error is a mistake in the command line.
func (s *session) isUsage(err error) bool {
	var unknown *unknownOptions
	return err != nil && (errors.As(err, &unknown) || s.complaint(err).code == exitUsage)
}
