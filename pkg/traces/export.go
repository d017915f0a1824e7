package traces

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"signer/pkg/outage"
)

// exporter sends spans by OTLP/HTTP.
type exporter struct {
	endpoint *url.URL
	headers  http.Header
	client   *http.Client
	gzip     bool
	outages  *outage.Log
}

var _ sdk.SpanExporter = (*exporter)(nil)

// shown is the endpoint without what is nobody's business.
func (e *exporter) shown() string { return e.endpoint.Redacted() }

// Spans that a collector has no time for are sent so often, and every time after twice
// the wait of the time before.
const (
	tries     = 4
	firstWait = 500 * time.Millisecond
)

// ExportSpans sends spans. Trouble with that is told to the log: it is nobody else's, and
// what the spans were is lost.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	body, err := json.Marshal(requestFrom(spans))
	if err == nil && e.gzip {
		body, err = compressed(body)
	}
	if err == nil {
		err = e.deliver(ctx, body)
	}
	if err != nil {
		err = fmt.Errorf("spans are lost: %w", err)
	}
	e.outages.Went("traces", err)
	return nil
}

// deliver sends spans until a collector takes them, or it is of no use.
func (e *exporter) deliver(ctx context.Context, body []byte) error {
	wait := firstWait
	for n := 1; ; n++ {
		again, err := e.send(ctx, body)
		if err == nil || again < 0 || n == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(max(again, wait)):
			wait *= 2
		}
	}
}

// send sends spans once. If it fails it tells when to try again; less than 0: never.
func (e *exporter) send(ctx context.Context, body []byte) (again time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	r.Header = e.headers.Clone()
	r.Header.Set("Content-Type", "application/json")
	if e.gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	answer, err := e.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	switch answer.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return 0, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return time.Duration(min(seconds, 30)) * time.Second, fmt.Errorf("the collector answers %s", answer.Status)
	}
	return -1, fmt.Errorf("the collector answers %s", answer.Status)
}

// Shutdown ends the exporter.
func (e *exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

func compressed(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(body)
	if err == nil {
		err = z.Close()
	}
	return b.Bytes(), err
}

// What follows is OTLP's JSON (https://opentelemetry.io/docs/specs/otlp/): that of
// protobuf, but for ids, which are in hexadecimal. Numbers of 64 bits are texts.
type (
	exportRequest struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   attributed   `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
		SchemaURL  string       `json:"schemaUrl,omitempty"`
	}
	attributed struct {
		Attributes []keyValue `json:"attributes,omitempty"`
	}
	scopeSpans struct {
		Scope scopeOf  `json:"scope"`
		Spans []spanOf `json:"spans"`
	}
	scopeOf struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	spanOf struct {
		TraceID    string     `json:"traceId"`
		SpanID     string     `json:"spanId"`
		State      string     `json:"traceState,omitempty"`
		Parent     string     `json:"parentSpanId,omitempty"`
		Flags      uint32     `json:"flags"`
		Name       string     `json:"name"`
		Kind       int        `json:"kind"`
		Start      string     `json:"startTimeUnixNano"`
		End        string     `json:"endTimeUnixNano"`
		Attributes []keyValue `json:"attributes,omitempty"`
		Status     statusOf   `json:"status"`
	}
	statusOf struct {
		Message string `json:"message,omitempty"`
		Code    int    `json:"code,omitempty"`
	}
	keyValue struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
)

// requestFrom puts spans into a request. They are all of one resource and scope.
func requestFrom(spans []sdk.ReadOnlySpan) exportRequest {
	if len(spans) == 0 {
		return exportRequest{}
	}
	about, by := spans[0].Resource(), spans[0].InstrumentationScope()
	all := scopeSpans{Scope: scopeOf{by.Name, by.Version}}
	for _, s := range spans {
		all.Spans = append(all.Spans, spanFrom(s))
	}
	return exportRequest{[]resourceSpans{{attributed{keyValues(about.Attributes())}, []scopeSpans{all}, about.SchemaURL()}}}
}

func spanFrom(s sdk.ReadOnlySpan) spanOf {
	at, status := s.SpanContext(), s.Status()
	span := spanOf{
		TraceID: at.TraceID().String(), SpanID: at.SpanID().String(), State: at.TraceState().String(), Name: s.Name(), Kind: int(s.SpanKind()),
		Start: strconv.FormatInt(s.StartTime().UnixNano(), 10), End: strconv.FormatInt(s.EndTime().UnixNano(), 10), Attributes: keyValues(s.Attributes()),
		// That it is known whether the parent is remote, and whether it is, are bits of their own.
		Flags: uint32(at.TraceFlags()) | 0x100,
	}
	if s.Parent().SpanID().IsValid() {
		span.Parent = s.Parent().SpanID().String()
	}
	if s.Parent().IsRemote() {
		span.Flags |= 0x200
	}
	if status.Code != 0 {
		span.Status = statusOf{status.Description, 3 - int(status.Code)} // Error and Ok are 1 and 2 there, 2 and 1 here
	}
	return span
}

func keyValues(all []attribute.KeyValue) []keyValue {
	var list []keyValue
	for _, a := range all {
		value := map[string]any{}
		switch a.Value.Type() {
		case attribute.BOOL:
			value["boolValue"] = a.Value.AsBool()
		case attribute.INT64:
			value["intValue"] = strconv.FormatInt(a.Value.AsInt64(), 10)
		case attribute.FLOAT64:
			value["doubleValue"] = a.Value.AsFloat64()
		default:
			value["stringValue"] = a.Value.String()
		}
		list = append(list, keyValue{string(a.Key), value})
	}
	return list
}
