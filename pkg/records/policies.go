package records

import (
	"context"
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
	added, err := s.write(ctx, `INSERT INTO policies (`+policyColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, region, profile) DO NOTHING`, p.columns()...)
	added, err = unlessDone(added, err, s.isPolicy(ctx, p))
	return s.unchanged("add policy of profile "+p.Profile, added, err, ErrChanged)
}

// ReplacePolicy puts p in the place of the policy of revision was, or returns
// ErrChanged if that is not the policy's revision any more.
func (s *Store) ReplacePolicy(ctx context.Context, p Policy, was string) error {
	changed, err := s.write(ctx, `UPDATE policies SET revision = $4, statements = $5
		WHERE account = $1 AND region = $2 AND profile = $3 AND revision = $6`, append(p.columns(), was)...)
	changed, err = unlessDone(changed, err, s.isPolicy(ctx, p))
	return s.unchanged("change policy of profile "+p.Profile, changed, err, ErrChanged)
}

// isPolicy tells whether it is this policy that is recorded; of none, whether there is
// none.
func (s *Store) isPolicy(ctx context.Context, p Policy) func() (bool, error) {
	return func() (bool, error) {
		there, err := s.Policy(ctx, p.Partition, p.Profile)
		return there.Revision == p.Revision, except(err, ErrNotFound)
	}
}

// DeletePolicy removes the policy of revision was, or returns ErrChanged if that
// is not the policy's revision any more.
func (s *Store) DeletePolicy(ctx context.Context, in Partition, profile, was string) error {
	changed, err := s.write(ctx, `DELETE FROM policies
		WHERE account = $1 AND region = $2 AND profile = $3 AND revision = $4`, in.Account, in.Region, profile, was)
	changed, err = unlessDone(changed, err, s.isPolicy(ctx, Policy{Partition: in, Profile: profile}))
	return s.unchanged("delete policy of profile "+profile, changed, err, ErrChanged)
}
