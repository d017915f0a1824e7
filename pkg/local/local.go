// Package local is AWS Signer on this machine: an engine with the methods of the
// SDK's client, to be used in its place.
//
// It answers as the service does, down to the codes and texts of its errors,
// which are the SDK's own types. Where AWS keeps silent about what it does, the
// source says so, and docs/differences.md lists it.
//
// The engine decides; others do. Profiles and jobs are remembered by package
// records, objects lie in a package bucket, package sign writes signatures, and
// keys come from whoever keeps them. It knows nothing of command lines, HTTP or
// environments.
//
// A job is signed by the process that starts it: before StartSigningJob returns,
// or in the background. If that process dies, the job is finished by the next one
// that meets it: see work.go and background.go.
package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/records"
	"signer/pkg/sign"
)

// Config is what an Engine is made of. It opens nothing until it needs it.
type Config struct {
	Account   string // of the caller, 12 digits
	Region    string
	Principal string // the caller's ARN; "" is the root of the account

	Records func(context.Context) (*records.Store, error) // opens the records; the Engine closes them
	Objects Objects
	Keys    Keys

	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // nil: crypto/rand.Reader

	// Progress is told how much of the work of one signature is done; nil: nobody
	// is. It is called often, never by two goroutines at once for one job, and
	// must not wait.
	Progress func(done, total int64)

	Events Events      // are told of every change of a job's status; nil: nobody is
	Warn   func(error) // is told what kept a job from being worked on, ever less often of one job; nil: nobody is
	// Went is told each time how that went which is done again and again: telling
	// Events, and what Work does beside jobs; nil: Warn is told what went wrong.
	Went func(what string, err error)

	// Background is how many jobs may wait for Work, which signs them in the place
	// of those that start them; 0: who starts a job signs it.
	Background int
	// Lease is for how long a worker may be silent before its jobs are others';
	// 0: half a minute. On one machine those of the dead are at once.
	Lease time.Duration
	Ended func(Ending) // is told of each job that is signed here and has ended, by many at once; nil: nobody is
}

// Objects are the buckets that jobs read from and write to. A [bucket.Store] has
// these methods, and they promise what they promise there.
type Objects interface {
	HeadBucket(ctx context.Context, bucket string) (bucket.Bucket, error)
	Head(ctx context.Context, bucket, key, version string) (bucket.Info, error)
	Get(ctx context.Context, bucket, key, version string) (*bucket.Object, error)
	Put(ctx context.Context, bucket, key string, body io.Reader, opts bucket.PutOptions) (bucket.Stored, error)
}

// Keys are those who sign.
type Keys interface {
	// Service returns the service's own identity in a region. Its certificates are
	// good at the time given, when the signature was asked for; where there can be
	// none such it is refused with a smithy.APIError.
	Service(ctx context.Context, region string, at time.Time) (sign.Identity, error)
	// Certificate returns the identity that a user imported under an ARN. Where
	// there is none it is refused with a smithy.APIError.
	Certificate(ctx context.Context, arn string) (sign.Identity, error)
}

// Engine is AWS Signer for one caller. Its methods may be called concurrently,
// and by any number of processes over the same records and objects.
type Engine struct {
	*house
	caller    records.Partition
	principal string
}

// house is what the engines of all callers share.
type house struct {
	open     func(context.Context) (*records.Store, error)
	objects  Objects
	keys     Keys
	now      func() time.Time
	random   io.Reader
	progress func(done, total int64)
	events   Events
	warn     func(error)
	went     func(what string, err error)
	ended    func(Ending)
	waiting  *backlog // of jobs for Work; nil: who starts a job signs it
	lease    time.Duration
	dropped  sync.Map // jobs given up here, by id, of which the records do not know it

	mu    sync.Mutex
	store *records.Store // nil until it is needed
}

// Open returns an Engine. The caller closes it.
func Open(c Config) (*Engine, error) {
	e := &Engine{house: &house{
		open:     c.Records,
		objects:  c.Objects,
		keys:     c.Keys,
		now:      c.Now,
		random:   &serial{r: c.Rand},
		progress: c.Progress,
		events:   c.Events,
		warn:     c.Warn,
		went:     c.Went,
		ended:    c.Ended,
		waiting:  newBacklog(c.Background),
		lease:    cmp.Or(c.Lease, usualLease),
	}}
	if c.Now == nil {
		e.now = time.Now
	}
	if c.Rand == nil {
		e.random = rand.Reader
	}
	if c.Progress == nil {
		e.progress = func(int64, int64) {}
	}
	if c.Warn == nil {
		e.warn = func(error) {}
	}
	if c.Went == nil {
		e.went = func(_ string, err error) {
			if err != nil {
				e.warn(err)
			}
		}
	}
	if c.Ended == nil {
		e.ended = func(Ending) {}
	}
	return e.For(c.Account, c.Region, c.Principal)
}

// For returns the Engine of another caller, which shares all that this one has open
// and is not closed on its own. The account has 12 digits; a principal of "" is
// its root.
func (e *Engine) For(account, region, principal string) (*Engine, error) {
	switch {
	case !accountID(account):
		return nil, fmt.Errorf("the account %q is not a number of 12 digits", account)
	case region == "":
		return nil, errors.New("a region is needed")
	case principal == "":
		principal = "arn:" + api.Partition(region) + ":iam::" + account + ":root"
	}
	return &Engine{house: e.house, caller: records.Partition{Account: account, Region: region}, principal: principal}, nil
}

// Close gives back what the Engine opened. No method may be running or called
// any more, of those for other callers neither.
func (e *Engine) Close() error {
	if e.store == nil {
		return nil
	}
	return e.store.Close()
}

// memory opens the records when it is first needed. If that fails, the next call
// tries again.
func (e *Engine) memory(ctx context.Context) (*records.Store, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.store != nil {
		return e.store, nil
	}
	store, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	e.store = store
	e.tell(ctx, store) // what one that died has not told
	return store, nil
}

// clock is the time as jobs and profiles keep it: signatures tell milliseconds.
func (e *Engine) clock() time.Time {
	return e.now().UTC().Truncate(time.Millisecond)
}

// serial lets goroutines share a source of chance.
type serial struct {
	mu sync.Mutex
	r  io.Reader
}

func (s *serial) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(p)
}
