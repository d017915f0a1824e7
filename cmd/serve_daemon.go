package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"signer/pkg/accesslog"
	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/faults"
	"signer/pkg/keys"
	"signer/pkg/local"
	"signer/pkg/outage"
	"signer/pkg/records"
	"signer/pkg/remote"
	"signer/pkg/s3server"
	"signer/pkg/server"
	"signer/pkg/sigv4"
	"signer/pkg/traces"
)

// daemon is what serve has open.
type daemon struct {
	serveOptions
	env     *Env
	at      place
	log     *slog.Logger
	outages *outage.Log // of what is done again and again
	records *records.Store
	keys    *keys.Store
	buckets bucket.Store
	engine  *local.Engine // the house's own; callers get one each
	plan    *faults.Plan
	counts  *faults.Counts
	numbers *numbers
	started time.Time
	traces  *traces.Tracer
	shared  sharing // as people may see it

	stopping atomic.Bool
	outdated atomic.Bool // it has been said that the passphrase is another by now
}

func (s *session) openDaemon(ctx context.Context, log *slog.Logger, o serveOptions) (*daemon, error) {
	at, err := s.place()
	if err != nil {
		return nil, err
	}
	c, objects, err := s.localConfig(ctx, at)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeySettings(); err != nil {
		return nil, err
	}
	d := &daemon{serveOptions: o, env: s.env, at: at, log: log, outages: &outage.Log{To: log}, numbers: newNumbers(s.env.Now()), started: s.env.Now(),
		buckets: objects, plan: s.faults, counts: faultCounts(at.home)}
	if d.keys, err = s.keysAt(at.home); err != nil {
		return nil, err
	}
	if d.shared, err = s.sharedPlaces(at.home); err != nil {
		return nil, err
	}
	if d.traces, err = traces.Open(ctx, traces.Config{LookupEnv: s.env.LookupEnv, Version: version, Log: log, Now: s.env.Now}); err != nil {
		return nil, &configError{"Configuration", err.Error() + "."}
	}
	s.warnOfFaults()
	if d.records, err = c.Records(ctx); err != nil {
		return nil, err
	}
	d.tellReadOnly(ctx)
	if err := d.checkKeys(ctx, s.database.store != nil); err != nil {
		return nil, errors.Join(err, d.records.Close())
	}
	if err := d.checkObjects(ctx); err != nil {
		return nil, errors.Join(err, d.records.Close())
	}
	c.Records = func(context.Context) (*records.Store, error) { return d.records.Share(), nil }
	c.Background, c.Ended, c.Lease = *o.queue, d.jobEnded, time.Duration(*o.lease)*time.Second
	c.Warn, c.Went = func(err error) { log.Warn("work", "error", err) }, d.outages.Went
	if d.engine, err = local.Open(c); err != nil {
		return nil, errors.Join(err, d.records.Close())
	}
	d.numbers.watch(d)
	return d, nil
}

// tellReadOnly says when the records can only be read, as those of a standby. What reads
// is served all the same.
func (d *daemon) tellReadOnly(ctx context.Context) {
	if err := d.records.Ready(ctx); errors.Is(err, records.ErrReadOnly) {
		d.outages.Went("not ready", err)
	}
}

// checkKeySettings judges what the environment says of keys, although there may be none
// yet: a server is not to find that out with its first job.
func (s *session) checkKeySettings() error {
	if _, err := s.passphrase(); err != nil {
		return err
	}
	_, err := s.elsewhere() // which opens nothing
	return err
}

// checkKeys tells whether the secrets of access keys can be opened, if there are any: a
// server that was not given the passphrase, or not the keys, would have to refuse every
// caller. Keys that are shared it says to be readable, if they are.
func (d *daemon) checkKeys(ctx context.Context, shared bool) error {
	_, err := d.keys.Unseal(ctx, "", "") // which nobody has sealed
	if errors.Is(err, keys.ErrLocked) || errors.Is(err, keys.ErrPassphrase) || errors.Is(err, keys.ErrNotCopied) {
		return err
	}
	if plain, err := d.keys.Plain(ctx); err == nil && plain && shared {
		d.log.Warn("keys", "found", "private keys in the database are not encrypted: whoever can read it can sign",
			"advice", "set "+passphraseFile+" for all servers, and run signer keys encrypt")
	}
	return nil
}

// checkObjects tells whether the object store can be used, if the buckets are on one. One
// that does not answer may do so yet: jobs wait for it.
func (d *daemon) checkObjects(ctx context.Context) error {
	store, ok := d.buckets.(bucket.Checker)
	if !ok {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	err := store.Check(ctx)
	var unfit *s3store.Unfit
	if errors.As(err, &unfit) {
		return fmt.Errorf("the object store cannot be used: %w", plainly{err})
	}
	if err != nil {
		d.log.Warn("object store", "error", err)
	}
	return nil
}

func (d *daemon) close() {
	if err := errors.Join(d.engine.Close(), d.records.Close()); err != nil {
		d.log.Error("close", "error", err)
	}
	d.closeTraces()
}

// handler answers requests to all services.
func (d *daemon) handler() http.Handler {
	c := server.Config{Secrets: d, EngineFor: d.engineFor, Log: d.log, Now: d.env.Now, Rand: d.env.Rand}
	buckets := s3server.New(s3server.Config{Secrets: d, StoreFor: d.bucketsFor, Domain: d.s3Domain, Log: d.log, Now: d.env.Now, Rand: d.env.Rand})
	c.Services = map[string]http.Handler{
		"acm": server.JSON(c, api.ACM(), "CertificateManager", d.callACM),
		"iam": server.Query(c, api.IAM(), "https://iam.amazonaws.com/doc/2010-05-08/", d.callIAM),
		"s3":  buckets,
		"sts": server.Query(c, api.STS(), "https://sts.amazonaws.com/doc/2011-06-15/", d.callSTS),
	}
	c.Astray = buckets
	return accesslog.Handler(d.traces.Handler(d.numbers.running(server.New(c))), accesslog.Config{Log: d.log, Now: d.env.Now, Done: d.numbers.requestEnded})
}

// Key finds the access key that a request is signed with.
func (d *daemon) Key(ctx context.Context, id string) (sigv4.Key, bool, error) {
	k, err := d.records.AccessKey(ctx, id)
	if errors.Is(err, records.ErrNotFound) {
		return sigv4.Key{}, false, nil
	}
	if err != nil {
		return sigv4.Key{}, false, err
	}
	secret, err := d.keys.Unseal(ctx, k.ID, k.Secret)
	return sigv4.Key{Secret: string(secret), Account: k.Account, Principal: k.Principal, Active: k.Status == keyActive}, err == nil, err
}

// engineFor is AWS Signer for a caller.
func (d *daemon) engineFor(_ context.Context, by server.Caller) (engine.Engine, error) {
	if err := checkCaller(by); err != nil {
		return nil, err
	}
	e, err := d.engine.For(by.Account, by.Region, by.Principal)
	if err != nil || d.plan.String() == "" {
		return e, err
	}
	return faults.New(e, d.plan, d.counts), nil
}

// bucketsFor are the buckets of a caller: those of the home, as for every account.
func (d *daemon) bucketsFor(context.Context, s3server.Caller) (bucket.Store, error) {
	return d.buckets, nil
}

// checkCaller refuses requests for regions that cannot be, and those for which nobody
// could sign: there are no capitals in their names.
func checkCaller(by server.Caller) error {
	if remote.CheckRegion(by.Region) != nil || by.Region == "" || by.Region != strings.ToLower(by.Region) {
		return &engine.APIError{Code: "InvalidSignatureException", Status: http.StatusForbidden,
			Message: "Credential should be scoped to a valid region, not '" + by.Region + "'. "}
	}
	return nil
}

// callACM is AWS Certificate Manager for a caller.
func (d *daemon) callACM(ctx context.Context, by server.Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
	if err := checkCaller(by); err != nil {
		return nil, err
	}
	c := &certificates{store: d.keys, now: d.env.Now, place: keys.Place{Partition: api.Partition(by.Region), Region: by.Region, Account: by.Account}}
	return c.call(ctx, op, params)
}

// callIAM is AWS Identity and Access Management for a caller.
func (d *daemon) callIAM(ctx context.Context, by server.Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
	a := &accessKeys{records: d.records, keys: d.keys, now: d.env.Now, rand: d.env.Rand,
		partition: api.Partition(by.Region), account: by.Account, principal: by.Principal}
	return a.call(ctx, op, params)
}

// readyPatience is how long it may take to find out whether the server is ready.
const readyPatience = 5 * time.Second

// ready tells whether the server can do its work: what keeps it from that. That somebody
// who asks has no patience is not the server's fault, and no answer.
func (d *daemon) ready(ctx context.Context) error {
	if d.stopping.Load() {
		return errors.New("the server is stopping")
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), readyPatience)
	defer stop()
	err := d.records.Ready(ctx)
	if err == nil {
		err = d.keysReady(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("it could not be found out within %v: %w", readyPatience, err)
	}
	d.outages.Went("not ready", err)
	return err
}

// keysReady tells what keeps the server from signing with the authority's keys, wherever
// they are. Where there are none yet, the first job makes them.
func (d *daemon) keysReady(ctx context.Context) error {
	if err := d.keys.Check(ctx); err != nil {
		return err
	}
	d.tellPassphrase(ctx)
	roots, err := d.keys.Trusted(ctx)
	if err != nil || len(roots) == 0 {
		return err
	}
	_, err = d.keys.Identity(ctx, d.at.region)
	return err
}

// tellPassphrase says once when the keys are encrypted with another passphrase than the
// server was given. What it has opened before it goes on to use, and can do so until a
// certificate has to be made.
func (d *daemon) tellPassphrase(ctx context.Context) {
	err := d.keys.CheckPassphrase(ctx)
	outdated := errors.Is(err, keys.ErrLocked) || errors.Is(err, keys.ErrPassphrase)
	if !d.outdated.Swap(outdated) && outdated {
		d.log.Warn("keys", "error", err, "advice", "give the server the new passphrase today: in the file that "+passphraseFile+" names, or start it again")
	}
}
