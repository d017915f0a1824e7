package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"signer/pkg/records"
)

// database examines the records, and what they are about. A database that others
// begin to write to just then can look broken: what is broken is broken twice.
func (e *examination) database(ctx context.Context) {
	before := e.Report
	altered := maps.Clone(e.altered)
	before.Problems, before.Notes = e.Problems[:len(e.Problems):len(e.Problems)], e.Notes[:len(e.Notes):len(e.Notes)]
	if e.recorded(ctx) || ctx.Err() != nil {
		return
	}
	e.Report, e.more, e.altered, e.rootless = before, map[kind]int{modes: e.more[modes]}, altered, 0
	e.waiting = 0
	e.recorded(ctx)
}

// recorded returns false if the database is broken.
func (e *examination) recorded(ctx context.Context) (whole bool) {
	path := e.recordsConfig().Path
	store, err := records.OpenToRead(ctx, e.recordsConfig())
	if errors.Is(err, fs.ErrNotExist) {
		e.noRecords(path)
		return true
	}
	if err != nil {
		e.trouble(path, err, adviceFor(err))
		return false
	}
	defer store.Close()
	faults, err := store.Check(ctx)
	if err != nil {
		e.trouble(path, err, adviceFor(err))
		return false
	}
	for _, fault := range faults {
		e.problem(Finding{path, "is damaged: " + fault, restoreRecords})
	}
	if len(faults) > 0 {
		return false
	}
	if current, err := store.Current(ctx); err != nil || !current {
		e.note(Finding{path, "was made by an older version; what it records was not examined", "any command that uses it brings it up to date"})
		return err == nil
	}
	return e.allJobs(ctx, store)
}

const restoreRecords = "restore it, with its -wal file, from a backup; or move both away to begin anew: objects and keys stay"

// adviceFor is what to do about records that cannot be read.
func adviceFor(err error) string {
	switch {
	case errors.Is(err, records.ErrNewer):
		return "update signer"
	case errors.Is(err, records.ErrCorrupt):
		return restoreRecords
	}
	return "see what it is, and who may read it and its directory"
}

// noRecords looks at what speaks against it that nothing was recorded yet: changes that
// were to come into the records, or what is made for the first signature.
func (e *examination) noRecords(path string) {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		e.problem(Finding{path, "is not there, and its last changes are: " + path + "-wal",
			"put the file back beside it, or move that away as well to begin anew"})
		return
	}
	signed, err := filepath.Glob(e.at(filepath.FromSlash("keys/authority/*/leaf.pem")))
	if err == nil && len(signed) > 0 && e.Database == "" {
		e.problem(Finding{path, "is not there, or empty, and something has been signed here", "restore it from a backup; or do nothing to begin anew: objects and keys stay"})
		return
	}
	e.note(Finding{path, "is not there yet", "the first command that records something makes it"})
}

// jobsAtOnce is how many jobs are held in memory.
const jobsAtOnce = 200

// allJobs examines the jobs of all accounts and regions.
func (e *examination) allJobs(ctx context.Context, store *records.Store) (whole bool) {
	judge := e.newJudge(ctx)
	defer e.tellWaiting()
	for in := (records.Partition{}); ; {
		var err error
		in, err = store.NextPartition(ctx, in)
		if errors.Is(err, records.ErrNotFound) {
			return true
		}
		if err == nil {
			err = e.profilesOf(ctx, store, in, judge)
		}
		if err == nil {
			err = e.jobsOf(ctx, store, in, judge)
		}
		if err != nil {
			if ctx.Err() == nil {
				e.trouble(e.recordsConfig().Path, err, restoreRecords)
			}
			return false
		}
	}
}

// profilesOf looks for profiles that cannot sign any more.
func (e *examination) profilesOf(ctx context.Context, store *records.Store, in records.Partition, judge *judge) error {
	q := records.ProfileQuery{Partition: in, Statuses: []string{records.Active}, Limit: jobsAtOnce}
	for {
		profiles, err := store.Profiles(ctx, q)
		if err != nil || len(profiles) == 0 {
			return err
		}
		for _, p := range profiles {
			if p.Certificate != "" && !judge.unknown && !judge.has(p.Certificate) {
				e.note(Finding{fmt.Sprintf("profile %s of account %s in %s", p.Name, p.Account, p.Region),
					"signs with the certificate " + p.Certificate + ", which is not there, so that its jobs are refused",
					"restore the certificate from a backup, or cancel the profile"})
			}
		}
		q.After = profiles[len(profiles)-1].Name
	}
}

func (e *examination) jobsOf(ctx context.Context, store *records.Store, in records.Partition, judge *judge) error {
	q := records.OldestQuery{Partition: in, Limit: jobsAtOnce}
	for {
		jobs, err := store.Oldest(ctx, q)
		if err != nil || len(jobs) == 0 {
			return err
		}
		for _, job := range jobs {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			e.job(ctx, store, job, judge)
		}
		last := jobs[len(jobs)-1]
		q.After = &records.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

// job examines a job.
func (e *examination) job(ctx context.Context, store *records.Store, job records.Job, judge *judge) {
	e.Jobs++
	switch {
	case job.Status == records.InProgress && job.Worker == "":
		e.waiting++
	case job.Status == records.InProgress && store.Dead(job.Worker):
		e.oneOf(stuck, Finding{nameOf(job), "is in progress, and nobody works on it: the process that did has died",
			fmt.Sprintf("finish it, as account %s: signer describe-signing-job --region %s --job-id %s", job.Account, job.Region, job.ID)})
	case job.Status == "Succeeded":
		e.signed(ctx, job, judge)
	}
}

// tellWaiting tells of jobs that nobody has begun yet, or that were given back.
func (e *examination) tellWaiting() {
	if e.waiting > 0 {
		e.note(Finding{e.recordsConfig().Path, fmt.Sprintf("has %d jobs that wait for somebody to sign them", e.waiting),
			"nothing, if a server works on this home; else list the jobs of their account and region, which signs them: signer list-signing-jobs"})
	}
}

// nameOf is how a job is named to people.
func nameOf(job records.Job) string {
	return fmt.Sprintf("job %s of account %s in %s", job.ID, job.Account, job.Region)
}
