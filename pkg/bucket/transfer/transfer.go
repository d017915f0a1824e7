// Package transfer copies all that one store of buckets holds to another one:
// buckets, every version of every key from the oldest on, delete markers, and what
// goes with them.
//
// It keeps no journal. How far it has come is told by the target itself: the versions
// that a key has there must be the first ones of those that it has in the source, and
// the copy goes on with the next. So a copy can be interrupted at any moment, in any
// way, and be gone on with. Where they are not the first ones, somebody else has used
// the target: then nothing is changed.
//
// The source is only read, and nobody may change it meanwhile. Memory does not grow
// with what is copied. What versions are called is up to the target, which gives them
// ids of its own, and the times when they were put are those of the copy. Uploads in
// parts that are not finished are not copied, but counted.
package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"signer/pkg/bucket"
)

// Config says what is copied where.
type Config struct {
	From, To bucket.Store // in From, what came in one piece has its MD5 for entity tag

	// Damaged is told of each version in the source that is not as it was written. It
	// is not copied, and no later one of its key, so that the copy can be gone on with
	// when it has been restored or deleted.
	Damaged func(Version, error)
	// Progress is told how far it is. It is called often, by one goroutine at a time, and
	// must not wait; nil: nobody is.
	Progress func(Phase, Progress)
	// Moved is told, at the end, of each version that is called something else in the
	// target, by one goroutine at a time; nil: nobody is.
	Moved func(ctx context.Context, v Version, id string) error

	// OneRegion says that the target reaches buckets of one region only: they are made
	// there, whatever theirs was.
	OneRegion bool

	AtOnce int // how many keys are copied at once; 0: 8
	Page   int // how many versions of a key are held in memory at most; 0: bucket.MaxKeys
}

// Phase is what Run is doing.
type Phase string

// The phases. In the first the total is not known, and grows.
const (
	Looking   Phase = "look"
	Copying   Phase = "copy"
	Comparing Phase = "compare"
)

// Progress is how much is done of a phase. What was in the target before counts as
// copied.
type Progress struct{ Done, Total Tally }

// Version names a version in the source.
type Version struct{ Bucket, Key, ID string }

// String names it as people do.
func (v Version) String() string {
	return fmt.Sprintf("s3://%s/%s version %s", v.Bucket, v.Key, v.ID)
}

// Tally counts what is copied.
type Tally struct {
	Buckets  int
	Versions int // of objects
	Markers  int // that delete
	Bytes    int64
	Uploads  int // in parts that are not finished, and are not copied
	Damaged  int // versions that could not be
}

func (t *Tally) add(v bucket.Version) {
	if v.DeleteMarker {
		t.Markers++
		return
	}
	t.Versions++
	t.Bytes += v.Size
}

var (
	// ErrDiffers says that the target holds something else than was copied to it.
	ErrDiffers = errors.New("the target holds something else than the source")
	// ErrDamaged says that all was copied but what is damaged, and what comes after it.
	ErrDamaged = errors.New("what is damaged was not copied")
)

// Run copies all that is not there yet, then compares all of it, and tells what the
// source holds. First it looks whether the target is fit to be copied to, and changes
// nothing if it is not: ErrDiffers.
//
// A bucket that never kept versions stays so if it is made by this. In all others every
// version gets an id, the null version too; they are suspended at the end if they were
// and the target can do that.
func Run(ctx context.Context, c Config) (Tally, error) {
	r := newRun(c)
	plans, err := r.survey(ctx)
	if err != nil {
		return r.total, err
	}
	r.phase = Copying
	for _, p := range plans {
		if err := r.copy(ctx, p); err != nil {
			return r.total, err
		}
	}
	if r.total.Damaged > 0 {
		return r.total, ErrDamaged
	}
	r.phase, r.done = Comparing, Tally{}
	for _, p := range plans {
		if err := r.compare(ctx, p); err != nil {
			return r.total, err
		}
	}
	return r.total, nil
}

// run is a run of Run.
type run struct {
	Config

	phase       Phase
	mu          sync.Mutex
	done, total Tally
	told        map[Version]bool // of what is damaged
}

func newRun(c Config) *run {
	r := &run{Config: c, phase: Looking, told: map[Version]bool{}}
	if r.AtOnce == 0 {
		r.AtOnce = 8
	}
	if r.Page == 0 {
		r.Page = bucket.MaxKeys
	}
	if r.Damaged == nil {
		r.Damaged = func(Version, error) {}
	}
	if r.Progress == nil {
		r.Progress = func(Phase, Progress) {}
	}
	if r.Moved == nil {
		r.Moved = func(context.Context, Version, string) error { return nil }
	}
	return r
}

// damage tells of a version, once.
func (r *run) damage(v Version, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.told[v] {
		r.told[v] = true
		r.total.Damaged++
		r.Damaged(v, err)
	}
}

// did counts a version that is dealt with.
func (r *run) did(v bucket.Version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done.add(v)
	r.Progress(r.phase, Progress{r.done, r.total})
}

// plan is what is to be done about a bucket.
type plan struct {
	bucket.Bucket
	versioning bucket.Versioning // in the source
	tags       []bucket.Tag

	from, to shelf
	exists   bool // in the target
	filled   bool // it has objects there
	missing  int  // how many versions there are to copy
}

// survey looks at all buckets on both sides.
func (r *run) survey(ctx context.Context) ([]*plan, error) {
	all, err := r.From.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	var plans []*plan
	for _, b := range all {
		p, err := r.look(ctx, b)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
		r.total.Buckets++
	}
	return plans, nil
}

// look finds out what is to be done about a bucket.
func (r *run) look(ctx context.Context, b bucket.Bucket) (*plan, error) {
	p := &plan{Bucket: b}
	var err error
	if p.versioning, err = r.From.Versioning(ctx, b.Name); err != nil {
		return nil, err
	}
	if p.tags, err = tagsOf(ctx, r.From, b.Name); err != nil {
		return nil, err
	}
	p.from = shelf{r.From, b.Name, p.versioning != bucket.Unversioned, r.Page}
	if err := r.lookThere(ctx, p); err != nil {
		return nil, err
	}
	if err := r.countUploads(ctx, b.Name); err != nil {
		return nil, err
	}
	return p, r.each(ctx, p, func(ctx context.Context, t twin) error { return r.lookAt(ctx, p, t) })
}

// lookThere looks at the bucket in the target.
func (r *run) lookThere(ctx context.Context, p *plan) error {
	p.to = shelf{r.To, p.Name, p.from.keeps, r.Page}
	kept, err := r.To.Versioning(ctx, p.Name)
	if bucket.IsCode(err, bucket.NoSuchBucket) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the bucket %s in the target: %w", p.Name, err)
	}
	p.exists, p.to.keeps = true, kept != bucket.Unversioned
	first, _, err := shelf{r.To, p.Name, p.to.keeps, 1}.page(ctx, "", mark{})
	p.filled = len(first) > 0
	return err
}

// lookAt holds what a key has in the target against what it has in the source, and
// counts what is missing.
func (r *run) lookAt(ctx context.Context, p *plan, t twin) error {
	if v := t.src.newest[0]; t.src.unplaced() {
		r.damage(t.src.version(v), r.why(ctx, t, v))
		return nil
	}
	have, err := r.begun(ctx, t)
	if err != nil {
		return err
	}
	rest := t.src.oldest(have)
	for damaged := false; ; {
		v, ok, err := rest.next(ctx)
		if err != nil || !ok {
			return err
		}
		if isDamaged(v) {
			damaged = true
			r.damage(t.src.version(v), r.why(ctx, t, v))
		}
		if !damaged {
			r.mu.Lock()
			p.missing++
			r.total.add(v)
			r.Progress(r.phase, Progress{r.done, r.total})
			r.mu.Unlock()
		}
	}
}

// begun checks that the versions in the target are the first ones of the source, and
// returns how many they are.
func (r *run) begun(ctx context.Context, t twin) (int, error) {
	if t.dst == nil {
		return 0, nil
	}
	ours, theirs := t.src.oldest(0), t.dst.oldest(0)
	for range t.dst.n {
		theirs, _, err := theirs.next(ctx)
		if err != nil {
			return 0, err
		}
		mine, ok, err := ours.next(ctx)
		if err == nil && !ok {
			err = t.differs(fmt.Sprintf("it has %d versions there, and %d here", t.dst.n, t.src.n))
		}
		if err == nil {
			err = r.same(ctx, t, mine, theirs)
		}
		if err != nil {
			return 0, err
		}
		r.mu.Lock()
		r.total.add(mine)
		r.mu.Unlock()
		r.did(mine)
	}
	return t.dst.n, nil
}

// why is what is wrong with a damaged version.
func (r *run) why(ctx context.Context, t twin, v bucket.Version) error {
	_, err := r.From.Head(ctx, t.src.name, t.src.key, t.src.id(v))
	return cmp.Or(err, bucket.ErrDamaged)
}

// countUploads counts uploads that are not finished.
func (r *run) countUploads(ctx context.Context, name string) error {
	var opts bucket.UploadListOptions
	for {
		page, err := r.From.ListUploads(ctx, name, opts)
		if err != nil {
			return err
		}
		r.total.Uploads += len(page.Uploads)
		if !page.Truncated {
			return nil
		}
		opts.KeyMarker, opts.UploadMarker = page.NextKeyMarker, page.NextUploadMarker
	}
}

// compare compares all of a bucket, and tells what versions are called now.
func (r *run) compare(ctx context.Context, p *plan) error {
	if err := r.compareTags(ctx, p); err != nil {
		return err
	}
	p.filled = true
	return r.each(ctx, p, r.compareKey)
}

// compareKey compares all versions of a key.
func (r *run) compareKey(ctx context.Context, t twin) error {
	if t.dst == nil {
		return t.differs("it is missing there")
	}
	if t.src.n != t.dst.n {
		return t.differs(fmt.Sprintf("it has %d versions there, and %d here", t.dst.n, t.src.n))
	}
	ours, theirs := t.src.oldest(0), t.dst.oldest(0)
	for {
		mine, more, err := ours.next(ctx)
		if err != nil || !more {
			return err
		}
		other, _, err := theirs.next(ctx)
		if err == nil {
			err = r.same(ctx, t, mine, other)
		}
		if err == nil && mine.VersionID != other.VersionID {
			err = r.moved(ctx, t.src.version(mine), other.VersionID)
		}
		if err != nil {
			return err
		}
		r.did(mine)
	}
}

func (r *run) moved(ctx context.Context, v Version, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Moved(ctx, v, id)
}
