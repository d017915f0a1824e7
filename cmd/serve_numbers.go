package cmd

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"signer/pkg/accesslog"
	"signer/pkg/local"
	"signer/pkg/metrics"
)

// numbers are what a server counts. docs/deploy says what they mean.
type numbers struct {
	metrics.Registry
	requests       *metrics.Counter
	errors         *metrics.Counter
	requestSeconds *metrics.Histogram
	jobs           *metrics.Counter
	jobSeconds     *metrics.Histogram
	atOnce         atomic.Int64
}

func newNumbers(started time.Time) *numbers {
	n := &numbers{}
	n.Info("signer_build_info", "The version of the program.", "version", version)
	n.requests = n.Counter("signer_requests_total", "Requests that were answered.", "service", "operation", "status")
	n.errors = n.Counter("signer_request_errors_total", "Requests that were answered with an error, by its class.", "service", "error")
	n.requestSeconds = n.Histogram("signer_request_seconds", "How long it took to answer requests.",
		[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "service")
	n.Gauge("signer_requests_running", "Requests that are being answered.", func() float64 { return float64(n.atOnce.Load()) })
	n.jobs = n.Counter("signer_jobs_ended_total", "Jobs that have ended here, by their status.", "status")
	n.jobSeconds = n.Histogram("signer_job_seconds", "How long jobs took that have ended here, from their start.",
		[]float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}, "status")
	n.Process(started)
	return n
}

// watch adds the numbers of jobs that have not ended.
func (n *numbers) watch(e *local.Engine) {
	n.Gauge("signer_jobs_waiting", "Jobs that wait to be signed.", func() float64 { waiting, _ := e.Load(); return float64(waiting) })
	n.Gauge("signer_jobs_working", "Jobs that are being signed.", func() float64 { _, working := e.Load(); return float64(working) })
}

func (n *numbers) requestEnded(e *accesslog.Entry) {
	n.requests.Add(1, e.Service, e.Operation, strconv.Itoa(e.Status/100)+"xx")
	n.requestSeconds.Observe(e.Took.Seconds(), e.Service)
	if e.Error != "" {
		n.errors.Add(1, e.Service, e.Error)
	}
}

func (n *numbers) jobEnded(e local.Ending) {
	n.jobs.Add(1, e.Status)
	n.jobSeconds.Observe(e.Took.Seconds(), e.Status)
}

// running counts the requests that next answers.
func (n *numbers) running(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.atOnce.Add(1)
		defer n.atOnce.Add(-1)
		next.ServeHTTP(w, r)
	})
}
