package output

import (
	"signer/pkg/document"
)

// Listing prints the answer to a paginated operation while its pages come in. How
// much of it is printed at once is the format's affair:
//
//   - text and yaml-stream print every page as it comes, and look for the query
//     in each page alone;
//   - json, yaml and table are one document of all pages, which the query sees
//     whole, and print nothing before End. Without a query JSON does not keep the
//     pages but their text (Config.Spool), so that a listing of any length fits;
//   - off looks for the query in each page, for the sake of its errors.
//
// After an error of Page or End the listing is over; what was printed stays.
type Listing struct {
	printer *Printer
	lists   []string
	beside  []string
	first   *document.Object // the members beside the lists, once there was a page
	whole   *document.Object // what was collected of the pages
}

// Listing starts the answer to a paginated operation. The lists are the members
// of a page that are continued on the next; those beside them are shown as they
// are on the first page, null if it does not have them. What else is on a page is
// for yaml-stream only.
func (p *Printer) Listing(lists, beside []string) *Listing {
	return &Listing{printer: p, lists: lists, beside: beside, whole: document.New()}
}

// Page takes the next page: an answer of the operation as it came, but with its
// lists cut where no more items are wanted.
func (l *Listing) Page(page *document.Object) error {
	p := l.printer
	part := document.New() // of the first page more than of the others
	if l.first == nil {
		l.first = choose(page, l.beside)
		part = clone(l.first)
	}
	switch p.Format {
	case Text:
		for name, v := range choose(page, l.lists).All() {
			part.Set(name, v)
		}
		return p.Print(part)
	case YAMLStream:
		return l.printPage(page)
	case Off:
		_, err := p.pick(page)
		return err
	}
	return l.collect(page)
}

// choose returns the members of these names, null if they are not there.
func choose(o *document.Object, names []string) *document.Object {
	chosen := document.New()
	for _, name := range names {
		v, _ := o.Get(name)
		chosen.Set(name, v)
	}
	return chosen
}

// printPage prints a page of a yaml-stream, be it empty.
func (l *Listing) printPage(page *document.Object) error {
	p := l.printer
	v, err := p.pick(page)
	if err != nil {
		return err
	}
	printYAML(p.out, document.List{v})
	return p.out.flush()
}

// collect adds the lists of a page to those of the pages before.
func (l *Listing) collect(page *document.Object) error {
	for _, name := range l.lists {
		v, _ := page.Get(name)
		elements, ok := v.(document.List)
		if !ok {
			continue
		}
		before, _ := l.whole.Get(name)
		all, err := l.join(before, elements)
		if err != nil {
			return err
		}
		l.whole.Set(name, all)
	}
	return nil
}

// join returns a list with more elements: as it is, or as a *jsonList, which only
// the JSON printer knows.
func (l *Listing) join(before document.Value, elements document.List) (document.Value, error) {
	if p := l.printer; p.Format != JSON || p.Query != nil || p.Encode != nil {
		all, _ := before.(document.List)
		return append(all, elements...), nil
	}
	list, ok := before.(*jsonList)
	if !ok {
		list = newJSONList(l.printer.Spool)
	}
	return list, list.add(elements)
}

// End prints what was held back. If the listing was cut, token is where it goes
// on: the member NextToken of the document, a line of its own in text.
func (l *Listing) End(token string) error {
	p := l.printer
	switch p.Format {
	case Text:
		if token == "" {
			return nil
		}
		next := document.New(document.Member{Name: "NextToken", Value: token})
		return p.Print(document.New(document.Member{Name: "NextToken", Value: next}))
	case YAMLStream, Off:
		return nil
	}
	for name, v := range l.first.All() {
		l.whole.Set(name, v)
	}
	if token != "" {
		l.whole.Set("NextToken", token)
	}
	return p.Print(l.whole)
}
