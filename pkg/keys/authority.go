package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"crypto/x509"
)

const (
	day        = 24 * time.Hour
	year       = 365 * day
	leafMargin = day
)

// level is one of the certificates of a chain, of which there are four. The lifetimes are like those
// of AWS Signer's (service format 8.4); the names are our own.
type level struct {
	file   string
	name   string
	life   time.Duration
	margin time.Duration // when no more than this is left, another is made
	ca     bool
	below  int    // how many CAs may stand below; -1 is any number
	advice string // what to do when the file is damaged
}

// levels are those of a region, the root first and the leaf last.
func (s *Store) levels(ctx context.Context, in reader, region string) ([]level, error) {
	room, err := s.room(ctx, in)
	return slices.Concat([]level{s.rootLevel()}, shared(room), regional(region, room)), err
}

const again = "remove it, and another is made"

// shared are the levels below the root that all regions have, if there is room for
// so many CAs.
func shared(room int) []level {
	if room < ownLevels {
		return nil
	}
	return []level{{intermediateFile, "Signer Local Intermediate CA", 50 * year, 5 * year, true, 1, again}}
}

// regional are the levels of one region: its CA, if there is room for one, and the
// leaf.
func regional(region string, room int) []level {
	dir := authorityDir + region + "/"
	both := []level{
		{dir + caFile, "Signer Local " + region + " CA", year, 30 * day, true, 0, again},
		{dir + leafFile, "Signer Local " + region, 3 * day, leafMargin, false, 0, again},
	}
	if room < 1 {
		return both[1:]
	}
	return both
}

func (s *Store) rootLevel() level {
	advice := "restore it from a backup, or remove " + s.at(authorityDir) + " to begin with a new root, which everybody must then trust"
	return level{rootFile, "Signer Local Root CA", 100 * year, 0, true, -1, advice}
}

// at says to people where a file, or the directory of some, is.
func (s *Store) at(name string) string { return s.files.At(strings.TrimSuffix(name, "/")) }

// Roots returns the certificates that must be trusted by whoever checks what
// this authority's identities signed: the root, which is made if there is none, and
// behind it those that it has replaced.
func (s *Store) Roots(ctx context.Context) ([]*x509.Certificate, error) {
	b, err := s.root(ctx, s.files)
	if errors.Is(err, fs.ErrNotExist) {
		err = s.files.Change(ctx, func(d Draft) (err error) {
			b, err = s.oneRoot(ctx, d)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return s.withFormer(ctx, b.root())
}

// Identity returns who signs in a region: a key on P-384, whose certificate is
// good for a day at least, with a chain of four up to the root, unless that was
// imported. It makes what is missing or about to expire.
func (s *Store) Identity(ctx context.Context, region string) (Identity, error) {
	if err := checkRegion(region); err != nil {
		return Identity{}, err
	}
	b, err := s.leafOf(ctx, region)
	if err != nil {
		return Identity{}, err
	}
	return Identity{b.key, b.chain}, nil
}

// checkRegion keeps names that are no region's from becoming those of
// directories. Whether there is such a region is not known here: people call theirs
// "local", too.
func checkRegion(region string) error {
	name := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	if len(region) > 63 || !name.MatchString(region) {
		return fmt.Errorf("%q is not the name of a region, such as us-east-1", region)
	}
	return nil
}

// leaf is one that was read, and opened.
type leaf struct {
	*bundle
	below string // the revision of the root's file
}

// leafOf returns the leaf of a region, its key parsed. It is read again when the root's
// file has been written, by whomever: nothing is signed below a root that was replaced.
func (s *Store) leafOf(ctx context.Context, region string) (*bundle, error) {
	revision, err := s.files.Revision(ctx, rootFile)
	if err != nil {
		return nil, err
	}
	if b := s.known(region, revision); b != nil {
		return b, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if b := s.known(region, revision); b != nil { // by whoever had the turn
		return b, nil
	}
	var b *bundle
	err = twice(func() (err error) {
		b, err = s.readLeaf(ctx, region)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaves[region] = leaf{b, revision}
	return b, nil
}

// known is the leaf that was read below a revision of the root, if it is good still.
func (s *Store) known(region, revision string) *bundle {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leaves[region]
	if revision == "" || l.below != revision || !l.holds(s.now(), leafMargin) {
		return nil
	}
	return l.bundle
}

// readLeaf reads the leaf of a region, or makes it, and opens it. The lock is taken only
// when something must be made.
func (s *Store) readLeaf(ctx context.Context, region string) (*bundle, error) {
	now := s.now()
	levels, err := s.levels(ctx, s.files, region)
	if err != nil {
		return nil, err
	}
	b, err := s.present(ctx, s.files, levels, now)
	if b == nil && err == nil {
		err = s.files.Change(ctx, func(d Draft) error {
			levels, err := s.levels(ctx, d, region)
			if err == nil {
				b, err = s.certified(ctx, d, levels, now)
			}
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return s.openLeaf(ctx, region, b)
}

// openLeaf opens a leaf. One that was opened before need not be, though it may be
// encrypted otherwise by now: so whoever signs goes on when the passphrase is exchanged.
func (s *Store) openLeaf(ctx context.Context, region string, b *bundle) (*bundle, error) {
	s.mu.Lock()
	last := s.leaves[region].bundle
	s.mu.Unlock()
	if last != nil && slices.EqualFunc(last.chain, b.chain, (*x509.Certificate).Equal) {
		return last, nil
	}
	return b, s.open(ctx, s.files, b)
}

// twice does something again if it has met a key that is encrypted for another master
// key: that may have been exchanged after the key was read.
func twice(do func() error) error {
	err := do()
	if errors.Is(err, errOtherMaster) {
		err = do()
	}
	return err
}

// present reads the last of levels. It returns nil if that must be made: because
// it is not there, does not hold for long, or is of another root.
func (s *Store) present(ctx context.Context, in reader, levels []level, now time.Time) (*bundle, error) {
	root, err := s.root(ctx, in)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last := levels[len(levels)-1]
	b, err := s.readBundle(ctx, in, last)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !b.under(root) || !b.holds(now, last.margin) {
		return nil, nil
	}
	return b, nil
}

// certified returns the last of levels, after making what is missing from the
// first on.
func (s *Store) certified(ctx context.Context, d Draft, levels []level, now time.Time) (*bundle, error) {
	if len(levels) == 1 {
		return s.oneRoot(ctx, d)
	}
	if b, err := s.present(ctx, d, levels, now); b != nil || err != nil {
		return b, err
	}
	parent, err := s.certified(ctx, d, levels[:len(levels)-1], now)
	if err != nil {
		return nil, err
	}
	last := levels[len(levels)-1]
	b, err := s.issue(ctx, d, last, parent, now)
	if err != nil && parent.kept.Type == referenceBlock {
		// It is replaced long before it ends, so that the one above may be away for
		// a while.
		last.margin = 0
		if old, _ := s.present(ctx, d, []level{last}, now); old != nil {
			return old, nil
		}
	}
	return b, err
}

// root reads the root.
func (s *Store) root(ctx context.Context, in reader) (*bundle, error) {
	b, err := s.readBundle(ctx, in, s.rootLevel())
	if err != nil {
		return nil, err
	}
	now := s.now()
	for _, c := range b.chain {
		if now.Before(c.NotBefore) || !now.Before(c.NotAfter) {
			return nil, fmt.Errorf("the root certificate in %s is good from %s to %s, and the clock says %s",
				b.at, c.NotBefore.Format(time.DateTime), c.NotAfter.Format(time.DateTime), now.UTC().Format(time.DateTime))
		}
	}
	return b, nil
}

// oneRoot returns the root, and makes it only if nothing shows that there has
// been one: another would turn everything signed so far into something nobody
// trusts.
func (s *Store) oneRoot(ctx context.Context, d Draft) (*bundle, error) {
	b, err := s.root(ctx, d)
	if !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	l := s.rootLevel()
	other, err := s.otherThanRoot(ctx, d)
	if err != nil {
		return nil, err
	}
	if other != "" {
		return nil, fmt.Errorf("%s is missing, while %s is there: %s", s.at(l.file), other, l.advice)
	}
	return s.issue(ctx, d, l, nil, s.now())
}

// otherThanRoot is what shows that there has been a root; "" if nothing does.
func (s *Store) otherThanRoot(ctx context.Context, d Draft) (string, error) {
	others, err := d.List(ctx, authorityDir)
	if err != nil || len(others) == 0 {
		return "", err
	}
	return s.at(others[0]), nil
}
