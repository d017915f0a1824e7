package param

import (
	"errors"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"signer/pkg/api"
	"signer/pkg/document"
)

// errYAML is whatever is wrong with a YAML document. People hear no more of it than
// that it is broken.
var errYAML = errors.New("broken YAML")

const (
	yamlDepth   = 1000    // of mappings and sequences within one another
	yamlAliased = 1 << 15 // how many more nodes there may be, through aliases, than the text has bytes
)

// parseYAML reads one document of YAML 1.2 in which, as in YAML 1.1, dates and times
// need no quotes.
func parseYAML(content document.Value) (document.Value, error) {
	text, ok := unicodeText(content)
	if !ok {
		return nil, invalidYAML(errYAML)
	}
	text = withoutDirectives(strings.TrimPrefix(text, "\ufeff"))
	root, err := yamlDocument(text)
	if err == nil && hasStrayTab(text, root) {
		err = errYAML
	}
	if err != nil {
		return nil, invalidYAML(err)
	}
	v, err := (&yamlReader{left: len(text) + yamlAliased}).value(root)
	return v, invalidYAML(err)
}

// withoutDirectives empties the lines before the document that the library would
// stumble over: the version 1.2, and directives that nobody knows.
func withoutDirectives(text string) string {
	var head strings.Builder
	for rest := text; rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		switch {
		case !strings.HasPrefix(line, "%"):
			if trimmed := strings.TrimSpace(line); trimmed != "" && trimmed[0] != '#' {
				return head.String() + rest
			}
			head.WriteString(line)
		case strings.HasPrefix(line, "%TAG"), strings.HasPrefix(line, "%YAML") && !isYAML12(line):
			head.WriteString(line)
		}
		head.WriteByte('\n')
		rest = after
	}
	return text
}

func isYAML12(line string) bool {
	words := strings.Fields(line)
	return len(words) >= 2 && words[0] == "%YAML" && words[1] == "1.2"
}

func invalidYAML(err error) error {
	var general *GeneralError
	if err == nil || errors.As(err, &general) {
		return err
	}
	return refusef("cli-input-yaml", "Invalid YAML received.")
}

// yamlDocument returns the root of the only document, or nil if there is none. Old
// releases of the library panicked on some broken text, and nobody looks after the
// last one any more: whatever is left of that ends here.
func yamlDocument(text string) (root *yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			root, err = nil, errYAML
		}
	}()
	d := yaml.NewDecoder(strings.NewReader(text))
	var first, second yaml.Node
	if err := d.Decode(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errYAML
	}
	if len(first.Content) == 0 {
		return nil, nil
	}
	return first.Content[0], nil
}

// yamlReader turns nodes into values. The types of scalars are its own work, since
// the library reads YAML 1.1 and the AWS CLI 1.2.
type yamlReader struct{ depth, left int }

func (r *yamlReader) value(n *yaml.Node) (document.Value, error) {
	if n == nil {
		return nil, nil
	}
	r.depth++
	defer func() { r.depth-- }()
	if r.left--; r.depth > yamlDepth || r.left < 0 {
		return nil, errYAML
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias)
	case yaml.MappingNode:
		return r.mapping(n)
	case yaml.SequenceNode:
		return r.sequence(n)
	case yaml.ScalarNode:
		return yamlScalar(n)
	}
	return nil, errYAML
}

func (r *yamlReader) sequence(n *yaml.Node) (document.Value, error) {
	switch n.Tag {
	case "!!seq", "!":
	case "!!omap":
		return r.orderedMap(n)
	default:
		return nil, errYAML
	}
	l := make(document.List, 0, len(n.Content))
	for _, c := range n.Content {
		v, err := r.value(c)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	return l, nil
}

// orderedMap reads a sequence of mappings with one member each.
func (r *yamlReader) orderedMap(n *yaml.Node) (document.Value, error) {
	o := document.New()
	for _, c := range n.Content {
		if c.Kind != yaml.MappingNode || len(c.Content) != 2 {
			return nil, errYAML
		}
		if err := r.member(o, c.Content[0], c.Content[1], false); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// mapping reads members. What is merged in with << comes first, and gives way to
// the mapping's own. Without a merge no member may be there twice.
func (r *yamlReader) mapping(n *yaml.Node) (document.Value, error) {
	if n.Tag != "!!map" && n.Tag != "!" {
		return nil, errYAML
	}
	o := document.New()
	for i := 0; i < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			continue
		}
		if o.Len() > 0 {
			return nil, errYAML
		}
		if err := r.merge(o, n.Content[i+1]); err != nil {
			return nil, err
		}
	}
	merged := o.Len() > 0
	for i := 0; i < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			continue
		}
		if err := r.member(o, n.Content[i], n.Content[i+1], merged); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Tag == "!!merge" }

// merge puts the members of a mapping, or of several, into o. Of several the first
// is the strongest.
func (r *yamlReader) merge(o *document.Object, n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.SequenceNode {
		for i := len(n.Content) - 1; i >= 0; i-- {
			if err := r.mergeOne(o, n.Content[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return r.mergeOne(o, n)
}

func (r *yamlReader) mergeOne(o *document.Object, n *yaml.Node) error {
	v, err := r.value(n)
	if err != nil {
		return err
	}
	members, ok := v.(*document.Object)
	if !ok {
		return errYAML
	}
	for name, v := range members.All() {
		o.Set(name, v)
		keep(o, name, members.Key(name))
	}
	return nil
}

// keep has an object remember a key that is no text.
func keep(o *document.Object, name string, key document.Value) {
	if _, text := key.(string); !text {
		o.SetKey(name, key)
	}
}

func (r *yamlReader) member(o *document.Object, key, value *yaml.Node, again bool) error {
	k, err := r.value(key)
	if err != nil {
		return err
	}
	_, text := k.(string)
	_, list := k.(document.List)
	_, object := k.(*document.Object)
	switch {
	case object, list && r.depth > 1:
		return errYAML // these can be keys in YAML, but in no API
	case !text && r.depth == 1:
		return generalf("The name of a parameter must be text: %s is none.", api.Show(k))
	}
	name := nameOf(k)
	if o.Has(name) && !again {
		return errYAML
	}
	v, err := r.value(value)
	o.Set(name, v)
	keep(o, name, k)
	return err
}
