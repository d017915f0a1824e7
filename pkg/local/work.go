package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go"

	"signer/pkg/bucket"
	"signer/pkg/records"
	"signer/pkg/sign"
)

// How a job is worked off, so that it is done once whatever happens:
//
//  1. The record says InProgress, and who works on it, before anything is done.
//  2. The signed object is written under a key of the job's own, and only if
//     there is nothing there yet. Buckets show objects whole or not at all.
//  3. The record says how it ended, once, and only if the worker still has it.
//
// A worker that dies leaves a job that says InProgress and names a dead worker, or
// one whose claim lapses. Whoever meets it takes it over, which one of all can do,
// and begins again at 2. If the object is there already, only 3 was missing. All that
// is in a signature comes from the record, so that it does not matter who made it.

// The statuses of a job that has ended.
const (
	succeeded = "Succeeded"
	failed    = "Failed"
)

// attempts is how many workers may die of one job.
const attempts = 8

// piece is a piece of work: what a platform's sign needs.
type piece struct {
	job      records.Job
	began    time.Time
	platform *platform
	source   sign.Source
	location sign.Location
	identity sign.Identity
	claims   sign.Claims
	random   io.Reader
	close    func() error
}

// prepare gathers what a job needs. If a service refuses a part of it the error
// is what StartSigningJob answers. The caller closes the piece.
func (e *Engine) prepare(ctx context.Context, job records.Job) (*piece, error) {
	began := e.clock()
	platform, err := platformOf(job.Platform)
	if err != nil {
		return nil, err
	}
	id, err := e.identity(ctx, platform, job)
	if err != nil {
		return nil, err
	}
	source, err := e.source(context.WithValue(ctx, forProfile{}, job.Profile), job.Source)
	if err != nil {
		return nil, err
	}
	if err := e.reach(ctx, job.Destination.Bucket); err != nil {
		source.Close()
		return nil, err
	}
	return &piece{
		job:      job,
		began:    began,
		platform: platform,
		source:   &watched{source: source, size: source.Size, total: platform.work * source.Size, tell: e.progress},
		location: sign.Location{Bucket: job.Source.Bucket, Key: job.Source.Key, Version: job.Source.Version},
		identity: id,
		claims:   claims(job),
		random:   e.random,
		close:    source.Close,
	}, nil
}

// forProfile is the key of a context under which the profile of a job is.
type forProfile struct{}

// ProfileOf is the name of the profile whose job a source is opened for, in the
// context that Objects are given for that; "" in any other.
func ProfileOf(ctx context.Context) string {
	name, _ := ctx.Value(forProfile{}).(string)
	return name
}

// claims are what the signature of a job says of it.
func claims(job records.Job) sign.Claims {
	return sign.Claims{
		Job:            jobARN(job.Partition, job.ID),
		ProfileVersion: profileVersionARN(job.Partition, job.Profile, job.ProfileVersion),
		SignedAt:       job.CreatedAt,
		ExpiresAt:      expiry(job.CreatedAt, job.Validity),
	}
}

func (e *Engine) identity(ctx context.Context, p *platform, job records.Job) (sign.Identity, error) {
	if p.imported {
		return e.certificate(ctx, job.Certificate)
	}
	return e.keys.Service(ctx, job.Region, job.CreatedAt)
}

// source opens an object. The service does not tell what it is that is missing.
func (e *Engine) source(ctx context.Context, o records.Object) (*bucket.Object, error) {
	object, err := e.objects.Get(ctx, o.Bucket, o.Key, o.Version)
	err = unlessStranger(err)
	switch refusal := ofService(err); {
	case refusal == nil:
		return object, err
	case refusal.ErrorCode() == bucket.InvalidRequest: // which AWS does not know: the store lacks something
		return nil, denied("S3 object %s not accessible. Please check your permissions (%s)", o.Key, refusal.ErrorMessage())
	}
	return nil, denied("S3 object %s not accessible. Please check your permissions", o.Key)
}

// reach finds out whether a bucket can be written to.
func (e *Engine) reach(ctx context.Context, name string) error {
	_, err := e.objects.HeadBucket(ctx, name)
	err = unlessStranger(err)
	if err != nil && ofService(err) != nil {
		return denied("%s", noBucket(name))
	}
	return err
}

// watched tells how much of a source has been read.
type watched struct {
	source io.ReaderAt
	size   int64
	total  int64 // to be read
	tell   func(done, total int64)

	mu   sync.Mutex
	done int64
}

func (w *watched) Size() int64 { return w.size }

func (w *watched) ReadAt(p []byte, at int64) (int, error) {
	n, err := w.source.ReadAt(p, at)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = min(w.done+int64(n), w.total)
	w.tell(w.done, w.total)
	return n, err
}

// finish signs a piece and records how that ended. A source that cannot be
// signed makes a job that failed, which is no error.
func (e *Engine) finish(ctx context.Context, p *piece) error {
	stored, err := e.deliver(ctx, p)
	if err != nil && ctx.Err() != nil {
		if errors.Is(context.Cause(ctx), errLost) {
			return nil // another worker sees to it
		}
		return e.giveBack(ctx, p.job, 0, context.Cause(ctx))
	}
	var refusal *sign.Refusal
	switch {
	case err == nil:
		return e.settle(ctx, p.job, p.began, p.success(stored))
	case errors.As(err, &refusal):
		return e.settle(ctx, p.job, p.began, records.Result{Status: failed, Reason: refusal.Reason})
	}
	if e.later(p.job, err) {
		return e.postpone(ctx, p.job, err)
	}
	return errors.Join(err, e.settle(ctx, p.job, p.began, records.Result{Status: failed, Reason: wentWrong(err)}))
}

func wentWrong(err error) string { return "Signing failed: " + err.Error() }

// patience is for how long what goes wrong with a job is tried again: as long as an
// object store may be away before somebody has seen to it.
const patience = time.Hour

// later tells whether what went wrong with a job may go better another time: nobody
// waits for it, nobody has refused anything, nothing is broken for good, and it is not
// too old.
func (e *Engine) later(job records.Job, err error) bool {
	passes := ofService(err) == nil && !errors.Is(err, bucket.ErrDamaged)
	return e.waiting != nil && passes && e.clock().Sub(job.CreatedAt) < patience
}

// postpone leaves a job to whoever meets it after a while. That somebody is alive to do
// so shows that the job does not kill its workers: no attempt so far counts any more.
func (e *Engine) postpone(ctx context.Context, job records.Job, why error) error {
	if job.Begun > 0 {
		job.Begun = 0
		_ = e.recordBegun(context.WithoutCancel(ctx), job) // else they count
	}
	return e.giveBack(ctx, job, pause(job), why)
}

// tries is how often work on a job has begun, as far as that is known: of the first
// attempt it is not recorded, and held to be so.
func tries(job records.Job) int64 { return max(job.Begun, 1) }

// pause is how long a job waits after an attempt: a second first, and about a minute in
// the end.
func pause(job records.Job) time.Duration { return time.Second << min(max(job.Attempt-1, 0), 6) }

func (p *piece) success(version string) records.Result {
	r := records.Result{
		Status: succeeded,
		Reason: "Signing Succeeded",
		Signed: records.Object{Bucket: p.job.Destination.Bucket, Key: p.key(), Version: version},
	}
	if p.platform.lasting {
		r.ExpiresAt = p.claims.ExpiresAt
	}
	return r
}

func (p *piece) key() string { return signedKey(p.job) }

// signedKey is where the signed object goes. Only a zip archive keeps its extension,
// and a file has the path that was asked for.
func signedKey(job records.Job) string {
	if job.Destination.Bucket == FileBucket {
		return job.Destination.Prefix
	}
	key := job.Destination.Prefix + job.ID
	if job.Platform == lambda && strings.HasSuffix(job.Source.Key, ".zip") {
		key += ".zip"
	}
	return key
}

// settle records the end of a job that was taken up at a time, even if ctx has ended
// by now. If the job has ended or has another worker, theirs is the truth.
func (e *Engine) settle(ctx context.Context, job records.Job, began time.Time, r records.Result) error {
	store, err := e.memory(ctx)
	if err != nil {
		return err
	}
	r.CompletedAt = e.clock()
	err = e.end(context.WithoutCancel(ctx), store, job, r)
	switch {
	case err == nil:
		e.ended(Ending{job.ID, job.Partition, job.Profile, job.Platform, r.Status, r.Reason, r.CompletedAt.Sub(job.CreatedAt), r.CompletedAt.Sub(began)})
		return nil
	case errors.Is(err, records.ErrChanged):
		return nil
	}
	e.drop(job)
	return err
}

// drop remembers a job that is ours in the records, though nobody works on it.
func (e *Engine) drop(job records.Job) {
	job.Until = time.Time{} // which may have been renewed
	e.dropped.Store(job.ID, job)
}

// giveBack leaves a job to whoever meets it next, or after a while, even if ctx has
// ended. It returns why.
func (e *Engine) giveBack(ctx context.Context, job records.Job, after time.Duration, why error) error {
	store, err := e.memory(ctx)
	if err == nil {
		err = store.ReturnJob(context.WithoutCancel(ctx), job.ID, job.Claim, after)
	}
	if err != nil && !errors.Is(err, records.ErrChanged) {
		e.drop(job)
	}
	return why
}

// deliver makes sure that the signed object is there, and returns its version.
func (e *Engine) deliver(ctx context.Context, p *piece) (version string, err error) {
	if p.job.Attempt > 1 {
		if version, err := e.delivered(ctx, p); err == nil {
			return version, nil
		}
	}
	if err := sign.CheckSize(p.source.Size(), p.platform.maxSize); err != nil {
		return "", err
	}
	for tries := 1; ; tries++ {
		stored, err := e.write(ctx, p)
		switch {
		case bucket.IsCode(err, bucket.PreconditionFailed):
			return e.delivered(ctx, p)
		case !bucket.IsCode(err, writtenAtOnce):
			return stored.VersionID, err
		case tries == mostTries:
			return "", fmt.Errorf("%s is being written by somebody else, again and again: %v", p.key(), err) // nobody refuses it for good
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Duration(tries) * 100 * time.Millisecond):
		}
	}
}

// writtenAtOnce is what S3 says to one of two who write a key at the same time: the other
// may be a worker that had the job before. It is not known then whether he succeeds
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
const (
	writtenAtOnce = "ConditionalRequestConflict"
	mostTries     = 6
)

// unwritable is why a job has failed whose destination lets itself be looked at, and
// refuses to be written to.
func unwritable(name string, by smithy.APIError) error {
	return &sign.Refusal{Reason: fmt.Sprintf("%s (%s: %s)", noBucket(name), by.ErrorCode(), by.ErrorMessage())}
}

func noBucket(name string) string {
	return "S3 bucket " + name + " not accessible. Please check your permissions"
}

func (e *Engine) delivered(ctx context.Context, p *piece) (version string, err error) {
	info, err := e.objects.Head(ctx, p.job.Destination.Bucket, p.key(), "")
	return info.VersionID, err
}

// write signs into the bucket, without holding the object in memory.
func (e *Engine) write(ctx context.Context, p *piece) (bucket.Stored, error) {
	from, to := io.Pipe()
	signed := make(chan error, 1)
	go func() {
		err := p.platform.sign(ctx, to, p)
		to.CloseWithError(err)
		signed <- err
	}()
	stored, err := e.objects.Put(ctx, p.job.Destination.Bucket, p.key(), from,
		bucket.PutOptions{ContentType: "application/octet-stream", IfNoneMatch: "*"})
	err = unlessStranger(err)
	from.CloseWithError(errUnread)
	if cause := <-signed; cause != nil && !errors.Is(cause, errUnread) {
		return bucket.Stored{}, cause
	}
	if refusal := ofService(err); refusal != nil && !slices.Contains([]string{bucket.PreconditionFailed, writtenAtOnce}, refusal.ErrorCode()) {
		return bucket.Stored{}, unwritable(p.job.Destination.Bucket, refusal)
	}
	return stored, err
}

// errUnread is what signing ends with when the bucket wants no more.
var errUnread = errors.New("the bucket has stopped reading")
