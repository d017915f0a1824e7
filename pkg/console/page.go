package console

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/aws/smithy-go"
)

// view is what a page shows.
type view struct {
	Title   string
	Place   *Place // nil: all of them
	Section string // of the place: jobs, profiles, ...
	Data    any
}

// sheet is a page without what it shows.
type sheet = template.Template

// sheets reads all pages.
func sheets() map[string]*sheet {
	base := template.Must(template.New("base.html").Funcs(functions()).ParseFS(embedded, "pages/base.html"))
	all := map[string]*sheet{}
	for _, name := range []string{"overview", "jobs", "job", "profiles", "profile", "revocations", "platforms", "error"} {
		all[name] = template.Must(template.Must(base.Clone()).ParseFS(embedded, "pages/"+name+".html"))
	}
	return all
}

// show answers with a page of what get returns.
func (c *console) show(name string, get func(*http.Request) (*view, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := get(r)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		c.write(w, r, http.StatusOK, name, v)
	}
}

// write sends a page, once all of it is there.
func (c *console) write(w http.ResponseWriter, r *http.Request, status int, name string, v *view) {
	var b bytes.Buffer
	if err := c.pages[name].ExecuteTemplate(&b, "base.html", v); err != nil {
		c.Log.Error("console", "path", r.URL.Path, "error", err)
		http.Error(w, "The page cannot be shown: see the log.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // nobody is left to be told that this fails
}

// failure is an error to be shown.
type failure struct {
	Status int
	Text   string
}

func (f *failure) Error() string { return f.Text }

// What the console itself has to refuse.
var (
	errNoPage = &failure{http.StatusNotFound, "There is no such page."}
	errMethod = &failure{http.StatusMethodNotAllowed, "These pages are to look at: they answer GET and HEAD."}
)

// fail answers with an error. What only operators are to know goes to the log.
func (c *console) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := explain(err)
	if f.Status == http.StatusInternalServerError && r.Context().Err() == nil {
		c.Log.Error("console", "path", r.URL.Path, "error", err)
	}
	c.write(w, r, f.Status, "error", &view{Title: http.StatusText(f.Status), Data: f})
}

// explain finds out what to say of an error. What AWS Signer refuses it says itself.
func explain(err error) *failure {
	var f *failure
	var service smithy.APIError
	switch {
	case errors.As(err, &f):
		return f
	case !errors.As(err, &service):
		return &failure{http.StatusInternalServerError, "Something went wrong, and the server's log says what."}
	case service.ErrorCode() == "ResourceNotFoundException":
		return &failure{http.StatusNotFound, service.ErrorMessage()}
	case service.ErrorFault() == smithy.FaultServer:
		return &failure{http.StatusInternalServerError, service.ErrorMessage()}
	}
	return &failure{http.StatusBadRequest, service.ErrorMessage()}
}

// file is one that pages refer to.
type file struct {
	kind, tag string
	content   []byte
}

// files are all that do not depend on anything.
func files() map[string]file {
	all := map[string]file{}
	for name, kind := range map[string]string{"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"} {
		content, err := fs.ReadFile(embedded, path.Join("pages", name))
		if err != nil {
			panic(err) // a mistake of the program, on its first use
		}
		sum := sha256.Sum256(content)
		all[name] = file{kind, `"` + hex.EncodeToString(sum[:8]) + `"`, content}
	}
	return all
}

func (c *console) file(w http.ResponseWriter, r *http.Request) {
	f := c.files[strings.TrimPrefix(r.URL.Path, "/")]
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("ETag", f.tag)
	w.Header().Set("Cache-Control", "no-cache") // that is, ask whether it is still the same
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(bytes.NewReader(f.content), 0, int64(len(f.content))))
}

// Path is the path of a page about the place, made of parts that may be anything.
func (p Place) Path(parts ...string) string {
	escaped := "/" + url.PathEscape(p.Account) + "/" + url.PathEscape(p.Region)
	for _, part := range parts {
		escaped += "/" + url.PathEscape(part)
	}
	return escaped
}

// overview shows all places, and the server.
func (c *console) overview(r *http.Request) (*view, error) {
	places, err := c.Places(r.Context())
	if err != nil {
		return nil, err
	}
	var facts []Fact
	if c.Facts != nil {
		facts = c.Facts(r.Context())
	}
	return &view{Title: "Overview", Data: struct {
		Places []Place
		Facts  []Fact
	}{places, facts}}, nil
}

// pageLink leads to the next page of a list, with the filters of this one.
func pageLink(r *http.Request, parameter string, token *string) string {
	if token == nil {
		return ""
	}
	q := r.URL.Query()
	q.Set(parameter, *token)
	return "?" + q.Encode()
}

// optional is a filter that a query has, or nil.
func optional(q url.Values, name string) *string {
	if v := strings.TrimSpace(q.Get(name)); v != "" {
		return &v
	}
	return nil
}

// or is the first text that says something.
func or(a *string, b string) string {
	if a == nil {
		return b
	}
	return cmp.Or(*a, b)
}
