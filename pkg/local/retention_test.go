package local_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/local"
	"signer/pkg/records"
)

var (
	here = records.Partition{Account: account, Region: region}
	away = records.Partition{Account: "444455556666", Region: "us-east-1"}
)

const (
	lambdaID   = "AWSLambda-SHA384-ECDSA"
	iotID      = "AWSIoTDeviceManagement-SHA256-ECDSA"
	notationID = "Notation-OCI-SHA384-ECDSA"
)

func date(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, text)
	must(t, err)
	return at
}

func emptyRecords(t *testing.T) *records.Store {
	t.Helper()
	s, err := records.Open(ctx, records.Config{Path: filepath.Join(t.TempDir(), "records.db")})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func addProfile(t *testing.T, s *records.Store, p records.Profile) {
	t.Helper()
	p.Version, p.CreatedAt = "v123456789", date(t, "2020-01-01 00:00:00")
	if p.Status == "" {
		p.Status = records.Active
	}
	must(t, s.AddProfile(ctx, p))
}

func addJob(t *testing.T, s *records.Store, j records.Job) {
	t.Helper()
	j.Profile, j.ProfileVersion, j.Invoker = "web", "v123456789", j.Account
	_, _, err := s.AddJob(ctx, j)
	must(t, err)
}

// A record goes at the very moment at which AWS lets it go, and not before.
func TestRetentionOfJobs(t *testing.T) {
	month := records.Validity{Value: 1, Unit: "MONTHS"}
	for _, tc := range []struct {
		name  string
		job   records.Job
		until string
	}{
		{"half a year after it expires", records.Job{Platform: lambdaID, Validity: month,
			Result: records.Result{Status: "Succeeded", ExpiresAt: date(t, "2026-02-28 12:00:00")}}, "2026-08-28 12:00:00"},
		{"at the end of a shorter month", records.Job{Platform: notationID,
			Result: records.Result{Status: "Succeeded", ExpiresAt: date(t, "2026-08-31 12:00:00")}}, "2027-02-28 12:00:00"},
		{"as if it had not failed", records.Job{Platform: lambdaID, Validity: month, Result: records.Result{Status: "Failed"}}, "2026-08-28 12:00:00"},
		{"firmware after twenty months", records.Job{Platform: iotID, Validity: month, Result: records.Result{Status: "Succeeded"}}, "2027-09-30 12:00:00"},
		{"never while it is in progress", records.Job{Platform: iotID, Result: records.Result{Status: "InProgress"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := emptyRecords(t)
			addProfile(t, s, records.Profile{Partition: here, Name: "web", Platform: tc.job.Platform})
			tc.job.Partition, tc.job.ID, tc.job.CreatedAt = here, "1", date(t, "2026-01-31 12:00:00")
			addJob(t, s, tc.job)
			if tc.until == "" {
				prune(t, s, local.Pruning{Now: date(t, "2126-01-01 00:00:00"), Before: date(t, "2126-01-01 00:00:00")}, local.Pruned{})
				return
			}
			until := date(t, tc.until)
			p := local.Pruning{Now: until.Add(-1), Before: until}
			prune(t, s, p, local.Pruned{KeptJobs: 1, NextAt: until})
			p.Now, p.Before = until, tc.job.CreatedAt
			prune(t, s, p, local.Pruned{}) // it is not older than that
			p.Before, p.DryRun = until, true
			prune(t, s, p, local.Pruned{Jobs: 1})
			p.DryRun = false
			prune(t, s, p, local.Pruned{Jobs: 1})
			prune(t, s, p, local.Pruned{})
		})
	}
}

func prune(t *testing.T, s *records.Store, p local.Pruning, want local.Pruned) {
	t.Helper()
	got, err := local.Prune(ctx, s, p)
	must(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%+v: differs from what was wanted (-) in (+):\n%s", p, d)
	}
}

func TestRetentionOfProfiles(t *testing.T) {
	canceled, revoked := date(t, "2026-01-31 12:00:00"), date(t, "2026-03-31 12:00:00")
	revocation := records.ProfileRevocation{At: revoked, Effective: canceled}
	for _, tc := range []struct {
		name    string
		profile records.Profile
		until   string
	}{
		{"canceled", records.Profile{Platform: lambdaID, Status: records.Canceled, CanceledAt: canceled}, "2026-08-28 12:00:00"},
		{"revoked", records.Profile{Platform: notationID, Status: records.Revoked, Revocation: revocation}, "2026-10-30 12:00:00"},
		{"canceled and then revoked", records.Profile{Platform: lambdaID, Status: records.Revoked, CanceledAt: canceled, Revocation: revocation}, "2026-08-28 12:00:00"},
		{"of firmware", records.Profile{Platform: iotID, Status: records.Canceled, CanceledAt: canceled}, "2027-09-30 12:00:00"},
		{"active", records.Profile{Platform: lambdaID}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := emptyRecords(t)
			tc.profile.Partition, tc.profile.Name = here, "web"
			tc.profile.Validity = records.Validity{Value: 1, Unit: "MONTHS"}
			addProfile(t, s, tc.profile)
			if tc.until == "" {
				prune(t, s, local.Pruning{Now: date(t, "2126-01-01 00:00:00"), Before: date(t, "2126-01-01 00:00:00")}, local.Pruned{})
				return
			}
			until := date(t, tc.until)
			p := local.Pruning{Now: until.Add(-1), Before: until}
			prune(t, s, p, local.Pruned{KeptProfiles: 1, NextAt: until})
			p.Now, p.DryRun = until, true
			prune(t, s, p, local.Pruned{Profiles: 1})
			p.DryRun = false
			prune(t, s, p, local.Pruned{Profiles: 1})
			prune(t, s, p, local.Pruned{})
		})
	}
}

// All accounts and regions are pruned, in more than one transaction where there is
// much.
func TestPruneMuch(t *testing.T) {
	s := emptyRecords(t)
	want, left := local.Pruned{}, map[records.Partition]int{}
	for in, jobs := range map[records.Partition]int{here: 520, away: 20} {
		addProfile(t, s, records.Profile{Partition: in, Name: "web", Platform: iotID})
		for i := range jobs {
			j := records.Job{Partition: in, ID: fmt.Sprint(in.Account, "-", i), Platform: iotID, Result: records.Result{Status: "Succeeded"},
				CreatedAt: date(t, "2020-01-01 00:00:00").Add(time.Duration(i/7) * time.Minute)}
			switch i % 20 {
			case 3:
				j.Status = records.InProgress
				left[in]++
			case 4:
				j.CreatedAt = date(t, "2025-01-01 00:00:00")
				want.KeptJobs++
				left[in]++
			default:
				want.Jobs++
			}
			addJob(t, s, j)
		}
	}
	want.NextAt = date(t, "2026-09-01 00:00:00")
	p := local.Pruning{Now: date(t, "2026-01-01 00:00:00"), Before: date(t, "2026-01-01 00:00:00"), DryRun: true}
	prune(t, s, p, want)
	p.DryRun = false
	prune(t, s, p, want)
	want.Jobs = 0
	prune(t, s, p, want)
	for in, n := range left {
		jobs, err := s.Oldest(ctx, records.OldestQuery{Partition: in, Limit: 999})
		must(t, err)
		if len(jobs) != n {
			t.Errorf("%v has %d jobs left, not %d", in, len(jobs), n)
		}
	}
}
