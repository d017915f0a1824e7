package param_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/param"
)

// Shapes of all kinds, in which the services' own are not rich enough.
var (
	text    = &api.Shape{Name: "Text", Kind: api.String}
	integer = &api.Shape{Name: "Integer", Kind: api.Integer}
	boolean = &api.Shape{Name: "Boolean", Kind: api.Boolean}
	blob    = &api.Shape{Name: "Blob", Kind: api.Blob}
	moment  = &api.Shape{Name: "Moment", Kind: api.Timestamp}
	texts   = &api.Shape{Name: "Texts", Kind: api.List, Elem: text}
	numbers = &api.Shape{Name: "Numbers", Kind: api.List, Elem: integer}
	tags    = &api.Shape{Name: "Tags", Kind: api.Map, Key: text, Elem: text}
	pair    = structure("Pair", "Key", text, "Value", text)
	pairs   = &api.Shape{Name: "Pairs", Kind: api.List, Elem: pair}
	all     = structure("All", "text", text, "n", integer, "b", boolean, "blob", blob, "at", moment, "texts", texts, "numbers", numbers,
		"tags", tags, "pair", pair, "pairs", pairs)
)

func structure(name string, members ...any) *api.Shape {
	s := &api.Shape{Name: name, Kind: api.Structure}
	for i := 0; i < len(members); i += 2 {
		s.Members = append(s.Members, api.Member{Name: members[i].(string), Shape: members[i+1].(*api.Shape)})
	}
	return s
}

// files are those that the tests load.
var files = map[string]string{
	"empty":       "",
	"word":        "Active\r\nRevoked\r",
	"number":      " 12\n",
	"json":        "{\"Key\": \"k\"}\n",
	"list":        "[\"a\", \"b\"]\n",
	"shorthand":   "Key=k,Value=v",
	"newline":     "pair={Key=k}\n",
	"pairs":       "Key=a\nKey=b,Value=c\n",
	"binary":      "\xff\xfe\x00",
	"latin":       "gr\xfc\xdfe",
	"sixteen":     "\xff\xfe\xfc\x00",
	"/home/me/f":  "home",
	"/root/f":     "root",
	"dir/val/x":   "variable",
	"with space":  "spaced",
	"date":        "2024-05-06\n",
	"file://word": "no way in",
}

func reader() *param.Reader {
	env := map[string]string{"HOME": "/home/me/", "VAR": "val"}
	return &param.Reader{
		File: func(name string) ([]byte, error) {
			if content, ok := files[name]; ok {
				return []byte(content), nil
			}
			if name == "dir" {
				return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
		LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		Home:      func(user string) (string, bool) { return "/" + user, user == "root" },
	}
}

// shown writes a value, or an error with its kind, so that tables can hold it.
func shown(v document.Value, err error) string {
	var usage *param.Error
	var general *param.GeneralError
	switch {
	case errors.As(err, &usage):
		return "252 " + err.Error()
	case errors.As(err, &general):
		return "255 " + err.Error()
	case err != nil:
		return fmt.Sprintf("%T %v", err, err)
	}
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("bytes %q", b)
	}
	return string(document.AppendJSON(nil, v))
}

func words(w ...string) []string { return w }

func TestValue(t *testing.T) {
	const wrong = "252 Error parsing parameter '--x': "
	const stumbled = "255 Error parsing parameter '--x': "
	const nonexistent = "Unable to load paramfile file://none: No such file or directory: 'none'"
	for _, tc := range []struct {
		name  string
		shape *api.Shape
		words []string
		want  string
	}{
		{"text", text, words(`"a" $HOME ~ \n`), `"\"a\" $HOME ~ \\n"`},
		{"text that looks like JSON", text, words(`{"a":1}`), `"{\"a\":1}"`},
		{"text from a file, line ends made one", text, words("file://word"), `"Active\nRevoked\n"`},
		{"text from an empty file", text, words("file://empty"), `""`},
		{"the scheme is in small letters", text, words("FILE://word"), `"FILE://word"`},
		{"the scheme comes first", text, words(" file://word"), `" file://word"`},
		{"a file that holds a file's name", text, words("file://file://word"), `"no way in"`},
		{"http is text", text, words("http://x/y"), `"http://x/y"`},
		{"bytes", text, words("fileb://latin"), `bytes "gr\xfc\xdfe"`},
		{"no file", text, words("file://none"), wrong + nonexistent},
		{"no name", text, words("file://"), wrong + "Unable to load paramfile file://: No such file or directory: ''"},
		{"a directory", text, words("fileb://dir"), wrong + "Unable to load paramfile fileb://dir: Is a directory: 'dir'"},
		{"not text", text, words("file://binary"), wrong + "Unable to load paramfile (binary), text contents could not be decoded.  " +
			"If this is a binary file, please use the fileb:// prefix instead of the file:// prefix."},
		{"home", text, words("file://~/f"), `"home"`},
		{"somebody's home", text, words("file://~root/f"), `"root"`},
		{"variables", text, words("file://dir/${VAR}/x"), `"variable"`},
		{"unset variable", text, words("file://$NO/x"), wrong + "Unable to load paramfile file://$NO/x: No such file or directory: '$NO/x'"},
		{"a time stays text", moment, words("2024-05-06"), `"2024-05-06"`},
		{"a blob stays text", blob, words("aGk="), `"aGk="`},
		{"a blob of bytes", blob, words("fileb://binary"), `bytes "\xff\xfe\x00"`},

		{"integer", integer, words(" +1_000 "), `1000`},
		{"integer in other digits", integer, words("٥٠"), `50`},
		{"large integer", integer, words("123456789012345678901234567890"), `123456789012345678901234567890`},
		{"integer from a file", integer, words("file://number"), `12`},
		{"integer from bytes", integer, words("fileb://number"), `12`},
		{"no integer", integer, words("1.5"), stumbled + "the value must be an integer, but it is '1.5'"},
		{"double underscore", integer, words("1__0"), stumbled + "the value must be an integer, but it is '1__0'"},
		{"empty integer", integer, words(""), stumbled + "the value must be an integer, but it is ''"},

		{"words", texts, words("a", "b c", ""), `["a", "b c", ""]`},
		{"no words", texts, nil, `[]`},
		{"commas part no words", texts, words("a,b"), `["a,b"]`},
		{"a list as JSON", texts, words(` ["a", 1, null]`), `["a", 1, null]`},
		{"JSON only by itself", texts, words(`["a"]`, "b"), `["[\"a\"]", "b"]`},
		{"an object is a word", texts, words(`{"a":1}`), `["{\"a\":1}"]`},
		{"a list's broken JSON", texts, words(`["a"`), wrong + "Invalid JSON: Expecting ',' delimiter: line 1 column 5 (char 4)\nJSON received: [\"a\""},
		{"words from a file, one a line", texts, words("file://word"), `["Active", "Revoked"]`},
		{"a list from a file", texts, words("file://list"), `["a", "b"]`},
		{"a file among words is a word", texts, words("a", "file://word"), `["a", "file://word"]`},
		{"bytes in a list", texts, words("fileb://latin"), `[103, 114, 252, 223, 101]`},
		{"integers", numbers, words("1", " 2 "), `[1, 2]`},
		{"no integers", numbers, words("1", "x"), wrong + "'x' is not an integer"},

		{"shorthand", pair, words("Key=k,Value=v"), `{"Key": "k", "Value": "v"}`},
		{"JSON", pair, words("  {\"Value\": 1, \"Key\": null}\n"), `{"Value": 1, "Key": null}`},
		{"JSON that is a list", pair, words(`[1]`), wrong + "Invalid JSON:\n[1]"},
		{"broken JSON", tags, words(`{"a" 1}`), wrong + "Invalid JSON: Expecting ':' delimiter: line 1 column 6 (char 5)\nJSON received: {\"a\" 1}"},
		{"a mark makes no JSON", tags, words("\ufeff{}"), wrong + "Expected: '=', received: '\ufeff' for input:\n \ufeff{}\n^"},
		{"broken shorthand", pair, words("Key"), wrong + "Expected: '=', received: 'EOF' for input:\n Key\n   ^"},
		{"the same key", tags, words("a=1,a=2"), wrong + "Second instance of key \"a\" encountered for input:\na=1,a=2\n    ^\n" +
			"This is often because there is a preceding \",\" instead of a space."},
		{"nothing", pair, words(""), wrong + "Expected: '=', received: 'EOF' for input:\n \n^"},
		{"shorthand from a file", pair, words("file://shorthand"), `{"Key": "k", "Value": "v"}`},
		{"a newline behind shorthand", all, words("file://newline"), wrong + "Expected: ',', received: 'EOF' for input:\n pair={Key=k}\n\n^"},
		{"JSON from a file", tags, words("file://json"), `{"Key": "k"}`},
		{"bytes for a structure", pair, words("fileb://json"), stumbled + "the value must be text: load it with file:// instead of fileb://"},

		{"structures", pairs, words("Key=a", "Key=b,Value=c"), `[{"Key": "a"}, {"Key": "b", "Value": "c"}]`},
		{"structures as JSON words", pairs, words(`{"Key":"a"}`, `{"Key":"b"}`), `[{"Key": "a"}, {"Key": "b"}]`},
		{"the first word decides", pairs, words(`{"Key":"a"}`, `Key=b`), wrong + "Invalid JSON:\nKey=b"},
		{"structures from a file", pairs, words("file://pairs"), `[{"Key": "a"}, {"Key": "b", "Value": "c"}]`},
		{"a structure from a file", pairs, words("file://json"), `[{"Key": "k"}]`},

		{"types after shorthand", all, words("n=5,b=TRUE,texts=a,tags={k=5},pairs=[{Key=5}],numbers=[1,2]"),
			`{"n": 5, "b": true, "texts": ["a"], "tags": {"k": "5"}, "pairs": [{"Key": "5"}], "numbers": [1, 2]}`},
		{"no types after JSON", all, words(`{"n":"5","b":"true","texts":"a"}`), `{"n": "5", "b": "true", "texts": "a"}`},
		{"a lone element keeps its text", all, words("numbers=1"), `{"numbers": ["1"]}`},
		{"words that are no booleans", all, words("b=yes"), `{"b": "yes"}`},
		{"what does not fit stays", all, words("text=[a],pair=x,tags=y,more={z=1}"),
			`{"text": ["a"], "pair": "x", "tags": "y", "more": {"z": "1"}}`},
		{"no integer within", all, words("n=x"), stumbled + "n must be an integer, but it is 'x'"},
		{"no integer in a list", all, words("numbers=[1,x]"), stumbled + "numbers[1] must be an integer, but it is 'x'"},
		{"a list for an integer", all, words("n=[1]"), "255 int() argument must be a string, a bytes-like object or a real number, not 'list'"},
		{"a hash for a boolean", all, words("b={}"), stumbled + "b must be true or false"},
		{"the shape's first failure wins", all, words("numbers=[x],n=y"), stumbled + "n must be an integer, but it is 'y'"},

		{"file within shorthand", pair, words("Key@=file://word,Value=file://word"), `{"Key": "Active\nRevoked\n", "Value": "file://word"}`},
		{"bytes within shorthand", all, words("n@=fileb://number"), `{"n": 12}`},
		{"no file within shorthand", pair, words("Key@=file://none"), "255 " + nonexistent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := shown(reader().Value("x", tc.shape, tc.words)); got != tc.want {
				t.Errorf("%q:\ngot  %s\nwant %s", tc.words, got, tc.want)
			}
		})
	}
}

func TestEncoding(t *testing.T) {
	for _, tc := range []struct{ encoding, word, want string }{
		{"latin-1", "file://latin", `"gr\u00fc\u00dfe"`},
		{"ISO_8859_1", "file://latin", `"gr\u00fc\u00dfe"`},
		{"cp1252", "file://latin", `"gr\u00fc\u00dfe"`},
		{"utf-16", "file://sixteen", `"\u00fc"`},
		{"UTF8", "file://number", `" 12\n"`},
		{"ascii", "file://latin", "252 Error parsing parameter '--x': Unable to load paramfile (latin), text contents could not be decoded.  " +
			"If this is a binary file, please use the fileb:// prefix instead of the file:// prefix."},
		{"nope", "file://word", "255 unknown encoding: nope"},
		{"nope", "fileb://empty", `bytes ""`},
		{"nope", "word", `"word"`},
	} {
		r := reader()
		r.Encoding = tc.encoding
		if got := shown(r.Value("x", text, words(tc.word))); got != tc.want {
			t.Errorf("%s %s: got %s, want %s", tc.encoding, tc.word, got, tc.want)
		}
	}
}

func TestPath(t *testing.T) {
	for in, want := range map[string]string{
		"~": "/home/me", "~/": "/home/me/", "~root": "/root", "~nobody/x": "~nobody/x", "a~": "a~", "": "",
		"$VAR": "val", "a${VAR}b$VAR.c": "avalbval.c", "$NO${NO}$": "$NO${NO}$", "${": "${", "${VAR": "${VAR", "$$VAR": "$val", "${}": "${}",
	} {
		if got := reader().Path(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := new(param.Reader).Path("~/$VAR"); got != "~/$VAR" {
		t.Errorf("without a world: got %s", got)
	}
}

func TestReaderWithoutFiles(t *testing.T) {
	want := "252 Error parsing parameter '--x': Unable to load paramfile file://word: No such file or directory: 'word'"
	if got := shown(new(param.Reader).Value("x", text, words("file://word"))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMerge(t *testing.T) {
	parse := func(s string) *document.Object {
		v, err := document.ParseJSON(s)
		if err != nil {
			t.Fatal(err)
		}
		return v.(*document.Object)
	}
	given := parse(`{"b": {"x": 1}, "a": 2}`)
	got := param.Merge(given, parse(`{"c": 3, "a": 4, "b": {"y": 5}}`))
	if s := shown(got, nil); s != `{"b": {"x": 1}, "a": 2, "c": 3}` {
		t.Errorf("got %s", s)
	}
	if given.Len() != 2 {
		t.Error("what was given has changed")
	}
	if s := shown(param.Merge(nil, nil), nil); s != `{}` {
		t.Errorf("of nothing: got %s", s)
	}
}

func FuzzValue(f *testing.F) {
	for _, s := range []string{"n=5,b=true,numbers=1", `{"n":1,"at":"x"}`, "pairs=[{Key=1}]", "file://pairs", "fileb://binary", "[1,2]", "1_0", "a@=file://none"} {
		f.Add(s, "x=1")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := reader()
		for _, s := range []*api.Shape{text, integer, blob, moment, texts, numbers, tags, pairs, all} {
			v, err := r.Value("x", s, words(first))
			finished(t, r, s, v, err)
			v, err = r.Value("x", s, words(first, second))
			finished(t, r, s, v, err)
		}
	})
}

// finished takes a value the rest of its way, on which nothing may panic, and an
// error must be of a kind that has an exit code.
func finished(t *testing.T, r *param.Reader, s *api.Shape, v document.Value, err error) {
	t.Helper()
	if err == nil {
		var o *document.Object
		input := structure("Input", "x", s)
		if o, err = r.Finish(input, document.New(document.Member{Name: "x", Value: v})); err == nil {
			_ = input.Check(o)
		}
	}
	var usage *param.Error
	var general *param.GeneralError
	if err != nil && !errors.As(err, &usage) && !errors.As(err, &general) {
		t.Fatalf("%T: %v", err, err)
	}
}
