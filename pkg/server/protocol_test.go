package server

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/sigv4"
)

// AWS's public test cases of the protocol, restJson1, are not ours to keep. They run
// where BOTOCORE_TESTS is the directory tests/unit of a copy of botocore, which has
// them. They are made for clients and tell, of an operation of an API of their own,
// which parameters become which request, and which answer becomes which result: what
// was sent must be read, and what is to arrive be written. Of members in places or of
// types that no API here has, what is left is tried.

// suite is a file's group of cases, in botocore's form.
type suite struct {
	Shapes map[string]modelShape
	Cases  []struct {
		ID    string
		Given struct {
			Name          string
			HTTP          struct{ Method, RequestURI string }
			Input, Output modelMember
		}
		Params     map[string]any
		Serialized struct{ URI, Body string }
		Result     map[string]any
		Response   struct{ Body string }
		Error      any
	}
}

type modelShape struct {
	Type, Payload, TimestampFormat string
	Union, Document                bool
	Members                        map[string]modelMember
	Member, Key, Value             modelMember
}

type modelMember struct {
	Shape, Location, LocationName, TimestampFormat string
	JSONValue                                      bool
}

// clientsOnly are cases of what clients leave out, make up or put up with.
var clientsOnly = []string{
	"RestJsonOmitsEmptyListQueryValues", "RestJsonQueryIdempotencyTokenAutoFill", "RestJsonDeserializesDenseSetMapAndSkipsNull",
	"SDKAppliedContentEncoding_restJson1", "SDKAppendedGzipAfterProvidedEncoding_restJson1", // no API here has encoded bodies
}

func suites(t *testing.T, kind string) []suite {
	t.Helper()
	root := os.Getenv("BOTOCORE_TESTS")
	if root == "" {
		t.Skip("BOTOCORE_TESTS is not set")
	}
	text, err := os.ReadFile(filepath.Join(root, "protocols", kind, "rest-json.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []suite
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

var kinds = map[string]api.Kind{"string": api.String, "integer": api.Integer, "long": api.Long, "boolean": api.Boolean, "timestamp": api.Timestamp, "blob": api.Blob}

// shape makes ours of a shape, or nil if no API here has such; a shape may hold itself.
func (s *suite) shape(name, format string, made map[string]*api.Shape) *api.Shape {
	from := s.Shapes[name]
	if shape, ok := made[name]; ok {
		return shape
	}
	shape := &api.Shape{Name: name}
	if format == "" {
		format = from.TimestampFormat
	}
	switch kind, ok := kinds[from.Type]; {
	case from.Union || from.Document || from.Payload != "" || format == "rfc822" || format == "iso8601":
		return nil
	case ok:
		shape.Kind = kind
		return shape
	}
	made[name] = shape
	switch from.Type {
	case "list":
		shape.Kind, shape.Elem = api.List, s.shape(from.Member.Shape, "", made)
	case "map":
		shape.Kind, shape.Key, shape.Elem = api.Map, s.shape(from.Key.Shape, "", made), s.shape(from.Value.Shape, "", made)
	case "structure":
		shape.Kind, shape.Members = api.Structure, s.members(from, made)
		return shape
	}
	if shape.Elem == nil {
		made[name] = nil
	}
	return made[name]
}

func (s *suite) members(from modelShape, made map[string]*api.Shape) (members []api.Member) {
	for _, name := range slices.Sorted(maps.Keys(from.Members)) {
		m := from.Members[name]
		in, ok := map[string]api.In{"": api.Body, "uri": api.Path, "querystring": api.Query}[m.Location]
		shape := s.shape(m.Shape, m.TimestampFormat, made)
		odd := shape == nil || m.JSONValue || in == api.Query && shape.Kind == api.Map || in == api.Body && m.LocationName != "" ||
			in != api.Body && m.TimestampFormat+s.Shapes[m.Shape].TimestampFormat != ""
		if ok && !odd {
			members = append(members, api.Member{Name: name, Shape: shape, In: in, Wire: m.LocationName})
		}
	}
	return members
}

// known makes a document of what of a value the shape knows.
func known(s *api.Shape, v any) document.Value {
	switch v := v.(type) {
	case map[string]any:
		o := document.New()
		for _, name := range slices.Sorted(maps.Keys(v)) {
			elem := s.Elem
			if s.Kind == api.Structure {
				m := s.Member(name)
				if m == nil || v[name] == nil {
					continue
				}
				elem = m.Shape
			}
			o.Set(name, known(elem, v[name]))
		}
		return o
	case []any:
		l := make(document.List, len(v))
		for i := range v {
			l[i] = known(s.Elem, v[i])
		}
		return l
	case float64:
		if s.Kind == api.Timestamp {
			return time.Unix(int64(v), 0).UTC()
		}
		return int64(v)
	case string:
		if s.Kind == api.Blob {
			return []byte(v)
		}
	}
	return v
}

// sorted puts the members of objects into the order of their names, so that they can
// be compared.
func sorted(v document.Value) document.Value {
	switch v := v.(type) {
	case *document.Object:
		o := document.New()
		for _, name := range slices.Sorted(slices.Values(v.Names())) {
			member, _ := v.Get(name)
			o.Set(name, sorted(member))
		}
		return o
	case document.List:
		for i := range v {
			v[i] = sorted(v[i])
		}
	}
	return v
}

func TestProtocolRequests(t *testing.T) {
	ran := 0
	for _, s := range suites(t, "input") {
		for _, c := range s.Cases {
			made := map[string]*api.Shape{}
			input := s.shape(c.Given.Input.Shape, "", made)
			if input == nil || len(input.Members) == 0 || slices.Contains(clientsOnly, c.ID) {
				continue
			}
			ran++
			template, _, _ := strings.Cut(c.Given.HTTP.RequestURI, "?")
			op := &api.Operation{Name: c.Given.Name, Method: c.Given.HTTP.Method, Path: template, Input: input}
			path, query, _ := strings.Cut(c.Serialized.URI, "?")
			found, labels, err := find(routesOf(&api.Service{Operations: []*api.Operation{op}}), op.Method, path)
			if err != nil || found != op {
				t.Errorf("%s: %s is not the path: %v", c.ID, path, err)
				continue
			}
			got, err := read(op, labels, params(t, query), strings.NewReader(c.Serialized.Body))
			if err != nil {
				t.Errorf("%s: %v", c.ID, err)
			} else if want := known(input, c.Params); !document.Equal(sorted(got), want) {
				t.Errorf("%s: got %s, want %s", c.ID, document.AppendJSON(nil, got), document.AppendJSON(nil, want))
			}
		}
	}
	t.Logf("ran %d cases", ran)
	if ran < 30 {
		t.Errorf("ran %d cases", ran)
	}
}

func params(t *testing.T, query string) (params []sigv4.Param) {
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	for name, all := range values {
		for _, value := range all {
			params = append(params, sigv4.Param{Name: name, Value: value})
		}
	}
	return params
}

// onWire leaves of a value what the shape knows, and seconds of times.
func onWire(s *api.Shape, v document.Value) document.Value {
	switch v := v.(type) {
	case *document.Object:
		o := document.New()
		for name, member := range v.All() {
			if s.Kind == api.Map {
				o.Set(name, onWire(s.Elem, member))
			} else if m := s.Member(name); m != nil && member != nil {
				o.Set(name, onWire(m.Shape, member))
			}
		}
		return o
	case document.List:
		for i := range v {
			v[i] = onWire(s.Elem, v[i])
		}
	case time.Time:
		return v.Unix()
	}
	return v
}

func TestProtocolAnswers(t *testing.T) {
	ran := 0
	for _, s := range suites(t, "output") {
		for _, c := range s.Cases {
			made := map[string]*api.Shape{}
			output := s.shape(c.Given.Output.Shape, "", made)
			if c.Error != nil || output == nil || len(output.Members) == 0 || slices.Contains(clientsOnly, c.ID) {
				continue
			}
			ran++
			op := &api.Operation{Name: c.Given.Name, Output: output}
			got, err := body(op, onWire(output, known(output, c.Result)).(*document.Object))
			if err != nil {
				t.Errorf("%s: %v", c.ID, err)
				continue
			}
			want, err := document.ParseJSON(c.Response.Body)
			if err != nil {
				want = document.New() // no body is an empty one
			}
			if want := document.AppendJSON(nil, sorted(onWire(output, want))); string(got) != string(want) {
				t.Errorf("%s: got %s, want %s", c.ID, got, want)
			}
		}
	}
	t.Logf("ran %d cases", ran)
	if ran < 10 {
		t.Errorf("ran %d cases", ran)
	}
}
