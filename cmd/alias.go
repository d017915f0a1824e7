package cmd

import (
	"context"
	"errors"
	"os/exec"
	"strings"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"
)

// The AWS CLI's alias file, ~/.aws/cli/alias, gives new names to commands: those of
// [toplevel] stand where a service does, those of [command signer] where an
// operation of signer does. A value that begins with "!" is a command for the
// shell, any other is words of a command line.

// alias returns what the alias file has for a name within a group of commands.
func (s *session) alias(group *cobra.Command, name string) (string, bool) {
	sections, err := s.settings.Aliases()
	if err != nil {
		return "", false
	}
	want := "command " + group.Name()
	if group == group.Root() && s.name == "aws" {
		want = "toplevel"
	}
	for _, section := range sections {
		if section.Name == want {
			v, ok := section.Values[name]
			return strings.TrimSpace(v), ok
		}
	}
	return "", false
}

// aliasWords splits the value of an alias.
func aliasWords(name, value string) ([]string, error) {
	words, err := shellwords.Parse(value)
	if err != nil || len(words) == 0 {
		return nil, &usageError{text: "Value of alias \"" + name + "\" could not be parsed. Received error: " + errorText(err) + " when parsing:\n" + value}
	}
	return words, nil
}

func errorText(err error) string {
	if err == nil {
		return "no words"
	}
	return err.Error()
}

// externalExit is the exit code of a command that an alias ran.
type externalExit int

func (externalExit) Error() string { return "the alias's command failed" }

// runExternal runs the shell command of an alias with more words behind it.
func (s *session) runExternal(ctx context.Context, command string, words []string) error {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.ReplaceAll(w, "'", `'"'"'`) + "'"
	}
	c := exec.CommandContext(ctx, "sh", "-c", strings.Join(append([]string{command}, quoted...), " "))
	c.Stdin, c.Stdout, c.Stderr = s.env.Stdin, s.env.Stdout, s.env.Stderr
	err := c.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return externalExit(failed.ExitCode())
	}
	return err
}
