package cmd

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"signer/pkg/accesslog"
	"signer/pkg/doctor"
	"signer/pkg/local"
	"signer/pkg/metrics"
	"signer/pkg/traces"
)

// numbers are what a server counts. docs/operations.md says what they mean.
type numbers struct {
	metrics.Registry
	requests       *metrics.Counter
	errors         *metrics.Counter
	requestSeconds *metrics.Histogram
	jobs           *metrics.Counter
	jobSeconds     *metrics.Histogram
	signSeconds    *metrics.Histogram
	atOnce         atomic.Int64
}

func newNumbers(started time.Time) *numbers {
	n := &numbers{}
	n.Info("signer_build_info", "The version of the program.", "version", version)
	n.requests = n.Counter("signer_requests_total", "Requests that were answered.", "service", "operation", "status")
	n.errors = n.Counter("signer_request_errors_total", "Requests that were answered with an error, by its class.", "service", "error")
	n.requestSeconds = n.Histogram("signer_request_seconds", "How long it took to answer requests.",
		[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "service", "operation")
	n.Gauge("signer_requests_running", "Requests that are being answered.", func() float64 { return float64(n.atOnce.Load()) })
	n.jobs = n.Counter("signer_jobs_ended_total", "Jobs that have ended here, by their status.", "status")
	n.jobSeconds = n.Histogram("signer_job_seconds", "How long jobs took that have ended here, from their start.",
		[]float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}, "status")
	n.signSeconds = n.Histogram("signer_signing_seconds", "How long of that somebody worked on them.",
		[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}, "platform")
	n.Process(started)
	return n
}

// watch adds the numbers of what the server has open.
func (n *numbers) watch(d *daemon) {
	n.Gauge("signer_workers", "How many jobs can be signed at once.", func() float64 { return float64(*d.workers) })
	n.Gauge("signer_jobs_waiting", "Jobs that wait here to be signed.", func() float64 { waiting, _ := d.engine.Load(); return float64(waiting) })
	n.Gauge("signer_jobs_working", "Jobs that are being signed here.", func() float64 { _, working := d.engine.Load(); return float64(working) })
	n.Gauge("signer_jobs_in_progress", "Jobs of the records that have not ended, whoever works on them; NaN if they cannot be read.", d.unfinished)
	n.Gauge("signer_records_busy_connections", "Connections to the records that are in use.", func() float64 { return float64(d.records.Load().Busy) })
	n.Gauge("signer_records_waiting_writers", "Changes that wait to be written to the records.", func() float64 { return float64(d.records.Load().Writers) })
	n.Total("signer_records_wait_seconds_total", "How long requests and jobs have waited for connections to the records.", func() float64 { return d.records.Load().Waited.Seconds() })
	n.Gauge("signer_records_oldest_write_seconds", "For how long a change has been waiting to be made durable.", func() float64 { return d.records.Load().Oldest.Seconds() })
	n.Gauge("signer_outages", "How many of the things that the server does again and again go wrong at present; the log says which.", func() float64 { return float64(d.outages.Open()) })
	n.Gauge("signer_records_bytes", "The size of the records' files; NaN if they are elsewhere.", d.recordsSize)
	n.Gauge("signer_home_free_bytes", "Room that is left on the disk of the home; NaN if that cannot be told.", func() float64 {
		free, ok := doctor.Room(d.at.home)
		if !ok {
			return math.NaN()
		}
		return float64(free)
	})
}

// unfinished counts the jobs that have not ended.
func (d *daemon) unfinished() float64 {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	n, err := d.records.Unfinished(ctx)
	d.outages.Went("count jobs", err)
	if err != nil {
		return math.NaN()
	}
	return float64(n)
}

// recordsSize is the size of the records' file, and of what is to be written to it.
func (d *daemon) recordsSize() float64 {
	file := recordsFile(d.at.home)
	main, err := d.env.Stat(file)
	if err != nil {
		return math.NaN()
	}
	size := main.Size()
	if log, err := d.env.Stat(file + "-wal"); err == nil {
		size += log.Size()
	}
	return float64(size)
}

func (n *numbers) requestEnded(e *accesslog.Entry) {
	n.requests.Add(1, e.Service, e.Operation, strconv.Itoa(e.Status/100)+"xx")
	n.requestSeconds.Observe(e.Took.Seconds(), e.Service, e.Operation)
	if e.Error != "" {
		n.errors.Add(1, e.Service, e.Error)
	}
}

// jobEnded counts a job that has ended, and tells of it.
func (d *daemon) jobEnded(e local.Ending) {
	d.numbers.jobs.Add(1, e.Status)
	d.numbers.jobSeconds.Observe(e.Took.Seconds(), e.Status)
	d.numbers.signSeconds.Observe(e.Signing.Seconds(), e.Platform)
	d.traces.Job(traces.Job{ID: e.Job, Account: e.Account, Region: e.Region, Profile: e.Profile, Platform: e.Platform, Status: e.Status, Reason: e.Reason, Took: e.Took, Signing: e.Signing})
	d.log.Info("job", "jobId", e.Job, "account", e.Account, "region", e.Region, "profile", e.Profile, "platform", e.Platform, "status", e.Status,
		"reason", e.Reason, "ms", e.Took.Milliseconds(), "signingMs", e.Signing.Milliseconds())
}

// running counts the requests that next answers.
func (n *numbers) running(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.atOnce.Add(1)
		defer n.atOnce.Add(-1)
		next.ServeHTTP(w, r)
	})
}
