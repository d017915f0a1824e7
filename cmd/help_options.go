package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"signer/pkg/api"
)

// This file makes the parts of a page that are about options, from their
// definitions and from the members of the API that they stand for.

// synopsisSection shows the options in the order of the API, those that may be left
// out in brackets.
func (s *session) synopsisSection(c *cobra.Command) section {
	sec := section{heading: "SYNOPSIS"}
	if c.HasSubCommands() {
		sec.add(code, 0, c.CommandPath()+" <command> [options]")
		return sec
	}
	lines := []string{c.CommandPath()}
	required := s.requiredOptions(c)
	for _, f := range s.shownOptions(c) {
		lines = append(lines, "  "+synopsisLine(f, required[f.Name]))
	}
	if operand := s.nodes[c].operands; operand != nil {
		lines = append(lines, "  "+operand.synopsis())
	}
	sec.add(code, 0, strings.Join(append(lines, "  [global options]"), "\n"))
	return sec
}

// synopsis is what stands for the operands.
func (p *positional) synopsis() string {
	word := "<" + p.name + ">"
	if p.arity == many {
		word += " [" + word + "...]"
	}
	return word
}

// requiredOptions are the names of the options that a command cannot do without.
func (s *session) requiredOptions(c *cobra.Command) map[string]bool {
	required := map[string]bool{}
	if n := s.nodes[c]; n.required != nil {
		for _, name := range n.required(nil) {
			required[strings.TrimPrefix(name, "--")] = true
		}
	}
	return required
}

// shownOptions are the options that a page describes: not the --no- form of
// another, nor the second of the two documents, which stand beside the first.
func shownOptions(flags *pflag.FlagSet) []*pflag.Flag {
	var shown []*pflag.Flag
	flags.VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(*value); ok && !v.twin && f.Name != "cli-input-yaml" {
			shown = append(shown, f)
		}
	})
	return shown
}

// shownOptions are the options that the page of a command describes. Those that
// follow pages by hand the AWS CLI keeps to itself; here the description names them.
func (s *session) shownOptions(c *cobra.Command) []*pflag.Flag {
	byHand := s.pagingByHand(c)
	return slices.DeleteFunc(shownOptions(c.Flags()), func(f *pflag.Flag) bool { return slices.Contains(byHand, f) })
}

// pagingByHand are the options of a listing that are parameters of the service.
func (s *session) pagingByHand(c *cobra.Command) []*pflag.Flag {
	o := s.operations[c]
	if o == nil || o.op.Pages == nil || o.waiter != nil {
		return nil
	}
	var byHand []*pflag.Flag
	for _, member := range []string{o.op.Pages.InputToken, o.op.Pages.SecondInput, o.op.Pages.Limit} {
		if f := c.Flags().Lookup(api.CLIName(member)); f != nil && f.Value.(*value).member != "" {
			byHand = append(byHand, f)
		}
	}
	return byHand
}

func synopsisLine(f *pflag.Flag, required bool) string {
	words := optionNamesShown(f)
	if f.Value.(*value).arity != none && f.Name != "cli-input-json" {
		words += " <value>"
	}
	if required {
		return words
	}
	return "[" + words + "]"
}

// optionNamesShown is an option with what stands beside it.
func optionNamesShown(f *pflag.Flag) string {
	v := f.Value.(*value)
	switch {
	case v.arity == none && v.member != "":
		return fmt.Sprintf("--%s | --no-%s", f.Name, f.Name)
	case f.Name == "cli-input-json":
		return "--cli-input-json | --cli-input-yaml"
	}
	return "--" + f.Name
}

func (s *session) optionsSection(c *cobra.Command) section {
	sec := section{heading: "OPTIONS"}
	required := s.requiredOptions(c)
	for _, f := range s.shownOptions(c) {
		sec.option(f, s.memberOf(c, f), required[f.Name])
	}
	if operand := s.nodes[c].operands; operand != nil {
		sec.term(0, operand.name+" (string)", operand.doc)
		sec.values(1, operand.choices)
	}
	return sec
}

// memberOf is the member of the API that an option stands for, or nil.
func (s *session) memberOf(c *cobra.Command, f *pflag.Flag) *api.Member {
	o, v := s.operations[c], f.Value.(*value)
	if o == nil || v.member == "" {
		return nil
	}
	return o.op.Input.Member(v.member)
}

// option describes an option; m is the member that it stands for, or nil.
func (s *section) option(f *pflag.Flag, m *api.Member, required bool) {
	v := f.Value.(*value)
	kind := v.kind
	if m != nil && m.Stream {
		kind = "streaming blob"
	}
	title := fmt.Sprintf("%s (%s)", optionNamesShown(f), kind)
	if required {
		title += " [required]"
	}
	s.term(0, title, f.Usage)
	s.values(1, v.choices)
	if m != nil {
		s.shape(1, m.Shape)
		s.syntax(1, m.Shape)
	}
}

// addHelp defines --help, which tree.go reads; it is here for completion, and so
// that Cobra defines none. Called as aws the program has no such option.
func (s *session) addHelp(f *pflag.FlagSet) {
	f.BoolP("help", "h", false, "Show the page of the command.")
	f.Lookup("help").Hidden = s.name == "aws"
}

// globalSection describes the options that every command takes.
func globalSection(root *cobra.Command) section {
	s := section{heading: "GLOBAL OPTIONS"}
	for _, f := range shownOptions(root.PersistentFlags()) {
		s.option(f, nil, false)
	}
	if help := root.PersistentFlags().Lookup("help"); !help.Hidden {
		s.term(0, "--help | -h (boolean)", help.Usage)
	}
	return s
}

// environmentSection describes the variables that stand for options, or have none.
func environmentSection() section {
	s := section{heading: "ENVIRONMENT"}
	for _, v := range [...]struct{ name, doc string }{
		{"SIGNER_HOME", "The directory where the local engine keeps its state; by default signer in XDG_DATA_HOME, or in ~/.local/share."},
		{"SIGNER_DATABASE_URL", "The PostgreSQL database that several machines keep the local engine's records in, as postgres://USER:PASSWORD@HOST:PORT/DATABASE; by default records.db in its home. databaseUrl in config.yaml in the home says the same."},
		{"SIGNER_OBJECT_STORE", "Where the local engine's buckets are, if not in its home: s3:// for buckets of S3 itself, s3://BUCKET/PREFIX for all objects in one bucket there; ?endpoint=URL&region=NAME for other servers and places. objectStore in config.yaml says the same."},
		{"SIGNER_ENGINE", "Who does the work: local or aws."},
		{"SIGNER_ACCOUNT_ID", "The account that the local engine works for, twelve digits; by default 000000000000."},
		{"SIGNER_PRINCIPAL_ARN", "Whom the local engine names as the requester; by default the user of the operating system."},
		{"SIGNER_KEY_PASSPHRASE, SIGNER_KEY_PASSPHRASE_FILE", "The passphrase that the local engine's private keys are encrypted with, or the file that holds it."},
		{"SIGNER_NEW_KEY_PASSPHRASE, SIGNER_NEW_KEY_PASSPHRASE_FILE", "The one that \"keys rotate\" exchanges it for."},
		{"SIGNER_KEYS", "Where the keys of the root and of imported certificates are, if not in the home: pkcs11:... or awskms:///KEY. See docs/keys-elsewhere.md."},
		{"SIGNER_PKCS11_PIN, SIGNER_PKCS11_PIN_FILE", "The PIN of a PKCS #11 token, or the file that holds it, where SIGNER_KEYS does not say."},
		{"SIGNER_EVENTS", "A file that the local engine appends an event to, as a line of JSON, whenever the status of a job changes."},
		{"SIGNER_FAULTS", "The file that turns the local engine's test mode on, in place of faults.yaml in its directory."},
		{"AWS_ENDPOINT_URL_SIGNER, AWS_ENDPOINT_URL", "Where requests go in place of AWS."},
		{"AWS_REGION, AWS_DEFAULT_REGION", "The region to work in."},
		{"AWS_PROFILE, AWS_DEFAULT_PROFILE", "The profile of the configuration to use."},
		{"AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE", "The files of the configuration; by default ~/.aws/config and ~/.aws/credentials."},
		{"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN", "The credentials for requests to AWS."},
		{"AWS_DEFAULT_OUTPUT", "How to print answers."},
		{"AWS_CLI_ERROR_FORMAT", "How to print errors."},
		{"AWS_PAGER", "The program that shows output on a terminal; empty for none."},
	} {
		s.term(0, v.name, v.doc)
	}
	return s
}
