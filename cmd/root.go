// Package cmd is the command line: AWS Signer's operations as the AWS CLI has
// them, the buckets and certificates that go with them, and the commands of our
// own.
//
// A command line is read by tree.go with the AWS CLI's rules, becomes a command
// of Cobra's tree, and ends in exit.go, the one place that turns an error into
// words and an exit code. Every operation of every service is the same command,
// operation.go, made from its description in package api.
package cmd

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Main runs the command line that env holds and returns its exit code. It may run
// several times in one process, one after the other.
func Main(ctx context.Context, env *Env) int {
	ctx, stop := env.Interrupts(ctx)
	defer stop()
	if isPlugin(env.Args) {
		return answerNotation(ctx, env)
	}
	s := newSession(env)
	defer s.database.close()
	return s.exit(ctx, s.guarded(func() error { return s.run(ctx, env.Args[1:]) }))
}

// guarded turns a panic, which is a mistake of ours, into an error that says so.
// Where it happened is for --debug to tell.
func (s *session) guarded(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log("panic", "value", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("something that should not happen has happened in this program (%v): run it again with --debug and report what it logs", p)
		}
	}()
	return run()
}

// about is what the program's own page says.
const about = `signer signs code as AWS Signer does: zip archives for Lambda and firmware for IoT devices, on this machine or with AWS. ` +
	`Its commands, options, answers and errors are those of "aws signer" and of the parts of "aws s3api" and "aws acm" that go with it. ` +
	`Under the name aws it takes the service's name first, so that scripts for the AWS CLI run unchanged.

A signing profile says for which platform and with which key. A signing job signs one version of an object in a bucket and keeps the result in another.

The local engine does the work, unless --engine aws, SIGNER_ENGINE=aws or an endpoint says otherwise. ` +
	`It keeps profiles, jobs, buckets, certificates and keys in a directory of its own, which it makes when it first needs it.`

// newRoot makes the tree of commands.
func newRoot(s *session) *cobra.Command {
	root := &cobra.Command{Use: s.name, Short: "Sign code, as AWS Signer does.", Long: about, Annotations: map[string]string{asks: "operation"},
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}}
	s.add(root.PersistentFlags())
	s.addHelp(root.PersistentFlags())
	signer := root
	if s.name == "aws" {
		root.Annotations[asks] = "command"
		signer = &cobra.Command{Use: "signer", Short: "AWS Signer.", Annotations: map[string]string{asks: "operation"}}
		root.AddCommand(signer)
	}
	s.addOperations(signer, signerService)
	for _, extra := range extras {
		signer.AddCommand(extra(s))
	}
	for _, svc := range services {
		group := &cobra.Command{Use: svc.name, Short: svc.title, Annotations: map[string]string{asks: "operation"}}
		s.nodes[group] = &node{grow: func() { s.addOperations(group, svc.open()) }}
		root.AddCommand(group)
	}
	return root
}

// growAll adds the commands of all groups, for those who look at the whole tree.
func (s *session) growAll() {
	for _, n := range slices.Collect(maps.Values(s.nodes)) {
		if n.grow != nil {
			n.grow()
			n.grow = nil
		}
	}
}

// programName is what the program was called as. As aws it expects the service's
// name first, so that scripts for the AWS CLI run unchanged.
func programName(args []string) string {
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	if name == "aws" {
		return name
	}
	return "signer"
}
