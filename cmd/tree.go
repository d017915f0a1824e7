package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// asks is the annotation of a group of commands that holds what the AWS CLI calls
// the word that picks one: command, operation or subcommand.
const asks = "asks"

// node is what the command line's reader knows of a command beside Cobra.
type node struct {
	required func(words []string) []string // names of the options that must be there
	operands *positional                   // the words that a leaf takes beside its options
	failed   string                        // what the exit code 1 means; "" where it is not used
	ours     bool                          // it is no operation of a service
	grow     func()                        // adds the commands of a group whose name was met; nil: they are there
}

// reader turns a command line into a path in the tree of commands, with every
// option set on the way.
type reader struct {
	root     *cobra.Command
	nodes    map[*cobra.Command]*node
	toured   func() error                               // called once the global options are set
	aliases  aliases                                    // the user's own names
	external func(command string, words []string) error // runs an alias that is a command of the shell
	dashHelp bool                                       // --help and -h ask for help, too
	helped   bool                                       // one of them was met
	followed int                                        // aliases on the way
}

// target is what a command line asks for.
type target struct {
	command *cobra.Command
	help    bool
	words   []string // operands
}

// read reads the words of a command line. Options are set in the order in which
// they stand; the first mistake ends it.
func (r *reader) read(words []string) (target, error) {
	at := r.root
	options := r.globals()
	for at.HasSubCommands() {
		name, rest, err := r.step(at, options, words)
		if err != nil {
			return target{}, err
		}
		if name == "help" {
			at, err = r.topic(at, rest)
			return target{command: at, help: true}, err
		}
		if r.own(at, name) {
			words, options = rest, nil
			continue
		}
		options = nil
		value, ok := r.aliases.of(at)[name]
		if !ok {
			at, words = r.enter(at, name), rest
			continue
		}
		if at, words, err = r.follow(at, name, value, rest); err != nil {
			return target{}, err
		}
	}
	if r.helped {
		return target{command: at, help: true}, nil
	}
	return r.leaf(at, words)
}

// globals are the options that may stand anywhere.
func (r *reader) globals() []*option {
	options := optionsOf(r.root.PersistentFlags())
	if r.dashHelp {
		for _, name := range [...]string{"--help", "-h"} {
			options = append(options, &option{name: name, exact: true, set: func([]string) error { r.helped = true; return nil }})
		}
	}
	return options
}

// topic is the command that the words behind help lead to.
func (r *reader) topic(at *cobra.Command, words []string) (*cobra.Command, error) {
	if !r.dashHelp {
		return r.pageOf(at, words)
	}
	for _, name := range words {
		if !at.HasSubCommands() {
			return nil, &unknownOptions{name}
		}
		if err := choose("argument "+at.Annotations[asks], name, childNames(at)); err != nil {
			return nil, err
		}
		at = r.enter(at, name)
	}
	return at, nil
}

// pageOf is topic under the name aws. Behind help the AWS CLI takes the name of a
// topic at the top, anything within a service, and nothing below that.
func (r *reader) pageOf(at *cobra.Command, words []string) (*cobra.Command, error) {
	switch at.Annotations[asks] {
	case "command":
		topic := slices.IndexFunc(words, func(w string) bool { return !strings.HasPrefix(w, "-") })
		if topic >= 0 {
			return at, choose("argument subcommand", words[topic], []string{"help"})
		}
	case "subcommand":
		if len(words) > 0 {
			return at, choose("argument subcommand", "help", childNames(at))
		}
	default:
		if len(words) > 0 && child(at, words[0]) != nil {
			return r.enter(at, words[0]), nil
		}
	}
	return at, nil
}

// enter returns the command of this name in a group, with the commands below it.
func (r *reader) enter(group *cobra.Command, name string) *cobra.Command {
	c := child(group, name)
	if n := r.nodes[c]; n != nil && n.grow != nil {
		n.grow()
		n.grow = nil
	}
	return c
}

// step reads the options of a group and the word that picks one of its commands.
// Whether there is such a command is said after the global options were judged,
// except where the AWS CLI reads both at once: the name of a service.
func (r *reader) step(group *cobra.Command, options []*option, words []string) (name string, rest []string, err error) {
	atOnce := group == r.root && group.Annotations[asks] == "command"
	pick := &positional{name: group.Annotations[asks], arity: one, set: func(w []string) error {
		name = w[0]
		if atOnce {
			return r.known(group, name)
		}
		return nil
	}}
	g := &grammar{options: options, positionals: []*positional{pick}, others: r.ownOptions(group, words)}
	rest, missing, err := g.parse(words)
	switch {
	case err == nil && len(missing) > 0 && r.helped:
		name = "help"
	case err == nil && len(missing) > 0:
		err = requiredError(group, missing)
	}
	if err == nil && options != nil {
		err = r.toured()
	}
	if err == nil && !atOnce {
		err = r.known(group, name)
	}
	return name, rest, err
}

// ownOptions are the options of the command that words lead to, if it is one of our
// own: --out of sign is no abbreviation of --output there, as it is everywhere else.
func (r *reader) ownOptions(group *cobra.Command, words []string) (names []string) {
	for _, w := range words {
		if c := child(group, w); c != nil {
			group = c
		}
	}
	if n := r.nodes[group]; n != nil && n.ours {
		group.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	}
	return names
}

// own tells whether a name is that of the program itself, which need not stand
// there but may: who has "alias aws=signer" says "signer signer".
func (r *reader) own(group *cobra.Command, name string) bool {
	return group == r.root && name == "signer" && group.Name() == name
}

// known refuses a name that neither a command of the group nor an alias has.
func (r *reader) known(group *cobra.Command, name string) error {
	if _, ok := r.aliases.of(group)[name]; ok {
		return nil
	}
	if r.own(group, name) || child(group, name) != nil {
		return nil
	}
	return choose("argument "+group.Annotations[asks], name, slices.Concat(r.suggested(group), r.aliases.names(group), []string{"help"}))
}

// suggested are the names that a mistyped one may have meant. Under the name aws they
// are those of the AWS CLI.
func (r *reader) suggested(group *cobra.Command) []string {
	return slices.DeleteFunc(childNames(group), func(name string) bool {
		n := r.nodes[child(group, name)]
		return !r.dashHelp && n != nil && n.ours
	})
}

// requiredError says which arguments a command lacks. "wait" alone has words of its
// own in the AWS CLI.
func requiredError(c *cobra.Command, missing []string) error {
	if c.Name() == "wait" {
		program, path, _ := strings.Cut(c.CommandPath(), " ")
		return &usageError{text: fmt.Sprintf("usage: %s [options] %s <subcommand> [parameters]\n%[1]s: [ERROR]: too few arguments", program, path)}
	}
	return usageErrorf("the following arguments are required: %s", strings.Join(missing, ", "))
}

// leaf reads the options and operands of a command that does something.
func (r *reader) leaf(c *cobra.Command, words []string) (target, error) {
	n := r.nodes[c]
	t := target{command: c}
	if slices.Equal(words, []string{"help"}) {
		t.help = true
		return t, nil
	}
	g := &grammar{options: optionsOf(c.Flags())}
	var help string
	if n.operands != nil {
		g.positionals = append(g.positionals, &positional{name: n.operands.name, arity: n.operands.arity, choices: n.operands.choices, set: func(w []string) error { t.words = w; return nil }})
	} else {
		g.positionals = append(g.positionals, &positional{name: "help", arity: optional, set: func(w []string) error { help = strings.Join(w, ""); return nil }})
	}
	rest, missing, err := g.parse(words)
	if err != nil {
		return t, err
	}
	if missing = append(n.missing(c, words), missing...); len(missing) > 0 {
		return t, requiredError(c, missing)
	}
	if help == "help" {
		t.help = true
		return t, nil
	}
	if help != "" {
		rest = append(rest, help)
	}
	if len(rest) > 0 {
		return t, &unknownOptions{strings.Join(rest, ", ")}
	}
	return t, nil
}

// missing names the required options of a command that were not set.
func (n *node) missing(c *cobra.Command, words []string) []string {
	if n.required == nil {
		return nil
	}
	return slices.DeleteFunc(n.required(words), func(name string) bool {
		return c.Flags().Lookup(strings.TrimPrefix(name, "--")).Changed
	})
}

// optionsOf lists a command's options for the parser, in the order in which they
// were defined.
func optionsOf(flags *pflag.FlagSet) []*option {
	var options []*option
	flags.VisitAll(func(f *pflag.Flag) {
		v, ok := f.Value.(*value)
		if !ok {
			return // Cobra's own --help
		}
		options = append(options, &option{
			name: "--" + f.Name, arity: v.arity, choices: v.choices, integer: v.integer, exact: v.exact,
			set: func(words []string) error { f.Changed = true; return v.set(words) },
		})
	})
	return options
}

func child(group *cobra.Command, name string) *cobra.Command {
	for _, c := range group.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

func childNames(group *cobra.Command) []string {
	var names []string
	for _, c := range group.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}
