package query_test

import (
	"os"
	"path/filepath"
	"testing"

	"signer/pkg/document"
	"signer/pkg/output/query"
)

// The public suite of JMESPath (github.com/jmespath/jmespath.test), in the state
// in which jmespath.py 1.0.1 ships it, without its benchmarks.
const complianceCases = 892

func TestCompliance(t *testing.T) {
	files, _ := filepath.Glob("testdata/compliance/*.json")
	ran := 0
	for _, file := range files {
		for _, suite := range parseFile(t, file).(document.List) {
			given, _ := suite.(*document.Object).Get("given")
			cases, _ := suite.(*document.Object).Get("cases")
			for _, c := range cases.(document.List) {
				comply(t, filepath.Base(file), given, c.(*document.Object))
				ran++
			}
		}
	}
	if ran != complianceCases {
		t.Errorf("ran %d cases, want %d", ran, complianceCases)
	}
}

func parseFile(t *testing.T, file string) document.Value {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func parse(t *testing.T, text string) document.Value {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func comply(t *testing.T, file string, given document.Value, c *document.Object) {
	t.Helper()
	expression, _ := c.Get("expression")
	want, _ := c.Get("result")
	kind, fails := c.Get("error")
	got, compileErr, searchErr := run(expression.(string), given)
	err := compileErr
	if err == nil {
		err = searchErr
	}
	switch {
	case fails && err == nil:
		t.Errorf("%s: %s: got %v, want an error (%v)", file, expression, got, kind)
	case fails && (kind == "syntax") != (compileErr != nil):
		t.Errorf("%s: %s: error at the wrong time: %v", file, expression, err)
	case !fails && err != nil:
		t.Errorf("%s: %s: %v", file, expression, err)
	case !fails && !sameJSON(got, want):
		t.Errorf("%s: %s: got %s, want %s", file, expression, document.AppendJSON(nil, got), document.AppendJSON(nil, want))
	}
}

func run(expression string, given document.Value) (got document.Value, compileErr, searchErr error) {
	q, err := query.Compile(expression)
	if err != nil {
		return nil, err, nil
	}
	got, err = q.Search(given)
	return got, nil, err
}

// sameJSON compares as JSON does: objects have no order, and 1.0 is 1.
func sameJSON(a, b document.Value) bool {
	switch a := a.(type) {
	case *document.Object:
		b, ok := b.(*document.Object)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for name, v := range a.All() {
			if w, ok := b.Get(name); !ok || !sameJSON(v, w) {
				return false
			}
		}
		return true
	case document.List:
		b, ok := b.(document.List)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameJSON(a[i], b[i]) {
				return false
			}
		}
		return true
	case float64:
		if b, ok := b.(int64); ok {
			return a == float64(b)
		}
	}
	return document.Equal(a, b)
}
