// Package param turns what people type into values of an API's parameters: one
// flag's words, and whole documents in JSON or YAML.
//
// What a word may be (file://, JSON, shorthand, plain text), in which order that is
// tried, and which texts the refusals have, is the AWS CLI's doing. The way of a
// parameter is
//
//	Reader.Value      for each flag      words to a value by the member's shape
//	Reader.Document   for --cli-input-*  text to an object
//	Merge                                flags over the document
//	Reader.Finish                        text to bytes and times, once all is known
//	api.Shape.Check                      what is wrong with the whole
//
// The package reads no files, no environment and no clock itself: they are handed
// in. It knows neither commands nor services.
package param

import (
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
)

// Reader turns words and documents into values. Its zero value knows no files, no
// environment variables and no home directories. It may be used from several
// goroutines at once if its functions may.
type Reader struct {
	// File returns the content of the file behind file://NAME and fileb://NAME.
	// It is asked once for each use, so that NAME may be a pipe.
	File func(name string) ([]byte, error)

	// LookupEnv tells an environment variable, for $NAME and ${NAME} in file names.
	LookupEnv func(name string) (value string, ok bool)

	// Home tells the home directory of a user, for ~ and ~USER in file names. It is
	// asked for the user "" where HOME is not set.
	Home func(user string) (dir string, ok bool)

	// Encoding names the encoding of text files; "" is UTF-8.
	Encoding string

	// RawBlobs takes the text of a blob as the blob itself; else it is base64.
	RawBlobs bool

	// Now is the clock; nil is time.Now. Its zone is the user's.
	Now func() time.Time
}

func (r *Reader) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

// Value returns the value of a flag, whose name comes without dashes, by the shape
// of its member. A List takes any number of words, every other shape one. Booleans
// are flags without words, and a blob that streams is given by a file's Path: these
// are not for Value.
//
// Times and blobs are still text, which Finish replaces; a blob from a fileb:// file
// is bytes. Whether the value fits the shape is for Check to say. The error is an
// *Error or a *GeneralError.
func (r *Reader) Value(flag string, s *api.Shape, words []string) (document.Value, error) {
	p := &flagReader{Reader: r, flag: flag}
	if len(words) == 1 {
		content, loaded, err := r.load(words[0])
		switch {
		case err != nil:
			return nil, p.explain(err)
		case loaded:
			return p.loaded(s, content)
		}
	}
	return p.words(s, words)
}

// Merge returns given and, behind its members, those of doc that it lacks. Members
// are taken whole: nothing is merged below them.
func Merge(given, doc *document.Object) *document.Object {
	out := document.New()
	for name, v := range given.All() {
		out.Set(name, v)
		keep(out, name, given.Key(name))
	}
	for name, v := range doc.All() {
		if !out.Has(name) {
			out.Set(name, v)
			keep(out, name, doc.Key(name))
		}
	}
	return out
}
