package remote_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/remote"
)

// deadEnd is the URL of a port that nobody listens at.
func deadEnd(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestConnections(t *testing.T) {
	one := 1
	dead := deadEnd(t)
	nowhere := "http://" + strings.Repeat(strings.Repeat("x", 63)+".", 3) + strings.Repeat("x", 63) // too long a name for anyone to be asked for it
	drops := serve(t, func(w http.ResponseWriter, r *http.Request) { drop(w) })
	breaks := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "{")
		drop(w)
	})
	silent := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	stops := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	for _, tc := range []struct {
		name     string
		env      []string
		c        remote.Config
		want     string
		requests *service
	}{
		{"nobody listens", nil, remote.Config{Endpoint: dead + "/base"}, `Could not connect to the endpoint URL: "` + dead + `/base/tags/x"`, nil},
		{"no such host", nil, remote.Config{Endpoint: nowhere}, `Could not connect to the endpoint URL: "` + nowhere + `/tags/x"`, nil},
		{"dropped", nil, remote.Config{Endpoint: drops.URL}, `Connection was closed before we received a valid response from endpoint URL: "` + drops.URL + `/tags/x".`, drops},
		{"dropped midway", nil, remote.Config{Endpoint: breaks.URL}, `Connection was closed before we received a valid response from endpoint URL: "` + breaks.URL + `/tags/x".`, nil},
		{"no answer", []string{"AWS_MAX_ATTEMPTS", "1"}, remote.Config{Endpoint: silent.URL, ReadTimeout: &one}, `Read timeout on endpoint URL: "` + silent.URL + `/tags/x"`, nil},
		{"an answer that stops", []string{"AWS_MAX_ATTEMPTS", "1"}, remote.Config{Endpoint: stops.URL, ReadTimeout: &one}, `Read timeout on endpoint URL: "` + stops.URL + `/tags/x"`, nil},
		{"dead proxy", []string{"http_proxy", dead}, remote.Config{Endpoint: "http://signer.example.test"}, `Failed to connect to proxy URL: "` + dead + `"`, nil},
		{"dead proxy with a password", []string{"https_proxy", strings.Replace(dead, "http://", "user:pass@", 1)}, remote.Config{}, `Failed to connect to proxy URL: "` + strings.Replace(dead, "http://", "http://***:***@", 1) + `"`, nil},
		{"no proxy at all", []string{"http_proxy", "http://user:pass@%zz"}, remote.Config{Endpoint: dead}, "The proxy that the environment names for http is not a URL.", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.c.Settings = usual(tc.env...).settings()
			if got := said(call(t, tc.c)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if tc.requests == nil {
				return
			}
			if n := tc.requests.count(); n != 3 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func drop(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok && w.Header().Get("Content-Length") != "" {
		f.Flush()
	}
	if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
		c.Close()
	}
}

// A connection that fails when it is used again is an attempt like any other, and
// not tried again behind the retryer's back.
func TestReusedConnections(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			io.WriteString(w, "{}")
			return
		}
		drop(w)
	})
	c, err := remote.Open(t.Context(), remote.Config{Settings: usual().settings(), Endpoint: s.URL, Jitter: none})
	if err != nil {
		t.Fatal(err)
	}
	if err := list(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := list(t.Context(), c); !strings.HasPrefix(said(err), "Connection was closed") {
		t.Errorf("got %v", err)
	}
	if n := s.count(); n != 4 {
		t.Errorf("%d requests, want 1 and 3", n)
	}
}

func TestProxies(t *testing.T) {
	s := serve(t, nil)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, tc := range []struct {
		name     string
		env      []string
		endpoint string
		want     string
	}{
		{"capitals", []string{"HTTP_PROXY", s.URL}, "http://signer.example.test", "GET http://signer.example.test/tags/x"},
		{"small letters first", []string{"http_proxy", s.URL, "HTTP_PROXY", "http://127.0.0.1:1"}, "http://signer.example.test", "GET http://signer.example.test/tags/x"},
		{"without a scheme", []string{"HTTP_PROXY", host}, "http://signer.example.test", "GET http://signer.example.test/tags/x"},
		{"only slashes", []string{"HTTP_PROXY", "//" + host}, "http://signer.example.test", "GET http://signer.example.test/tags/x"},
		{"this machine, too", []string{"HTTP_PROXY", s.URL}, "http://127.0.0.1:1", "GET http://127.0.0.1:1/tags/x"},
		{"switched off by an empty one", []string{"http_proxy", "", "HTTP_PROXY", "http://127.0.0.1:1"}, s.URL, "GET /tags/x"},
		{"not for a web server's programs", []string{"HTTP_PROXY", "http://127.0.0.1:1", "REQUEST_METHOD", "GET"}, s.URL, "GET /tags/x"},
		{"not for this host", []string{"HTTP_PROXY", "http://127.0.0.1:1", "NO_PROXY", "x, .0.0.1"}, s.URL, "GET /tags/x"},
		{"not for this host and port", []string{"HTTP_PROXY", "http://127.0.0.1:1", "no_proxy", host}, s.URL, "GET /tags/x"},
		{"not for any", []string{"HTTP_PROXY", "http://127.0.0.1:1", "no_proxy", "*"}, s.URL, "GET /tags/x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.count()
			if err := call(t, remote.Config{Settings: usual(tc.env...).settings(), Endpoint: tc.endpoint}); err != nil {
				t.Fatal(err)
			}
			if got, want := s.asked(), tc.want+" AKID/us-east-1/signer"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are meant to fail
	s.StartTLS()
	defer s.Close()
	bundle := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	for _, tc := range []struct {
		name  string
		world world
		c     remote.Config
		want  string // how the error begins
	}{
		{"nobody trusts it", usual(), remote.Config{}, "SSL validation failed for " + s.URL + "/tags/x "},
		{"the flag's bundle", usual("AWS_CA_BUNDLE", "none").with("pem", bundle), remote.Config{CABundle: aws.String("pem")}, ""},
		{"the environment's", usual("AWS_CA_BUNDLE", "pem").with("pem", bundle), remote.Config{}, ""},
		{"the profile's", usual().with("pem", bundle).with("cfg", "[default]\nca_bundle = pem\n"), remote.Config{}, ""},
		{"everybody's", usual("REQUESTS_CA_BUNDLE", "pem").with("pem", bundle), remote.Config{}, ""},
		{"not looked at", usual("AWS_CA_BUNDLE", "none"), remote.Config{NoVerifySSL: true}, ""},
		{"not there", usual("AWS_CA_BUNDLE", "none"), remote.Config{}, "SSL validation failed for " + s.URL + "/tags/x "},
		{"not certificates", usual("AWS_CA_BUNDLE", "pem").with("pem", "x"), remote.Config{}, "SSL validation failed for " + s.URL + "/tags/x pem holds no certificates"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.world.env["AWS_MAX_ATTEMPTS"] = "1"
			tc.c.Settings, tc.c.Endpoint = tc.world.settings(), s.URL
			if got := said(call(t, tc.c)); !strings.HasPrefix(got, tc.want) || (got == "") != (tc.want == "") {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// A bundle that is not there is nobody's trouble without https.
func TestBundleWithoutNeed(t *testing.T) {
	s := serve(t, nil)
	if err := call(t, remote.Config{Settings: usual().settings(), Endpoint: s.URL, CABundle: aws.String("none")}); err != nil {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	c, err := remote.Open(ctx, remote.Config{Settings: usual().settings(), Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := list(ctx, c); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n := s.count(); n != 1 {
		t.Errorf("%d requests", n)
	}
}
