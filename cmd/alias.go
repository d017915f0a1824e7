package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"signer/pkg/profile"
)

// The AWS CLI's alias file, ~/.aws/cli/alias, gives new names to commands: those of
// [toplevel] stand where a service does, those of [command signer] where an
// operation of signer does. A value that begins with "!" is a command for the
// shell, any other is words of a command line.

// aliases are the user's own names for commands and what they stand for, by section.
type aliases map[string]map[string]string

// readAliases reads the alias file, whose errors end every command.
func (s *session) readAliases() (aliases, error) {
	sections, err := s.settings.Aliases()
	if err != nil {
		return nil, err
	}
	all := aliases{}
	for _, section := range sections {
		name := section.Name
		if strings.HasPrefix(name, "command ") {
			name = strings.Join(strings.Fields(name), " ")
		}
		all[name] = section.Values
	}
	return all, nil
}

// of are the aliases that may stand where a command of the group does.
func (a aliases) of(group *cobra.Command) map[string]string {
	if group.Annotations[asks] == "command" {
		return a["toplevel"]
	}
	path := strings.Fields(group.CommandPath())
	if group.Root().Annotations[asks] == "command" {
		path = path[1:]
	}
	return a["command "+strings.Join(path, " ")]
}

// names are the names of the aliases of a group.
func (a aliases) names(group *cobra.Command) []string { return slices.Sorted(maps.Keys(a.of(group))) }

// mostAliases is how many aliases one command line may follow.
const mostAliases = 100

// follow goes on with what an alias stands for: in which group, and with which words.
// One that has the name of a command may stand for that command.
func (r *reader) follow(group *cobra.Command, name, value string, rest []string) (*cobra.Command, []string, error) {
	value = strings.TrimSpace(value)
	if command, ok := strings.CutPrefix(value, "!"); ok {
		return nil, nil, r.external(command, rest)
	}
	if r.followed++; r.followed > mostAliases {
		return nil, nil, fmt.Errorf("the alias %q leads to itself", name)
	}
	words, err := r.expand(group, name, value)
	if err != nil {
		return nil, nil, err
	}
	command := child(group, name)
	if group.Annotations[asks] == "command" && words[0] != name {
		command = nil // below the top it is that command whatever the alias says
	}
	words = slices.Concat(words, rest)
	if command == nil {
		return group, words, nil
	}
	return r.enter(group, name), words[min(1, len(words)):], nil
}

// expand parts the value of an alias into words and sets the global options among
// them. At the top the first of the words left is a service.
func (r *reader) expand(group *cobra.Command, name, value string) ([]string, error) {
	words, err := profile.Words(value)
	if err != nil {
		return nil, fmt.Errorf("Value of alias \"%s\" could not be parsed. Received error: %w when parsing:\n%s", name, err, value) //lint:ignore ST1005 the AWS CLI's words
	}
	for i, w := range words {
		words[i] = strings.Trim(w, "\n")
	}
	var refused, service []string
	g := &grammar{options: r.aliasGlobals(&refused)}
	if group.Annotations[asks] == "command" {
		g.positionals = []*positional{{name: "command", arity: one, set: func(w []string) error {
			service = w
			return r.known(group, w[0])
		}}}
	}
	rest, missing, err := g.parse(words)
	switch {
	case err != nil:
		return nil, err
	case len(missing) > 0:
		return nil, requiredError(group, missing)
	case len(refused) > 0:
		//lint:ignore ST1005 the AWS CLI's words
		return nil, fmt.Errorf("Global parameter \"%s\" detected in alias \"%s\" which is not supported in subcommand aliases.", slices.Min(refused), name)
	}
	return slices.Concat(service, rest), r.toured()
}

// aliasGlobals are the options that may stand anywhere, but for two that would come
// too late in an alias. Those are set down as refused.
func (r *reader) aliasGlobals(refused *[]string) []*option {
	options := r.globals()
	for i, o := range options {
		if o.name == "--debug" || o.name == "--profile" {
			late := *o
			late.set = func([]string) error { *refused = append(*refused, o.name); return nil }
			options[i] = &late
		}
	}
	return options
}

// externalExit is the exit code of a command that an alias ran.
type externalExit int

func (externalExit) Error() string { return "an alias's command was run" }

// runExternal runs the shell command of an alias with more words behind it. That it
// has ended is an externalExit, even when all is well, for there is no more to do.
func (s *session) runExternal(ctx context.Context, command string, words []string) error {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.ReplaceAll(w, "'", `'"'"'`) + "'"
	}
	c := exec.CommandContext(ctx, "/bin/sh", "-c", strings.Join(append([]string{command}, quoted...), " "))
	c.Stdin, c.Stdout, c.Stderr = s.env.Stdin, s.env.Stdout, s.env.Stderr
	err := c.Run()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return externalExit(exitOK)
	case errors.As(err, &failed):
		return externalExit(exitCode(failed))
	}
	return err
}

// exitCode is that of a program, or what the AWS CLI makes of the signal that ended it.
func exitCode(failed *exec.ExitError) int {
	if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 256 - int(status.Signal())
	}
	return failed.ExitCode()
}
