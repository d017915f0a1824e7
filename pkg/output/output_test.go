package output_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/document"
	"signer/pkg/output"
	"signer/pkg/output/query"
)

func parse(t testing.TB, text string) document.Value {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func compile(t testing.TB, expression string) *query.Query {
	t.Helper()
	if expression == "" {
		return nil
	}
	q, err := query.Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func printer(t testing.TB, c output.Config) (*output.Printer, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	c.Writer = &b
	p, err := output.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p, &b
}

// printed is what printing an answer writes, and the error.
func printed(t testing.TB, f output.Format, expression, answer string) (string, error) {
	t.Helper()
	p, b := printer(t, output.Config{Format: f, Query: compile(t, expression), Title: "Title"})
	err := p.Print(parse(t, answer))
	return b.String(), err
}

type printCase struct{ name, query, answer, want string }

func check(t *testing.T, f output.Format, cases []printCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := printed(t, f, tc.query, tc.answer)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := output.New(output.Config{Format: "xml"})
	if err == nil || err.Error() != "Unknown output type: xml" {
		t.Error(err)
	}
}

func TestOff(t *testing.T) {
	if got, err := printed(t, output.Off, "", `{"a": 1}`); got != "" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := printed(t, output.Off, "nope()", `{"a": 1}`); err != nil {
		t.Error("the query was looked at:", err)
	}
}

// A query that fails prints nothing, in no format.
func TestQueryError(t *testing.T) {
	for _, f := range []output.Format{output.JSON, output.YAML, output.YAMLStream, output.Text, output.Table} {
		got, err := printed(t, f, "length(a)", `{"a": 1}`)
		if got != "" || err == nil || !strings.HasPrefix(err.Error(), "In function length(), invalid type for value: 1") {
			t.Errorf("%s: got %q, %v", f, got, err)
		}
	}
}

// The query is not part of printing an error, which is a printer of its own.
func TestErrorDocument(t *testing.T) {
	doc := `{"Message": "a: b", "Code": "ValidationException", "message": "a: b"}`
	for f, want := range map[output.Format]string{
		output.JSON: "{\n    \"Message\": \"a: b\",\n    \"Code\": \"ValidationException\",\n    \"message\": \"a: b\"\n}\n",
		output.YAML: "Code: ValidationException\nMessage: 'a: b'\nmessage: 'a: b'\n",
		output.Text: "ValidationException\ta: b\ta: b\n",
	} {
		if got, err := printed(t, f, "", doc); got != want || err != nil {
			t.Errorf("%s: got %q, %v", f, got, err)
		}
	}
}

func TestTimesAndBytes(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	answer := func() document.Value {
		return document.New(
			document.Member{Name: "when", Value: time.Unix(1700000000, 250e6).In(zone)},
			document.Member{Name: "in", Value: document.List{"x", document.New(document.Member{Name: "at", Value: time.Unix(0, 0).UTC()})}},
			document.Member{Name: "blob", Value: []byte("hi")})
	}
	for f, want := range map[output.Format]string{
		output.JSON: "[\n    \"2023-11-15T03:43:20.250000+05:30\",\n    \"1970-01-01T00:00:00+00:00\",\n    \"aGk=\",\n    \"string\"\n]\n",
		output.YAML: "- '2023-11-15T03:43:20.250000+05:30'\n- '1970-01-01T00:00:00+00:00'\n- aGk=\n- string\n",
		output.Text: "2023-11-15T03:43:20.250000+05:30\t1970-01-01T00:00:00+00:00\taGk=\tstring\n",
	} {
		given := answer()
		p, b := printer(t, output.Config{Format: f, Query: compile(t, "[when, in[1].at, blob, type(when)]")})
		if err := p.Print(given); err != nil || b.String() != want {
			t.Errorf("%s: got %q, %v", f, b, err)
		}
		if !document.Equal(given, answer()) {
			t.Errorf("%s: printing changed the answer", f)
		}
	}
}

func TestFormatTime(t *testing.T) {
	for _, tc := range []struct {
		time time.Time
		want string
	}{
		{time.Unix(0, 0).UTC(), "1970-01-01T00:00:00+00:00"},
		{time.Unix(1700000000, 123456000).UTC(), "2023-11-14T22:13:20.123456+00:00"},
		{time.Unix(1700000000, 123456789).UTC(), "2023-11-14T22:13:20.123457+00:00"},
		{time.Unix(1700000000, 400).UTC(), "2023-11-14T22:13:20+00:00"},
		{time.Unix(1700000000, 0).In(time.FixedZone("", -5*3600)), "2023-11-14T17:13:20-05:00"},
		{time.Unix(1700000000, 0).In(time.FixedZone("", -(4*3600 + 56*60 + 2))), "2023-11-14T17:17:18-04:56:02"},
		{time.Date(1, 2, 3, 4, 5, 6, 0, time.UTC), "0001-02-03T04:05:06+00:00"},
	} {
		if got := output.FormatTime(tc.time); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteError(t *testing.T) {
	for _, f := range []output.Format{output.JSON, output.YAML, output.YAMLStream, output.Text, output.Table} {
		p, err := output.New(output.Config{Format: f, Writer: brokenWriter{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Print(parse(t, `{"a": 1}`)); !errors.Is(err, errBroken) {
			t.Errorf("%s: got %v", f, err)
		}
	}
}

var errNoLetter = errors.New("no such letter")

// latin1 is an encoding that has few letters.
func latin1(text string) ([]byte, error) {
	var b []byte
	for _, r := range text {
		if r > 0xff {
			return nil, errNoLetter
		}
		b = append(b, byte(r))
	}
	return b, nil
}

func TestEncode(t *testing.T) {
	p, b := printer(t, output.Config{Encode: latin1})
	if err := p.Print(parse(t, `{"é": ["ü"]}`)); err != nil || b.String() != "{\n    \"\xe9\": [\n        \"\xfc\"\n    ]\n}\n" {
		t.Errorf("got %q, %v", b, err)
	}
}

// What was printed before a letter that there is not stays, in the pieces in which
// Python writes.
func TestEncodeError(t *testing.T) {
	for f, want := range map[output.Format]string{
		output.JSON:  "{\n    \"a\": 1,\n    \"b\": ",
		output.Text:  "",
		output.YAML:  "",
		output.Table: "-------------\n|   Title   |\n+----+------+\n|  a |  b   |\n+----+------+\n",
	} {
		p, b := printer(t, output.Config{Format: f, Title: "Title", Encode: latin1})
		err := p.Print(parse(t, `{"a": 1, "b": "日"}`))
		if !errors.Is(err, errNoLetter) || b.String() != want {
			t.Errorf("%s: got %q, %v", f, b, err)
		}
	}
}
