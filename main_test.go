package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// may says what each package may import of this module; nothing else. Beside it
// stands what it must not import from outside, and why is in docs/architecture.md.
var may = map[string]struct{ ours, never []string }{
	"signer":                       {ours: []string{"cmd"}},
	"signer/cmd":                   {ours: []string{"pkg", "shorthand", "skeleton"}},
	"signer/shorthand":             {ours: []string{"pkg/document"}},
	"signer/skeleton":              {ours: []string{"pkg/api", "pkg/document"}},
	"signer/pkg/document":          {},
	"signer/pkg/api":               {ours: []string{"pkg/document"}, never: []string{"github.com/", "net/http"}},
	"signer/pkg/lenient":           {ours: []string{"pkg/document", "pkg/output/python"}, never: []string{"github.com/", "os"}},
	"signer/pkg/param":             {ours: []string{"pkg/api", "pkg/document", "pkg/lenient", "pkg/output/python", "shorthand"}, never: []string{"os", "github.com/aws"}},
	"signer/pkg/output":            {ours: []string{"pkg/document", "pkg/output"}, never: []string{"os", "github.com/aws"}},
	"signer/pkg/engine":            {ours: []string{"pkg/api", "pkg/document", "pkg/lenient", "pkg/output/python"}},
	"signer/pkg/engine/enginetest": {ours: []string{"pkg/engine"}},
	"signer/pkg/remote":            {ours: []string{"pkg/document", "pkg/lenient", "pkg/profile"}},
	"signer/pkg/profile":           {},
	"signer/pkg/span":              {never: []string{"github.com/"}},
	"signer/pkg/durable":           {never: []string{"github.com/"}},
	"signer/pkg/interrupt":         {never: []string{"github.com/", "os"}},
	"signer/pkg/backup":            {ours: []string{"pkg/durable", "pkg/interrupt"}, never: []string{"github.com/aws", "github.com/spf13", "net/http"}},
	"signer/pkg/events":            {ours: []string{"pkg/durable"}, never: []string{"github.com/aws"}},
	"signer/pkg/doctor":            {ours: []string{"pkg/bucket", "pkg/keys", "pkg/local", "pkg/records", "pkg/sign", "pkg/verify"}, never: []string{"github.com/aws", "net/http"}},
	"signer/pkg/faults":            {ours: []string{"pkg/api", "pkg/bucket", "pkg/engine", "pkg/local", "pkg/sign", "pkg/span"}, never: []string{"net/http", "github.com/spf13"}},
	"signer/pkg/records":           {ours: []string{"pkg/durable"}, never: []string{"github.com/aws"}},
	"signer/pkg/bucket":            {ours: []string{"pkg/interrupt"}, never: []string{"github.com/aws/aws-sdk-go-v2/service/signer"}},
	"signer/pkg/sign":              {ours: []string{"pkg/interrupt"}, never: []string{"github.com/aws"}},
	"signer/pkg/verify":            {ours: []string{"pkg/interrupt", "pkg/sign"}, never: []string{"github.com/", "os", "net/http"}},
	"signer/pkg/console":           {ours: []string{"pkg/api"}, never: []string{"os", "net/http/httptest", "github.com/spf13"}},
	"signer/pkg/outage":            {never: []string{"github.com/", "os"}},
	"signer/pkg/metrics":           {never: []string{"github.com/", "os"}},
	"signer/pkg/traces":            {ours: []string{"pkg/accesslog", "pkg/outage"}, never: []string{"os", "github.com/"}},
	"signer/pkg/accesslog":         {never: []string{"github.com/", "os"}},
	"signer/pkg/listen":            {never: []string{"github.com/"}},
	"signer/pkg/sigv4":             {never: []string{"github.com/", "os"}},
	"signer/pkg/keys/awskms":       {never: []string{"os", "github.com/aws/aws-sdk-go-v2/service/signer"}},
	"signer/pkg/keys/pkcs11":       {never: []string{"github.com/aws"}},
	"signer/pkg/keys/keystest":     {ours: []string{"pkg/keys"}},
	"signer/pkg/keys":              {ours: []string{"pkg/durable"}, never: []string{"github.com/aws/aws-sdk-go-v2"}},
	"signer/pkg/server":            {ours: []string{"pkg/api", "pkg/document", "pkg/engine", "pkg/sigv4", "pkg/accesslog"}, never: []string{"os", "github.com/aws"}},
	"signer/pkg/s3server":          {ours: []string{"pkg/bucket", "pkg/sigv4", "pkg/accesslog"}, never: []string{"os", "github.com/aws"}},
	"signer/pkg/notation":          {never: []string{"github.com/notaryproject/notation-go", "net/http", "os"}},
	"signer/pkg/local":             {ours: []string{"pkg/api", "pkg/document", "pkg/records", "pkg/bucket", "pkg/sign", "pkg/keys"}, never: []string{"net/http", "github.com/spf13", "os"}},

	"signer/pkg/bucket/s3store/s3test": {ours: []string{"pkg/bucket", "pkg/listen/listentest", "pkg/s3server", "pkg/sigv4"}, never: []string{"github.com/aws/aws-sdk-go-v2/service/signer"}},
	"signer/pkg/records/recordstest":   {ours: []string{"pkg/listen/listentest"}, never: []string{"github.com/aws"}},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		rule, ok := may[parent(p.ImportPath)]
		if !ok {
			t.Errorf("%s is not in the list of packages: say what it may import", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			if ours, found := strings.CutPrefix(i, "signer/"); found && !within(ours, rule.ours) && !within(i, []string{parent(p.ImportPath)}) {
				t.Errorf("%s imports %s, which it must not", p.ImportPath, i)
			}
			if within(i, rule.never) {
				t.Errorf("%s imports %s, which it must not", p.ImportPath, i)
			}
		}
	}
}

// parent is the entry of the list that a package falls under: its own, or that of
// the package whose directory it is in.
func parent(path string) string {
	for {
		if _, ok := may[path]; ok || !strings.Contains(path, "/") {
			return path
		}
		path = path[:strings.LastIndexByte(path, '/')]
	}
}

func within(path string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return path == tree || strings.HasPrefix(path, strings.TrimSuffix(tree, "/")+"/")
	})
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// The top level is fixed; a new entry there is a decision, not an accident.
func TestTopLevel(t *testing.T) {
	out, err := exec.Command("git", "ls-tree", "--name-only", "HEAD").Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	allowed := strings.Fields("cmd pkg shorthand skeleton docs go.mod go.sum main.go main_test.go README.md")
	for _, name := range strings.Fields(string(out)) {
		if !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}

// Each library has its reasons written down.
func TestLibrariesAreDecided(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err == nil {
		err = json.Unmarshal(out, &mod)
	}
	if err != nil || len(mod.Require) == 0 {
		t.Fatalf("go.mod: %v, %s", err, out)
	}
	decisions := decisions(t)
	for _, m := range mod.Require {
		name := path.Base(regexp.MustCompile(`/v\d+$`).ReplaceAllString(m.Path, ""))
		if !m.Indirect && !regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(name)+`\b`).MatchString(decisions) {
			t.Errorf("docs/decisions has no reason for %s", m.Path)
		}
	}
}

// decisions is all that is in docs/decisions.
func decisions(t *testing.T) string {
	var all strings.Builder
	files, err := filepath.Glob("docs/decisions/*.md")
	for _, name := range files {
		text, failed := os.ReadFile(name)
		all.Write(text)
		err = errors.Join(err, failed)
	}
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return all.String()
}

// runsMain has the test's own program be the real one.
const runsMain = "SIGNER_TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runsMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestSaysNothingUnasked has a service answer with a body where there must be none.
func TestSaysNothingUnasked(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		answerTooMuch(t, conn)
	}))
	defer s.Close()
	c := exec.Command(os.Args[0], "list-signing-jobs", "--region", "us-east-1", "--endpoint-url", s.URL)
	c.Env = append(os.Environ(), runsMain+"=yes", "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=secret", "HOME="+t.TempDir())
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, and it said %q", err, stderr.String())
	}
}

func answerTooMuch(t *testing.T, conn net.Conn) {
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\n\r\nunasked"); err != nil {
		t.Error(err)
	}
}
