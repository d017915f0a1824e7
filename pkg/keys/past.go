package keys

import (
	"context"
	"time"
)

// IdentityAt is [Store.Identity] for what was asked for at another time: every
// certificate of the chain is good then. Where those of the region are not, for
// they are replaced every few days, others are made for this once by the next
// above that are; their keys are kept nowhere.
//
// What lies before the root, or behind its end, is refused with an [*Error].
func (s *Store) IdentityAt(ctx context.Context, region string, at time.Time) (Identity, error) {
	id, err := s.Identity(ctx, region)
	if err != nil || (&bundle{chain: id.Chain}).covers(at) {
		return id, err
	}
	var b *bundle
	err = twice(func() error {
		levels, err := s.levels(ctx, s.files, region)
		if err == nil {
			b, err = s.past(ctx, levels, at)
		}
		if err == nil {
			err = s.open(ctx, s.files, b)
		}
		return err
	})
	if err != nil {
		return Identity{}, err
	}
	return Identity{b.key, b.chain}, nil
}

// past returns the last of levels as it could have been at a time. All of them
// are there.
func (s *Store) past(ctx context.Context, levels []level, at time.Time) (*bundle, error) {
	last := levels[len(levels)-1]
	b, err := s.readBundle(ctx, s.files, last)
	if err != nil || b.covers(at) {
		return b, err
	}
	if len(levels) == 1 {
		return nil, invalid("Nothing can be signed with the time %s: the root certificate is good from %s to %s.",
			at.UTC().Format(time.RFC3339), b.root().NotBefore.Format(time.RFC3339), b.root().NotAfter.Format(time.RFC3339))
	}
	parent, err := s.past(ctx, levels[:len(levels)-1], at)
	if err != nil {
		return nil, err
	}
	b, _, err = s.newBundle(ctx, s.files, last, parent, at)
	return b, err
}

// covers tells whether all of the chain is good at a time.
func (b *bundle) covers(at time.Time) bool {
	for _, c := range b.chain {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return false
		}
	}
	return true
}
