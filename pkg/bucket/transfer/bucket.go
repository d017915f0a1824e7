package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"signer/pkg/bucket"
)

// copy copies what is missing of a bucket.
func (r *run) copy(ctx context.Context, p *plan) error {
	if err := r.prepare(ctx, p); err != nil {
		return err
	}
	if p.missing > 0 {
		if err := r.each(ctx, p, func(ctx context.Context, t twin) error { return r.copyKey(ctx, p, t) }); err != nil {
			return err
		}
	}
	return r.finish(ctx, p)
}

// prepare makes the bucket ready in the target.
func (r *run) prepare(ctx context.Context, p *plan) error {
	if !p.exists {
		if err := r.create(ctx, p); err != nil {
			return fmt.Errorf("make the bucket %s in the target: %w", p.Name, err)
		}
	}
	if err := r.tag(ctx, p); err != nil {
		return err
	}
	kept, err := r.To.Versioning(ctx, p.Name)
	if err == nil && p.from.keeps && kept != bucket.Enabled && (p.missing > 0 || !p.exists) {
		kept, err = bucket.Enabled, r.To.PutVersioning(ctx, p.Name, bucket.Enabled)
	}
	p.to.keeps = kept != bucket.Unversioned
	return err
}

// create makes the bucket in its region, or where the target has it else.
func (r *run) create(ctx context.Context, p *plan) error {
	region := p.Region
	if r.OneRegion {
		region = ""
	}
	err := r.To.CreateBucket(ctx, p.Name, bucket.CreateOptions{Region: region, Tags: p.tags})
	if bucket.IsCode(err, "IllegalLocationConstraintException") || bucket.IsCode(err, "InvalidLocationConstraint") {
		err = r.To.CreateBucket(ctx, p.Name, bucket.CreateOptions{Tags: p.tags})
	}
	if bucket.IsCode(err, bucket.BucketAlreadyOwnedByYou) { // an attempt of which the answer was lost
		return nil
	}
	return err
}

// tag gives the bucket its tags, if it has none.
func (r *run) tag(ctx context.Context, p *plan) error {
	t, keeps := r.To.(bucket.Tagger)
	if len(p.tags) == 0 {
		return nil
	}
	if !keeps {
		return fmt.Errorf("the bucket %s has tags, and the target keeps none", p.Name)
	}
	have, err := t.BucketTags(ctx, p.Name)
	if err != nil || len(have) > 0 {
		return err
	}
	return t.PutBucketTags(ctx, p.Name, p.tags)
}

// tagsOf are the tags of a bucket, where the store keeps such.
func tagsOf(ctx context.Context, s bucket.Store, name string) ([]bucket.Tag, error) {
	if t, keeps := s.(bucket.Tagger); keeps {
		return t.BucketTags(ctx, name)
	}
	return nil, nil
}

// compareTags compares the tags of a bucket.
func (r *run) compareTags(ctx context.Context, p *plan) error {
	if len(p.tags) == 0 { // the target may have some of its own
		return nil
	}
	there, err := tagsOf(ctx, r.To, p.Name)
	if err != nil || slices.Equal(sorted(p.tags), sorted(there)) {
		return err
	}
	return fmt.Errorf("the bucket %s: %w: it has other tags there", p.Name, ErrDiffers)
}

func sorted(tags []bucket.Tag) []bucket.Tag {
	return slices.SortedFunc(slices.Values(tags), func(a, b bucket.Tag) int { return cmp.Compare(a.Key, b.Key) })
}

// finish leaves the bucket as it is in the source, where the target can do that.
func (r *run) finish(ctx context.Context, p *plan) error {
	if !p.from.keeps {
		return nil
	}
	kept, err := r.To.Versioning(ctx, p.Name)
	if err != nil || kept == p.versioning {
		return err
	}
	err = r.To.PutVersioning(ctx, p.Name, p.versioning)
	if bucket.IsCode(err, bucket.NotImplemented) {
		return nil
	}
	return err
}

// copyKey copies the versions of a key that are missing, oldest first.
func (r *run) copyKey(ctx context.Context, p *plan, t twin) error {
	if t.src.unplaced() {
		return nil
	}
	top := topOf(t.dst)
	for rest := t.src.oldest(top.n); ; {
		v, more, err := rest.next(ctx)
		if err != nil || !more || isDamaged(v) {
			return err
		}
		top, err = r.copyVersion(ctx, p, t, v, top)
		if errors.Is(err, errSpoilt) {
			return nil // which has been told
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.src.version(v), err)
		}
		r.did(v)
	}
}

// top is what a key has in the target: how many versions, and the current one.
type top struct {
	n       int
	current bucket.Info
}

func topOf(h *history) top {
	if h == nil {
		return top{}
	}
	return top{h.n, h.newest[0].Info}
}

// copyVersion copies a version on top of others, and returns what there is then. The
// client does not try again by itself to make a version, since the answer may be lost
// of what happened: here it is looked at what is there before.
func (r *run) copyVersion(ctx context.Context, p *plan, t twin, v bucket.Version, on top) (top, error) {
	for tries := 0; ; tries++ {
		now, err := r.put(ctx, p, t, v, on)
		if err == nil || tries == mostTries || !mayPass(ctx, err) {
			return now, err
		}
		if err := rest(ctx, tries); err != nil {
			return on, err
		}
		there, findErr := p.to.find(ctx, t.src.key)
		if findErr != nil {
			return on, errors.Join(err, findErr)
		}
		now = topOf(there)
		switch {
		case now.n == on.n+1 && r.same(ctx, twin{t.src, there}, v, there.newest[0]) == nil:
			return now, nil
		case now.n != on.n:
			return on, t.differs(fmt.Sprintf("it has %d versions there by now", now.n))
		}
	}
}
