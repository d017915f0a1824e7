package cmd

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"signer/pkg/api"
	"signer/pkg/document"
)

// caller carries an operation out: parameters in, answer out.
type caller func(ctx context.Context, op *api.Operation, params *document.Object) (*document.Object, error)

// service is a group of operations and who carries them out. open is called once
// the command line is known to be right, so that nothing is opened in vain.
type service struct {
	*api.Service
	open    func(ctx context.Context, s *session, words []string) (call caller, done func(), err error)
	operand map[string]*positional // per operation: the word it takes beside its options
}

// operation is the command of one operation; all of them are made by it.
type operation struct {
	*session
	service *service
	op      *api.Operation
	waiter  *api.Waiter // nil: the operation itself
	given   map[string]*parameter

	inputJSON, inputYAML *string
	skeleton             *string
	paging
}

// parameter is what the command line says of a member.
type parameter struct {
	words []string
	set   *bool // of a switch
}

const aboutWait = "Wait until something is so. Each command asks the service again and again until the answer is what is waited for, and then ends with 0. " +
	"It ends with 255 when that cannot come about any more, or has not for too long."

// addOperations adds the commands of a service to a group.
func (s *session) addOperations(group *cobra.Command, svc *service) {
	group.Long = cmp.Or(group.Long, svc.Doc)
	for _, op := range svc.Operations {
		group.AddCommand(s.newOperation(svc, op, nil))
	}
	if len(svc.Waiters) == 0 {
		return
	}
	wait := &cobra.Command{Use: "wait", Short: "Wait until something is so.", Long: aboutWait, Annotations: map[string]string{asks: "subcommand"}}
	for _, w := range svc.Waiters {
		wait.AddCommand(s.newOperation(svc, w.Operation, w))
	}
	group.AddCommand(wait)
}

func (s *session) newOperation(svc *service, op *api.Operation, w *api.Waiter) *cobra.Command {
	o := &operation{session: s, service: svc, op: op, waiter: w, given: map[string]*parameter{}}
	c := &cobra.Command{Use: api.CLIName(op.Name), Short: op.Doc, Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, words []string) error { return o.run(c.Context(), words) }}
	if w != nil {
		c.Use, c.Short = api.CLIName(w.Name), w.Doc
	}
	o.addFlags(c.Flags())
	s.nodes[c], s.operations[c] = &node{required: o.required, operands: svc.operand[op.Name]}, o
	return c
}

// addFlags defines an option for every member, then those that every operation has.
func (o *operation) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	for i := range o.op.Input.Members {
		if m := &o.op.Input.Members[i]; !o.hidden(m) {
			o.addMember(f, m)
		}
	}
	if o.service.operand[o.op.Name] != nil { // nothing stands for an operand in a document
		return
	}
	addGiven(f, &o.inputJSON, "cli-input-json", "Parameters as a JSON or YAML document in the form that --generate-cli-skeleton prints. Options on the command line go before it.")
	addGiven(f, &o.inputYAML, "cli-input-yaml", "Parameters as a YAML document. Options on the command line go before it.")
	if o.op.Pages != nil && o.waiter == nil {
		o.paging.add(f)
	}
	v := &value{arity: optional, kind: "string", choices: []string{"input", "output", "yaml-input"}, set: func(w []string) error {
		kind := "input"
		if len(w) > 0 {
			kind = w[0]
		}
		o.skeleton = &kind
		return nil
	}}
	v.add(f, "generate-cli-skeleton", "Print a sample of the parameters, or of the answer, and do nothing else. Without a value it is input.")
}

// hidden tells whether an option about pages has the name that the member's would
// have. It can then be given in a document only.
func (o *operation) hidden(m *api.Member) bool {
	names := []string{"starting-token", "page-size", "max-items"}
	return o.op.Pages != nil && o.waiter == nil && slices.Contains(names, api.CLIName(m.Name))
}

func (o *operation) addMember(f *pflag.FlagSet, m *api.Member) {
	p := &parameter{}
	name := api.CLIName(m.Name)
	if m.Shape.Kind == api.Boolean {
		o.addSwitch(f, m, p, name, true)
		o.addSwitch(f, m, p, "no-"+name, false)
		return
	}
	v := &value{arity: one, kind: m.Shape.Kind.String(), member: m.Name, set: func(w []string) error {
		p.words = w
		o.given[m.Name] = p
		return nil
	}}
	if m.Shape.Kind == api.List {
		v.arity = many
	}
	v.add(f, name, m.Doc)
}

func (o *operation) addSwitch(f *pflag.FlagSet, m *api.Member, p *parameter, name string, to bool) {
	v := &value{arity: none, kind: "boolean", member: m.Name, twin: !to, set: func([]string) error {
		p.set = &to
		o.given[m.Name] = p
		return nil
	}}
	v.add(f, name, m.Doc)
}

// required names the options that must be given. A document or a sample of the
// parameters lifts that, if its option stands there in full.
func (o *operation) required(words []string) []string {
	if slices.Contains(words, "--cli-input-json") || slices.Contains(words, "--cli-input-yaml") {
		return nil
	}
	if i := slices.Index(words, "--generate-cli-skeleton"); i >= 0 && !slices.Equal(words[i+1:min(i+2, len(words))], []string{"output"}) {
		return nil
	}
	var names []string
	for _, m := range o.op.Input.Members {
		if m.Required && !m.Token {
			names = append(names, "--"+api.CLIName(m.Name))
		}
	}
	return names
}
