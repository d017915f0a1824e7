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
	key     string
	whole   *document.Object // what was collected of the pages
	stream  *jsonStream      // where the pages go instead, if not nil
}

// Listing starts the answer to a paginated operation, of which the member key of
// each page is the list that is continued on the next.
func (p *Printer) Listing(key string) *Listing {
	l := &Listing{printer: p, key: key, whole: document.New()}
	if p.Format == JSON && p.Query == nil && p.Encode == nil {
		l.stream = newJSONStream(p.out, p.Spool)
	}
	return l
}

// Page takes the next page: an answer of the operation as it came, but with its
// list cut where no more items are wanted.
func (l *Listing) Page(page *document.Object) error {
	p := l.printer
	list, _ := page.Get(l.key)
	switch p.Format {
	case Text:
		return p.Print(document.New(document.Member{Name: l.key, Value: list}))
	case YAMLStream:
		return l.streamed(page)
	case Off:
		_, err := p.pick(page)
		return err
	}
	elements, ok := list.(document.List)
	if !ok {
		return nil
	}
	if l.stream != nil {
		return l.stream.add(l.key, elements)
	}
	l.collect(elements)
	return nil
}

// streamed prints a page of a yaml-stream, be it empty.
func (l *Listing) streamed(page *document.Object) error {
	p := l.printer
	v, err := p.pick(page)
	if err != nil {
		return err
	}
	printYAML(p.out, document.List{v})
	return p.out.flush()
}

func (l *Listing) collect(elements document.List) {
	before, _ := l.whole.Get(l.key)
	all, _ := before.(document.List)
	l.whole.Set(l.key, append(all, elements...))
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
	if l.stream != nil && l.stream.began {
		return l.stream.end(token)
	}
	if token != "" {
		l.whole.Set("NextToken", token)
	}
	return p.Print(l.whole)
}
