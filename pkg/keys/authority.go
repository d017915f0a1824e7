package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"crypto/x509"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// level is one of the four certificates of a chain. The lifetimes are like those
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
	const again = "remove it, and another is made"
	at := func(name ...string) string {
		return filepath.Join(append([]string{s.authority()}, name...)...)
	}
	return []level{
		s.rootLevel(),
		{at("intermediate.pem"), "Signer Local Intermediate CA", 50 * year, 5 * year, true, 1, again},
		{at(region, "ca.pem"), "Signer Local " + region + " CA", year, 30 * day, true, 0, again},
		{at(region, "leaf.pem"), "Signer Local " + region, 3 * day, day, false, 0, again},
	}
}

func (s *Store) rootLevel() level {
	advice := "restore it from a backup, or remove " + s.authority() + " to begin with a new root, which everybody must then trust"
	return level{filepath.Join(s.authority(), "root.pem"), "Signer Local Root CA", 100 * year, 0, true, -1, advice}
}

func (s *Store) authority() string { return filepath.Join(s.dir, "authority") }

// Roots returns the certificates that must be trusted by whoever checks what
// this authority's identities signed. It makes the root if there is none.
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
	return b.chain, nil
}

// Identity returns who signs in a region: a key on P-384, whose certificate is
// good for a day at least, with a chain of four up to the root. It makes what is
// missing or about to expire.
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
	now, levels := s.now(), s.levels(region)
	last := levels[len(levels)-1]
	if b := s.leaves[region]; b != nil && b.holds(now, last.margin) {
		return b, nil
	}
	b, err := s.present(levels, now)
	if b == nil && err == nil {
		err = s.locked(ctx, func() (err error) {
			b, err = s.certified(levels, now)
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
	if !b.root().Equal(root.root()) || !b.holds(now, last.margin) {
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
	return s.issue(levels[len(levels)-1], parent, now)
}

// root reads the root.
func (s *Store) root() (*bundle, error) {
	l := s.rootLevel()
	b, err := readBundle(l.path, l.advice)
	if err != nil {
		return nil, err
	}
	if now, c := s.now(), b.root(); !b.holds(now, l.margin) {
		return nil, fmt.Errorf("the root certificate in %s is good from %s to %s, and the clock says %s",
			l.path, c.NotBefore.Format(time.DateTime), c.NotAfter.Format(time.DateTime), now.UTC().Format(time.DateTime))
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
	others, err := os.ReadDir(s.authority())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for the root certificate: %w", err)
	}
	for _, o := range others {
		if !strings.HasPrefix(o.Name(), aside) {
			return nil, fmt.Errorf("%s is missing, while %s is there: %s", l.path, filepath.Join(s.authority(), o.Name()), l.advice)
		}
	}
	return s.issue(l, nil, s.now())
}
