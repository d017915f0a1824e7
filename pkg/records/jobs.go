package records

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// Job is one act of signing. It belongs to the account that owns its profile;
// the account that asked for it may be another.
type Job struct {
	Partition
	ID             string
	Invoker        string // the account that asked
	RequestedBy    string // the principal that asked
	Token          string // makes one job of many requests of an invoker in a region; "" for none; a very long one comes back as its hash
	Profile        string
	ProfileVersion string
	Platform       string
	Certificate    string
	Parameters     map[string]string
	Overrides      Overrides
	Validity       Validity
	Source         Object // zero if the request carried what was to be signed
	Destination    Destination
	CreatedAt      time.Time
	Result
	Revocation Revocation
	Begun      int64 // see BeginJob
	Claim
}

// Object is one version of an object in a bucket.
type Object struct {
	Bucket, Key, Version string
}

// Destination is where a signed object goes.
type Destination struct {
	Bucket, Prefix string
}

// Result is how a job stands. It changes once, from InProgress to an end.
type Result struct {
	Status      string
	Reason      string
	Signed      Object    // zero while, and if, nothing is signed
	CompletedAt time.Time // zero while the job is in progress
	ExpiresAt   time.Time // when the signature does; zero if never
}

// Revocation says that a job's signature is not to be trusted. It is zero while
// the job is not revoked.
type Revocation struct {
	At         time.Time
	By, Reason string
}

func (r Revocation) kept() Revocation {
	keep(&r.At)
	return r
}

// Claim says who works on a job. Whoever takes a job over raises Attempt, and
// from then on the worker before can do nothing to it. See claim.go.
type Claim struct {
	Worker  string // who lets it wait, while it does; "" is nobody
	Attempt int64
	Until   time.Time // when the claim lapses, by the database's clock; zero while the job waits

	For time.Duration // in a claim to be made: how long it lasts from now on, in place of Until
}

const jobColumns = `id, account, region, invoker, requested_by, token, profile, profile_version, platform, certificate, parameters,
	override_encryption, override_hash, override_format, validity_value, validity_unit,
	source_bucket, source_key, source_version, destination_bucket, destination_prefix, created_at,
	status, status_reason, signed_bucket, signed_key, signed_version, completed_at, expires_at,
	revoked_at, revoked_by, revocation_reason, begun, worker, attempt, lease_until`

func (j *Job) columns() []any {
	return []any{
		&j.ID, &j.Account, &j.Region, &j.Invoker, &j.RequestedBy, &j.Token, &j.Profile, &j.ProfileVersion, &j.Platform, &j.Certificate, (*mapping)(&j.Parameters),
		&j.Overrides.Encryption, &j.Overrides.Hash, &j.Overrides.Format, &j.Validity.Value, &j.Validity.Unit,
		&j.Source.Bucket, &j.Source.Key, &j.Source.Version, &j.Destination.Bucket, &j.Destination.Prefix, (*instant)(&j.CreatedAt),
		&j.Status, &j.Result.Reason, &j.Signed.Bucket, &j.Signed.Key, &j.Signed.Version, (*instant)(&j.CompletedAt), (*instant)(&j.ExpiresAt),
		(*instant)(&j.Revocation.At), &j.Revocation.By, &j.Revocation.Reason, &j.Begun, &j.Worker, &j.Attempt, (*instant)(&j.Until),
	}
}

func jobFrom(r row) (j Job, err error) {
	err = r.Scan(j.columns()...)
	return j, err
}

// term is how long after the job the signature expires, in microseconds.
func (j *Job) term() int64 {
	if j.ExpiresAt.IsZero() {
		return 0
	}
	return j.ExpiresAt.UnixMicro() - j.CreatedAt.UnixMicro()
}

// AddJob records a new job of an active profile, with the events that this is, and
// returns it with true. If a job has the same token already, it records nothing and
// returns that job with false; else, if the profile is not active, it returns
// ErrInactive.
//
// However many processes add jobs of one token at once, one of them gets true.
func (s *Store) AddJob(ctx context.Context, j Job, events ...Event) (Job, bool, error) {
	var c conditions
	j.Token = short(j.Token)
	values := j.columns()
	values = values[:len(values)-1] // but for the end of the claim
	insert := c.place(`INSERT INTO jobs (`+jobColumns+`, term, revoked) SELECT `+marks(len(values))+`, `, values...) +
		s.until(&c, j.Claim) + c.place(`, ?, ?`, j.term(), !j.Revocation.At.IsZero())
	active := c.place(` WHERE EXISTS (SELECT 1 FROM profiles WHERE account = ? AND region = ? AND name = ? AND version = ? AND status = 'Active')`,
		j.Account, j.Region, j.Profile, j.ProfileVersion)
	added, err := s.happen(ctx, events, insert+active+s.unlessAdded(), c.args...)
	if err != nil && !errors.Is(err, errRepeated) {
		return Job{}, false, s.failed("add job "+j.ID, err)
	}
	if added > 0 {
		return j.kept(), true, nil
	}
	job, err := s.JobByToken(ctx, Partition{j.Invoker, j.Region}, j.Token)
	if errors.Is(err, ErrNotFound) && s.server != nil {
		job, err = s.Job(ctx, j.Partition, j.ID)
	}
	if errors.Is(err, ErrNotFound) {
		err = s.failed("add job "+j.ID, ErrInactive)
	}
	return job, err == nil && job.ID == j.ID, err
}

// longest is how many bytes of a token an index can take, and be sure of it: PostgreSQL's
// take 2,704 bytes of a row.
const longest = 1000

// short is a token, or what stands for one that is very long.
func short(token string) string {
	if len(token) <= longest {
		return token
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(token)))
}

// unlessAdded is SQL that passes over a job whose token has one. On a server it may be
// the job itself that is there, when the answer to its first insertion was lost.
func (s *Store) unlessAdded() string {
	if s.server != nil {
		return ` ON CONFLICT DO NOTHING`
	}
	return ` ON CONFLICT (invoker, region, token) WHERE token <> '' DO NOTHING`
}

// kept is the job as it comes back from its row.
func (j Job) kept() Job {
	keep(&j.CreatedAt, &j.CompletedAt, &j.ExpiresAt, &j.Until)
	j.Revocation = j.Revocation.kept()
	if len(j.Parameters) == 0 {
		j.Parameters = nil
	}
	return j
}

// Job returns a job that the account owns or asked for, or ErrNotFound.
func (s *Store) Job(ctx context.Context, in Partition, id string) (Job, error) {
	job, err := one(ctx, s.calm(), jobFrom, `SELECT `+jobColumns+` FROM jobs
		WHERE id = $1 AND region = $2 AND (account = $3 OR invoker = $3)`, id, in.Region, in.Account)
	return job, s.missing("job "+id, err)
}

// JobByToken returns the job that an account asked for with a token, or
// ErrNotFound.
func (s *Store) JobByToken(ctx context.Context, invoker Partition, token string) (Job, error) {
	job, err := one(ctx, s.calm(), jobFrom, `SELECT `+jobColumns+` FROM jobs
		WHERE invoker = $1 AND region = $2 AND token = $3 AND token <> ''`, invoker.Account, invoker.Region, short(token))
	return job, s.missing("job of the request", err)
}

// FinishJob ends a job in progress, with the events that this is. It returns
// ErrChanged, and changes nothing, if the job has ended or is no longer the worker's.
func (s *Store) FinishJob(ctx context.Context, id string, by Claim, r Result, events ...Event) error {
	changed, err := s.happen(ctx, events, `UPDATE jobs SET status = $1, status_reason = $2,
		signed_bucket = $3, signed_key = $4, signed_version = $5, completed_at = $6, expires_at = $7,
		term = COALESCE($7 - created_at, 0), lease_until = NULL
		WHERE id = $8 AND `+unfinished+` AND worker = $9 AND attempt = $10`,
		r.Status, r.Reason, r.Signed.Bucket, r.Signed.Key, r.Signed.Version, instant(r.CompletedAt), instant(r.ExpiresAt),
		id, by.Worker, by.Attempt)
	changed, err = unlessDone(changed, err, s.is(ctx, id, by.Worker, by.Attempt, r.Status))
	return s.unchanged("finish job "+id, changed, err, ErrChanged)
}

// RevokeJob revokes the signature of a job that the account owns. It returns
// ErrChanged, and changes nothing, if it is revoked already or is not there.
func (s *Store) RevokeJob(ctx context.Context, in Partition, id string, r Revocation) error {
	changed, err := s.write(ctx, `UPDATE jobs SET revoked = TRUE, revoked_at = $1, revoked_by = $2, revocation_reason = $3
		WHERE id = $4 AND account = $5 AND region = $6 AND revoked = FALSE`,
		instant(r.At), r.By, r.Reason, id, in.Account, in.Region)
	changed, err = unlessDone(changed, err, func() (bool, error) {
		there, err := s.Job(ctx, in, id)
		return err == nil && there.Revocation == r.kept(), except(err, ErrNotFound)
	})
	return s.unchanged("revoke job "+id, changed, err, ErrChanged)
}
