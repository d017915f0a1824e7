package cmd

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"signer/pkg/console"
	"signer/pkg/listen"
)

// serveAdmin answers those who watch over the server, until the listener is closed.
func (d *daemon) serveAdmin(ctx context.Context, l net.Listener) {
	d.log.Info("admin", "url", "http://"+l.Addr().String())
	err := listen.Serve(context.WithoutCancel(ctx), l, listen.Config{Handler: d.adminHandler(l.Addr()), Log: d.log, Limits: listen.Limits{Requests: 16, Connections: 64}})
	if !d.stopping.Load() {
		d.log.Error("admin", "error", err)
	}
}

// adminHandler answers at an address. What programs ask for they may ask for by any
// name, unless the address is for this machine alone; what browsers show not.
func (d *daemon) adminHandler(at net.Addr) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	m.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if d.ready(r.Context()) != nil {
			http.Error(w, "not ready: see the log", http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "ok\n")
	})
	m.Handle("GET /metrics", &d.numbers.Registry)
	m.Handle("/", console.Hosts(d.adminHosts, d.console()))
	if loopback(at) {
		return console.Hosts(d.adminHosts, m)
	}
	return m
}

// watchWrites has the log say when changes of the records hang, which is not an error and
// may last: for longer than claims on jobs may go without being renewed.
func (d *daemon) watchWrites(ctx context.Context) {
	long := time.Duration(*d.lease) * time.Second / 3
	tick := time.NewTicker(long / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.outages.Went("write the records", d.hanging(ctx, long))
		}
	}
}

func (d *daemon) hanging(ctx context.Context, long time.Duration) error {
	ctx, stop := context.WithTimeout(ctx, readyPatience)
	defer stop()
	return d.records.Hanging(ctx, long)
}

// loopback tells whether only this machine reaches an address.
func loopback(at net.Addr) bool {
	tcp, ok := at.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// closeTraces sends the last spans, if a collector takes them soon.
func (d *daemon) closeTraces() {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	if err := d.traces.Close(ctx); err != nil {
		d.log.Warn("traces", "error", err)
	}
}

// probe asks the server whose admin address this is whether it is ready. Where it listens
// on all addresses, it is asked on the loopback.
func (o *serveOptions) probe(ctx context.Context) error {
	host, port, err := net.SplitHostPort(o.adminAddr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := new(http.Transport).RoundTrip(r) // through no proxy
	if err != nil {
		return fmt.Errorf("the server cannot be asked at %s, where --admin-addr says: %w", r.URL, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: it answers %s", answer.Status)
	}
	return nil
}
