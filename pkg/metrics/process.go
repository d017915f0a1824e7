package metrics

import (
	"runtime"
	rt "runtime/metrics"
	"time"
)

// Process adds what is worth knowing of the process: its beginning, its memory, its
// goroutines.
func (r *Registry) Process(started time.Time) {
	r.Gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", func() float64 {
		return float64(started.UnixMilli()) / 1000
	})
	r.Gauge("go_goroutines", "How many goroutines there are.", func() float64 { return float64(runtime.NumGoroutine()) })
	for _, m := range []struct{ name, help, from string }{
		{"go_heap_objects_bytes", "Memory that objects take, in bytes.", "/memory/classes/heap/objects:bytes"},
		{"go_memory_bytes", "Memory that the runtime has from the system, in bytes.", "/memory/classes/total:bytes"},
	} {
		r.Gauge(m.name, m.help, func() float64 { return read(m.from) })
	}
	r.Total("go_gc_cycles_total", "How often garbage was collected.", func() float64 { return read("/gc/cycles/total:gc-cycles") })
}

// read reads a number of the runtime's own.
func read(name string) float64 {
	s := []rt.Sample{{Name: name}}
	rt.Read(s)
	if s[0].Value.Kind() != rt.KindUint64 {
		return 0
	}
	return float64(s[0].Value.Uint64())
}
