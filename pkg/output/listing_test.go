package output_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/document"
	"signer/pkg/output"
)

var jobPages = []string{
	`{"jobs": [{"id": "a"}, {"id": "b", "s3": {"k": "v"}}], "nextToken": "t1"}`,
	`{"jobs": [], "nextToken": "t2"}`,
	`{"nextToken": "t3"}`,
	`{"jobs": [{"id": "c"}]}`,
}

func list(t testing.TB, l *output.Listing, token string, pages ...string) {
	t.Helper()
	for _, page := range pages {
		if err := l.Page(parse(t, page).(*document.Object)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.End(token); err != nil {
		t.Fatal(err)
	}
}

func TestListing(t *testing.T) {
	for _, tc := range []struct {
		name         string
		format       output.Format
		query, token string
		want         string
	}{
		{"text is printed page by page", output.Text, "", "", "JOBS\ta\nJOBS\tb\nS3\tv\nNone\nJOBS\tc\n"},
		{"and has a line for the token", output.Text, "", "T", "JOBS\ta\nJOBS\tb\nS3\tv\nNone\nJOBS\tc\nNEXTTOKEN\tT\n"},
		{"the query sees one page", output.Text, "jobs[].id", "", "a\tb\nNone\nc\n"},
		{"and a record with the token", output.Text, "[length(jobs || `[]`), NextToken.NextToken]", "T", "2\tNone\n0\tNone\n0\tNone\n1\tNone\n0\tT\n"},
		{"only the list is there to see", output.Text, "nextToken", "", "None\nNone\nNone\nNone\n"},
		{"yaml-stream has whole pages", output.YAMLStream, "", "T",
			"- jobs:\n  - id: a\n  - id: b\n    s3:\n      k: v\n  nextToken: t1\n- jobs: []\n  nextToken: t2\n- nextToken: t3\n- jobs:\n  - id: c\n"},
		{"which may be empty", output.YAMLStream, "jobs[1].{s: s3} || `{}`", "", "- s:\n    k: v\n- {}\n- {}\n- {}\n"},
		{"yaml has one document", output.YAML, "", "T", "NextToken: T\njobs:\n- id: a\n- id: b\n  s3:\n    k: v\n- id: c\n"},
		{"which the query sees whole", output.YAML, "[length(jobs), NextToken, nextToken]", "T", "- 3\n- T\n- null\n"},
		{"so it is with json", output.JSON, "{n: jobs[*].id, t: NextToken}", "T", "{\n    \"n\": [\n        \"a\",\n        \"b\",\n        \"c\"\n    ],\n    \"t\": \"T\"\n}\n"},
		{"off prints nothing", output.Off, "", "T", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, b := printer(t, output.Config{Format: tc.format, Query: compile(t, tc.query), Title: "ListSigningJobs"})
			list(t, p.Listing([]string{"jobs"}, nil), tc.token, jobPages...)
			if d := cmp.Diff(tc.want, b.String()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestListingTable(t *testing.T) {
	p, b := printer(t, output.Config{Format: output.Table, Title: "ListSigningJobs"})
	list(t, p.Listing([]string{"jobs"}, nil), "", `{"jobs": []}`)
	if got := b.String(); got != "-----------------\n|ListSigningJobs|\n+---------------+\n" {
		t.Error(got)
	}
}

// A listing that is written element by element is the same text as the whole.
func TestListingIsPrint(t *testing.T) {
	for _, tc := range []struct {
		name, token, whole string
		pages              []string
	}{
		{"pages", "", `{"jobs": [{"id": "a"}, {"id": "b", "s3": {"k": "v"}}, {"id": "c"}]}`, jobPages},
		{"token", "T", `{"jobs": [1, [], {}], "NextToken": "T"}`, []string{`{"jobs": [1]}`, `{"jobs": [[], {}]}`}},
		{"empty", "", `{"jobs": []}`, []string{`{"jobs": []}`}},
		{"empty, token", "é", `{"jobs": [], "NextToken": "é"}`, []string{`{"jobs": []}`}},
		{"nothing", "", `{}`, []string{`{}`, `{"jobs": null}`}},
		{"nothing but a token", "T", `{"NextToken": "T"}`, []string{`{}`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			whole, err := printed(t, output.JSON, "", tc.whole)
			if err != nil {
				t.Fatal(err)
			}
			p, b := printer(t, output.Config{})
			list(t, p.Listing([]string{"jobs"}, nil), tc.token, tc.pages...)
			if d := cmp.Diff(whole, b.String()); d != "" {
				t.Error(d)
			}
		})
	}
}

// An answer with several lists has them in the order in which they come, and then
// what the first page has beside them.
func TestListingOfSeveral(t *testing.T) {
	pages := []string{`{"Versions": [1], "Prefix": "p", "IsTruncated": true}`, `{"Versions": [2], "Markers": [3], "Prefix": "q"}`}
	for f, want := range map[output.Format]string{
		output.JSON: "{\n    \"Versions\": [\n        1,\n        2\n    ],\n    \"Markers\": [\n        3\n    ],\n    \"Owner\": null,\n    \"Prefix\": \"p\",\n    \"NextToken\": \"T\"\n}\n",
		output.YAML: "Markers:\n- 3\nNextToken: T\nOwner: null\nPrefix: p\nVersions:\n- 1\n- 2\n",
		output.Text: "None\tNone\tp\nVERSIONS\t1\nMARKERS\t3\nVERSIONS\t2\nNEXTTOKEN\tT\n",
	} {
		p, b := printer(t, output.Config{Format: f})
		list(t, p.Listing([]string{"Versions", "Markers"}, []string{"Owner", "Prefix"}), "T", pages...)
		if got := b.String(); got != want {
			t.Errorf("%s: got %q, want %q", f, got, want)
		}
	}
}

// Until a listing is complete, only text and yaml-stream are printed.
func TestListingNotEnded(t *testing.T) {
	for f, want := range map[output.Format]string{
		output.JSON: "", output.YAML: "", output.Table: "", output.Text: "JOBS\ta\nJOBS\tb\nS3\tv\n",
		output.YAMLStream: "- jobs:\n  - id: a\n  - id: b\n    s3:\n      k: v\n  nextToken: t1\n",
	} {
		p, b := printer(t, output.Config{Format: f})
		if err := p.Listing([]string{"jobs"}, nil).Page(parse(t, jobPages[0]).(*document.Object)); err != nil || b.String() != want {
			t.Errorf("%s: got %q, %v", f, b, err)
		}
	}
}

func TestListingQueryError(t *testing.T) {
	for _, f := range []output.Format{output.Text, output.YAMLStream} {
		p, b := printer(t, output.Config{Format: f, Query: compile(t, "nope()")})
		err := p.Listing([]string{"jobs"}, nil).Page(parse(t, jobPages[0]).(*document.Object))
		if err == nil || err.Error() != "Unknown function: nope()" || b.Len() > 0 {
			t.Errorf("%s: got %q, %v", f, b, err)
		}
	}
}

// A long listing goes through a file, and a short one does not ask for it.
func TestSpool(t *testing.T) {
	var files []*os.File
	spool := func() (io.ReadWriteSeeker, error) {
		f, err := os.CreateTemp(t.TempDir(), "")
		files = append(files, f)
		return f, err
	}
	element := `"` + strings.Repeat("x", 1000) + `"`
	page := `{"jobs": [` + strings.Repeat(element+",", 99) + element + `]}`

	for pages, want := range map[int]int{1: 0, 30: 1} {
		files = nil
		p, b := printer(t, output.Config{Spool: spool})
		list(t, p.Listing([]string{"jobs"}, nil), "", strings.Split(strings.Repeat(page+"\n", pages-1)+page, "\n")...)
		if len(files) != want {
			t.Errorf("%d pages: %d files", pages, len(files))
		}
		wantText := "{\n    \"jobs\": [\n        " + strings.Repeat(element+",\n        ", 100*pages-1) + element + "\n    ]\n}\n"
		if b.String() != wantText {
			t.Errorf("%d pages: another text of %d bytes, want %d", pages, b.Len(), len(wantText))
		}
		for _, f := range files {
			f.Close()
		}
	}
}

func TestSpoolError(t *testing.T) {
	errFull := errors.New("disk full")
	p, b := printer(t, output.Config{Spool: func() (io.ReadWriteSeeker, error) { return nil, errFull }})
	l := p.Listing([]string{"jobs"}, nil)
	page := document.New(document.Member{Name: "jobs", Value: document.List{strings.Repeat("x", 2<<20)}})
	if err := errors.Join(l.Page(page), l.End("")); !errors.Is(err, errFull) || b.Len() > 0 {
		t.Errorf("got %d bytes, %v", b.Len(), err)
	}
}

// A page of jobs as a listing has them.
func jobPage(t testing.TB) *document.Object {
	t.Helper()
	var jobs []string
	for i := range 100 {
		jobs = append(jobs, fmt.Sprintf(`{"jobId": "2a3b4c5d-0000-4111-8222-33334444%04d", "source": {"s3": {"bucketName": "in", "key": "app-%d.zip", "version": "v1"}},
			"signedObject": {"s3": {"bucketName": "out", "key": "signed/%d.zip"}}, "createdAt": "2023-11-14T22:13:20+00:00", "status": "Succeeded", "isRevoked": false,
			"profileName": "web", "profileVersion": "AbCdEf1234", "platformId": "AWSLambda-SHA384-ECDSA", "platformDisplayName": "AWS Lambda", "jobOwner": "123456789012"}`, i, i, i))
	}
	return parse(t, `{"jobs": [`+strings.Join(jobs, ",")+`], "nextToken": "t"}`).(*document.Object)
}

func benchmarkListing(b *testing.B, f output.Format) {
	page := jobPage(b)
	p, err := output.New(output.Config{Format: f, Writer: io.Discard, Spool: func() (io.ReadWriteSeeker, error) { return new(discardSpool), nil }})
	if err != nil {
		b.Fatal(err)
	}
	l := p.Listing([]string{"jobs"}, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Page(page); err != nil {
			b.Fatal(err)
		}
	}
}

// discardSpool forgets what is written to it.
type discardSpool struct{ bytes.Reader }

func (*discardSpool) Write(p []byte) (int, error) { return len(p), nil }

// Each operation is a page of 100 jobs.
func BenchmarkJSONListing(b *testing.B)       { benchmarkListing(b, output.JSON) }
func BenchmarkTextListing(b *testing.B)       { benchmarkListing(b, output.Text) }
func BenchmarkYAMLStreamListing(b *testing.B) { benchmarkListing(b, output.YAMLStream) }
