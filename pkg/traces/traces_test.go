package traces_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/accesslog"
	"signer/pkg/traces"
)

// span is what a collector takes out of a request.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind, Flags                         int
	StartTimeUnixNano, EndTimeUnixNano  string
	Attributes                          []attribute
	Status                              struct{ Code int }
	resource                            map[string]string
}

type attribute struct {
	Key   string
	Value map[string]any
}

// collector stands in for OpenTelemetry's.
type collector struct {
	*httptest.Server
	mu       sync.Mutex
	spans    []span
	headers  []http.Header
	refusals int // that it answers before it takes anything
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.take(t, w, r) }))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(t *testing.T, w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = append(c.headers, r.Header)
	if c.refusals > 0 {
		c.refusals--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.Method != "POST" || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %s %s", r.Method, r.URL, r.Header)
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(body)
	}
	var in struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []attribute }
			ScopeSpans []struct{ Spans []span }
		}
	}
	if err := json.NewDecoder(body).Decode(&in); err != nil {
		t.Error(err)
	}
	for _, of := range in.ResourceSpans {
		for _, by := range of.ScopeSpans {
			for _, s := range by.Spans {
				s.resource = texts(of.Resource.Attributes)
				c.spans = append(c.spans, s)
			}
		}
	}
	io.WriteString(w, "{}")
}

// texts are attributes by name.
func texts(all []attribute) map[string]string {
	m := map[string]string{}
	for _, a := range all {
		for kind, v := range a.Value {
			text, _ := v.(string)
			m[a.Key] = strings.TrimPrefix(kind+":", "stringValue:") + text
		}
	}
	return m
}

// open opens a tracer in an environment.
func open(t *testing.T, log io.Writer, env map[string]string) *traces.Tracer {
	t.Helper()
	tracer, err := try(t, log, env)
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func try(t *testing.T, log io.Writer, env map[string]string) (*traces.Tracer, error) {
	for name, value := range env {
		t.Setenv(name, value)
	}
	return traces.Open(t.Context(), traces.Config{LookupEnv: os.LookupEnv, Version: "1.2", Log: slog.New(slog.NewJSONHandler(log, nil))})
}

// serve answers a request, with a line in the log.
func serve(tracer *traces.Tracer, log io.Writer, r *http.Request, status int) {
	h := tracer.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "id-1")
		e := accesslog.Of(r.Context())
		e.Service, e.Operation, e.Account = "signer", "SignPayload", "111122223333"
		if status >= 400 {
			e.Error = "SomeException"
		}
		w.WriteHeader(status)
	}))
	accesslog.Handler(h, accesslog.Config{Log: slog.New(slog.NewJSONHandler(log, nil))}).ServeHTTP(httptest.NewRecorder(), r)
}

const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

func TestSpans(t *testing.T) {
	c := newCollector(t)
	var log bytes.Buffer
	tracer := open(t, &log, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL + "/", "OTEL_SERVICE_NAME": "ours", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test,service.name=not this",
		"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20secret, x-tenant=a", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
	})
	r := httptest.NewRequest("POST", "/signing-jobs?X-Amz-Signature=secret", nil)
	r.Header.Set("Traceparent", "00-"+trace+"-"+parent+"-01")
	r.Header.Set("Authorization", "secret")
	serve(tracer, &log, r, 200)
	serve(tracer, &log, httptest.NewRequest("GET", "/", nil), 500)
	tracer.Job(traces.Job{ID: "job-1", Status: "Failed", Reason: "no archive", Took: time.Second, Signing: time.Millisecond})
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.spans) != 4 {
		t.Fatalf("got %+v", c.spans)
	}
	first, second, work, job := c.spans[0], c.spans[1], c.spans[2], c.spans[3]
	want := map[string]string{"http.request.method": "POST", "url.path": "/signing-jobs", "http.response.status_code": "intValue:200", "rpc.service": "signer", "rpc.method": "SignPayload",
		"aws.request_id": "id-1", "cloud.account.id": "111122223333", "client.address": "192.0.2.1"}
	if diff := cmp.Diff(want, texts(first.Attributes)); diff != "" {
		t.Error(diff)
	}
	if first.TraceID != trace || first.ParentSpanID != parent || first.Name != "signer/SignPayload" || first.Kind != 2 || first.Flags != 0x301 || first.Status.Code != 0 {
		t.Errorf("got %+v", first)
	}
	if second.TraceID == trace || second.ParentSpanID != "" || second.Status.Code != 2 || second.Flags != 0x101 {
		t.Errorf("got %+v", second)
	}
	if work.Name != "sign" || work.ParentSpanID != job.SpanID || work.TraceID != job.TraceID || job.Name != "job" || job.Status.Code != 2 || job.StartTimeUnixNano >= work.StartTimeUnixNano || job.EndTimeUnixNano != work.EndTimeUnixNano {
		t.Errorf("got %+v, %+v", work, job)
	}
	if got := first.resource; got["service.name"] != "ours" || got["service.version"] != "1.2" || got["deployment.environment"] != "test" || got["telemetry.sdk.language"] != "go" {
		t.Errorf("got %v", got)
	}
	if h := c.headers[0]; h.Get("Authorization") != "Bearer secret" || h.Get("X-Tenant") != "a" || h.Get("Content-Encoding") != "gzip" {
		t.Errorf("got %v", h)
	}
	for _, text := range []string{`"traceId":"` + trace + `","parentId":"` + parent + `","spanId":"` + first.SpanID, `"traceId":"` + second.TraceID + `","spanId":"` + second.SpanID} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("the log has no %s: %s", text, &log)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log tells secrets: %s", &log)
	}
}

// Who was asked not to trace does not, but passes on what it was told.
func TestSampling(t *testing.T) {
	c := newCollector(t)
	var log bytes.Buffer
	tracer := open(t, &log, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": c.URL + "/v1/traces", "OTEL_TRACES_SAMPLER": "parentbased_always_off"})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Traceparent", "00-"+trace+"-"+parent+"-00")
	serve(tracer, &log, r, 200)
	serve(tracer, &log, httptest.NewRequest("GET", "/", nil), 200)
	tracer.Close(t.Context())
	if len(c.spans) != 0 || !strings.Contains(log.String(), `"traceId":"`+trace) {
		t.Errorf("got %+v\n%s", c.spans, &log)
	}
}

func TestBusyCollector(t *testing.T) {
	c := newCollector(t)
	c.refusals = 1
	var log bytes.Buffer
	tracer := open(t, &log, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL})
	tracer.Job(traces.Job{ID: "1"})
	tracer.Close(t.Context())
	if len(c.spans) != 2 || len(c.headers) != 2 {
		t.Errorf("got %+v after %d requests", c.spans, len(c.headers))
	}
}

// A collector that is not there costs spans, and a line in the log.
func TestNoCollector(t *testing.T) {
	c := newCollector(t)
	c.Server.Close()
	var log bytes.Buffer
	tracer := open(t, &log, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": strings.Replace(c.URL, "//", "//user:secret@", 1), "OTEL_BSP_EXPORT_TIMEOUT": "50"})
	tracer.Job(traces.Job{ID: "1"})
	tracer.Close(t.Context())
	if got := log.String(); !strings.Contains(got, `spans are lost: `) || strings.Contains(got, "secret") {
		t.Errorf("the log says %s", got)
	}
}

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		on   bool
		says string // the error
	}{
		"nothing":     {nil, false, ""},
		"empty":       {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, false, ""},
		"exporter":    {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true, ""},
		"none":        {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, false, ""},
		"disabled":    {map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, false, ""},
		"protobuf":    {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, true, ""},
		"grpc":        {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, "4318"},
		"zipkin":      {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, `"zipkin"`},
		"no URL":      {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "user:secret@localhost:4318"}, false, "is not a URL"},
		"headers":     {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_HEADERS": "secret"}, false, "OTEL_EXPORTER_OTLP_HEADERS"},
		"timeout":     {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s"}, false, "OTEL_EXPORTER_OTLP_TIMEOUT"},
		"certificate": {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem"}, false, "SSL_CERT_FILE"},
		"compression": {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}, false, "zstd"},
	} {
		t.Run(name, func(t *testing.T) {
			tracer, err := try(t, io.Discard, c.env)
			if (tracer != nil) != c.on || (err != nil) != (c.says != "") {
				t.Fatalf("got %v, %v", tracer, err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("got %v", err)
			}
			if err := tracer.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Without traces nothing is in the way.
func TestNoTracer(t *testing.T) {
	var tracer *traces.Tracer
	tracer.Job(traces.Job{})
	var log bytes.Buffer
	serve(tracer, &log, httptest.NewRequest("GET", "/", nil), 200)
	if strings.Contains(log.String(), "traceId") {
		t.Errorf("the log says %s", &log)
	}
}
