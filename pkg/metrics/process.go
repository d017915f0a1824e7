package metrics

import (
	"runtime"
	"time"
)

// Process adds what is worth knowing of the process: its beginning, its memory, its
// goroutines.
func (r *Registry) Process(started time.Time) {
	r.Gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", func() float64 {
		return float64(started.UnixMilli()) / 1000
	})
	r.Gauge("go_goroutines", "How many goroutines there are.", func() float64 { return float64(runtime.NumGoroutine()) })
	r.Gauge("go_heap_objects_bytes", "Memory that objects take, in bytes.", func() float64 { return float64(memory().HeapAlloc) })
	r.Gauge("go_memory_bytes", "Memory that the runtime has from the system, in bytes.", func() float64 { return float64(memory().Sys) })
	r.Total("go_gc_cycles_total", "How often garbage was collected.", func() float64 { return float64(memory().NumGC) })
}

// memory stops the program for some microseconds. Package runtime/metrics does not, and
// takes its time when any program that has it starts.
func memory() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}
