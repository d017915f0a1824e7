package query_test

import (
	"strings"
	"sync"
	"testing"

	"signer/pkg/document"
	"signer/pkg/output/python"
	"signer/pkg/output/query"
)

const jobs = `{"jobs": [
	{"jobId": "j1", "status": "Succeeded", "createdAt": 3, "tags": {"b": "2", "a": "1"}},
	{"jobId": "j2", "status": "Failed", "createdAt": 1},
	{"jobId": "jé", "createdAt": 2, "isRevoked": true}], "big": 100000000000000000000, "list": [0, 1, 2, 3]}`

// search gives what a query finds as Python shows it, which tells 1 from 1.0.
func search(t *testing.T, expression string) (string, error) {
	t.Helper()
	q, err := query.Compile(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	v, err := q.Search(parse(t, jobs))
	return python.Repr(v), err
}

// What the public suite leaves open, or does not know.
func TestSearch(t *testing.T) {
	for _, tc := range []struct{ expression, want string }{
		// Members keep their order.
		{"jobs[0].{z: jobId, a: status}", `{'z': 'j1', 'a': 'Succeeded'}`},
		{"jobs[0].{z: jobId, a: status, z: createdAt}", `{'z': 3, 'a': 'Succeeded'}`},
		{"keys(jobs[0].tags)", `['b', 'a']`},
		{"jobs[0].tags.*", `['2', '1']`},
		{"merge(jobs[0].tags, {c: '3', b: '4'})", `{'b': '4', 'a': '1', 'c': '3'}`},
		{"merge(jobs[0].tags, `[]`)", `{'b': '2', 'a': '1'}`},
		// Numbers are Python's.
		{"[`5`, `5.0`, `1e3`, `-0`, `-0.0`]", `[5, 5.0, 1000.0, 0, -0.0]`},
		{"[big, abs(`-100000000000000000000`), floor(`1e20`), ceil(`1.5`), floor(`2`)]", `[100000000000000000000, 100000000000000000000, 100000000000000000000, 2, 2]`},
		{"[sum(`[1, 2]`), sum(`[1, 2.0]`), avg(`[2, 2]`), sum(`[]`), avg(`[]`)]", `[3, 3.0, 2.0, 0, None]`},
		{"[to_number('5'), to_number('5.0'), to_number(' 1_0 '), to_number('x'), to_number(`[5]`), to_number(`true`)]", `[5, 5.0, 10, None, None, None]`},
		{"[max(`[1, 1.0]`), min(`[2.0, 2]`), sort(`[2, 1.5, 1]`)]", `[1, 2.0, [1, 1.5, 2]]`},
		// Equality is Python's, but for bare booleans.
		{"[`1` == `1.0`, `1` == `true`, `[1]` == `[true]`, `0` == `false`, `{\"a\":1,\"b\":2}` == `{\"b\":2,\"a\":1}`]", `[True, False, True, False, True]`},
		{"[contains(`[1]`, `true`), contains(`[1.0]`, `1`), contains('abc', 'b')]", `[True, True, True]`},
		{"[!`0`, !``, !`[]`, `0` || 'x', '' || 'x', `false` && 'x']", `[False, True, True, 0, 'x', False]`},
		{"['a' < 'b', 'é' > 'z', `1` < `1.5`, jobs < `1`, `null` >= `null`, `true` > `false`]", `[True, True, True, None, None, None]`},
		// Strings are code points.
		{"[length(jobs[2].jobId), reverse(jobs[2].jobId), to_string(jobs[2].jobId)]", `[2, 'éj', 'jé']`},
		{"to_string(jobs[2])", `'{"jobId":"j\\u00e9","createdAt":2,"isRevoked":true}'`},
		{"to_string(`[1.0, null, {}]`)", `'[1.0,null,{}]'`},
		// Literals may be bare words.
		{"jobs[?status == `Succeeded`].jobId", `['j1']`},
		{"[`{a}`, ` x`, `` , `a\\`b`, 'it\\'s', 'a\\b', '\\\\']", "['{a}', 'x', '', 'a`b', \"it's\", 'a\\\\b', '\\\\\\\\']"},
		{`"jobs"[0]."job\u0049d"`, `'j1'`},
		// Slices and indexes beyond the ends, and beyond 64 bits.
		{"[list[1:3], list[::-2], list[-100000000000000000000:2], list[5:1:-1], list[:-5:-1], list[2:100000000000000000000:100000000000000000000]]", `[[1, 2], [3, 1], [0, 1], [3, 2], [3, 2, 1, 0], [2]]`},
		{"[list[100000000000000000000], list[-5], list[-1], list[007]]", `[None, None, 3, None]`},
		{"list[1:3 2]", `[1]`},
		// A slice after an index does not project.
		{"[jobs[0:2].jobId, [jobs][0][0:2].jobId]", `[['j1', 'j2'], None]`},
		// What jmespath.py lets pass beyond the grammar.
		{"contains('abc' 'b')", `True`},
		{"length('abc',)", `3`},
		{"{a: 'x' b: 'y'}", `{'a': 'x', 'b': 'y'}`},
		{"(length)('abc')", `3`},
		// References.
		{"sort_by(jobs, &createdAt)[*].jobId", `['j2', 'jé', 'j1']`},
		{"[max_by(jobs, &createdAt).jobId, min_by(jobs, &jobId).jobId, min_by(`[]`, &a), sort_by(`[]`, &a)]", `['j1', 'j1', None, []]`},
		{"map(&status, jobs)", `['Succeeded', 'Failed', None]`},
		{"[&a, type(&a), to_string(&a), (&a) == (&a), not_null(&a)]", `[<expression>, None, '"<expression>"', False, <expression>]`},
		{"[type(jobs), type(jobs[0]), type(big), type(`true`), type(`null`), type('')]", `['array', 'object', 'number', 'boolean', 'null', 'string']`},
	} {
		got, err := search(t, tc.expression)
		if err != nil || got != tc.want {
			t.Errorf("%s: got %s, %v, want %s", tc.expression, got, err, tc.want)
		}
	}
}

func TestSearchErrors(t *testing.T) {
	for _, tc := range []struct{ expression, want string }{
		{"foo()", "Unknown function: foo()"},
		{"length()", "Expected 1 argument for function length(), received 0"},
		{"contains(jobs)", "Expected 2 arguments for function contains(), received 1"},
		{"not_null()", "Expected at least 1 argument for function not_null(), received 0"},
		{"length(`5`)", "In function length(), invalid type for value: 5, expected one of: ['string', 'array', 'object'], received: \"number\""},
		{"abs(jobs[1])", "In function abs(), invalid type for value: {'jobId': 'j2', 'status': 'Failed', 'createdAt': 1}, expected one of: ['number'], received: \"object\""},
		{"abs('it\\'s')", "In function abs(), invalid type for value: it's, expected one of: ['number'], received: \"string\""},
		{"abs(`true`)", "In function abs(), invalid type for value: True, expected one of: ['number'], received: \"boolean\""},
		{"abs(&a)", "In function abs(), invalid type for value: <expression>, expected one of: ['number'], received: \"expref\""},
		{"sum(`[1, \"a\"]`)", "In function sum(), invalid type for value: a, expected one of: ['array-number'], received: \"str\""},
		{"join(',', `[1.5]`)", "In function join(), invalid type for value: 1.5, expected one of: ['array-string'], received: \"float\""},
		{"max(`[1, null]`)", "In function max(), invalid type for value: None, expected one of: ['array-number', 'array-string'], received: \"NoneType\""},
		{"sort(`[{}]`)", "In function sort(), invalid type for value: {}, expected one of: ['array-string', 'array-number'], received: \"dict\""},
		{"sort_by(jobs, &status)", "In function sort_by(), invalid type for value: None, expected one of: ['string'], received: \"null\""},
		{"sort_by(`[1]`, &a)", "In function sort_by(), invalid type for value: 1, expected one of: ['string', 'number'], received: \"null\""},
		{"sort_by(jobs, status)", "In function sort_by(), invalid type for value: None, expected one of: ['expref'], received: \"null\""},
		{"max_by(jobs, &isRevoked)", "In function max_by(), invalid type for value: None, expected one of: ['number', 'string'], received: \"null\""},
		{"foo(abs('x'))", "In function abs(), invalid type for value: x, expected one of: ['number'], received: \"string\""},
		{"list[::0]", "slice step cannot be zero"},
		{"floor(`NaN`)", "cannot convert float NaN to integer"},
		// Where the AWS CLI shows what Python says, in other words.
		{"jobs[?jobId < `5`]", "'<' cannot compare a string with a number"},
		{"min_by(`[1, \"a\"]`, &@)", "'<' cannot compare a string with a number"},
		{"contains('a', `1`)", "a string can contain a string, not a value of type number"},
		{"to_number(&a)", "a reference to an expression is not a number"},
		{"merge(jobs[0], `null`)", "In function merge(), invalid type for value: None, expected one of: ['object'], received: \"null\""},
	} {
		if got, err := search(t, tc.expression); err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %s, %v, want %s", tc.expression, got, err, tc.want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	const identifiers = "['quoted_identifier', 'unquoted_identifier']"
	parseError := func(reason string, column int, value, kind, expression string) string {
		return reason + ": Parse error at column " + python.Repr(int64(column)) + ", token \"" + value + "\" (" + kind +
			"), for expression:\n\"" + expression + "\"\n" + strings.Repeat(" ", column+1) + "^"
	}
	incomplete := func(expression string, length int) string {
		return "Invalid jmespath expression: Incomplete expression:\n\"" + expression + "\"\n" + strings.Repeat(" ", length+1) + "^"
	}
	bad := func(reason, expression string, column int) string {
		return "Bad jmespath expression: " + reason + ":\n" + expression + "\n" + strings.Repeat(" ", column) + "^"
	}
	for expression, want := range map[string]string{
		"":             "Invalid JMESPath expression: cannot be empty.",
		" ":            incomplete(" ", 1),
		"jobs[0":       incomplete("jobs[0", 6),
		"é || ":        bad("Unknown token é", "é || ", 0),
		`"é" || `:      incomplete(`"é" || `, 7),
		"a[":           incomplete("a[", 2),
		"{a":           incomplete("{a", 2),
		"{a: b":        incomplete("{a: b", 5),
		"f(":           incomplete("f(", 2),
		"a.":           parseError("Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], got: eof", 2, "", "EOF", "a."),
		"a[1:":         parseError("syntax error", 4, "", "EOF", "a[1:"),
		"a[1:2:3:4]":   parseError("syntax error", 7, ":", "COLON", "a[1:2:3:4]"),
		"{}":           parseError("Expecting: "+identifiers+", got: rbrace", 1, "}", "RBRACE", "{}"),
		"{a b}":        parseError("Expecting: colon, got: unquoted_identifier", 3, "b", "UNQUOTED_IDENTIFIER", "{a b}"),
		"[a b]":        parseError("Expecting: comma, got: unquoted_identifier", 3, "b", "UNQUOTED_IDENTIFIER", "[a b]"),
		"a[b]":         parseError("Expecting: star, got: unquoted_identifier", 2, "b", "UNQUOTED_IDENTIFIER", "a[b]"),
		"a b":          parseError("Unexpected token: b", 2, "b", "UNQUOTED_IDENTIFIER", "a b"),
		"a 007":        parseError("Unexpected token: 7", 2, "7", "NUMBER", "a 007"),
		"a `[1,null]`": parseError("Unexpected token: [1, None]", 2, "[1, None]", "LITERAL", "a `[1,null]`"),
		"*a":           parseError("Unexpected token: a", 1, "a", "UNQUOTED_IDENTIFIER", "*a"),
		"a*":           parseError("invalid token", 1, "*", "STAR", "a*"),
		"*{":           parseError("syntax error", 1, "{", "LBRACE", "*{"),
		"]":            parseError("invalid token", 0, "]", "RBRACKET", "]"),
		"a==":          incomplete("a==", 3),
		"@(a)":         parseError("Invalid function name '@'", 0, "@", "CURRENT", "@(a)"),
		`'x'(a)`:       parseError("Invalid function name 'x'", 0, "x", "LITERAL", `'x'(a)`),
		`a || "b"(c)`:  parseError("Quoted identifier not allowed for function names.", 0, "(", "LPAREN", `a || "b"(c)`),
		"(a":           incomplete("(a", 2),
		"(a]":          parseError("Expecting: rparen, got: rbracket", 2, "]", "RBRACKET", "(a]"),
		"a=b":          bad("Unknown token '='", "a=b", 1),
		"a-b":          bad("Unknown token '-'", "a-b", 1),
		"a#":           bad("Unknown token #", "a#", 1),
		`é"a`:          bad("Unknown token é", `é"a`, 0),
		`a."b`:         bad(`Unclosed " delimiter`, `a."b`, 2),
		`'a\'`:         bad("Unclosed ' delimiter", `'a\'`, 0),
		"`a":           bad("Unclosed ` delimiter", "`a", 0),
		`"\x"`:         bad(`Invalid \escape`, `"\x"`, 0),
		`"\u12"`:       bad(`Invalid \uXXXX escape`, `"\u12"`, 0),
		"\"a\nb\"":     bad("Invalid control character at", "\"a\nb\"", 0),
		"`a\"b`":       bad("Bad token a\"b", "`a\"b`", 0),
		"let $a = 1":   bad("Unknown token $", "let $a = 1", 4),
		"a + b":        bad("Unknown token +", "a + b", 2),
	} {
		if _, err := query.Compile(expression); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", expression, err, want)
		}
	}
}

func TestDeepExpressions(t *testing.T) {
	for _, expression := range []string{
		strings.Repeat("(", 1e4), strings.Repeat("[", 1e4), strings.Repeat("!", 1e4) + "a", strings.Repeat("a[?", 1e4),
		strings.Repeat("f(", 1e4), strings.Repeat("a||", 1e4) + "a", strings.Repeat("[*].", 1e4) + "a",
	} {
		if _, err := query.Compile(expression); err == nil || !strings.Contains(err.Error(), "too deeply nested") {
			t.Errorf("%.10s…: no error about its depth", expression)
		}
	}
}

// One list that is reached twice stays one list, and two are two, however equal.
func TestIdentity(t *testing.T) {
	for _, tc := range []struct {
		expression string
		same       bool
	}{
		{"[jobs, jobs]", true},
		{"[jobs[0], jobs[0]]", true},
		{"[jobs[*], jobs[*]]", false},
		{"[list[:], list]", false},
		{"[sort(list), list]", false},
		{"[to_array(list), list]", true},
		{"[list[9:], list[9:]]", false},
		{"[{a: list}, {a: list}]", false},
		{"list[:2].[`[]`] | [[0][0], [1][0]]", true},
	} {
		q, err := query.Compile(tc.expression)
		if err != nil {
			t.Fatal(err)
		}
		v, err := q.Search(parse(t, jobs))
		if err != nil {
			t.Fatal(err)
		}
		l := v.(document.List)
		if same := python.Identity(l[0]) == python.Identity(l[1]); same != tc.same {
			t.Errorf("%s: same is %v", tc.expression, same)
		}
	}
}

func TestSearchAtOnce(t *testing.T) {
	q, err := query.Compile("sort_by(jobs, &createdAt)[].{a: jobId, b: `[]`, c: list[::-1]}")
	if err != nil {
		t.Fatal(err)
	}
	given := parse(t, jobs)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if v, err := q.Search(given); err != nil || len(v.(document.List)) != 3 {
				t.Errorf("got %v, %v", v, err)
			}
		})
	}
	all.Wait()
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{
		"jobs[?status=='Succeeded'].{a: jobId, b: tags}", "sort_by(jobs, &createdAt)[::-1] | [0]", "jobs[].tags.*[]", "`{\"a\":[1.5,null]}`.a",
		"map(&to_string(@), list)", "max_by(jobs, &createdAt) || !contains(list, `1`)", "\"a\\u00e9\" <= 'b'", "[*][0][1:][::-1]", "merge(@, {a: &b})",
		"[avg(list), sum(list), to_number('1_0'), floor(`1e300`)]",
	} {
		f.Add(s)
	}
	given, err := document.ParseJSON(jobs)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		q, err := query.Compile(expression)
		if err != nil || len(expression) > 100 { // [@,@]|[@,@]|… doubles what there is to show
			return
		}
		before := python.Repr(given)
		if v, err := q.Search(given); err == nil && strings.Count(expression, "@") < 10 {
			python.Repr(v)
		}
		if python.Repr(given) != before {
			t.Errorf("%s changed the document", expression)
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := query.Compile("jobs[?status=='Succeeded'].{Id: jobId, When: createdAt}"); err != nil {
			b.Fatal(err)
		}
	}
}
