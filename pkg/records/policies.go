package records

import (
	"context"
	"errors"
)

// Policy is what a profile allows others. Every change gives it a new revision,
// and a change names the revision it was made from, so that of two changes from
// one revision one is refused.
type Policy struct {
	Partition
	Profile    string
	Revision   string
	Statements string // as their owner writes them down
}

const policyColumns = `account, region, profile, revision, statements`

func (p *Policy) columns() []any {
	return []any{&p.Account, &p.Region, &p.Profile, &p.Revision, &p.Statements}
}

// Policy returns the policy of a profile, or ErrNotFound.
func (s *Store) Policy(ctx context.Context, in Partition, profile string) (Policy, error) {
	p, err := one(ctx, s.calm(), policyFrom, `SELECT `+policyColumns+` FROM policies
		WHERE account = $1 AND region = $2 AND profile = $3`, in.Account, in.Region, profile)
	return p, s.missing("policy of profile "+profile, err)
}

func policyFrom(r row) (p Policy, err error) {
	err = r.Scan(p.columns()...)
	return p, err
}

// AddPolicy records the first policy of a profile. It returns ErrChanged if
// there is one already.
func (s *Store) AddPolicy(ctx context.Context, p Policy) error {
	added, err := s.repeat(ctx, `INSERT INTO policies (`+policyColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, region, profile) DO NOTHING`, p.columns()...)
	added, err = s.unlessThere(ctx, p, added, err)
	return s.unchanged("add policy of profile "+p.Profile, added, err, ErrChanged)
}

// ReplacePolicy puts p in the place of the policy of revision was, or returns
// ErrChanged if that is not the policy's revision any more.
func (s *Store) ReplacePolicy(ctx context.Context, p Policy, was string) error {
	changed, err := s.repeat(ctx, `UPDATE policies SET revision = $4, statements = $5
		WHERE account = $1 AND region = $2 AND profile = $3 AND revision = $6`, append(p.columns(), was)...)
	changed, err = s.unlessThere(ctx, p, changed, err)
	return s.unchanged("change policy of profile "+p.Profile, changed, err, ErrChanged)
}

// unlessThere finds out, where that is in doubt, whether it is this policy that is
// recorded now.
func (s *Store) unlessThere(ctx context.Context, p Policy, changed int64, err error) (int64, error) {
	if !errors.Is(err, errRepeated) {
		return changed, err
	}
	there, err := s.Policy(ctx, p.Partition, p.Profile)
	if err == nil && there.Revision == p.Revision {
		return 1, nil
	}
	return 0, err
}

// DeletePolicy removes the policy of revision was, or returns ErrChanged if that
// is not the policy's revision any more.
func (s *Store) DeletePolicy(ctx context.Context, in Partition, profile, was string) error {
	changed, err := s.write(ctx, `DELETE FROM policies
		WHERE account = $1 AND region = $2 AND profile = $3 AND revision = $4`, in.Account, in.Region, profile, was)
	return s.unchanged("delete policy of profile "+profile, changed, err, ErrChanged)
}
