package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	path   string
	name   string
	life   time.Duration
	margin time.Duration // when no more than this is left, another is made
	ca     bool
	below  int    // how many CAs may stand below; -1 is any number
	advice string // what to do when the file is damaged
}

// levels are those of a region, the root first and the leaf last.
func (s *Store) levels(region string) []level {
	room := s.room()
	return slices.Concat([]level{s.rootLevel()}, s.shared(room), s.regional(region, room))
}

const again = "remove it, and another is made"

// shared are the levels below the root that all regions have, if there is room for
// so many CAs.
func (s *Store) shared(room int) []level {
	if room < ownLevels {
		return nil
	}
	return []level{{filepath.Join(s.authority(), "intermediate.pem"), "Signer Local Intermediate CA", 50 * year, 5 * year, true, 1, again}}
}

// regional are the levels of one region: its CA, if there is room for one, and the
// leaf.
func (s *Store) regional(region string, room int) []level {
	dir := filepath.Join(s.authority(), region)
	both := []level{
		{filepath.Join(dir, "ca.pem"), "Signer Local " + region + " CA", year, 30 * day, true, 0, again},
		{filepath.Join(dir, "leaf.pem"), "Signer Local " + region, 3 * day, leafMargin, false, 0, again},
	}
	if room < 1 {
		return both[1:]
	}
	return both
}

func (s *Store) rootLevel() level {
	advice := "restore it from a backup, or remove " + s.authority() + " to begin with a new root, which everybody must then trust"
	return level{filepath.Join(s.authority(), "root.pem"), "Signer Local Root CA", 100 * year, 0, true, -1, advice}
}

func (s *Store) authority() string { return filepath.Join(s.dir, "authority") }

// Roots returns the certificates that must be trusted by whoever checks what
// this authority's identities signed: the root, which is made if there is none, and
// behind it those that it has replaced.
func (s *Store) Roots(ctx context.Context) ([]*x509.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.root()
	if errors.Is(err, fs.ErrNotExist) {
		err = s.locked(ctx, func() (err error) {
			b, err = s.oneRoot()
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return s.withFormer(b.root())
}

// Identity returns who signs in a region: a key on P-384, whose certificate is
// good for a day at least, with a chain of four up to the root, unless that was
// imported. It makes what is missing or about to expire.
func (s *Store) Identity(ctx context.Context, region string) (Identity, error) {
	if err := checkRegion(region); err != nil {
		return Identity{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.leaf(ctx, region)
	if err != nil {
		return Identity{}, err
	}
	return Identity{b.key, b.chain}, nil
}

// checkRegion keeps names that are no region's from becoming those of
// directories.
func checkRegion(region string) error {
	name := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)
	if len(region) > 63 || !name.MatchString(region) {
		return fmt.Errorf("%q is not the name of a region, such as us-east-1", region)
	}
	return nil
}

// leaf returns the leaf of a region, its key parsed. The lock is taken only when
// something must be made.
func (s *Store) leaf(ctx context.Context, region string) (*bundle, error) {
	now := s.now()
	s.forgetOther()
	if b := s.leaves[region]; b != nil && b.holds(now, leafMargin) {
		return b, nil
	}
	levels := s.levels(region)
	b, err := s.present(levels, now)
	if b == nil && err == nil {
		err = s.locked(ctx, func() (err error) {
			b, err = s.certified(s.levels(region), now)
			return err
		})
	}
	if err == nil {
		err = s.open(b)
	}
	if err != nil {
		return nil, err
	}
	s.leaves[region] = b
	return b, nil
}

// forgetOther forgets the leaves that were read below another root than is there now.
func (s *Store) forgetOther() {
	root, err := os.Stat(s.rootLevel().path)
	if err != nil || s.below == nil || !os.SameFile(root, s.below) || !root.ModTime().Equal(s.below.ModTime()) {
		clear(s.leaves)
		s.below = root
	}
}

// present reads the last of levels. It returns nil if that must be made: because
// it is not there, does not hold for long, or is of another root.
func (s *Store) present(levels []level, now time.Time) (*bundle, error) {
	root, err := s.root()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last := levels[len(levels)-1]
	b, err := readBundle(last.path, last.advice)
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
// first on. The caller holds the lock.
func (s *Store) certified(levels []level, now time.Time) (*bundle, error) {
	if len(levels) == 1 {
		return s.oneRoot()
	}
	if b, err := s.present(levels, now); b != nil || err != nil {
		return b, err
	}
	parent, err := s.certified(levels[:len(levels)-1], now)
	if err != nil {
		return nil, err
	}
	last := levels[len(levels)-1]
	b, err := s.issue(last, parent, now)
	if err != nil && parent.kept.Type == referenceBlock {
		// It is replaced long before it ends, so that the one above may be away for
		// a while.
		last.margin = 0
		if old, _ := s.present([]level{last}, now); old != nil {
			return old, nil
		}
	}
	return b, err
}

// root reads the root.
func (s *Store) root() (*bundle, error) {
	l := s.rootLevel()
	b, err := readBundle(l.path, l.advice)
	if err != nil {
		return nil, err
	}
	now := s.now()
	for _, c := range b.chain {
		if now.Before(c.NotBefore) || !now.Before(c.NotAfter) {
			return nil, fmt.Errorf("the root certificate in %s is good from %s to %s, and the clock says %s",
				l.path, c.NotBefore.Format(time.DateTime), c.NotAfter.Format(time.DateTime), now.UTC().Format(time.DateTime))
		}
	}
	return b, nil
}

// oneRoot returns the root, and makes it only if nothing shows that there has
// been one: another would turn everything signed so far into something nobody
// trusts. The caller holds the lock.
func (s *Store) oneRoot() (*bundle, error) {
	b, err := s.root()
	if !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	l := s.rootLevel()
	other, err := s.otherThanRoot()
	if err != nil {
		return nil, err
	}
	if other != "" {
		return nil, fmt.Errorf("%s is missing, while %s is there: %s", l.path, other, l.advice)
	}
	return s.issue(l, nil, s.now())
}

// otherThanRoot is what shows that there has been a root; "" if nothing does.
func (s *Store) otherThanRoot() (string, error) {
	others, err := os.ReadDir(s.authority())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for the root certificate: %w", err)
	}
	for _, o := range others {
		if !strings.HasPrefix(o.Name(), aside) {
			return filepath.Join(s.authority(), o.Name()), nil
		}
	}
	return "", nil
}
