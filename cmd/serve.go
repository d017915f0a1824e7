package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"signer/pkg/listen"
)

const serveHelp = "Serve AWS Signer on this machine or your network, out of the local engine's home. SDKs, the AWS CLI and whatever else " +
	"is made for AWS Signer work against it with only an endpoint changed. The certificates of \"acm\", the access keys of \"iam\", the " +
	"buckets of \"s3\" and who one is for \"sts\" are behind the same address: a request's signature says which service it is for.\n\n" +
	"Every request must be signed with an access key that \"signer iam create-access-key\" has made, and is the account's whose key it is. " +
	"Whoever has a key of an account can do all that the account can.\n\n" +
	"Jobs are signed in the background. Those of a server that dies are taken over by the next one, or by any command on the same home. " +
	"On SIGTERM and SIGINT the server answers what it has been asked, ends the jobs that are being signed and leaves the others to whoever " +
	"comes next; asked a second time, it ends at once."

// serveOptions are the options of serve.
type serveOptions struct {
	addr, adminAddr       string
	tlsCert, tlsKey       string
	s3Domain              string
	adminHosts            []string
	probing               bool
	plaintext             bool
	workers, queue        *int
	requests, connections *int
	grace, lease          *int
	logFormat, logLevel   string
}

func newServe(s *session) *cobra.Command {
	o := serveOptions{addr: "127.0.0.1:8333"}
	c := &cobra.Command{Use: "serve", Short: "Serve AWS Signer, out of the local engine's home.", Long: serveHelp,
		RunE: func(c *cobra.Command, _ []string) error { return s.serve(c.Context(), o) }}
	f := c.Flags()
	f.SortFlags = false
	addText(f, &o.addr, "addr", "The address to listen on, as HOST:PORT. Port 0 is any that is free. It is 127.0.0.1:8333 unless you say otherwise.")
	addText(f, &o.tlsCert, "tls-cert", "A file with the server's certificate and those above it, in PEM. It is read again when it changes.")
	addText(f, &o.tlsKey, "tls-key", "A file with the certificate's private key, in PEM.")
	addSwitch(f, &o.plaintext, "insecure-plaintext", "Listen in plain text on addresses that other machines reach. Whoever is on the way can then read what is sent, though not change it.")
	addText(f, &o.s3Domain, "s3-domain", "A domain before which buckets may be named in the host, as in BUCKET.DOMAIN. Without it they are in the path.")
	addText(f, &o.adminAddr, "admin-addr", "Another address to listen on, in plain text and for everybody who gets there: pages to look at jobs and profiles with a browser, /healthz, /readyz and, for Prometheus, /metrics. Without it there are none.")
	addWords(f, &o.adminHosts, "admin-host", "Names under which browsers may ask for the pages at --admin-addr, beside localhost and addresses.")
	addSwitch(f, &o.probing, "check", "Serve nothing, and ask the server at --admin-addr whether it is ready: then the command ends with 0.")
	addInteger(f, &o.workers, "workers", "How many jobs to sign at once. It is the number of processors unless you say otherwise.")
	addInteger(f, &o.queue, "max-waiting-jobs", "How many jobs may wait to be signed (4096). When there are more, callers are asked to come again.")
	addInteger(f, &o.requests, "max-requests", "How many requests to answer at once (256). More wait for their turn.")
	addInteger(f, &o.connections, "max-connections", "How many connections to hold (1024). When more come, those go that have been silent for longest.")
	addInteger(f, &o.grace, "grace", "Seconds that requests and jobs may take to come to their end when the server stops (30).")
	addInteger(f, &o.lease, "lease", "Seconds after which the jobs of a server that hangs, or that is cut off from the records, are others' (30).")
	addText(f, &o.logFormat, "log-format", "How to write the log, which goes to standard error. It is text unless you say otherwise.", "text", "json")
	addText(f, &o.logLevel, "log-level", "What to log: info has a line for every request, error only what went wrong.", "debug", "info", "warn", "error")
	s.nodes[c] = &node{}
	return c
}

// check judges the options, and fills in what was not given.
func (o *serveOptions) check() error {
	for _, n := range []struct {
		name  string
		value **int
		usual int
	}{
		{"workers", &o.workers, runtime.GOMAXPROCS(0)}, {"max-waiting-jobs", &o.queue, 4096}, {"max-requests", &o.requests, 256},
		{"max-connections", &o.connections, 1024}, {"grace", &o.grace, 30}, {"lease", &o.lease, 30},
	} {
		if *n.value == nil {
			*n.value = &n.usual
		}
		if **n.value < 1 {
			return usageErrorf("argument --%s: %d is too few", n.name, **n.value)
		}
	}
	if o.probing && o.adminAddr == "" {
		return usageErrorf("argument --check: it goes with --admin-addr")
	}
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return usageErrorf("argument --tls-cert: it goes with --tls-key")
	}
	return nil
}

func (o *serveOptions) logger(to io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cmp.Or(o.logLevel, "info"))) // one of four that it knows
	options := &slog.HandlerOptions{Level: level}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// serve serves until it is asked to stop.
func (s *session) serve(ctx context.Context, o serveOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.probing {
		return o.probe(ctx)
	}
	if s.engineName() == "aws" {
		return errors.New("serve is for the local engine: AWS has a server of its own")
	}
	log := o.logger(s.env.Stderr)
	d, err := s.openDaemon(ctx, log, o)
	if err != nil {
		return err
	}
	defer d.close()
	public, err := o.listen(o.addr, o.tlsCert != "")
	if err != nil {
		return err
	}
	defer public.Close()
	if o.adminAddr != "" {
		admin, err := o.listen(o.adminAddr, false)
		if err != nil {
			return err
		}
		defer admin.Close()
		go d.serveAdmin(ctx, admin)
	}
	return d.serve(ctx, public)
}

// listen listens on an address, unless it would tell others what is none of their
// business.
func (o *serveOptions) listen(addr string, encrypted bool) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !encrypted && !o.plaintext && !loopback(l.Addr()) {
		l.Close()
		return nil, &configError{"Configuration", fmt.Sprintf("Other machines can reach %s, and what they send would travel in plain text: "+
			"give --tls-cert and --tls-key, or listen on 127.0.0.1, or say --insecure-plaintext.", addr)}
	}
	return l, nil
}

// serve answers requests and signs jobs until somebody asks to stop.
func (d *daemon) serve(ctx context.Context, l net.Listener) error {
	asked, done := d.env.Stops()
	defer done()
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	config, err := d.listenConfig()
	if err != nil {
		return err
	}
	stopWork := d.engine.Work(*d.workers)
	go d.watchWrites(serving)
	ended := make(chan error, 1)
	go func() { ended <- listen.Serve(serving, l, config) }()
	d.announce(l)
	select {
	case err := <-ended:
		return err
	case signal := <-asked:
		d.log.Info("stopping", "signal", signal.String())
	}
	d.stopping.Store(true)
	end()
	hurry, stop := context.WithTimeout(context.WithoutCancel(ctx), config.Grace)
	defer stop()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		if err := <-ended; err != nil {
			d.log.Warn("stopping", "error", err)
		}
		stopWork(hurry)
	}()
	return d.await(finished, asked, time.After(config.Grace+parting))
}

// parting is how long it may take, when there is no more time, to give back what has not
// come to its end. A database that hangs takes longer than anybody waits.
const parting = 5 * time.Second

// await waits for the end, or does not.
func (d *daemon) await(finished <-chan struct{}, asked <-chan os.Signal, late <-chan time.Time) error {
	select {
	case <-finished:
		waiting, _ := d.engine.Load()
		d.log.Info("stopped", "jobsLeft", waiting)
		return nil
	case <-asked:
		return errors.New("it was asked twice to stop, and did so at once")
	case <-late:
		return errors.New("what it was doing has not come to its end in time, and could not be given back: others take it over when its lease has ended")
	}
}

func (d *daemon) listenConfig() (listen.Config, error) {
	c := listen.Config{
		Handler: d.handler(), Log: d.log, Grace: time.Duration(*d.grace) * time.Second,
		Limits: listen.Limits{Requests: *d.requests, Connections: *d.connections},
	}
	if d.tlsCert == "" {
		return c, nil
	}
	var err error
	c.TLS, err = listen.Certificate(d.tlsCert, d.tlsKey, d.log)
	return c, err
}

// announce says where the server is.
func (d *daemon) announce(l net.Listener) {
	scheme := "http"
	if d.tlsCert != "" {
		scheme = "https"
	}
	about := []any{"url", scheme + "://" + l.Addr().String(), "home", d.at.home, "version", version, "workers", *d.workers}
	if d.shared.DatabaseURL != "" {
		about = append(about, "database", d.shared.DatabaseURL)
	}
	if d.shared.ObjectStore != "" {
		about = append(about, "objects", d.shared.ObjectStore)
	}
	d.log.Info("serving", about...)
}
