package cmd

import (
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"

	"signer/pkg/profile"
)

// paged runs show with the writer that output goes to: a pager where standard
// output is a terminal and one is set, standard output otherwise.
func (s *session) paged(show func(io.Writer) error) error {
	words := s.pagerCommand()
	if len(words) == 0 {
		return show(s.env.Stdout)
	}
	pager := exec.Command(words[0], words[1:]...)
	pager.Stdout, pager.Stderr = s.env.Stdout, s.env.Stderr
	if _, ok := s.env.LookupEnv("LESS"); !ok {
		pager.Env = append(pager.Environ(), "LESS=FRX") // leave short output on the screen
	}
	in, err := pager.StdinPipe()
	if err != nil {
		return err
	}
	if err := pager.Start(); err != nil {
		return &configError{"Pager", "Unable to redirect output to pager. Received the following error when opening pager:\n" + err.Error() +
			"\n\nLearn more about configuring the output pager by running \"" + s.name + " help config-vars\"."}
	}
	shown := show(in)
	in.Close()
	pager.Wait() // its exit code says nothing of ours
	if errors.Is(shown, syscall.EPIPE) {
		return nil // the reader has seen enough
	}
	return shown
}

// pagerCommand is the command that shows output on a terminal: AWS_PAGER, cli_pager
// of the profile, PAGER, or less. An empty one is none.
func (s *session) pagerCommand() []string {
	if !s.env.StdoutTerminal || s.noPager {
		return nil
	}
	command, ok := s.settings.Lookup("cli_pager", "AWS_PAGER")
	if !ok {
		command, ok = s.env.LookupEnv("PAGER")
	}
	if !ok {
		command = "less"
	}
	words, err := profile.Words(command)
	if err != nil {
		return strings.Fields(command)
	}
	return words
}
