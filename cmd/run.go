package cmd

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/param"
	"signer/skeleton"
)

// run carries the operation out: words to parameters, parameters to an answer, and
// the answer to standard output. What is wrong is found in the AWS CLI's order.
func (o *operation) run(ctx context.Context, words []string) error {
	if err := o.checkPaging(); err != nil {
		return err
	}
	params, err := o.params()
	if err != nil {
		return err
	}
	if o.skeleton != nil && *o.skeleton != "output" {
		return o.printSample(*o.skeleton)
	}
	call, done, err := o.service.open(ctx, o.session, words)
	if err != nil {
		return err
	}
	defer done()
	return o.perform(ctx, call, params)
}

// checkPaging refuses options about pages when only one page is asked for.
func (o *operation) checkPaging() error {
	if o.op.Pages == nil || o.waiter != nil {
		return nil
	}
	if o.pagesByHand() {
		return o.conflicts()
	}
	return nil
}

// pagesByHand tells whether the user follows the pages himself.
func (o *operation) pagesByHand() bool {
	return o.noPaginate || o.given[o.op.Pages.InputToken] != nil || o.given[o.op.Pages.Limit] != nil
}

// params reads the options in the order of the API, and the document under them.
func (o *operation) params() (*document.Object, error) {
	reader := o.reader()
	params := document.New()
	for _, m := range o.op.Input.Members {
		p := o.given[m.Name]
		if p == nil {
			continue
		}
		v, err := o.paramValue(reader, &m, p)
		if err != nil {
			return nil, err
		}
		params.Set(m.Name, v)
	}
	if o.maxItems != nil && *o.maxItems <= 0 {
		fmt.Fprintln(o.env.Stderr, "warning: Non-positive values for --max-items may result in undefined behavior.")
	}
	if c := o.paging.config(); c.Len() > 0 {
		params.Set(paginationConfig, c)
	}
	doc, err := reader.Document(param.Input{JSON: o.inputJSON, YAML: o.inputYAML})
	if err != nil {
		return nil, err
	}
	return param.Merge(params, doc), nil
}

func (o *operation) paramValue(reader *param.Reader, m *api.Member, p *parameter) (document.Value, error) {
	switch {
	case p.set != nil:
		return *p.set, nil
	case m.Stream:
		return p.words[0], nil // the name of a file, opened when it is needed
	}
	return reader.Value(api.CLIName(m.Name), m.Shape, p.words)
}

func (s *session) reader() *param.Reader {
	return &param.Reader{
		File:      s.env.ReadFile,
		LookupEnv: s.env.LookupEnv,
		Home:      func(name string) (string, bool) { dir, err := userHome(name); return dir, err == nil },
		Encoding:  s.env.getenv("AWS_CLI_FILE_ENCODING"),
		RawBlobs:  s.blobFormat() == "raw-in-base64-out",
		Now:       s.env.Now,
	}
}

// printSample prints a sample of the parameters.
func (o *operation) printSample(kind string) error {
	sample := skeleton.Input
	if kind == "yaml-input" {
		sample = skeleton.YAMLInput
	}
	_, err := o.env.Stdout.Write(sample(o.op.Input))
	return err
}

// perform completes and checks the parameters, and makes the calls.
func (o *operation) perform(ctx context.Context, call caller, params *document.Object) error {
	one := func(ctx context.Context, params *document.Object) (*document.Object, error) {
		params, err := o.complete(params)
		if err != nil {
			return nil, err
		}
		if o.skeleton != nil {
			return skeleton.Output(o.op.Output), nil
		}
		o.log("call", "operation", o.op.Name, "parameters", strings.Join(params.Names(), ","))
		answer, err := call(ctx, o.op, params)
		o.log("called", "operation", o.op.Name, "failed", err != nil)
		return answer, o.named(err)
	}
	switch {
	case o.skeleton != nil:
	case o.waiter != nil:
		return o.wait(ctx, one, params)
	case o.op.Pages != nil:
		return o.list(ctx, one, params)
	}
	answer, err := one(ctx, params)
	if err != nil {
		return err
	}
	return o.show(answer)
}

// complete brings the parameters into the form in which they are checked, and
// checks them. A body stays the name of its file.
func (o *operation) complete(params *document.Object) (*document.Object, error) {
	params, bodies := o.withoutBodies(params)
	params, err := o.reader().Finish(o.op.Input, params)
	if err != nil {
		return nil, err
	}
	if params, err = engine.FillTokens(o.op, params, o.env.Rand); err != nil {
		return nil, err
	}
	if on, ok := o.settings.Value("parameter_validation"); !ok || strings.EqualFold(on, "true") {
		err = o.op.Input.Check(params)
	}
	return param.Merge(params, bodies), err
}

// withoutBodies parts the bodies that were given as names of files from the other
// parameters. One that stands in a document is a blob like any other.
func (o *operation) withoutBodies(params *document.Object) (rest, bodies *document.Object) {
	rest, bodies = document.New(), document.New()
	for name, v := range params.All() {
		if m := o.op.Input.Member(name); m != nil && m.Stream && o.given[name] != nil {
			bodies.Set(name, v)
		} else {
			rest.Set(name, v)
		}
	}
	return rest, bodies
}

// named adds the operation to an error of the service.
func (o *operation) named(err error) error {
	if err == nil {
		return nil
	}
	return &operationError{o.op.Name, err}
}

// wait polls until the waiter is content.
func (o *operation) wait(ctx context.Context, call engine.Call, params *document.Object) error {
	return engine.Wait(ctx, call, o.waiter, params, func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-o.env.Sleep(d):
			return nil
		}
	})
}

// show prints an answer. An operation that answers nothing prints nothing, unless
// a query makes something of it.
func (o *operation) show(answer *document.Object) error {
	if len(o.op.Output.Members) == 0 {
		answer = document.New()
	}
	if answer == nil {
		return nil
	}
	return o.print(o.op.Name, answer)
}

// list walks through the pages and prints them; or, when the user follows the pages
// himself, makes one call.
func (o *operation) list(ctx context.Context, call engine.Call, params *document.Object) error {
	p, one, err := o.settlePaging(params)
	if err != nil {
		return err
	}
	if one {
		answer, err := call(ctx, params)
		if err != nil {
			return err
		}
		return o.show(answer)
	}
	l, err := p.start(o.op.Pages, params)
	if err != nil {
		return err
	}
	l.call = call
	return o.paged(func(to io.Writer) error { return o.printPages(ctx, l, to) })
}

// settlePaging tells how to walk through the pages, now that a document may have
// had its say. What the walk is told is taken out of the parameters.
func (o *operation) settlePaging(params *document.Object) (p *paging, one bool, err error) {
	if o.noPaginate || params.Has(o.op.Pages.InputToken) || o.op.Pages.Limit != "" && params.Has(o.op.Pages.Limit) {
		return nil, true, nil
	}
	config, ok := params.Get(paginationConfig)
	if !ok {
		return &paging{}, false, nil
	}
	params.Delete(paginationConfig)
	p, err = pagingOf(config)
	return p, false, err
}

// printPages prints what a walk yields.
func (o *operation) printPages(ctx context.Context, l *listing, to io.Writer) error {
	spool := &spoolFile{create: o.env.TempFile}
	defer spool.remove()
	printer, err := o.printer(o.op.Name, to, spool.open)
	if err != nil {
		return err
	}
	pages := printer.Listing(o.op.Pages.Result, o.op.Pages.Beside)
	for page, err := range l.all(ctx) {
		if err != nil {
			return err
		}
		if err := pages.Page(page); err != nil {
			return err
		}
	}
	return pages.End(l.resume)
}

// operationError says in which operation a call failed.
type operationError struct {
	operation string
	err       error
}

func (e *operationError) Error() string { return e.err.Error() }
func (e *operationError) Unwrap() error { return e.err }
