package param_test

import (
	"encoding/base64"
	"os/exec"
	"strings"
	"testing"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/param"
)

// finish takes a document given as JSON through Finish and Check.
func finish(t *testing.T, r *param.Reader, s *api.Shape, json string) string {
	t.Helper()
	v, err := document.ParseJSON(json)
	if err != nil {
		t.Fatal(err)
	}
	before := shown(v, nil)
	o, err := r.Finish(s, v.(*document.Object))
	if after := shown(v, nil); after != before {
		t.Errorf("%s has become %s", before, after)
	}
	if err == nil {
		err = s.Check(o)
	}
	return strings.TrimPrefix(shown(o, err), "*api.InvalidError Parameter validation failed:\n")
}

// saturday is the day of all tests.
var saturday = time.Date(2026, time.November, 21, 10, 30, 0, 0, time.UTC)

func TestFinish(t *testing.T) {
	inner := structure("Inner", "at", moment, "blob", blob)
	s := structure("Outer", "at", moment, "blob", blob, "inner", inner, "list", &api.Shape{Kind: api.List, Elem: inner},
		"map", &api.Shape{Kind: api.Map, Key: text, Elem: moment}, "text", text)
	r := &param.Reader{Now: func() time.Time { return saturday }}
	for _, tc := range []struct{ name, in, want string }{
		{"text", `{"at": "2024-05-06", "blob": "aGk=", "text": "aGk="}`, `{"at": "2024-05-06T00:00:00Z", "blob": "aGk=", "text": "aGk="}`},
		{"everywhere", `{"inner": {"at": 0}, "list": [{"blob": "YR=="}, {"at": "0"}], "map": {"a": "07:08", "b": 1.5}}`,
			`{"inner": {"at": "1970-01-01T00:00:00Z"}, "list": [{"blob": "YQ=="}, {"at": "1970-01-01T00:00:00Z"}], ` +
				`"map": {"a": "2026-11-21T07:08:00Z", "b": "1970-01-01T00:00:01.5Z"}}`},
		{"true is one second", `{"at": true}`, `{"at": "1970-01-01T00:00:01Z"}`},
		{"order is kept", `{"text": "", "at": 0, "blob": ""}`, `{"text": "", "at": "1970-01-01T00:00:00Z", "blob": ""}`},
		{"no times", `{"at": "soon", "inner": {"at": null}, "list": [{"at": [0]}, {"at": {}}], "map": {"k": 1714979289000}}`,
			`Invalid type for parameter at, value: soon, type: string, valid types: timestamp
Invalid type for parameter inner.at, value: null, type: null, valid types: timestamp
Invalid type for parameter list[0].at, value: [0], type: list, valid types: timestamp
Invalid type for parameter list[1].at, value: {}, type: map, valid types: timestamp
Invalid type for parameter map.k, value: 1714979289000, type: integer, valid types: timestamp`},
		{"no blobs", `{"blob": 1, "inner": {"blob": null}}`, `Invalid type for parameter blob, value: 1, type: integer, valid types: blob
Invalid type for parameter inner.blob, value: null, type: null, valid types: blob`},
		{"what does not fit", `{"inner": [{"at": "x"}], "list": {"at": 0}, "map": 5, "more": {"at": "0"}}`, `Unknown parameter in input: "more", must be one of: at, blob, inner, list, map, text
Invalid type for parameter inner, value: [{"at": "x"}], type: list, valid types: structure
Invalid type for parameter list, value: {"at": 0}, type: map, valid types: list
Invalid type for parameter map, value: 5, type: integer, valid types: map`},
		{"too far", `{"at": "1714979289000"}`, `255 Unable to calculate correct timezone offset for "1714979289000"`},
		{"a number too far", `{"at": 1e20}`, `255 Unable to calculate correct timezone offset for "1e+20"`},
		{"an integer too far", `{"at": 100000000000000000000}`, `255 Unable to calculate correct timezone offset for "100000000000000000000"`},
		{"blobs before times", `{"at": "inf", "blob": "a"}`, `255 Invalid base64: "a"`},
		{"the shape's first failure wins", `{"inner": {"blob": "b"}, "blob": "a"}`, `255 Invalid base64: "a"`},
		{"not ASCII", `{"blob": "aGk=é"}`, `255 string argument should contain only ASCII characters`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := finish(t, r, s, tc.in); got != tc.want {
				t.Errorf("%s:\ngot  %s\nwant %s", tc.in, got, tc.want)
			}
		})
	}
	raw := &param.Reader{RawBlobs: true}
	if got := finish(t, raw, s, `{"blob": "é!", "list": [{"blob": ""}]}`); got != `{"blob": "w6kh", "list": [{"blob": ""}]}` {
		t.Errorf("raw: got %s", got)
	}
}

// Values that YAML has and JSON lacks.
func TestFinishYAML(t *testing.T) {
	in := "at: 2024-01-02 03:04:05\nblob: !!binary aGk=\n"
	r := reader()
	o, err := r.Document(param.Input{YAML: &in})
	if err != nil {
		t.Fatal(err)
	}
	if o, err = r.Finish(all, o); err != nil {
		t.Fatal(err)
	}
	if err := all.Check(o); err != nil {
		t.Error(err)
	}
	in = "at: 2024-01-02"
	if o, err = r.Document(param.Input{YAML: &in}); err != nil {
		t.Fatal(err)
	}
	if o, err = r.Finish(all, o); err != nil {
		t.Fatal(err)
	}
	want := "Parameter validation failed:\nInvalid type for parameter at, value: \"2024-01-02\", type: date, valid types: timestamp"
	if err := all.Check(o); err == nil || err.Error() != want {
		t.Errorf("a date: got %v, want %s", err, want)
	}
}

// Times may come from bytes, which fileb:// gives.
func TestFinishTimeFromBytes(t *testing.T) {
	r := reader()
	v, err := r.Value("at", moment, words("fileb://date"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.Finish(all, document.New(document.Member{Name: "at", Value: v}))
	if got := shown(o, err); got != `{"at": "2024-05-06T00:00:00Z"}` {
		t.Errorf("got %s", got)
	}
}

func TestBase64(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "aGVsbG8=": "hello", "aGVs\n bG8=": "hello", "-_-_": "", "YR==": "a", "aGVsbG8=xx": "hello", "====": "",
		"YWI=": "ab", "Y=W=I=": "ab", "YQ=x=": "a\f", "=YQ==": "a", "YQ": "255", "a": "255", "a===": "255", "abc": "255", "YWJj====": "abc",
	} {
		o, err := new(param.Reader).Finish(all, document.New(document.Member{Name: "blob", Value: in}))
		if err != nil {
			if got := shown(nil, err); want != "255" || got != "255 Invalid base64: \""+in+"\"" {
				t.Errorf("%q: got %s, want %s", in, got, want)
			}
			continue
		}
		if b, _ := o.Get("blob"); string(b.([]byte)) != want {
			t.Errorf("%q: got %q, want %q", in, b, want)
		}
	}
}

// What is lenient is Python's doing; where it is at hand it decides.
func TestBase64AgreesWithPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not here:", err)
	}
	var texts []string
	for n := range 5 * 5 * 5 * 5 * 5 {
		var b strings.Builder
		for ; n > 0; n /= 5 {
			b.WriteByte("=aB-="[n%5])
		}
		texts = append(texts, b.String())
	}
	c := exec.Command("python3", "-c", `
import sys, base64
for s in sys.stdin.read().split("\n"):
    try:
        print(base64.b64encode(base64.b64decode(s)).decode())
    except Exception:
        print("!")`)
	c.Stdin = strings.NewReader(strings.Join(texts, "\n"))
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(out), "\n")
	for i, text := range texts {
		got := "!"
		if o, err := new(param.Reader).Finish(all, document.New(document.Member{Name: "blob", Value: text})); err == nil {
			b, _ := o.Get("blob")
			got = base64.StdEncoding.EncodeToString(b.([]byte))
		}
		if got != want[i] {
			t.Errorf("%q: got %s, python says %s", text, got, want[i])
		}
	}
}

func FuzzBase64(f *testing.F) {
	for _, s := range []string{"aGVsbG8=", "YQ=x=", "-_é", "===="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := new(param.Reader).Finish(all, document.New(document.Member{Name: "blob", Value: text}))
		if err != nil {
			return
		}
		b, _ := o.Get("blob")
		again := base64.StdEncoding.EncodeToString(b.([]byte))
		o, err = new(param.Reader).Finish(all, document.New(document.Member{Name: "blob", Value: again}))
		if v, _ := o.Get("blob"); err != nil || !document.Equal(v, b) {
			t.Fatalf("%q became %q, which is not read so again", text, b)
		}
	})
}
