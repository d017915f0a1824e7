package skeleton

import (
	"strings"

	"signer/pkg/api"
	"signer/pkg/document"
)

// YAMLInput returns a sample of a Structure as YAML text, in which a comment tells
// of every member whether it is required, what it is for and which values it has.
// It is a document for --cli-input-yaml.
func YAMLInput(s *api.Shape) []byte {
	o, _ := sample(s).(*document.Object)
	if o.Len() == 0 {
		return []byte("{}\n")
	}
	var w yamlWriter
	w.members(s, o, 0)
	return w.text
}

type yamlWriter struct{ text []byte }

func (w *yamlWriter) write(parts ...string) {
	for _, s := range parts {
		w.text = append(w.text, s...)
	}
}

// members writes the members of o line by line. The first stands where the writer
// is, the others begin lines of their own.
func (w *yamlWriter) members(s *api.Shape, o *document.Object, indent int) {
	first := true
	gap := "  # " // the first comment of a mapping keeps more distance than the others
	for name, v := range o.All() {
		if !first {
			w.write(strings.Repeat(" ", indent))
		}
		first = false
		shape, about := s.Elem, ""
		if m := s.Member(name); m != nil {
			shape, about = m.Shape, comment(m)
		}
		if about != "" {
			about, gap = gap+about, " # "
		}
		w.write(name, ":")
		w.value(shape, v, indent, about)
	}
}

// value writes what stands behind a colon, and the comment behind that or, where
// more lines follow, before them.
func (w *yamlWriter) value(s *api.Shape, v document.Value, indent int, about string) {
	switch v := v.(type) {
	case document.List:
		w.write(about, "\n")
		w.elements(s, v, indent)
		return
	case *document.Object:
		if v.Len() > 0 {
			w.write(about, "\n", strings.Repeat(" ", indent+2))
			w.members(s, v, indent+2)
			return
		}
	}
	w.write(" ", plain(s, v), about, "\n")
}

// elements writes the elements of a list; its dashes stand under the first letter
// of its name.
func (w *yamlWriter) elements(s *api.Shape, l document.List, indent int) {
	for _, v := range l {
		w.write(strings.Repeat(" ", indent), "-")
		o, _ := v.(*document.Object)
		if o.Len() == 0 {
			w.value(s.Elem, v, indent+2, "")
			continue
		}
		w.write(" ")
		w.members(s.Elem, o, indent+2)
	}
}

// plain writes a value that takes no line of its own.
func plain(s *api.Shape, v document.Value) string {
	switch {
	case s.Kind == api.Blob:
		return "!!binary ''"
	case s.Kind == api.Timestamp:
		return strings.Replace(epoch, "T", " ", 1)
	case s.Kind == api.String && !isWord(v.(string)):
		return "'" + strings.ReplaceAll(v.(string), "'", "''") + "'"
	}
	return api.Show(v)
}

// isWord tells whether YAML reads one of an API's values as text even without
// quotes. It may say no to some that would do.
func isWord(s string) bool {
	switch strings.ToLower(s) {
	case "", "true", "false", "null":
		return false
	}
	first := s[0] | 0x20 // in lower case
	return 'a' <= first && first <= 'z' && !strings.ContainsAny(s, "\n\t") &&
		!strings.Contains(s+" ", ": ") && !strings.Contains(s, " #") && !strings.HasSuffix(s, " ")
}

// comment is what there is to say of a member on its line.
func comment(m *api.Member) string {
	var parts []string
	if m.Required {
		parts = append(parts, "[REQUIRED]")
	}
	if m.Doc != "" {
		parts = append(parts, firstSentence(m.Doc))
	}
	if len(m.Shape.Enum) > 0 {
		parts = append(parts, "Valid values are: "+strings.Join(m.Shape.Enum, ", ")+".")
	}
	return strings.Join(parts, " ")
}

func firstSentence(doc string) string {
	sentence, _, _ := strings.Cut(doc, ". ")
	return strings.TrimSuffix(strings.ReplaceAll(sentence, "\n", " "), ".") + "."
}
