package local

import (
	"context"
	"errors"
	"time"

	"signer/pkg/records"
)

// AWS deletes profiles and jobs by itself some time after nobody can need them any
// more (Developer Guide, "Data Retention for Signer"). The engine deletes nothing
// by itself; Prune deletes what AWS would have deleted by now.
const (
	retention      = 6  // months after a signature has expired
	retentionOfIoT = 20 // months, where signatures do not expire
)

// Pruning says what to prune.
type Pruning struct {
	Before time.Time // only jobs that were created, and profiles that ended, before this moment
	Now    time.Time
	DryRun bool // only tell what would be done
}

// Pruned is what has been pruned, or would be.
type Pruned struct {
	Jobs, Profiles         int       // forgotten
	KeptJobs, KeptProfiles int       // old enough for the caller, but not for AWS
	NextAt                 time.Time // when the first of those kept may go; zero if none is
}

// pruneBatch is how many jobs one transaction forgets.
const pruneBatch = 500

// Prune forgets jobs and profiles of all accounts and regions for which AWS's time
// is over. Jobs in progress and active profiles stay, and so do the names of
// profiles and all objects. It works in short transactions: what it has done when
// ctx ends, or when it fails, is done, and told beside the error.
func Prune(ctx context.Context, store *records.Store, p Pruning) (Pruned, error) {
	done := pruning{store: store, Pruning: p}
	for in := (records.Partition{}); ; {
		var err error
		in, err = store.NextPartition(ctx, in)
		if errors.Is(err, records.ErrNotFound) {
			return done.Pruned, nil
		}
		if err == nil {
			err = done.jobs(ctx, in)
		}
		if err == nil {
			err = done.profiles(ctx, in)
		}
		if err != nil {
			return done.Pruned, err
		}
	}
}

// pruning is a run of Prune.
type pruning struct {
	store *records.Store
	Pruning
	Pruned
}

func (p *pruning) jobs(ctx context.Context, in records.Partition) error {
	q := records.OldestQuery{Partition: in, Before: p.Before, Limit: pruneBatch}
	for {
		found, err := p.store.Oldest(ctx, q)
		if err != nil || len(found) == 0 {
			return err
		}
		var over []string
		for _, job := range found {
			if job.Status != records.InProgress && p.over(keptUntil(job), &p.KeptJobs) {
				over = append(over, job.ID)
			}
		}
		if err := p.forget(ctx, over); err != nil {
			return err
		}
		last := found[len(found)-1]
		q.After = &records.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

func (p *pruning) forget(ctx context.Context, ids []string) error {
	if p.DryRun {
		p.Jobs += len(ids)
		return nil
	}
	gone, err := p.store.DeleteJobs(ctx, ids)
	p.Jobs += gone
	return err
}

func (p *pruning) profiles(ctx context.Context, in records.Partition) error {
	q := records.ProfileQuery{Partition: in, Statuses: []string{records.Canceled, records.Revoked}, Limit: pruneBatch}
	for {
		found, err := p.store.Profiles(ctx, q)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, profile := range found {
			if err := p.profile(ctx, profile); err != nil {
				return err
			}
		}
		q.After = found[len(found)-1].Name
	}
}

func (p *pruning) profile(ctx context.Context, profile records.Profile) error {
	end := endOf(profile)
	if !end.Before(p.Before) || !p.over(profileKeptUntil(profile, end), &p.KeptProfiles) {
		return nil
	}
	if !p.DryRun {
		err := p.store.DeleteProfile(ctx, profile.Partition, profile.Name, profile.Version)
		if errors.Is(err, records.ErrChanged) {
			return nil // somebody else has done it
		}
		if err != nil {
			return err
		}
	}
	p.Profiles++
	return nil
}

// over tells whether the time until which something is kept is over, and counts
// what it is not over for.
func (p *pruning) over(until time.Time, kept *int) bool {
	if !p.Now.Before(until) {
		return true
	}
	*kept++
	if p.NextAt.IsZero() || until.Before(p.NextAt) {
		p.NextAt = until
	}
	return false
}

// keptUntil is until when AWS keeps a job. A job that failed is kept as if it had
// not; of that AWS says nothing.
func keptUntil(job records.Job) time.Time {
	if !job.ExpiresAt.IsZero() {
		return addMonths(job.ExpiresAt, retention)
	}
	return keptFor(job.Platform, job.CreatedAt, job.Validity)
}

// profileKeptUntil is until when AWS keeps a profile that ended so: until nothing
// that was signed with it is still needed.
func profileKeptUntil(p records.Profile, end time.Time) time.Time {
	return keptFor(p.Platform, end, p.Validity)
}

// endOf is from when on nothing was signed with a profile.
func endOf(p records.Profile) time.Time {
	if !p.CanceledAt.IsZero() {
		return p.CanceledAt // before it was revoked, if it was
	}
	return p.Revocation.At
}

// keptFor is until when AWS keeps what a signature of the time from needs.
func keptFor(platform string, from time.Time, v records.Validity) time.Time {
	if p, err := platformOf(platform); err == nil && p.lasting {
		return addMonths(expiry(from, v), retention)
	}
	return addMonths(from, retentionOfIoT)
}
