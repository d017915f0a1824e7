package console_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/console"
	"signer/pkg/local"
	"signer/pkg/records"
)

var _ console.Engine = (*signer.Client)(nil)

const hostile = "<script>alert(1)</script>\"'\u202egpj.exe\x1b[31m"

var (
	here = records.Partition{Account: "111122223333", Region: "eu-west-1"}
	noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

const at = "/111122223333/eu-west-1/"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is a console over a home of its own.
type site struct {
	http.Handler
	store  *records.Store
	log    strings.Builder
	broken error // of finding certificates
}

func newSite(t testing.TB) *site {
	s := &site{}
	var err error
	s.store, err = records.Open(t.Context(), records.Config{Path: filepath.Join(t.TempDir(), "records.db")})
	must(t, err)
	engine, err := local.Open(local.Config{Account: here.Account, Region: here.Region, Records: func(context.Context) (*records.Store, error) { return s.store, nil }})
	must(t, err)
	t.Cleanup(func() { engine.Close() })
	chain := []*x509.Certificate{certificate(t)}
	s.Handler = console.New(console.Config{
		Places: func(context.Context) ([]console.Place, error) {
			return []console.Place{console.Place(here), {Account: "444455556666", Region: "us-east-1"}}, nil
		},
		Engine: func(p console.Place) (console.Engine, error) { return engine.For(p.Account, p.Region, "") },
		Certificates: func(context.Context, *signer.DescribeSigningJobOutput) ([]*x509.Certificate, error) {
			return chain, s.broken
		},
		Facts: func(context.Context) []console.Fact {
			return []console.Fact{{Name: "Version", Value: "1.2.3" + hostile}}
		},
		Home: "/var/lib/signer's", Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
	must(t, s.store.AddProfile(t.Context(), records.Profile{Partition: here, Name: "web", Version: "v123456789", Platform: "AWSLambda-SHA384-ECDSA",
		Validity: records.Validity{Value: 135, Unit: "MONTHS"}, Tags: map[string]string{hostile: hostile}, Status: records.Active, CreatedAt: noon}))
	return s
}

// certificate is one with a hostile name.
func certificate(t testing.TB) *x509.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(0x0a1b), Subject: pkix.Name{CommonName: hostile}, NotBefore: noon.AddDate(0, 0, -3), NotAfter: noon.AddDate(0, 0, -1)}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	must(t, err)
	c, err = x509.ParseCertificate(raw)
	must(t, err)
	return c
}

// add records a job that has ended.
func (s *site) add(t testing.TB, id string, change func(*records.Job)) {
	t.Helper()
	j := records.Job{Partition: here, ID: id, Invoker: here.Account, RequestedBy: "arn:aws:iam::111122223333:user/maria", Profile: "web", ProfileVersion: "v123456789",
		Platform: "AWSLambda-SHA384-ECDSA", Source: records.Object{Bucket: "source", Key: "app.zip", Version: "v1"}, Destination: records.Destination{Bucket: "destination"},
		CreatedAt: noon, Result: records.Result{Status: "Succeeded", Reason: "Signing Succeeded", Signed: records.Object{Bucket: "destination", Key: id + ".zip"}, CompletedAt: noon}}
	change(&j)
	_, _, err := s.store.AddJob(t.Context(), j)
	must(t, err)
}

// get asks for a page.
func (s *site) get(method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

// shows checks that a page has texts, and others not.
func (s *site) shows(t *testing.T, path string, texts ...string) string {
	t.Helper()
	w := s.get("GET", path)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	body := w.Body.String()
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "not ")
		if strings.Contains(body, text) == not {
			t.Errorf("%s: has %s: %v\n%s", path, text, not, body)
		}
	}
	if strings.Contains(strings.ToLower(body), "<script") || strings.ContainsAny(body, "\u202e\x1b") {
		t.Errorf("%s: it lets through what others have written: %s", path, body)
	}
	return body
}

// Whatever people write, it stays text, and can be seen.
func TestHostileText(t *testing.T) {
	s := newSite(t)
	s.add(t, "bad", func(j *records.Job) {
		j.Source = records.Object{Bucket: "source", Key: hostile, Version: hostile}
		j.Destination.Prefix, j.Signed.Key, j.RequestedBy, j.Result.Reason = hostile, hostile, hostile, hostile
		j.Parameters = map[string]string{hostile: hostile}
		j.Revocation = records.Revocation{At: noon, By: hostile, Reason: hostile}
	})
	must(t, s.store.RevokeProfile(t.Context(), here, "web", "v123456789", records.ProfileRevocation{At: noon, Effective: noon, By: hostile, Reason: hostile}))
	shown := html.EscapeString(`<script>alert(1)</script>"'\u202egpj.exe\x1b[31m`)
	for path, times := range map[string]int{"/": 1, at + "jobs": 1, at + "jobs/bad": 9, at + "revocations": 3, at + "profiles/web": 4} {
		if got := strings.Count(s.shows(t, path), shown); got < times {
			t.Errorf("%s: shows it %d times, not %d", path, got, times)
		}
	}
	w := s.get("GET", at+"jobs?requestedBy="+"%3Cscript%3E%22onx%3D")
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, `value="&lt;script&gt;&#34;onx="`) {
		t.Errorf("got %d %s", w.Code, body)
	}
}

func TestJob(t *testing.T) {
	s := newSite(t)
	s.add(t, "one", func(j *records.Job) {})
	s.shows(t, at+"jobs/one", ">Succeeded<", "2026-11-21 12:00:00 UTC", `datetime="2026-11-21T12:00:00Z"`, "destination</bdi>/<bdi>one.zip", "over by now", "0A:1B", "ECDSA, P-384",
		"arn:aws:signer:eu-west-1:111122223333:/signing-profiles/web/v123456789", html.EscapeString(`export SIGNER_HOME='/var/lib/signer'\''s'`), "-attime 1795262400", "not >Revoked<")
	pem := s.get("GET", at+"jobs/one/certificates.pem")
	if body := pem.Body.String(); pem.Code != 200 || strings.Count(body, "BEGIN CERTIFICATE") != 1 || pem.Header().Get("Content-Type") != "application/x-pem-file" {
		t.Errorf("got %d %s", pem.Code, body)
	}
	s.broken = errors.New("the disk is gone")
	s.shows(t, at+"jobs/one", "cannot be read", "not the disk is gone")
	if w := s.get("GET", at+"jobs/one/certificates.pem"); w.Code != 500 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if !strings.Contains(s.log.String(), "the disk is gone") {
		t.Errorf("the log says %s", s.log.String())
	}
}

var next = regexp.MustCompile(`rel="next" href="([^"]*)"`)

// follow counts the jobs of all pages.
func (s *site) follow(t *testing.T, path, entry string) (jobs, pages int) {
	t.Helper()
	for query := ""; pages < 99; pages++ {
		body := s.shows(t, path+query)
		jobs += strings.Count(body, entry)
		more := next.FindStringSubmatch(body)
		if more == nil {
			return jobs, pages + 1
		}
		query = html.UnescapeString(more[1])
	}
	t.Fatalf("%s has no end", path)
	return jobs, pages
}

func TestPages(t *testing.T) {
	s := newSite(t)
	for i := range 60 {
		s.add(t, fmt.Sprintf("job-%02d", i), func(j *records.Job) {
			j.CreatedAt = noon.Add(time.Duration(i) * time.Minute)
			if i%2 == 1 {
				j.Status, j.Signed = "Failed", records.Object{}
			} else if i%4 == 0 {
				j.Revocation = records.Revocation{At: noon, By: j.RequestedBy, Reason: "leaked"}
			}
		})
	}
	for i := range 30 {
		must(t, s.store.AddProfile(t.Context(), records.Profile{Partition: here, Name: fmt.Sprintf("p%02d", i), Version: "v123456789", Platform: "AWSLambda-SHA384-ECDSA", Status: records.Active, CreatedAt: noon}))
	}
	for path, want := range map[string][2]int{
		"jobs": {60, 3}, "jobs?status=Failed": {30, 2}, "jobs?status=InProgress": {0, 1}, "jobs?revoked=yes": {15, 1}, "jobs?platform=AWSLambda-SHA384-ECDSA&invoker=111122223333": {60, 3},
		"jobs?requestedBy=arn:aws:iam::111122223333:user/maria&status=Succeeded": {30, 2}, "jobs?invoker=444455556666": {0, 1},
	} {
		path, query, filtered := strings.Cut(path, "?")
		if filtered { // pages keep filters: a link is the whole query
			body := s.shows(t, at+path+"?"+query, "Show all")
			more := next.FindStringSubmatch(body)
			if (more != nil) != (want[1] > 1) {
				t.Errorf("%s: another page: %v", query, more)
			}
			jobs := strings.Count(body, `<td role="cell" data-label="Job">`)
			if more != nil {
				rest := s.shows(t, at+path+html.UnescapeString(more[1]), "First page")
				jobs += strings.Count(rest, `<td role="cell" data-label="Job">`)
				want[0] = min(want[0], 50)
			}
			if jobs != want[0] {
				t.Errorf("%s: %d jobs, want %d", query, jobs, want[0])
			}
			continue
		}
		if jobs, pages := s.follow(t, at+path, `<td role="cell" data-label="Job">`); jobs != want[0] || pages != want[1] {
			t.Errorf("%s: %d jobs on %d pages, want %d", path, jobs, pages, want)
		}
	}
	if profiles, pages := s.follow(t, at+"profiles", `<td role="cell" data-label="Name"`); profiles != 31 || pages != 2 {
		t.Errorf("%d profiles on %d pages", profiles, pages)
	}
	if revoked, pages := s.follow(t, at+"revocations", ">leaked<"); revoked != 15 || pages != 2 {
		t.Errorf("%d revocations on %d pages", revoked, pages)
	}
}

func TestAnswers(t *testing.T) {
	s := newSite(t)
	s.add(t, "one", func(j *records.Job) {})
	for _, c := range []struct {
		method, path string
		want         int
		says         string
	}{
		{"GET", "/", 200, "444455556666"}, {"HEAD", "/", 200, ""}, {"GET", at, 302, ""}, {"GET", at + "jobs", 200, ""}, {"GET", at + "profiles", 200, ">web<"},
		{"GET", at + "platforms", 200, "AmazonFreeRTOS-Default"}, {"GET", "/style.css", 200, ""}, {"GET", "/icon.svg", 200, "<svg"},
		{"POST", "/", 405, "Method Not Allowed"}, {"DELETE", at + "jobs/one", 405, ""}, {"OPTIONS", "/", 405, ""}, {"TRACE", "/nowhere", 405, ""},
		{"GET", "/nowhere", 404, "Not Found"}, {"GET", at + "jobs/two", 404, "does not exist"}, {"GET", at + "profiles/none", 404, ""}, {"GET", at + "jobs/two/certificates.pem", 404, ""},
		{"GET", "/12/eu-west-1/jobs", 404, ""}, {"GET", "/%2e%2e/x/jobs", 404, ""}, {"GET", at + "jobs?page=%00", 400, "nextToken"}, {"GET", at + "jobs?status=No", 400, ""},
		{"GET", at + "profiles?status=No", 400, ""}, {"GET", at + "jobs?invoker=me", 400, ""},
	} {
		w := s.get(c.method, c.path)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s: got %d %s", c.method, c.path, w.Code, w.Body)
		}
		head := w.Header()
		if !strings.Contains(head.Get("Content-Security-Policy"), "default-src 'none'") || head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: got %v", c.method, c.path, head)
		}
		if c.want == 405 && head.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: allowed is %q", c.method, head.Get("Allow"))
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("the log says %s", s.log.String())
	}
}

// Trouble with the records is told to the log, and not to everybody.
func TestTrouble(t *testing.T) {
	s := newSite(t)
	must(t, s.store.Close())
	w := s.get("GET", at+"jobs")
	if body := w.Body.String(); w.Code != 500 || !strings.Contains(body, "the server&#39;s log says what") || strings.Contains(body, "sql") {
		t.Errorf("got %d %s", w.Code, body)
	}
	if !strings.Contains(s.log.String(), "closed") {
		t.Errorf("the log says %s", s.log.String())
	}
}

func TestFilesAreAskedForOnce(t *testing.T) {
	s := newSite(t)
	r := httptest.NewRequest("GET", "/style.css", nil)
	r.Header.Set("If-None-Match", s.get("GET", "/style.css").Header().Get("ETag"))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusNotModified {
		t.Errorf("got %d", w.Code)
	}
}

func TestHosts(t *testing.T) {
	h := console.Hosts([]string{"signer.example"}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for host, want := range map[string]int{
		"127.0.0.1:9333": 200, "[::1]:9333": 200, "[::1]": 200, "10.1.2.3": 200, "localhost": 200, "LOCALHOST.:9333": 200, "a.localhost:1": 200, "Signer.Example:80": 200,
		"evil.example": 421, "evil.example:9333": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "notlocalhost": 421, "signer.example.evil": 421, "": 421, "127.0.0.1:9333@evil": 421, "0x7f000001": 421, "2130706433": 421,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: got %d", host, w.Code)
		}
	}
}
