package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/param"
	"signer/pkg/remote"
)

// The exit codes of the AWS CLI, and one of our own.
const (
	exitOK          = 0
	exitUnaccepted  = 1   // files are not acceptable
	exitUsage       = 252 // the command line or a parameter is wrong
	exitConfig      = 253 // a setting is wrong or missing
	exitService     = 254 // the service answered with an error
	exitGeneral     = 255 // anything else
	exitInterrupted = 130
)

// complaint is an error as people see it.
type complaint struct {
	code  int
	class string           // ParamValidation, NoRegion, a service's code …; empty: only ever plain text
	text  string           // without the class
	usage string           // a block behind the text
	doc   *document.Object // the structured form; nil: Code and Message
}

// exit turns the error that ended a command into words on standard error and an
// exit code. It is the only place that does.
func (s *session) exit(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil:
		fmt.Fprintln(s.env.Stdout)
		return exitInterrupted
	case errors.Is(err, syscall.EPIPE):
		return exitGeneral // nobody is there to read it
	case errors.Is(err, errUnaccepted):
		return exitUnaccepted // they have been shown
	}
	var external externalExit
	if errors.As(err, &external) {
		return int(external)
	}
	var unknown *unknownOptions
	if errors.As(err, &unknown) {
		return s.say(exitUsage, fmt.Sprintf("\n%s\n\n%s: [ERROR]: %s\n", s.usage(), s.name, strings.TrimSpace(err.Error())))
	}
	c := s.complaint(err)
	return s.say(c.code, s.wording(c))
}

// say writes words to standard error, in the encoding that is wanted of all output,
// and returns the exit code. Words that cannot be written in it end in a code and
// words of their own.
func (s *session) say(code int, words string) int {
	encode := s.encoder()
	if encode == nil {
		io.WriteString(s.env.Stderr, words)
		return code
	}
	b, err := encode(words)
	if err != nil {
		fmt.Fprintf(s.env.Stderr, "\n%s: [ERROR]: %v\n", s.name, err)
		return exitGeneral
	}
	s.env.Stderr.Write(b)
	return code
}

// complaint finds the class of an error.
func (s *session) complaint(err error) complaint {
	var (
		usage    *usageError
		config   *configError
		remotely *remote.Error
		waiter   *engine.WaitError
		invalid  *api.InvalidError
		words    *param.Error
		files    *filesError
		answer   *engine.AnswerError
	)
	switch {
	case errors.As(err, &files):
		return complaint{code: files.code, text: files.text}
	case errors.As(err, &waiter):
		return complaint{code: exitGeneral, text: waiter.Error()}
	case errors.As(err, &usage):
		return s.usageComplaint(usage)
	case errors.As(err, &words):
		return complaint{code: exitUsage, class: paramValidation, text: words.Text}
	case errors.As(err, &invalid):
		return complaint{code: exitUsage, class: paramValidation, text: invalid.Error()}
	case errors.As(err, &config):
		return complaint{code: exitConfig, class: config.code, text: config.text}
	case errors.As(err, &remotely) && remotely.Code != "":
		return complaint{code: exitConfig, class: remotely.Code, text: remotely.Text}
	case errors.As(err, &answer): // without the SDK's words around it
		return complaint{code: exitGeneral, text: answer.Error()}
	case errors.As(err, &remotely):
		return complaint{code: exitGeneral, text: remotely.Text}
	}
	if c, ok := keyComplaint(err); ok {
		return c
	}
	if refused, ok := engine.AsAPIError(err); ok {
		return serviceComplaint(err, refused)
	}
	return complaint{code: exitGeneral, text: err.Error()}
}

// serviceComplaint words an error that the service answered.
func serviceComplaint(err error, e *engine.APIError) complaint {
	retries := ""
	if n, exhausted := engine.Retries(err); exhausted {
		retries = fmt.Sprintf(" (reached max retries: %d)", n)
	}
	operation := e.Operation // such as AssumeRole, on the way to the one that was asked for
	var in *operationError
	if operation == "" && errors.As(err, &in) {
		operation = in.operation
	}
	doc := document.New(document.Member{Name: "Message", Value: e.Said()}, document.Member{Name: "Code", Value: e.Code})
	for name, v := range e.Members.All() {
		doc.Set(name, v)
	}
	return complaint{code: exitService, class: e.Code, doc: doc,
		text: fmt.Sprintf("An error occurred (%s) when calling the %s operation%s: %s", e.Code, operation, retries, e.Message)}
}

const paramValidation = "ParamValidation"

func (s *session) usageComplaint(e *usageError) complaint {
	c := complaint{code: exitUsage, class: paramValidation, text: e.text, usage: e.block}
	if e.usage {
		c.usage = s.usage()
	}
	return c
}

// usage is the block that follows a mistake in the command line.
func (s *session) usage() string {
	return strings.ReplaceAll(`usage: NAME [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  NAME help
  NAME <command> help
  NAME <command> <subcommand> help
`, "NAME", s.name)
}

// wording is a complaint in the format that the user wants errors in.
func (s *session) wording(c complaint) string {
	format := s.errorFormat()
	if (c.class != "" || c.doc != nil) && isStructured(format) {
		doc := c.doc
		if doc == nil {
			doc = document.New(document.Member{Name: "Code", Value: c.class}, document.Member{Name: "Message", Value: c.message()})
		}
		if words, err := s.errorDocument(format, doc); err == nil {
			return words
		}
	}
	text := c.message()
	if c.class != "" && format != "legacy" && c.code != exitService {
		text = fmt.Sprintf("An error occurred (%s): %s", c.class, text)
	}
	return fmt.Sprintf("\n%s: [ERROR]: %s\n", s.name, strings.TrimSpace(text))
}

func (c complaint) message() string {
	if c.usage == "" {
		return c.text
	}
	return c.text + "\n\n" + c.usage
}

func isStructured(format string) bool {
	return format != "legacy" && format != "enhanced"
}
