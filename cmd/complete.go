package cmd

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Completion is Cobra's: the script that it makes for a shell asks the program what
// may stand in place of the last word, with a hidden command __complete. Cobra
// offers commands and options; what else may stand there is said here.

// newCompletion makes the command that prints the scripts.
func newCompletion(s *session) *cobra.Command {
	c := &cobra.Command{Use: "completion", Short: "Print the script that completes command lines for a shell.",
		Long: "Print the script that completes command lines for a shell: commands, options, their values, and the names of what the local engine keeps. " +
			"A line like one of these in the shell's start file turns it on. For bash, which needs the package bash-completion:\n\n" +
			"    source <(" + s.called("signer completion bash") + ")\n\nFor zsh, behind compinit:\n\n" +
			"    source <(" + s.called("signer completion zsh") + ")\n\nFor fish:\n\n" +
			"    " + s.called("signer completion fish") + " | source"}
	c.RunE = func(c *cobra.Command, words []string) error {
		switch root := c.Root(); words[0] {
		case "bash":
			return root.GenBashCompletionV2(s.env.Stdout, true)
		case "zsh":
			return root.GenZshCompletion(s.env.Stdout)
		default:
			return root.GenFishCompletion(s.env.Stdout, true)
		}
	}
	s.nodes[c] = &node{operands: &positional{name: "shell", arity: one, choices: []string{"bash", "zsh", "fish"}, doc: "The shell that the script is for."}}
	return c
}

// patience is how long a shell waits for names at most.
const patience = 2 * time.Second

// complete answers a script. It prints words or nothing, whatever is wrong.
func (s *session) complete(ctx context.Context, root *cobra.Command, words []string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s.growAll()
	o := &offer{session: s, words: words[1:]}
	o.attach(root)
	root.SetOut(s.env.Stdout)
	root.SetErr(io.Discard)
	root.SetArgs(words)
	return root.ExecuteContext(ctx)
}

// offer is what may stand in place of the last of some words.
type offer struct {
	*session
	words []string
}

// offered are words, each perhaps with a tab and a description behind it, and what
// the shell is to do with them.
type offered struct {
	words []string
	how   cobra.ShellCompDirective
}

// attach tells Cobra what values there are for the options of a command and of all
// below it.
func (o *offer) attach(c *cobra.Command) {
	c.Short = firstSentence(c.Short)
	c.FParseErrWhitelist.UnknownFlags = true // such as abbreviations
	each := func(f *pflag.Flag) {
		// It fails only for an option that is not there or was told of before.
		_ = c.RegisterFlagCompletionFunc(f.Name, func(c *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return o.values(c, f, prefix).among(prefix)
		})
	}
	c.Flags().VisitAll(each)
	c.PersistentFlags().VisitAll(each)
	for _, sub := range c.Commands() {
		o.attach(sub)
	}
	if !c.HasSubCommands() {
		c.ValidArgsFunction = func(c *cobra.Command, words []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return o.operands(c, words, prefix).among(prefix)
		}
	}
}

// among is what of the words begins with a prefix, in the form that Cobra wants.
func (o offered) among(prefix string) ([]string, cobra.ShellCompDirective) {
	words := slices.DeleteFunc(slices.Clone(o.words), func(w string) bool { return !strings.HasPrefix(w, prefix) })
	return words, o.how
}

// these offers words and no files.
func these(words ...string) offered { return offered{words, cobra.ShellCompDirectiveNoFileComp} }

// files and directories leave it to the shell.
var (
	files       = offered{how: cobra.ShellCompDirectiveDefault}
	directories = offered{how: cobra.ShellCompDirectiveFilterDirs}
)

// values offers values for an option.
func (o *offer) values(c *cobra.Command, f *pflag.Flag, prefix string) offered {
	v, ok := f.Value.(*value)
	if !ok {
		return these()
	}
	m := o.memberOf(c, f)
	switch {
	case v.choices != nil:
		return these(v.choices...)
	case f.Name == "home":
		return directories
	case f.Name == "ca-bundle", m != nil && m.Stream, m == nil && slices.Contains([]string{"certificate", "payload", "trust-root"}, f.Name):
		return files
	case m == nil:
		return these()
	}
	shape := m.Shape
	if shape.Elem != nil {
		shape = shape.Elem
	}
	if words := slices.Concat(shape.Enum, shape.Also); len(words) > 0 {
		return these(words...)
	}
	return o.names(c.Context(), o.operations[c], m.Name, prefix)
}

// operands offers what may stand where no option does: a further word of a list,
// the options that must be given, or a command's own words.
func (o *offer) operands(c *cobra.Command, words []string, prefix string) offered {
	if f := o.listBefore(c); f != nil {
		return o.values(c, f, prefix)
	}
	if missing := o.missingOptions(c); len(missing) > 0 {
		return these(missing...)
	}
	operand := o.nodes[c].operands
	switch {
	case operand == nil || len(words) > 0 && operand.arity != many:
		return these()
	case operand.choices != nil:
		return these(operand.choices...)
	case operand.name == "directory":
		return directories
	}
	return files
}

// listBefore is the option that takes several words and stands before the last
// word with none but its own between them, or nil.
func (o *offer) listBefore(c *cobra.Command) *pflag.Flag {
	for _, w := range slices.Backward(o.words[:len(o.words)-1]) {
		if !strings.HasPrefix(w, "-") {
			continue
		}
		f := c.Flags().Lookup(strings.TrimPrefix(w, "--"))
		if f == nil {
			return nil
		}
		if v, ok := f.Value.(*value); ok && v.arity == many {
			return f
		}
		return nil
	}
	return nil
}

// missingOptions are the options that must still be given.
func (o *offer) missingOptions(c *cobra.Command) []string {
	names := o.nodes[c].missing(c, o.words)
	for i, name := range names {
		names[i] = name + "\t" + c.Flags().Lookup(strings.TrimPrefix(name, "--")).Usage
	}
	return names
}
