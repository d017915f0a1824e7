package shorthand_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"signer/pkg/document"
	"signer/shorthand"
)

// A case has a value, as JSON, or an error: what was expected, what was there and
// at which column.
type want struct {
	value              string
	expected, received string
	column             int
}

func value(v string) want { return want{value: v} }

func broken(expected, received string, column int) want {
	return want{expected: expected, received: received, column: column}
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     want
	}{
		// members
		{"one", `a=1`, value(`{"a": "1"}`)},
		{"two", `a=1,b=2`, value(`{"a": "1", "b": "2"}`)},
		{"order is kept", `b=1,a=2`, value(`{"b": "1", "a": "2"}`)},
		{"every character of a key", `aZ09-_.#/:=x`, value(`{"aZ09-_.#/:": "x"}`)},
		{"no key", `=x`, value(`{"": "x"}`)},
		{"white space between", "a = 1 ,\n\tb\v=\f2\r", value(`{"a": "1", "b": "2"}`)},
		{"empty", ``, broken("=", "EOF", 0)},
		{"key only", `abc`, broken("=", "EOF", 3)},
		{"white space first", ` a=1`, broken("=", "a", 1)},
		{"comma first", `,a=1`, broken("=", ",", 0)},
		{"comma last", `a={},`, broken("=", "EOF", 5)},
		{"two commas count as one", `a=1,,b=2`, value(`{"a": "1", "b": "2"}`)},
		{"two commas behind a list", `a=[],,b=2`, broken("=", ",", 5)},
		{"quoted key", `"a"=1`, broken("=", `"`, 0)},
		{"key that is not ASCII", `né=1`, broken("=", "é", 1)},
		{"blank in a key", `a b=1`, broken("=", "b", 2)},
		{"same key", `a=1,b=2,a=3`, want{received: "a", column: 8}},
		{"same key behind a hash", `a={} ,a=3`, want{received: "a", column: 5}},
		{"error before the same key", `a=1,a=[`, broken(",", "EOF", 7)},

		// bare values
		{"empty at the end", `a=`, value(`{"a": ""}`)},
		{"empty in the middle", `a=,b=c`, value(`{"a": "", "b": "c"}`)},
		{"white space only", "a= \t", value(`{"a": ""}`)},
		{"white space within", `a=  x  y  `, value(`{"a": "x  y"}`)},
		{"other white space at the end", "a=x\u00a0\u2003", value(`{"a": "x"}`)},
		{"other white space at the start", "a=\u00a0x", value(`{"a": "\u00a0x"}`)},
		{"separators as white space", "a=x\x1cy\x1f", value("{\"a\": \"x\\u001cy\"}")},
		{"odd starts", `a=]x,b=}x,c=~,d=|,e=^`, value(`{"a": "]x", "b": "}x", "c": "~", "d": "|", "e": "^"}`)},
		{"equals within", `a=b=c`, value(`{"a": "b=c"}`)},
		{"equals first", `a==b`, broken(",", "=", 2)},
		{"open bracket within", `a=b[c{d`, value(`{"a": "b[c{d"}`)},
		{"closing bracket within", `a=b]`, broken(",", "]", 3)},
		{"closing brace within", `a=b}`, broken(",", "}", 3)},
		{"quote within", `a=b"c"`, broken(",", `"`, 3)},
		{"escaped comma", `a=\,b\,c`, value(`{"a": ",b,c"}`)},
		{"other backslashes", `a=\n\\x`, value(`{"a": "\\n\\\\x"}`)},
		{"backslash before a separator", `a=b\\,c=d`, value(`{"a": "b\\,c=d"}`)},
		{"URL", `a=https://x.y/?b=c&d=e%20f;g#h`, value(`{"a": "https://x.y/?b=c&d=e%20f;g#h"}`)},
		{"letters of the world", `a=日本é`, value(`{"a": "\u65e5\u672c\u00e9"}`)},
		{"last of the plane", "a=\uffffx\uffff", value(`{"a": "\uffffx\uffff"}`)},
		{"beyond the plane", `a=x😀`, broken(",", "😀", 3)},
		{"words without meaning", `a=null,b=true,c=12`, value(`{"a": "null", "b": "true", "c": "12"}`)},
		{"not text", "a=\xff\xfe", value(`{"a": "\ufffd\ufffd"}`)},

		// quoted values
		{"double", `a="b,c=d}"`, value(`{"a": "b,c=d}"}`)},
		{"single", `a='b,c=d}'`, value(`{"a": "b,c=d}"}`)},
		{"empty quotes", `a="",b=''`, value(`{"a": "", "b": ""}`)},
		{"the other quote", `a="it's",b='"'`, value(`{"a": "it's", "b": "\""}`)},
		{"escaped quote", `a="b\"c",d='e\'f'`, value(`{"a": "b\"c", "d": "e'f"}`)},
		{"escaped backslash", `a="b\\c\d"`, value(`{"a": "b\\c\\d"}`)},
		{"backslash before the last quote", `a="b\"`, value(`{"a": "b\\"}`)},
		{"two backslashes before a quote", `a="b\\",c="d"`, broken(",", "d", 11)},
		{"newline and emoji", "a=\"b\n😀\"", value(`{"a": "b\n\ud83d\ude00"}`)},
		{"white space behind", "a=\"b\" \n", value(`{"a": "b"}`)},
		{"text behind", `a="b"c`, broken(",", "c", 5)},
		{"double not closed", `a="b`, broken("<double quoted>", "<none>", 2)},
		{"single not closed", `a=b,c='d`, broken("<singled quoted>", "<none>", 6)},

		// lists and hashes
		{"list", `a=[b,c]`, value(`{"a": ["b", "c"]}`)},
		{"empty list", `a=[ ]`, value(`{"a": []}`)},
		{"comma at the end of a list", `a=[b,c,]`, value(`{"a": ["b", "c"]}`)},
		{"comma at the start of a list", `a=[,b]`, value(`{"a": ["", "b"]}`)},
		{"lists in lists", `a=[[b],[],{c=d}, 'e' ]`, value(`{"a": [["b"], [], {"c": "d"}, "e"]}`)},
		{"list not closed", `a=[b`, broken(",", "EOF", 4)},
		{"list not closed behind a comma", `a=[b,`, broken(",", "EOF", 5)},
		{"text behind a list", `a=[b]c`, broken(",", "c", 5)},
		{"hash", `a={b=c,d=e}`, value(`{"a": {"b": "c", "d": "e"}}`)},
		{"empty hash", `a={ }`, value(`{"a": {}}`)},
		{"comma at the end of a hash", `a={b=c,}`, value(`{"a": {"b": "c"}}`)},
		{"hash in a hash", `a={b={c={}},d=[e]}`, value(`{"a": {"b": {"c": {}}, "d": ["e"]}}`)},
		{"same key in a hash", `a={b=c,d=e,b=f}`, value(`{"a": {"b": "f", "d": "e"}}`)},
		{"white space in a hash", `a = { b = c d , e = f }`, value(`{"a": {"b": "c d", "e": "f"}}`)},
		{"blank in place of a comma", `a={b=c d=e}`, value(`{"a": {"b": "c d=e"}}`)},
		{"key only in a hash", `a={b}`, broken("=", "}", 4)},
		{"value of a hash is no list", `a={b=c,d}`, broken("=", "}", 8)},
		{"an empty value swallows the brace", `a={b=}`, broken(",", "EOF", 6)},
		{"hash not closed", `a={b=c`, broken(",", "EOF", 6)},
		{"white space behind a hash", "a={b=c}\n", broken(",", "EOF", 0)},
		{"brace behind a hash", `a={b=c}}`, broken(",", "}", 7)},

		// lists without brackets
		{"csv", `a=b,c`, value(`{"a": ["b", "c"]}`)},
		{"csv before a key", `a=b,c,d=e`, value(`{"a": ["b", "c"], "d": "e"}`)},
		{"csv with an empty first", `a=,b`, value(`{"a": ["", "b"]}`)},
		{"csv of quoted", `a="b",'c'`, value(`{"a": ["b", "c"]}`)},
		{"csv with white space", `a=b , c , d=e`, value(`{"a": ["b", "c"], "d": "e"}`)},
		{"later parts may close brackets", `a=b,c]}[,d=e`, value(`{"a": ["b", "c]}["], "d": "e"}`)},
		{"a later part must not be empty", `a=b,`, broken("<second>", "<none>", 4)},
		{"quoted second that is a key", `a=b,"c"=d`, broken("=", `"`, 4)},
		{"back to a comma in quotes", `a=b,"c,d"=e`, broken("=", `"`, 8)},

		// files
		{"at", `a@=x`, value(`{"a": "<x>"}`)},
		{"at with white space", `a @ = x `, value(`{"a": "<x>"}`)},
		{"at and a list", `a@=[x,'y'],b=[x]`, value(`{"a": ["<x>", "<y>"], "b": ["x"]}`)},
		{"at and csv", `a@=x,"y",b=x`, value(`{"a": ["<x>", "<y>"], "b": "x"}`)},
		{"at and a hash, whose keys decide", `a@={b=x,c@=y}`, value(`{"a": {"b": "x", "c": "<y>"}}`)},
		{"at and nothing", `a@=`, value(`{"a": ""}`)},
		{"at alone", `a@`, broken("=", "EOF", 2)},
		{"at in a key", `a@b=c`, broken("=", "b", 2)},

		// columns
		{"second line", "a=b,\nc==d", broken(",", "=", 2)},
		{"tab", "a\t=\t=", broken(",", "=", 4)},
		{"wide characters", `é`, broken("=", "é", 0)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := shorthand.Parse(tc.in, func(s string) (document.Value, error) { return "<" + s + ">", nil })
			var broken *shorthand.Error
			var got want
			switch {
			case errors.As(err, &broken):
				got = want{expected: broken.Expected, received: broken.Received + broken.Key, column: broken.Column()}
			case err != nil:
				t.Fatal(err)
			default:
				got = value(string(document.AppendJSON(nil, v)))
			}
			if got != tc.want {
				t.Errorf("%q:\ngot  %+v\nwant %+v", tc.in, got, tc.want)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"a=b}", "Expected: ',', received: '}' for input:\n a=b}\n   ^"},
		{"a==b,\nc=d\ne=f", "Expected: ',', received: '=' for input:\n a==b,\n  ^\nc=d\ne=f"},
		{"a=b,\nc==d\ne=f", "Expected: ',', received: '=' for input:\n a=b,\nc==d\n  ^\ne=f"},
		{"s={a=b}\n", "Expected: ',', received: 'EOF' for input:\n s={a=b}\n\n^"},
		{"日本=", "Expected: '=', received: '日' for input:\n 日本=\n^"},
		{"k=v,k=w", "Second instance of key \"k\" encountered for input:\nk=v,k=w\n    ^\n" +
			"This is often because there is a preceding \",\" instead of a space."},
		{"k=v,\nk=w", "Second instance of key \"k\" encountered for input:\nk=v,\n    ^\nk=w\n" +
			"This is often because there is a preceding \",\" instead of a space."},
	} {
		if _, err := shorthand.Parse(tc.in, nil); err == nil || err.Error() != tc.want {
			t.Errorf("%q:\ngot  %v\nwant %s", tc.in, err, tc.want)
		}
	}
}

func TestLoad(t *testing.T) {
	failed := errors.New("no such file")
	refuse := func(string) (document.Value, error) { return nil, failed }
	for _, in := range []string{"a@=x", "a@=[b,x]", "a@=b,x", "a@='x',b={c", "s={a@=x}"} {
		if _, err := shorthand.Parse(in, refuse); err != failed {
			t.Errorf("%s: got %v, want %v", in, err, failed)
		}
	}
	v, err := shorthand.Parse("a@=x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(document.AppendJSON(nil, v)); got != `{"a": "x"}` {
		t.Errorf("without load: got %s", got)
	}
}

// Deep nesting must end in an error, and long text in time that grows with it.
func TestHostileText(t *testing.T) {
	const n = 1 << 16
	for name, in := range map[string]string{
		"lists":        "a=" + strings.Repeat("[", n),
		"hashes":       "a=" + strings.Repeat("{a=", n),
		"csv":          "a=" + strings.Repeat("b,", n),
		"members":      strings.Repeat("a={},", n),
		"backslashes":  `a="` + strings.Repeat(`\`, n),
		"quotes":       strings.Repeat(`a='\',"b,`, n/8),
		"turning back": "a=b" + strings.Repeat(`,"k='",c='x,"y=`, n/8),
	} {
		begin := time.Now()
		if _, err := shorthand.Parse(in, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	if _, err := shorthand.Parse("a="+strings.Repeat("[", 900)+strings.Repeat("]", 900), nil); err != nil {
		t.Error("900 lists in one another:", err.Error()[:60])
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"s3={bucketName=b,key='k,1',version=\"v\"}", "a=b,c,d=e", "a@=[x,{y@=z}],b=", "a=\\,b\\", "a=b,\n\"c,d\"=e", "a=b,a=\xffc", "=,=😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := shorthand.Parse(text, nil)
		var broken *shorthand.Error
		if err == nil {
			document.AppendJSON(nil, v)
			return
		}
		if !errors.As(err, &broken) || broken.At < 0 || broken.At > len(text) {
			t.Fatalf("%q: %#v", text, err)
		}
		if !strings.Contains(broken.Error(), "^") {
			t.Fatalf("%q: no caret in %q", text, broken.Error())
		}
	})
}
