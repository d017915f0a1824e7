// Package traces tells an OpenTelemetry collector what a server does: a span for each
// request, in the trace that its header traceparent names, and one for each job.
//
// It is set by OpenTelemetry's own environment variables, of which the exporter's are
// read here (https://opentelemetry.io/docs/specs/otel/protocol/exporter/) and those of
// samplers, resources, limits and batches by OpenTelemetry's SDK. Spans travel by
// OTLP/HTTP in JSON, which collectors take on the port on which they take protobuf. The
// SDK's own exporter is not used: with it, every command would take longer to start,
// traced or not.
//
// Of requests, spans hold what the access log holds, and no secret.
package traces

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"signer/pkg/accesslog"
)

// Config is what a Tracer is made of.
type Config struct {
	LookupEnv func(string) (string, bool)
	Version   string           // of the program
	Log       *slog.Logger     // is told of trouble with the collector; nil: nobody is
	Now       func() time.Time // nil: time.Now
}

// Tracer makes spans and sends them. A nil Tracer makes none. Its methods may be called
// concurrently.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	now      func() time.Time
}

// Open returns a Tracer, which is nil if the environment asks for no traces. An error is
// a variable with a value that cannot be heeded. The caller closes the Tracer.
func Open(ctx context.Context, c Config) (*Tracer, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	e, err := newExporter(c)
	if err != nil || e == nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { c.Log.Warn("traces", "error", err) }))
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", scope), attribute.String("service.version", c.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // the last says the last word
	if err != nil && !errors.Is(err, resource.ErrSchemaURLConflict) {
		return nil, err
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(e), sdk.WithResource(about))
	c.Log.Info("traces", "endpoint", e.shown())
	return &Tracer{p, p.Tracer(scope, trace.WithInstrumentationVersion(c.Version)), c.Now}, nil
}

// scope is whose spans these are.
const scope = "signer"

// Close sends what has not been sent yet, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Handler makes a span of each request that next answers, and has the access log name
// it. It belongs between [accesslog.Handler] and those who know the operation.
func (t *Tracer) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		entry := accesslog.Of(ctx)
		entry.Follow(span.SpanContext().TraceID().String(), span.SpanContext().SpanID().String())
		defer func() {
			describe(span, entry, w.Header().Get("X-Amzn-Requestid"))
			span.End()
		}()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// describe tells of a request, in the words of OpenTelemetry's conventions.
func describe(span trace.Span, e *accesslog.Entry, id string) {
	status := e.Status
	if status == 0 {
		status = http.StatusOK // which is what an answer without a word says
	}
	if e.Operation != "" {
		span.SetName(e.Service + "/" + e.Operation)
	}
	span.SetAttributes(attribute.String("http.request.method", e.Method), attribute.String("url.path", e.Path), attribute.Int("http.response.status_code", status))
	for _, a := range []attribute.KeyValue{
		attribute.String("rpc.service", e.Service), attribute.String("rpc.method", e.Operation), attribute.String("error.type", e.Error),
		attribute.String("aws.request_id", id), attribute.String("cloud.account.id", e.Account), attribute.String("enduser.id", e.Principal),
		attribute.String("client.address", host(e.Remote)), attribute.String("user_agent.original", e.Agent),
	} {
		if a.Value.AsString() != "" {
			span.SetAttributes(a)
		}
	}
	if status >= 500 {
		span.SetStatus(codes.Error, e.Error)
	}
}

// host is an address without its port.
func host(remote string) string {
	if name, _, err := net.SplitHostPort(remote); err == nil {
		return name
	}
	return remote
}

// Job is a job that has ended just now.
type Job struct {
	ID, Account, Region, Profile, Platform, Status, Reason string
	Took, Signing                                          time.Duration // since it was started, and since it was taken up
}

// Job makes spans of a job: one since it was started, and below it one since somebody
// works on it. Which request has started it is not known any more, and may have been
// another server's.
func (t *Tracer) Job(j Job) {
	if t == nil {
		return
	}
	end := t.now()
	about := trace.WithAttributes(attribute.String("signer.job.id", j.ID), attribute.String("cloud.account.id", j.Account), attribute.String("cloud.region", j.Region),
		attribute.String("signer.profile", j.Profile), attribute.String("signer.platform", j.Platform), attribute.String("signer.job.status", j.Status))
	ctx, whole := t.tracer.Start(context.Background(), "job", trace.WithTimestamp(end.Add(-j.Took)), about)
	_, work := t.tracer.Start(ctx, "sign", trace.WithTimestamp(end.Add(-j.Signing)), about)
	for _, span := range []trace.Span{work, whole} {
		if j.Status == "Failed" {
			span.SetStatus(codes.Error, j.Reason)
		}
		span.End(trace.WithTimestamp(end))
	}
}
