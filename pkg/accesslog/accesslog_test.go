package accesslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/accesslog"
)

func TestLine(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "id-1")
		io.Copy(io.Discard, r.Body)
		e := accesslog.Of(r.Context())
		e.Service, e.Operation, e.KeyID, e.Account, e.Principal = "signer", "SignPayload", "AKIA1", "111122223333", "arn:me"
		if r.Method == "POST" {
			e.Error = "ValidationException"
			w.WriteHeader(http.StatusBadRequest)
		}
		http.NewResponseController(w).Flush()
		io.WriteString(w, "twelve bytes")
	}
	r := httptest.NewRequest("POST", "/tags/arn%3Aaws?X-Amz-Signature=feedbeef&x=secret", strings.NewReader("body"))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=secret")
	r.Header.Set("User-Agent", strings.Repeat("é", 200))
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	line, entry := serve(t, answer, r)
	want := map[string]any{
		"level": "INFO", "msg": "request", "requestId": "id-1", "service": "signer", "operation": "SignPayload", "method": "POST", "path": "/tags/arn%3Aaws",
		"status": 400.0, "error": "ValidationException", "account": "111122223333", "principal": "arn:me", "accessKeyId": "AKIA1", "remote": "192.0.2.1:1234",
		"userAgent": strings.Repeat("é", 128), "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "parentId": "00f067aa0ba902b7", "bytesIn": 4.0, "bytesOut": 12.0, "ms": 250.0,
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Error(diff)
	}
	if entry.Took != 250*time.Millisecond || entry.Status != 400 {
		t.Errorf("got %+v", entry)
	}
	if _, entry := serve(t, answer, httptest.NewRequest("GET", "/"+strings.Repeat("x", 9999), nil)); len(entry.Path) != 2048 {
		t.Errorf("a path of %d bytes is logged", len(entry.Path))
	}
	if line, _ := serve(t, answer, httptest.NewRequest("GET", "/", nil)); line["status"] != 200.0 || line["error"] != nil {
		t.Errorf("got %v", line)
	}
}

// An answer without a word is a success, and one of the server's faults an error, but
// not of a client that has gone or that wants what there is not.
func TestStatus(t *testing.T) {
	failing := func(w http.ResponseWriter, r *http.Request) {
		accesslog.Of(r.Context()).Error = "InternalServiceErrorException"
		w.WriteHeader(503)
	}
	here := context.Background()
	gone, leave := context.WithCancel(here)
	leave()
	for want, tc := range map[string]struct {
		client context.Context
		answer http.HandlerFunc
	}{
		"INFO 200 ": {here, func(http.ResponseWriter, *http.Request) {}},
		"ERROR 503 InternalServiceErrorException": {here, failing},
		"INFO 499 ": {gone, failing},
		"INFO 501 ": {here, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(501) }},
	} {
		line, entry := serve(t, tc.answer, httptest.NewRequest("GET", "/", nil).WithContext(tc.client))
		if got := fmt.Sprint(line["level"], " ", line["status"], " ", entry.Error); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// serve answers one request, which takes a quarter of a second.
func serve(t *testing.T, answer http.HandlerFunc, r *http.Request) (line map[string]any, entry *accesslog.Entry) {
	t.Helper()
	var out bytes.Buffer
	now := time.Unix(1700000000, 0)
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	accesslog.Handler(answer, accesslog.Config{
		Log:  log,
		Now:  func() time.Time { now = now.Add(250 * time.Millisecond); return now },
		Done: func(e *accesslog.Entry) { entry = e },
	}).ServeHTTP(httptest.NewRecorder(), r)
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	return line, entry
}

func TestNobodyKeepsEntries(t *testing.T) {
	accesslog.Of(context.Background()).Operation = "lost"
	if e := accesslog.Of(context.Background()); e.Operation != "" {
		t.Errorf("got %+v", e)
	}
}

func TestParseTrace(t *testing.T) {
	const id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for header, want := range map[string]bool{
		"00-" + id + "-" + parent + "-01":                      true,
		"01-" + id + "-" + parent + "-01-more":                 true,
		"00-" + id + "-" + parent + "-01-more":                 false,
		"ff-" + id + "-" + parent + "-01":                      false,
		"00-" + strings.Repeat("0", 32) + "-" + parent + "-01": false,
		"00-" + id + "-" + strings.Repeat("0", 16) + "-01":     false,
		"00-" + strings.ToUpper(id) + "-" + parent + "-01":     false,
		"00-" + id + "-" + parent:                              false,
		"00-" + id + "\n-" + parent + "-01":                    false,
		"":                                                     false,
	} {
		if got, ok := accesslog.ParseTrace(header); ok != want || ok && got != (accesslog.Trace{ID: id, Parent: parent}) {
			t.Errorf("%q: got %v, %v", header, got, ok)
		}
	}
}
