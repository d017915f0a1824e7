package cmd

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/pflag"

	"signer/pkg/api"
	"signer/pkg/document"
)

// paging is what the options of a listing say about its pages: how the AWS CLI
// follows tokens by itself, and where it stops.
type paging struct {
	startingToken *string
	pageSize      *int
	maxItems      *int
}

func (p *paging) add(f *pflag.FlagSet) {
	addGiven(f, &p.startingToken, "starting-token", "Where to go on: the NextToken that an earlier call ended with.")
	addInteger(f, &p.pageSize, "page-size", "How many items to ask the service for at a time.")
	addInteger(f, &p.maxItems, "max-items", "How many items to list at most; NextToken tells where to go on.")
}

// conflicts names the options that have no meaning when only one page is asked
// for, or returns nil. Zero counts as not given, as in the AWS CLI.
func (p *paging) conflicts() error {
	var given []string
	if p.startingToken != nil && *p.startingToken != "" {
		given = append(given, "--starting-token")
	}
	if p.pageSize != nil && *p.pageSize != 0 {
		given = append(given, "--page-size")
	}
	if p.maxItems != nil && *p.maxItems != 0 {
		given = append(given, "--max-items")
	}
	if given == nil {
		return nil
	}
	return &usageError{text: "Cannot specify --no-paginate along with pagination arguments: " + strings.Join(given, ", ")}
}

// paginationConfig is the parameter in which these options, or a document, hold
// what they say of the pages. The AWS CLI takes it out before it makes a call;
// where it does not, because there is one page only, it is an unknown parameter.
const paginationConfig = "PaginationConfig"

// config returns what the options say, or an empty object.
func (p *paging) config() *document.Object {
	c := document.New()
	if p.maxItems != nil {
		c.Set("MaxItems", int64(*p.maxItems))
	}
	if p.pageSize != nil {
		c.Set("PageSize", int64(*p.pageSize))
	}
	if p.startingToken != nil {
		c.Set("StartingToken", *p.startingToken)
	}
	return c
}

// pagingOf is the reverse of config, for a document that a user wrote.
func pagingOf(v document.Value) (*paging, error) {
	c, ok := v.(*document.Object)
	if !ok {
		return nil, fmt.Errorf("%s is not an object: %s", paginationConfig, api.Show(v))
	}
	p := &paging{}
	var err error
	if p.maxItems, err = number(c, "MaxItems"); err != nil {
		return nil, err
	}
	if p.pageSize, err = number(c, "PageSize"); err != nil {
		return nil, err
	}
	if token, ok := c.Get("StartingToken"); ok && token != nil {
		text := api.Show(token)
		p.startingToken = &text
	}
	return p, nil
}

// number reads a member that may be written as text, too.
func number(o *document.Object, name string) (*int, error) {
	v, ok := o.Get(name)
	if !ok || v == nil {
		return nil, nil
	}
	n, ok := integerOf(api.Show(v))
	if !ok {
		return nil, notAnInteger(api.Show(v))
	}
	return &n, nil
}

// listing is a walk through the pages of an operation.
type listing struct {
	pages  *api.Pages
	call   func(ctx context.Context, params *document.Object) (*document.Object, error)
	params *document.Object
	max    *int // items, over all pages

	resumed bool             // there was a --starting-token
	skip    int              // items of the first page that were listed before
	token   *document.Object // the members that ask for the next page
	resume  string           // after the last page: the CLI's own token, or ""
}

// start prepares a walk: the token to begin with and the size of a page go into
// the parameters.
func (p *paging) start(pages *api.Pages, params *document.Object) (*listing, error) {
	l := &listing{pages: pages, params: params, token: document.New(), max: p.maxItems}
	if p.startingToken != nil {
		l.resumed = true
		if err := l.parseToken(*p.startingToken); err != nil {
			return nil, err
		}
		l.inject()
	}
	if p.pageSize != nil && pages.Limit != "" {
		params.Set(pages.Limit, int64(*p.pageSize))
	}
	return l, nil
}

// truncated is the member of a CLI token that counts the items of its page which
// were listed before.
const truncated = "boto_truncate_amount"

// parseToken reads a --starting-token: a token of the CLI's own, one in the form
// that older versions had, or one of the service.
func (l *listing) parseToken(text string) error {
	own, err := l.parseOwnToken(text)
	if own || err != nil {
		return err
	}
	parts := strings.Split(text, "___")
	if len(parts) > 2 {
		return badToken(text)
	}
	if len(parts) == 2 {
		n, ok := integerOf(parts[1])
		if ok {
			l.skip = n
		} else {
			parts[0] = text // of the service, after all
		}
	}
	if parts[0] != "None" {
		l.token.Set(l.pages.InputToken, parts[0])
	}
	return nil
}

func badToken(text string) error {
	return fmt.Errorf("Bad starting token: %s", text) //lint:ignore ST1005 the AWS CLI's words
}

// parseOwnToken reads an object in base64. What else of JSON stands there is a
// service's token if it is a list, and nobody's if it is less: so the AWS CLI has it.
func (l *listing) parseOwnToken(text string) (own bool, err error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false, nil
	}
	v, err := document.ParseJSON(string(data))
	if err != nil {
		return false, nil
	}
	o, ok := v.(*document.Object)
	if _, list := v.(document.List); list {
		return false, nil
	} else if !ok {
		return false, badToken(text)
	}
	if n, ok := o.Get(truncated); ok {
		skip, _ := n.(int64)
		l.skip = int(skip)
		o.Delete(truncated)
	}
	l.token = o
	return true, nil
}

// inject puts the token of the next page into the parameters.
func (l *listing) inject() {
	for name, v := range l.token.All() {
		if v == nil {
			l.params.Delete(name)
		} else {
			l.params.Set(name, v)
		}
	}
}

// all yields the answers page by page, the first and the last cut to the items
// that are wanted. An error ends it.
func (l *listing) all(ctx context.Context) iter.Seq2[*document.Object, error] {
	return func(yield func(*document.Object, error) bool) {
		total := 0
		var before *document.Object
		for first := true; ; first = false {
			page, err := l.call(ctx, l.params)
			if err != nil {
				yield(nil, err)
				return
			}
			if first {
				l.dropSkipped(page)
			} else {
				l.skip = 0
			}
			items := itemsOf(page, l.pages.Result[0])
			if over := l.excess(total + len(items)); over > 0 {
				l.cut(page, items, over)
				yield(page, nil)
				return
			}
			if !yield(page, nil) {
				return
			}
			total += len(items)
			more, err := l.advance(page, total, before)
			if err != nil {
				yield(nil, err)
			}
			if !more || err != nil {
				return
			}
			before = l.token
		}
	}
}

// advance takes the token of the next page out of an answer.
func (l *listing) advance(page *document.Object, total int, before *document.Object) (more bool, err error) {
	if l.token = l.nextToken(page); l.token == nil {
		return false, nil
	}
	if l.max != nil && total == *l.max {
		l.resume = encodeToken(l.token)
		return false, nil
	}
	if before != nil && document.Equal(l.token, before) {
		return false, fmt.Errorf("Error during pagination: The same next token was received twice: %s", quotedToken(l.token))
	}
	l.inject()
	return true, nil
}

// nextToken is what an answer says of the next page: the members to ask for it
// with, or nil at the end.
func (l *listing) nextToken(page *document.Object) *document.Object {
	if l.pages.More != "" {
		if more, _ := page.Get(l.pages.More); more != true {
			return nil
		}
	}
	first, ok := page.Get(l.pages.OutputToken)
	if !ok || first == nil || first == "" {
		return nil
	}
	token := document.New(document.Member{Name: l.pages.InputToken, Value: first})
	if l.pages.SecondInput != "" {
		second, _ := page.Get(l.pages.SecondOutput)
		token.Set(l.pages.SecondInput, second)
	}
	return token
}

// quotedToken shows a token as the AWS CLI does.
func quotedToken(token *document.Object) string {
	var parts []string
	for name, v := range token.All() {
		parts = append(parts, fmt.Sprintf("'%s': '%s'", name, api.Show(v)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// excess counts the items beyond the number wanted.
func (l *listing) excess(total int) int {
	if l.max == nil {
		return 0
	}
	return total - *l.max
}

// dropSkipped takes away what an earlier call has listed of the first page.
func (l *listing) dropSkipped(page *document.Object) {
	if items := itemsOf(page, l.pages.Result[0]); items != nil {
		page.Set(l.pages.Result[0], slicePython(items, l.skip, len(items)))
	} else if l.resumed && !page.Has(l.pages.Result[0]) {
		page.Set(l.pages.Result[0], nil)
	}
	if l.skip != 0 {
		l.emptyOthers(page)
	}
}

// emptyOthers empties the lists of a page that is cut beside the one that is
// counted: they came with the part of the page that was listed before, or come
// with the part that is listed later.
func (l *listing) emptyOthers(page *document.Object) {
	for _, key := range l.pages.Result[1:] {
		if items := itemsOf(page, key); items != nil {
			page.Set(key, document.List{})
		}
	}
}

// cut shortens the last page and makes the token that goes on behind it.
func (l *listing) cut(page *document.Object, items document.List, over int) {
	keep := len(items) - over
	page.Set(l.pages.Result[0], slicePython(items, 0, keep))
	l.emptyOthers(page)
	token := document.New(document.Member{Name: l.pages.InputToken})
	if l.pages.SecondInput != "" {
		token.Set(l.pages.SecondInput, nil)
	}
	for name, v := range l.token.All() {
		token.Set(name, v)
	}
	token.Set(truncated, int64(keep+l.skip))
	l.resume = encodeToken(token)
}

// slicePython is items[from:to] with Python's meaning of negative numbers, which a
// negative --max-items leads to.
func slicePython(items document.List, from, to int) document.List {
	clamp := func(i int) int {
		if i < 0 {
			i += len(items)
		}
		return max(0, min(i, len(items)))
	}
	if clamp(from) >= clamp(to) {
		return document.List{}
	}
	return items[clamp(from):clamp(to)]
}

func encodeToken(token *document.Object) string {
	return base64.StdEncoding.EncodeToString(document.AppendJSON(nil, token))
}

func itemsOf(page *document.Object, key string) document.List {
	v, _ := page.Get(key)
	items, _ := v.(document.List)
	return items
}
