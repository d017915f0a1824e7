package param

import (
	"bytes"
	"time"
	"unicode/utf8"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/output/python"
)

// Input is what stands after --cli-input-json and --cli-input-yaml; nil where the
// option was not given.
type Input struct{ JSON, YAML *string }

// Document returns the object that in holds, or nil if it holds nothing: the text
// itself, or that of the file it names. Names are those of the API.
//
// The error is an *Error or, for what the AWS CLI stumbles over, a *GeneralError.
func (r *Reader) Document(in Input) (*document.Object, error) {
	json, err := r.content("cli-input-json", in.JSON)
	if err != nil {
		return nil, err
	}
	yaml, err := r.content("cli-input-yaml", in.YAML)
	switch {
	case err != nil:
		return nil, err
	case in.JSON != nil && in.YAML != nil:
		return nil, &Error{"Only one --cli-input- parameter may be specified."}
	case in.JSON != nil:
		return parseDocument("cli-input-json", json, parseJSON)
	case in.YAML != nil:
		return parseDocument("cli-input-yaml", yaml, parseYAML)
	}
	return nil, nil
}

// content returns what an option's word says, read from the file that it names.
func (r *Reader) content(flag string, word *string) (document.Value, error) {
	if word == nil {
		return "", nil
	}
	content, loaded, err := r.load(*word)
	if err != nil {
		return nil, (&flagReader{Reader: r, flag: flag}).explain(err)
	}
	if !loaded {
		return *word, nil
	}
	return content, nil
}

// parseDocument reads a document that must be an object. The parameter's name loses
// its dashes in one of the two messages, and Python's types show in the other: both
// are the AWS CLI's, and scripts compare them.
func parseDocument(flag string, content document.Value, parse func(document.Value) (document.Value, error)) (*document.Object, error) {
	v, err := parse(content)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*document.Object)
	if !ok {
		return nil, refusef("--"+flag, "Invalid type: expecting map, received <class '%s'>", python.Type(v))
	}
	return o, nil
}

func parseJSON(content document.Value) (document.Value, error) {
	if text, ok := unicodeText(content); ok {
		if v, err := document.ParseJSON(text); err == nil {
			return v, nil
		}
	}
	return nil, refusef("cli-input-json", "Invalid JSON received.")
}

// unicodeText returns the text of a document. The bytes of a fileb:// file say by
// the first of them in which form of Unicode they are.
func unicodeText(content document.Value) (string, bool) {
	if text, ok := content.(string); ok {
		return text, utf8.ValidString(text)
	}
	b, _ := content.([]byte)
	encoding := "utf-8-sig"
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		encoding = "utf-16"
	case len(b) >= 2 && b[0] == 0:
		encoding = "utf-16-be"
	case len(b) >= 2 && b[1] == 0:
		encoding = "utf-16-le"
	}
	text, err := decode(encoding, b)
	return text, err == nil
}

// nameOf is the name that stands for the key of a member: the text that Python has
// for it, but for those that package python does not know.
func nameOf(key document.Value) string {
	switch key.(type) {
	case []byte, time.Time:
		return api.Show(key)
	}
	return python.Str(key)
}
