package output_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/output"
)

func TestTable(t *testing.T) {
	cases := []printCase{
		{"one scalar is a row with its name", "", `{"a": "x"}`, `
------------
|   Title  |
+----+-----+
|  a |  x  |
+----+-----+
`},
		{"several have a header", "", `{"b": true, "a": "long value"}`, `
------------------------
|         Title        |
+-------------+--------+
|      a      |   b    |
+-------------+--------+
|  long value |  True  |
+-------------+--------+
`},
		{"a list of objects", "", `{"jobs": [{"b": 1.5, "a": "x"}, {"c": null}]}`, `
------------------------
|         Title        |
+----------------------+
||        jobs        ||
|+---+-------+--------+|
|| a |   b   |   c    ||
|+---+-------+--------+|
||  x|  1.5  |        ||
||   |       |  None  ||
|+---+-------+--------+|
`},
		{"objects with more to them", "", `{"jobs": [{"id": "j1", "s3": {"key": "k"}}, {"id": "j2", "s3": {}}]}`, `
------------------
|      Title     |
+----------------+
||     jobs     ||
|+--------------+|
||      id      ||
|+--------------+|
||  j1          ||
|+--------------+|
|||     s3     |||
||+------+-----+||
|||  key |  k  |||
||+------+-----+||
||     jobs     ||
|+--------------+|
||      id      ||
|+--------------+|
||  j2          ||
|+--------------+|
`},
		{"a cell that is nested elsewhere", "", `{"jobs": [{"a": {"k": 1}}, {"a": "x"}]}`, `
----------------
|     Title    |
+--------------+
||    jobs    ||
|+------------+|
||      a     ||
|+------------+|
||  {'k': 1}  ||
|+------------+|
|||     a    |||
||+----+-----+||
|||  k |  1  |||
||+----+-----+||
||    jobs    ||
|+------------+|
||      a     ||
|+------------+|
||  x         ||
|+------------+|
|||     a    |||
||+----------+||
`},
		{"scalars", "a", `{"a": ["x", 1, null]}`, `
----------
|  Title |
+--------+
|  x     |
|  1     |
|  None  |
+--------+
`},
		{"rows", "a", `{"a": [["x", 1], ["yy", null]]}`, `
----------------
|     Title    |
+-----+--------+
|  x  |  1     |
|  yy |  None  |
+-----+--------+
`},
		{"objects after something else are their names", "a", `{"a": [["x", "y"], {"k": 1, "l": 2}]}`, `
------------
|   Title  |
+----+-----+
|  x |  y  |
|  k |  l  |
+----+-----+
`},
		{"lists of objects in a list have no title", "a", `{"a": [[{"k": {"m": 1}}, {"k": {"n": 2}}]]}`, `
--------------
|    Title   |
||     k    ||
|+----+-----+|
||  m |  1  ||
|+----+-----+|
||     k    ||
|+----+-----+|
||  n |  2  ||
|+----+-----+|
`},
		{"objects without members", "", `{"jobs": [{}, {}]}`, `
--------
| Title|
+------+
||jobs||
`},
		{"what has no members is no object, but does as one", "", `{"jobs": [{"a": {"b": 1}}, [], ""]}`, `
----------------
|     Title    |
+--------------+
||    jobs    ||
|||     a    |||
||+----+-----+||
|||  b |  1  |||
||+----+-----+||
||    jobs    ||
||    jobs    ||
`},
		{"an empty list", "", `{"jobs": []}`, `
-------
|Title|
+-----+
`},
		{"a bare scalar", "a", `{"a": "x"}`, `
-------
|Title|
+-----+
`},
		{"columns share what the title leaves", "", `{"jobs": [{"a": 1, "bb": 2, "ccc": 3}]}`, `
----------------------
|        Title       |
+--------------------+
||       jobs       ||
|+---+------+-------+|
|| a | bb   |  ccc  ||
|+---+------+-------+|
||  1|  2   |  3    ||
|+---+------+-------+|
`},
		{"wide characters count two", "", `{"a": "日本é"}`, `
-----------------
|     Title     |
+----+----------+
|  a |  日本é  |
+----+----------+
`},
	}
	for i, tc := range cases {
		cases[i].want = strings.TrimPrefix(tc.want, "\n") // where the literals begin
	}
	check(t, output.Table, cases)
}

func TestTableOfNothing(t *testing.T) {
	for _, answer := range []string{`{}`, `[]`, `""`, `0`, `0.0`, `null`, `false`} {
		if got, err := printed(t, output.Table, "", answer); got != "" || err != nil {
			t.Errorf("%s: got %q, %v", answer, got, err)
		}
	}
}

func TestTableErrors(t *testing.T) {
	for _, tc := range []struct{ answer, want string }{
		{`["a", ["b", "c"]]`, "Row should have 1 elements, instead it has 2"},
		{`[["b", "c"], "a"]`, "Row should have 2 elements, instead it has 1"},
		{`["a", {}]`, "Row should have 1 elements, instead it has 0"},
		{`[[{"a": 1}], [{"b": 1, "c": 2}]]`, "Row should have 1 elements, instead it has 2"},
		{`{"jobs": [{"a": 1}, null]}`, "mixes objects with other values"},
		{`[{"a": 1}, []]`, "mixes objects with other values"},
	} {
		got, err := printed(t, output.Table, "", tc.answer)
		if got != "" || err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %q, %v", tc.answer, got, err)
		}
	}
}

// A table wider than the terminal shows single rows upright, and is never cut.
func TestTableWidth(t *testing.T) {
	const answer = `{"a": "xxxxxxxxxx", "b": "yyyyyyyyyy", "l": [{"m": 1, "n": 2}, {"m": 3, "n": 4}]}`
	const fits = `
------------------------------
|            Title           |
+-------------+--------------+
|      a      |      b       |
+-------------+--------------+
|  xxxxxxxxxx |  yyyyyyyyyy  |
+-------------+--------------+
||             l            ||
|+------------+-------------+|
||      m     |      n      ||
|+------------+-------------+|
||  1         |  2          ||
||  3         |  4          ||
|+------------+-------------+|
`
	const upright = `
---------------------
|       Title       |
+----+--------------+
|  a |  xxxxxxxxxx  |
|  b |  yyyyyyyyyy  |
+----+--------------+
||        l        ||
|+-------+---------+|
||   m   |    n    ||
|+-------+---------+|
||  1    |  2      ||
||  3    |  4      ||
|+-------+---------+|
`
	for width, want := range map[int]string{0: fits, 30: fits, 29: upright, 5: upright} {
		p, b := printer(t, output.Config{Format: output.Table, Title: "Title", Width: width})
		if err := p.Print(parse(t, answer)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, "\n"+b.String()); d != "" {
			t.Errorf("width %d: %s", width, d)
		}
	}
}

func TestTableColor(t *testing.T) {
	p, b := printer(t, output.Config{Format: output.Table, Title: "T", Color: true})
	if err := p.Print(parse(t, `{"a": {"b": "x"}}`)); err != nil {
		t.Fatal(err)
	}
	const end, bar = "\x1b[0m", "\x1b[2m\x1b[33m|\x1b[0m"
	line := func(bars, text string) string { return bars + end + text + end + bars + end + "\n" + end }
	want := "--------------\n" + end +
		line("", "|      T     |") + line("", "+------------+") +
		line(bar, "|     a    |") + line(bar, "+----+-----+") +
		line(bar, "|  \x1b[1m\x1b[34mb\x1b[0m |  \x1b[1m\x1b[34mx\x1b[0m  |") + line(bar, "+----+-----+")
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The widths are those of CPython's unicodedata, for the characters that the
// Unicode of the interpreter at hand knows and has not changed since.
func TestWidths(t *testing.T) {
	const script = `
import unicodedata
print(''.join(c if unicodedata.east_asian_width(c) in 'WFA' else ' ' for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ('Cn', 'Cs')).replace(' ', ''))`
	out, err := exec.Command("python3", "-X", "utf8", "-c", script).Output()
	if err != nil {
		t.Skip("python3 is not there to compare with: ", err)
	}
	text := strings.TrimSuffix(string(out), "\n")
	p, b := printer(t, output.Config{Format: output.Table, Title: text})
	if err := p.Print(int64(1)); err != nil {
		t.Fatal(err)
	}
	dashes, _, _ := strings.Cut(b.String(), "\n")
	if want := 2*len([]rune(text)) + 2; len(dashes) != want {
		t.Errorf("%d columns, want %d", len(dashes), want)
	}
}
