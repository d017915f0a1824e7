// Package metrics counts what happens, and tells it in the text format of
// Prometheus (version 0.0.4 of
// https://prometheus.io/docs/instrumenting/exposition_formats/).
//
// It has what a server of a dozen metrics needs: counters, gauges that are read when
// somebody asks, and histograms of fixed bounds. Their label values must come from
// small sets: a series is kept for ever. Everything may be used concurrently.
package metrics

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Registry holds metrics, and tells them in the order in which they were made.
// The zero Registry is empty.
type Registry struct {
	mu  sync.Mutex
	all []*family
}

// family is a metric with all its series.
type family struct {
	name, help, kind string
	labels           []string
	write            func(*writer)
}

func (r *Registry) add(f *family) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, f)
}

// Write writes all metrics.
func (r *Registry) Write(to io.Writer) error {
	r.mu.Lock()
	all := slices.Clone(r.all)
	r.mu.Unlock()
	w := &writer{Writer: bufio.NewWriter(to)}
	for _, f := range all {
		w.family = f
		w.text("# HELP ", f.name, " ", escape(f.help, false), "\n# TYPE ", f.name, " ", f.kind, "\n")
		f.write(w)
	}
	return w.Flush()
}

// ServeHTTP answers with all metrics.
func (r *Registry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	r.Write(w) // nobody is left to be told that this fails
}

// writer writes the lines of a family.
type writer struct {
	*bufio.Writer
	family *family
}

func (w *writer) text(parts ...string) {
	for _, p := range parts {
		w.WriteString(p) // the error stays, and Flush returns it
	}
}

// sample writes one line. The suffix is put behind the family's name; le is a
// label of its own if it is not empty.
func (w *writer) sample(suffix string, values []string, le string, v float64) {
	w.text(w.family.name, suffix)
	sep := "{"
	for i, value := range values {
		w.text(sep, w.family.labels[i], `="`, escape(value, true), `"`)
		sep = ","
	}
	if le != "" {
		w.text(sep, `le="`, le, `"`)
		sep = ","
	}
	if sep == "," {
		w.text("}")
	}
	w.text(" ", number(v), "\n")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// escape writes a text so that it stays on its line and, as a label's value,
// within its quotes.
func escape(text string, quoted bool) string {
	if quoted {
		return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(text)
	}
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(text)
}

// Gauge adds a metric whose value is asked for when the metrics are read. Of a
// kind that only grows, such as the processor's seconds, say so with Total.
func (r *Registry) Gauge(name, help string, value func() float64) {
	r.add(&family{name: name, help: help, kind: "gauge", write: func(w *writer) { w.sample("", nil, "", value()) }})
}

// Total adds a metric that only grows and is counted elsewhere.
func (r *Registry) Total(name, help string, value func() float64) {
	r.add(&family{name: name, help: help, kind: "counter", write: func(w *writer) { w.sample("", nil, "", value()) }})
}

// Info adds a metric that is always 1 and tells something by its labels, given as
// name, value, name, value.
func (r *Registry) Info(name, help string, labels ...string) {
	f := &family{name: name, help: help, kind: "gauge"}
	var values []string
	for pair := range slices.Chunk(labels, 2) {
		f.labels, values = append(f.labels, pair[0]), append(values, pair[1])
	}
	f.write = func(w *writer) { w.sample("", values, "", 1) }
	r.add(f)
}
