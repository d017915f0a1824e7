package cmd_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A server that cannot use its keys says so, and not why.
func TestServeReady(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t, "--workers", "2")
	c := s.client(t, h.key(t, "maria"))
	if status, body := get(t, s.admin+"/readyz"); status != 200 {
		t.Errorf("without any keys: %d %s", status, body)
	}
	_, err := c.StartSigningJob(t.Context(), h.app(t, c))
	must(t, err)
	allEnded(t, h, c, nil)
	root := filepath.Join(h.dir, "keys", "authority", "root.pem")
	whole, err := os.ReadFile(root)
	must(t, err)
	must(t, os.WriteFile(root, []byte("no key"), 0o600))
	if status, body := get(t, s.admin+"/readyz"); status != 503 || strings.Contains(body, h.dir) {
		t.Errorf("with damaged keys: %d %s", status, body)
	}
	s.says(t, "root.pem is damaged")
	if out, err := h.command("serve", "--check", "--admin-addr", strings.TrimPrefix(s.admin, "http://")).CombinedOutput(); err == nil || !strings.Contains(string(out), "not ready") {
		t.Errorf("asked by the program: %v %s", err, out)
	}
	if out, err := h.command("serve", "--check", "--admin-addr", "127.0.0.1:1").CombinedOutput(); err == nil || !strings.Contains(string(out), "cannot be asked at http://127.0.0.1:1/readyz, where --admin-addr says") {
		t.Errorf("asked where nobody is: %v %s", err, out)
	}
	if status, _ := get(t, s.admin+"/healthz"); status != 200 {
		t.Errorf("it is dead: %d", status)
	}
	must(t, os.WriteFile(root, whole, 0o600))
	if status, body := get(t, s.admin+"/readyz"); status != 200 {
		t.Errorf("with keys: %d %s", status, body)
	}
	s.says(t, `"msg":"over","was":"not ready","after":"`)
	if n := strings.Count(s.logged(), `"msg":"not ready"`); n != 1 {
		t.Errorf("what was asked for twice was told %d times", n)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(s.admin, "http://"), ":")
	h.run(t, "serve", "--check", "--admin-addr", "0.0.0.0:"+port)
	s.measures(t,
		"signer_workers 2", "signer_jobs_in_progress 0", "signer_records_waiting_writers 0", "signer_records_bytes ", "signer_home_free_bytes ", "signer_records_wait_seconds_total ",
		`signer_signing_seconds_count{platform="AWSLambda-SHA384-ECDSA"} 1`, `signer_request_seconds_count{service="signer",operation="StartSigningJob"} 1`)
	s.says(t, `"msg":"job","jobId":"`)
	s.says(t, `"status":"Succeeded","reason":"Signing Succeeded"`)
}

// Another page's name leads nowhere, whatever is asked for.
func TestServeAdminHost(t *testing.T) {
	s := newServeHome(t).start(t, "--admin-host", "signer.test")
	for host, want := range map[string]int{"evil.test": 421, "signer.test": 200, "localhost": 200} {
		for _, path := range []string{"/", "/metrics", "/healthz"} {
			r, err := http.NewRequest("GET", s.admin+path, nil)
			must(t, err)
			r.Host = host
			answer, err := http.DefaultClient.Do(r)
			must(t, err)
			answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("%s%s: %d", host, path, answer.StatusCode)
			}
		}
	}
}

// Requests and jobs are told to a collector, up to the last one.
func TestServeTraces(t *testing.T) {
	var mu sync.Mutex
	var sent strings.Builder
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		io.Copy(&sent, r.Body)
	}))
	defer collector.Close()
	h := newServeHome(t)
	h.env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_SERVICE_NAME=ours"}
	s := h.start(t)
	c := s.client(t, h.key(t, "maria"))
	_, err := c.StartSigningJob(t.Context(), h.app(t, c))
	must(t, err)
	allEnded(t, h, c, nil)
	must(t, s.stop(t))
	mu.Lock()
	defer mu.Unlock()
	for _, text := range []string{`"stringValue":"ours"`, `"name":"signer/StartSigningJob","kind":2`, `"name":"job","kind":1`, `"name":"sign"`, `"name":"signer/ListSigningJobs"`, `"key":"signer.job.id"`} {
		if !strings.Contains(sent.String(), text) {
			t.Errorf("the collector was not told %s: %s", text, &sent)
		}
	}
	if strings.Contains(sent.String(), "Credential=") {
		t.Error("the collector was told a signature")
	}
}
