package records_test

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/pkg/records"
)

// testListsWithEveryFilter compares pages with a plain reading of what they
// should be, for every two filters together, and for nearly all of them at once,
// over jobs of every sort.
func testListsWithEveryFilter(t *testing.T, s *records.Store) {
	all := variousJobs(t, s)
	revoked := []*bool{new(bool), new(bool)}
	*revoked[1] = true
	filters := []func(*records.JobQuery){
		func(q *records.JobQuery) { q.Status = "Succeeded" },
		func(q *records.JobQuery) { q.Status = records.InProgress },
		func(q *records.JobQuery) { q.Platform = iot },
		func(q *records.JobQuery) { q.RequestedBy = "arn:you" },
		func(q *records.JobQuery) { q.Invoker = other.Account },
		func(q *records.JobQuery) { q.Revoked = revoked[0] },
		func(q *records.JobQuery) { q.Revoked = revoked[1] },
		func(q *records.JobQuery) { q.ExpiresAfter = noon.AddDate(0, 0, 2) },
		func(q *records.JobQuery) { q.ExpiresBefore = noon.AddDate(0, 0, 20) },
	}
	for chosen := range uint(1) << len(filters) {
		if n := bits.OnesCount(chosen); n > 2 && n < len(filters)-1 {
			continue
		}
		q := records.JobQuery{Partition: here, Limit: 7}
		for i, filter := range filters {
			if chosen>>i&1 == 1 {
				filter(&q)
			}
		}
		checkPages(t, s, all, q)
	}
}

func variousJobs(t *testing.T, s *records.Store) (all []records.Job) {
	for _, in := range []records.Partition{here, other} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
	}
	for i := range 60 {
		j := job([]records.Partition{here, here, here, here, other}[i%5], fmt.Sprintf("%02d", i*37%60))
		j.CreatedAt = noon.Add(time.Duration(i/3) * time.Hour) // several at one moment
		j.Status = []string{"Succeeded", "Failed", "Succeeded", records.InProgress}[i%4]
		j.Platform = []string{lambda, iot, lambda}[i%3]
		j.RequestedBy = []string{"arn:me", "arn:you"}[i/2%2]
		j.Invoker = []string{here.Account, other.Account}[i/4%2]
		if j.Status == "Succeeded" && i%7 != 0 {
			j.ExpiresAt = j.CreatedAt.AddDate(0, 0, 1+i%3*10)
		}
		if i%6 == 0 {
			j.Revocation = records.Revocation{At: noon, By: "me", Reason: "no"}
		}
		all = append(all, addJob(t, s, j))
	}
	slices.SortFunc(all, func(a, b records.Job) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return all
}

func passes(j records.Job, q records.JobQuery) bool {
	revoked := !j.Revocation.At.IsZero()
	return j.Partition == q.Partition &&
		(q.Status == "" || j.Status == q.Status) &&
		(q.Platform == "" || j.Platform == q.Platform) &&
		(q.RequestedBy == "" || j.RequestedBy == q.RequestedBy) &&
		(q.Invoker == "" || j.Invoker == q.Invoker) &&
		(q.Revoked == nil || revoked == *q.Revoked) &&
		(q.ExpiresAfter.IsZero() || j.ExpiresAt.After(q.ExpiresAfter)) &&
		(q.ExpiresBefore.IsZero() || !j.ExpiresAt.IsZero() && j.ExpiresAt.Before(q.ExpiresBefore))
}

func checkPages(t *testing.T, s *records.Store, all []records.Job, q records.JobQuery) {
	t.Helper()
	var want, got []string
	for _, j := range all {
		if passes(j, q) {
			want = append(want, j.ID)
		}
	}
	for full := true; full; {
		page, err := s.Jobs(ctx, q)
		must(t, err)
		got = append(got, jobIDs(page)...)
		if full = len(page) == q.Limit; full {
			q.After = &records.Position{CreatedAt: page[q.Limit-1].CreatedAt, ID: page[q.Limit-1].ID}
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v: got %v, want %v", q, got, want)
	}
}
