package records

import (
	"context"
	"database/sql"
	"maps"
	"time"
)

// Profile is a signing profile. Its name is its own for ever: no other profile
// of the partition can take it.
type Profile struct {
	Partition
	Name        string
	Version     string
	Platform    string
	Certificate string // the ARN of the user's own certificate, or ""
	Parameters  map[string]string
	Overrides   Overrides
	Validity    Validity
	Tags        map[string]string
	Status      string // Active, Canceled or Revoked
	Reason      string // why the status is what it is, or ""
	CreatedAt   time.Time
	CreatedBy   string
	CanceledAt  time.Time // zero if it never was
	Revocation  ProfileRevocation
}

// ProfileRevocation says that signatures made from Effective on are not to be
// trusted. It is zero while the profile is not revoked.
type ProfileRevocation struct {
	At, Effective time.Time
	By, Reason    string
}

func (r ProfileRevocation) kept() ProfileRevocation {
	keep(&r.At, &r.Effective)
	return r
}

const profileColumns = `account, region, name, version, platform, certificate, parameters,
	override_encryption, override_hash, override_format, validity_value, validity_unit, tags,
	status, status_reason, created_at, created_by, canceled_at,
	revoked_at, revoked_by, revocation_reason, revocation_effective`

func (p *Profile) columns() []any {
	return []any{
		&p.Account, &p.Region, &p.Name, &p.Version, &p.Platform, &p.Certificate, (*mapping)(&p.Parameters),
		&p.Overrides.Encryption, &p.Overrides.Hash, &p.Overrides.Format, &p.Validity.Value, &p.Validity.Unit, (*mapping)(&p.Tags),
		&p.Status, &p.Reason, (*instant)(&p.CreatedAt), &p.CreatedBy, (*instant)(&p.CanceledAt),
		(*instant)(&p.Revocation.At), &p.Revocation.By, &p.Revocation.Reason, (*instant)(&p.Revocation.Effective),
	}
}

func profileFrom(r row) (p Profile, err error) {
	err = r.Scan(p.columns()...)
	return p, err
}

// AddProfile records a new profile. If the name is or ever was taken it returns
// ErrExists and changes nothing.
func (s *Store) AddProfile(ctx context.Context, p Profile) error {
	var c conditions
	values := p.columns()
	insert := c.place(`INSERT INTO profiles (`+profileColumns+`) SELECT `+marks(len(values)), values...)
	free := c.place(` WHERE NOT EXISTS (SELECT 1 FROM taken_names WHERE account = ? AND region = ? AND name = ?)`, p.Account, p.Region, p.Name)
	added, err := s.strictly(ctx, insert+free+` ON CONFLICT (account, region, name) DO NOTHING`, c.args...)
	added, err = unlessDone(added, err, func() (bool, error) {
		there, err := s.Profile(ctx, p.Partition, p.Name)
		return err == nil && there.Version == p.Version, except(err, ErrNotFound)
	})
	return s.unchanged("add profile "+p.Name, added, err, ErrExists)
}

// Profile returns a profile, or ErrNotFound.
func (s *Store) Profile(ctx context.Context, in Partition, name string) (Profile, error) {
	p, err := one(ctx, s.calm(), profileFrom, `SELECT `+profileColumns+` FROM profiles
		WHERE account = $1 AND region = $2 AND name = $3`, in.Account, in.Region, name)
	return p, s.missing("profile "+name, err)
}

// ProfileQuery chooses profiles.
type ProfileQuery struct {
	Partition
	Statuses []string // any of them; none means all
	Platform string   // "" means all
	After    string   // the name that the page before ended with
	Limit    int      // at most so many
}

// Profiles returns the next profiles in the order of their names, as bytes. Fewer
// than the limit means that there are no more.
func (s *Store) Profiles(ctx context.Context, q ProfileQuery) ([]Profile, error) {
	var c conditions
	c.and("account = ?", q.Account)
	c.and("region = ?", q.Region)
	c.and("name > ?", q.After)
	if q.Platform != "" {
		c.and("platform = ?", q.Platform)
	}
	if len(q.Statuses) > 0 {
		c.and("status IN ("+marks(len(q.Statuses))+")", anys(q.Statuses)...)
	}
	query := `SELECT ` + profileColumns + ` FROM profiles WHERE ` + c.String() + c.place(` ORDER BY name LIMIT ?`, q.Limit)
	found, err := gather(ctx, s.calm(), profileFrom, query, c.args)
	return found, s.failed("list profiles", err)
}

// CancelProfile cancels a profile that is Active, and gives its policy, if it
// has one, a new revision. It returns the profile as it then is: of another
// status if it was not Active, for then nothing changes.
func (s *Store) CancelProfile(ctx context.Context, in Partition, name string, at time.Time, revision string) (Profile, error) {
	err := s.change(ctx, sql.LevelDefault, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE profiles SET status = 'Canceled', canceled_at = $1
			WHERE account = $2 AND region = $3 AND name = $4 AND status = 'Active'`, instant(at), in.Account, in.Region, name)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE policies SET revision = $1
			WHERE account = $2 AND region = $3 AND profile = $4`, revision, in.Account, in.Region, name)
		return err
	})
	if err != nil {
		return Profile{}, s.failed("cancel profile "+name, err)
	}
	return s.Profile(ctx, in, name)
}

// RevokeProfile revokes a profile's signatures made from r.Effective on, with
// reason as its status reason. A revoked profile can be revoked again from an
// earlier time only; else, and if there is no profile of that version, it
// changes nothing and returns ErrChanged.
func (s *Store) RevokeProfile(ctx context.Context, in Partition, name, version string, r ProfileRevocation) error {
	changed, err := s.write(ctx, `UPDATE profiles SET status = 'Revoked', status_reason = $1,
		revoked_at = $2, revoked_by = $3, revocation_reason = $1, revocation_effective = $4
		WHERE account = $5 AND region = $6 AND name = $7 AND version = $8
		AND (status <> 'Revoked' OR revocation_effective > $4)`,
		r.Reason, instant(r.At), r.By, instant(r.Effective), in.Account, in.Region, name, version)
	changed, err = unlessDone(changed, err, func() (bool, error) {
		there, err := s.Profile(ctx, in, name)
		return err == nil && there.Revocation == r.kept(), except(err, ErrNotFound)
	})
	return s.unchanged("revoke profile "+name, changed, err, ErrChanged)
}

// SetTags replaces the tags of a profile that are still what they were when they
// were read, else it returns ErrChanged.
func (s *Store) SetTags(ctx context.Context, in Partition, name string, were, tags map[string]string) error {
	changed, err := s.write(ctx, `UPDATE profiles SET tags = $1
		WHERE account = $2 AND region = $3 AND name = $4 AND tags = $5`,
		mapping(tags), in.Account, in.Region, name, mapping(were))
	changed, err = unlessDone(changed, err, func() (bool, error) {
		there, err := s.Profile(ctx, in, name)
		return err == nil && maps.Equal(there.Tags, tags), except(err, ErrNotFound)
	})
	return s.unchanged("tag profile "+name, changed, err, ErrChanged)
}
