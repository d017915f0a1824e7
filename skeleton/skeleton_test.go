package skeleton_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/skeleton"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The golden files hold the three samples of each operation. Those of kind input
// and yaml-input have the AWS CLI's bytes but for the prose of the comments.
func TestGolden(t *testing.T) {
	for _, op := range api.Signer.Operations {
		t.Run(op.Name, func(t *testing.T) {
			got := fmt.Sprintf("-- input --\n%s-- yaml-input --\n%s-- output --\n%s\n", skeleton.Input(op.Input),
				skeleton.YAMLInput(op.Input), document.AppendJSON(nil, skeleton.Output(op.Output)))
			file := filepath.Join("testdata", api.CLIName(op.Name)+".txtar")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got, -update writes it anew):\n%s", file, diff)
			}
		})
	}
}

// Both input samples of an operation say the same, and nothing but what its shape
// knows.
func TestSamplesAgree(t *testing.T) {
	for _, op := range api.Signer.Operations {
		t.Run(op.Name, func(t *testing.T) {
			v, err := document.ParseJSON(string(skeleton.Input(op.Input)))
			if err != nil {
				t.Fatal(err)
			}
			var root yaml.Node
			if err := yaml.Unmarshal(skeleton.YAMLInput(op.Input), &root); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(jsonNames(v), yamlNames(root.Content[0])); diff != "" {
				t.Errorf("members of JSON and YAML differ:\n%s", diff)
			}
		})
	}
}

func jsonNames(v document.Value) any {
	switch v := v.(type) {
	case *document.Object:
		var names []any
		for name, member := range v.All() {
			names = append(names, name, jsonNames(member))
		}
		return names
	case document.List:
		return []any{jsonNames(v[0])}
	}
	return nil
}

func yamlNames(n *yaml.Node) any {
	var names []any
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			names = append(names, c.Value)
		} else {
			names = append(names, yamlNames(c))
		}
	}
	if names == nil {
		return nil
	}
	return names
}

// The shapes of Signer hold no structure in a list, none within itself and no
// empty one. Others do, and the AWS CLI prints them so.
func TestOtherShapes(t *testing.T) {
	text := &api.Shape{Name: "Text", Kind: api.String}
	pair := &api.Shape{Name: "Pair", Kind: api.Structure, Members: []api.Member{
		{Name: "Key", Shape: text, Doc: "The key. And more."},
		{Name: "Value", Shape: &api.Shape{Kind: api.Boolean}},
	}}
	node := &api.Shape{Name: "Node", Kind: api.Structure}
	node.Members = []api.Member{
		{Name: "Leaf", Shape: &api.Shape{Kind: api.Long}},
		{Name: "Next", Shape: node, Doc: "The next."},
		{Name: "All", Shape: &api.Shape{Kind: api.List, Elem: node}},
		{Name: "ByName", Shape: &api.Shape{Kind: api.Map, Elem: node}},
	}
	mode := &api.Shape{Kind: api.String, Enum: []string{"true", "false"}}
	s := &api.Shape{Name: "Input", Kind: api.Structure, Members: []api.Member{
		{Name: "Body", Shape: &api.Shape{Kind: api.Blob}, Required: true, Doc: "The body."},
		{Name: "Empty", Shape: &api.Shape{Kind: api.Structure}, Doc: "Nothing"},
		{Name: "Tags", Shape: &api.Shape{Kind: api.List, Elem: pair}, Doc: "The tags."},
		{Name: "ByName", Shape: &api.Shape{Kind: api.Map, Elem: pair}, Doc: "More."},
		{Name: "Node", Shape: node},
		{Name: "Mode", Shape: mode, Required: true},
		{Name: "Time", Shape: &api.Shape{Kind: api.Timestamp}},
	}}
	wantYAML := `Body: !!binary ''  # [REQUIRED] The body.
Empty: {} # Nothing.
Tags: # The tags.
- Key: ''  # The key.
  Value: true
ByName: # More.
  KeyName:
    Key: ''  # The key.
    Value: true
Node:
  Leaf: 0
  Next: {}  # The next.
  All:
  - {}
  ByName:
    KeyName: {}
Mode: 'true' # [REQUIRED] Valid values are: true, false.
Time: 1970-01-01 00:00:00
`
	if diff := cmp.Diff(wantYAML, string(skeleton.YAMLInput(s))); diff != "" {
		t.Errorf("yaml-input (-want +got):\n%s", diff)
	}
	wantOutput := `{"Body": null, "Empty": {}, "Tags": [{"Key": "Key", "Value": true}], "ByName": {"KeyName": {"Key": "Key", "Value": true}}, ` +
		`"Node": {"Leaf": 0, "Next": {}, "All": [{}], "ByName": {"KeyName": {}}}, "Mode": "Mode", "Time": "1970-01-01T00:00:00"}`
	if diff := cmp.Diff(wantOutput, string(document.AppendJSON(nil, skeleton.Output(s)))); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestNothingToSay(t *testing.T) {
	s := &api.Shape{Kind: api.Structure}
	if got := string(skeleton.Input(s)); got != "{}\n" {
		t.Errorf("input: %q", got)
	}
	if got := string(skeleton.YAMLInput(s)); got != "{}\n" {
		t.Errorf("yaml-input: %q", got)
	}
}

func TestEnumsInYAML(t *testing.T) {
	for value, want := range map[string]string{
		"DAYS": "DAYS", "public-read": "public-read", "s3:ObjectCreated:*": "s3:ObjectCreated:*", "yes": "yes",
		"": "''", "null": "'null'", "True": "'True'", "2016-01-01": "'2016-01-01'", "1.1": "'1.1'", "a: b": "'a: b'", "a:": "'a:'",
		"it's #1": "'it''s #1'", "*": "'*'",
	} {
		s := &api.Shape{Kind: api.Structure, Members: []api.Member{{Name: "x", Shape: &api.Shape{Kind: api.String, Enum: []string{value}}}}}
		want := "x: " + want + "  # Valid values are: " + value + ".\n"
		if got := string(skeleton.YAMLInput(s)); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}
