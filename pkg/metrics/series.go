package metrics

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// series keeps a T for each combination of label values.
type series[T any] struct {
	labels []string

	mu  sync.Mutex
	all map[string]*T // by the values, joined
}

// at calls f with the T of some label values, alone.
func (s *series[T]) at(values []string, f func(*T)) {
	if len(values) != len(s.labels) {
		panic(fmt.Sprintf("%d label values for %d labels", len(values), len(s.labels))) // a mistake of the program, on its first use
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.Join(values, separator)
	t := s.all[key]
	if t == nil {
		if s.all == nil {
			s.all = map[string]*T{}
		}
		t = new(T)
		s.all[key] = t
	}
	f(t)
}

// separator is in no UTF-8 text.
const separator = "\xff"

// each calls f with every T, in the order of the label values.
func (s *series[T]) each(f func(values []string, t *T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.SortedFunc(maps.Keys(s.all), cmp.Compare[string]) {
		var values []string
		if len(s.labels) > 0 {
			values = strings.Split(key, separator)
		}
		f(values, s.all[key])
	}
}

// Counter counts.
type Counter struct{ series series[float64] }

// Counter adds a counter with labels.
func (r *Registry) Counter(name, help string, labels ...string) *Counter {
	c := &Counter{series[float64]{labels: labels}}
	r.add(&family{name: name, help: help, kind: "counter", labels: labels, write: func(w *writer) {
		c.series.each(func(values []string, n *float64) { w.sample("", values, "", *n) })
	}})
	return c
}

// Add counts n more for the values of the counter's labels.
func (c *Counter) Add(n float64, values ...string) {
	c.series.at(values, func(sum *float64) { *sum += n })
}

// Histogram counts how often values lie within bounds.
type Histogram struct {
	bounds []float64 // in rising order
	series series[distribution]
}

type distribution struct {
	counts []uint64 // one for each bound, and one for what lies above
	sum    float64
}

// Histogram adds a histogram with labels. The bounds are in rising order.
func (r *Registry) Histogram(name, help string, bounds []float64, labels ...string) *Histogram {
	h := &Histogram{bounds, series[distribution]{labels: labels}}
	r.add(&family{name: name, help: help, kind: "histogram", labels: labels, write: h.write})
	return h
}

// Observe counts a value for the values of the histogram's labels.
func (h *Histogram) Observe(v float64, values ...string) {
	h.series.at(values, func(d *distribution) {
		if d.counts == nil {
			d.counts = make([]uint64, len(h.bounds)+1)
		}
		i, _ := slices.BinarySearch(h.bounds, v) // the first bound that is not below v
		d.counts[i]++
		d.sum += v
	})
}

func (h *Histogram) write(w *writer) {
	h.series.each(func(values []string, d *distribution) {
		var n uint64
		for i, bound := range h.bounds {
			n += d.counts[i]
			w.sample("_bucket", values, number(bound), float64(n))
		}
		n += d.counts[len(h.bounds)]
		w.sample("_bucket", values, "+Inf", float64(n))
		w.sample("_sum", values, "", d.sum)
		w.sample("_count", values, "", float64(n))
	})
}
