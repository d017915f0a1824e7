package metrics_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/metrics"
)

func example() *metrics.Registry {
	r := new(metrics.Registry)
	c := r.Counter("requests_total", "What was asked,\nby \\whom.", "operation", "status")
	c.Add(1, "Sign", "2xx")
	c.Add(2, `say "a\b`+"\n", "4xx")
	c.Add(1, "Sign", "2xx")
	h := r.Histogram("seconds", "How long.", []float64{0.0078125, 0.1, 1}, "operation")
	for _, v := range []float64{0.00390625, 0.0078125, 0.0625, 1, 3} {
		h.Observe(v, "Sign")
	}
	r.Gauge("waiting", "How many wait.", func() float64 { return 7 })
	r.Total("grown_total", "How much it grew.", func() float64 { return 1e9 + 0.5 })
	r.Info("build_info", "What it is.", "version", "1.2", "commit", "abc")
	r.Counter("never_total", "Nothing yet.", "a")
	r.Counter("plain_total", "No labels.").Add(3)
	return r
}

func text(r *metrics.Registry) string {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, nil)
	return w.Body.String()
}

func TestText(t *testing.T) {
	want := `# HELP requests_total What was asked,\nby \\whom.
# TYPE requests_total counter
requests_total{operation="Sign",status="2xx"} 2
requests_total{operation="say \"a\\b\n",status="4xx"} 2
# HELP seconds How long.
# TYPE seconds histogram
seconds_bucket{operation="Sign",le="0.0078125"} 2
seconds_bucket{operation="Sign",le="0.1"} 3
seconds_bucket{operation="Sign",le="1"} 4
seconds_bucket{operation="Sign",le="+Inf"} 5
seconds_sum{operation="Sign"} 4.07421875
seconds_count{operation="Sign"} 5
# HELP waiting How many wait.
# TYPE waiting gauge
waiting 7
# HELP grown_total How much it grew.
# TYPE grown_total counter
grown_total 1.0000000005e+09
# HELP build_info What it is.
# TYPE build_info gauge
build_info{version="1.2",commit="abc"} 1
# HELP never_total Nothing yet.
# TYPE never_total counter
# HELP plain_total No labels.
# TYPE plain_total counter
plain_total 3
`
	if diff := cmp.Diff(want, text(example())); diff != "" {
		t.Error(diff)
	}
}

// Prometheus's own client for Python reads it.
func TestPythonReadsIt(t *testing.T) {
	if exec.Command("python3", "-c", "import prometheus_client").Run() != nil {
		t.Skip("python3 has no prometheus_client")
	}
	c := exec.Command("python3", "-c", `
import sys
from prometheus_client.parser import text_string_to_metric_families
print(sum(len(f.samples) for f in text_string_to_metric_families(sys.stdin.read())))`)
	c.Stdin, c.Stderr = strings.NewReader(text(example())), os.Stderr
	out, err := c.Output()
	if err != nil || string(out) != "12\n" {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestManyAtOnce(t *testing.T) {
	r := new(metrics.Registry)
	c, h := r.Counter("c", "C.", "l"), r.Histogram("h", "H.", []float64{1}, "l")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				c.Add(1, "x")
				h.Observe(1, "x")
				text(r)
			}
		})
	}
	wg.Wait()
	if got := text(r); !strings.Contains(got, `c{l="x"} 800`) || !strings.Contains(got, `h_sum{l="x"} 800`) {
		t.Error(got)
	}
}

func TestProcess(t *testing.T) {
	r := new(metrics.Registry)
	r.Process(time.Unix(1700000000, 0))
	got := text(r)
	if !strings.Contains(got, "process_start_time_seconds 1.7e+09\n") || strings.Contains(got, "bytes 0\n") || strings.Contains(got, "go_goroutines 0\n") {
		t.Error(got)
	}
}
