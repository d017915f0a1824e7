package param

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"signer/pkg/document"
)

// fileError is a file that cannot be read.
type fileError struct{ text string }

func (e *fileError) Error() string { return e.text }

// load returns the content of the file that a word names: text for file://, bytes
// for fileb://. It tells whether the word names one.
func (r *Reader) load(word string) (document.Value, bool, error) {
	if name, ok := strings.CutPrefix(word, "fileb://"); ok {
		content, err := r.read(word, r.Path(name))
		return content, true, err
	}
	if name, ok := strings.CutPrefix(word, "file://"); ok {
		text, err := r.readText(word, r.Path(name))
		return text, true, err
	}
	return nil, false, nil
}

func (r *Reader) read(word, path string) ([]byte, error) {
	if r.File == nil {
		return nil, unreadable(word, path, fs.ErrNotExist)
	}
	content, err := r.File(path)
	if err != nil {
		return nil, unreadable(word, path, err)
	}
	return content, nil
}

func (r *Reader) readText(word, path string) (string, error) {
	content, err := r.read(word, path)
	if err != nil {
		return "", err
	}
	text, err := decode(r.Encoding, content)
	if errors.Is(err, errUndecodable) {
		return "", &fileError{fmt.Sprintf("Unable to load paramfile (%s), text contents could not be decoded.  "+
			"If this is a binary file, please use the fileb:// prefix instead of the file:// prefix.", path)}
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), err
}

func unreadable(word, path string, err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		reason = "no such file or directory"
	}
	first, n := utf8.DecodeRuneInString(reason)
	return &fileError{fmt.Sprintf("Unable to load paramfile %s: %c%s: '%s'", word, unicode.ToUpper(first), reason[n:], path)}
}

// Path returns the path of a file name in which ~ and variables may stand: first the
// home directory takes the place of a ~ at the start, then $NAME and ${NAME} are
// replaced where there is such a variable. What is not known stays as it is.
func (r *Reader) Path(name string) string {
	path := r.expandHome(name)
	if r.LookupEnv == nil {
		return path
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		variable, n := variableName(rest)
		if value, ok := r.LookupEnv(variable); ok && n > 0 {
			b.WriteString(value)
		} else {
			b.WriteString("$" + rest[:n])
		}
		path = rest[n:]
	}
}

// variableName returns the name at the start of what follows a dollar sign, and how
// long it is there; 0 if there is none.
func variableName(s string) (string, int) {
	if strings.HasPrefix(s, "{") {
		if end := strings.IndexByte(s, '}'); end > 0 {
			return s[1:end], end + 1
		}
	}
	n := strings.IndexFunc(s+" ", func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
	return s[:n], n
}

func (r *Reader) expandHome(name string) string {
	rest, ok := strings.CutPrefix(name, "~")
	if !ok {
		return name
	}
	end := strings.IndexByte(rest, '/')
	if end < 0 {
		end = len(rest)
	}
	home, ok := r.home(rest[:end])
	if !ok {
		return name
	}
	if path := strings.TrimRight(home, "/") + rest[end:]; path != "" {
		return path
	}
	return "/"
}

func (r *Reader) home(user string) (string, bool) {
	if user == "" && r.LookupEnv != nil {
		if home, ok := r.LookupEnv("HOME"); ok {
			return home, true
		}
	}
	if r.Home == nil {
		return "", false
	}
	return r.Home(user)
}
