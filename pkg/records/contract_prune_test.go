package records_test

import (
	"fmt"
	"testing"
	"time"

	"signer/pkg/records"
)

func testPartitionsInOrder(t *testing.T, s *records.Store) {
	_, err := s.NextPartition(ctx, records.Partition{})
	refused(t, err, records.ErrNotFound)
	for _, in := range []records.Partition{there, other, here} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
	}
	addJob(t, s, job(other, "1"))
	must(t, s.FinishJob(ctx, "1", records.Claim{Worker: "w1", Attempt: 1}, records.Result{Status: "Failed"}))
	_, err = s.CancelProfile(ctx, other, "web", noon, "")
	must(t, err)
	must(t, s.DeleteProfile(ctx, other, "web", "v123456789")) // its job is left
	var all []records.Partition
	for at, err := s.NextPartition(ctx, records.Partition{}); err == nil; at, err = s.NextPartition(ctx, at) {
		all = append(all, at)
	}
	same(t, all, []records.Partition{here, there, other})
}

func testOldestPageByPage(t *testing.T, s *records.Store) {
	for _, in := range []records.Partition{here, other} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
	}
	for i := range 9 {
		j := job([]records.Partition{here, here, other}[i%3], fmt.Sprint(i))
		j.CreatedAt = noon.Add(-time.Duration(i/2) * time.Hour) // two at one moment
		addJob(t, s, j)
	}
	q := records.OldestQuery{Partition: here, Before: noon, Limit: 2}
	var pages [][]string
	for {
		page, err := s.Oldest(ctx, q)
		must(t, err)
		if len(page) == 0 {
			break
		}
		pages = append(pages, jobIDs(page))
		last := page[len(page)-1]
		q.After = &records.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
	same(t, pages, [][]string{{"6", "7"}, {"4", "3"}})
	all, err := s.Oldest(ctx, records.OldestQuery{Partition: here, Limit: 99})
	must(t, err)
	same(t, jobIDs(all), []string{"6", "7", "4", "3", "0", "1"})
}

func testDeletesJobsThatHaveEnded(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	for i := range 3 {
		j := job(here, fmt.Sprint(i))
		j.Token = fmt.Sprint("token", i)
		addJob(t, s, j)
	}
	for _, id := range []string{"0", "1"} {
		must(t, s.FinishJob(ctx, id, records.Claim{Worker: "w1", Attempt: 1}, records.Result{Status: "Failed"}))
	}
	for want, ids := range [][]string{nil, {"0", "2", "never"}} {
		gone, err := s.DeleteJobs(ctx, ids)
		must(t, err)
		same(t, gone, want)
	}
	_, err := s.Job(ctx, here, "0")
	refused(t, err, records.ErrNotFound)
	for _, id := range []string{"1", "2"} {
		_, err := s.Job(ctx, here, id)
		must(t, err)
	}
	again := job(here, "again")
	again.Token = "token0"
	addJob(t, s, again)
}

func testDeletesProfilesButNotNames(t *testing.T, s *records.Store) {
	for _, in := range []records.Partition{here, there} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
		must(t, s.AddPolicy(ctx, records.Policy{Partition: in, Profile: "web", Revision: "1", Statements: "[]"}))
	}
	refused(t, s.DeleteProfile(ctx, here, "web", "v123456789"), records.ErrChanged) // it is active
	_, err := s.CancelProfile(ctx, here, "web", noon, "2")
	must(t, err)
	refused(t, s.DeleteProfile(ctx, here, "web", "another"), records.ErrChanged)
	must(t, s.DeleteProfile(ctx, here, "web", "v123456789"))
	refused(t, s.DeleteProfile(ctx, here, "web", "v123456789"), records.ErrChanged)
	_, err = s.Profile(ctx, here, "web")
	refused(t, err, records.ErrNotFound)
	_, err = s.Policy(ctx, here, "web")
	refused(t, err, records.ErrNotFound)
	refused(t, s.AddProfile(ctx, profile(here, "web")), records.ErrExists)
	_, err = s.Profile(ctx, there, "web")
	must(t, err)
	_, err = s.Policy(ctx, there, "web")
	must(t, err)
}
