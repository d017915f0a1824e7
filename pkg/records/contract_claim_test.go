package records_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"signer/pkg/records"
)

// waitingJob is a job that a worker lets wait.
func waitingJob(id, invoker, worker string, at time.Time) records.Job {
	j := job(here, id)
	j.Invoker, j.CreatedAt, j.Claim = invoker, at, records.Claim{Worker: worker}
	return j
}

func testAbandoned(t *testing.T, s *records.Store) {
	for _, in := range []records.Partition{here, other} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
	}
	me, err := s.Enlist()
	must(t, err)
	lapsed, lasting := records.Claim{Worker: me, Attempt: 1, Until: noon.AddDate(-1, 0, 0)}, records.Claim{Worker: me, Attempt: 1, For: time.Hour}
	for i, in := range []records.Partition{here, here, other, here, here, here} {
		j := job(in, fmt.Sprint(i))
		j.CreatedAt = noon.Add(-time.Duration(i) * time.Second)
		j.Claim = []records.Claim{lapsed, lapsed, {}, {}, lasting, {Worker: me}}[i]
		added := addJob(t, s, j)
		if held := s.Held(added); held != (i > 4 || i == 4) {
			t.Errorf("job %d: held %v", i, held)
		}
	}
	must(t, s.FinishJob(ctx, "1", lapsed, records.Result{Status: "Failed"}))
	for _, tc := range []struct {
		in    records.Partition
		limit int
		want  []string
	}{{here, 9, []string{"3", "0"}}, {here, 1, []string{"3"}}, {there, 9, nil}, {records.Partition{}, 9, []string{"3", "2", "0"}}} {
		jobs, err := s.Abandoned(ctx, tc.in, tc.limit)
		must(t, err)
		same(t, jobIDs(jobs), tc.want)
	}
}

// An account with many jobs keeps nobody else's waiting.
func testClaimsInTurns(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	me, err := s.Enlist()
	must(t, err)
	for i, invoker := range []string{"a", "a", "a", "a", "b", "c", "c"} {
		addJob(t, s, waitingJob(fmt.Sprint(invoker, i), invoker, me, noon.Add(-time.Duration(i)*time.Second)))
	}
	counts, err := s.Waiting(ctx)
	must(t, err)
	same(t, counts, map[string]int{"a": 4, "b": 1, "c": 2})
	last := ""
	var got [][]string
	for _, limit := range []int{2, 2, 1, 4, 9} {
		jobs, err := s.ClaimWaiting(ctx, records.Claiming{Worker: "w", For: time.Hour, After: last, Limit: limit})
		must(t, err)
		got = append(got, jobIDs(jobs))
		for _, j := range jobs {
			last = j.Invoker
			same(t, j.Attempt, int64(1))
			same(t, j.Worker, "w")
			if time.Until(j.Until) < time.Minute {
				t.Errorf("job %s is claimed until %v", j.ID, j.Until)
			}
		}
	}
	same(t, got, [][]string{{"a3", "b4"}, {"c6", "a2"}, {"c5"}, {"a1", "a0"}, nil})
	counts, err = s.Waiting(ctx)
	must(t, err)
	same(t, len(counts), 0)
}

func testClaimsOnce(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	me, err := s.Enlist()
	must(t, err)
	const n = 40
	for i := range n {
		addJob(t, s, waitingJob(fmt.Sprint(i), fmt.Sprint("account", i%3), me, noon))
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	by := map[string]string{}
	for w := range 4 {
		group.Go(func() {
			name := fmt.Sprint("w", w)
			for range 2 * n {
				jobs, err := s.ClaimWaiting(ctx, records.Claiming{Worker: name, For: time.Hour, Limit: 3})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, j := range jobs {
					if by[j.ID] != "" {
						t.Errorf("job %s is claimed by %s and %s", j.ID, by[j.ID], name)
					}
					by[j.ID] = name
				}
				done := len(by) == n
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	group.Wait()
	same(t, len(by), n)
}

func testClaimsWhatLapsed(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	me, err := s.Enlist()
	must(t, err)
	for id, claim := range map[string]records.Claim{
		"lapsed": {Worker: me, Attempt: 3, Until: noon.AddDate(-1, 0, 0)}, "lasting": {Worker: me, Attempt: 1, For: time.Hour}, "waiting": {Worker: me},
	} {
		j := job(here, id)
		j.Claim = claim
		addJob(t, s, j)
	}
	q := records.Claiming{Worker: me, For: time.Hour, Limit: 9}
	jobs, err := s.ClaimLapsed(ctx, q)
	must(t, err)
	same(t, jobIDs(jobs), []string{"lapsed"})
	same(t, jobs[0].Attempt, int64(4))
	jobs, err = s.ClaimLapsed(ctx, q)
	must(t, err)
	same(t, len(jobs), 0)
	refused(t, s.FinishJob(ctx, "lapsed", records.Claim{Worker: me, Attempt: 3}, records.Result{Status: "Succeeded"}), records.ErrChanged)
}

func testClaimsAreKeptAndLost(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	me, err := s.Enlist()
	must(t, err)
	j := job(here, "1")
	j.Claim = records.Claim{Worker: me, Attempt: 1, Until: noon.AddDate(-1, 0, 0)}
	was := addJob(t, s, j)
	must(t, s.RenewJob(ctx, "1", records.Claim{Worker: me, Attempt: 1, For: time.Hour}))
	// Who has seen it lapsed comes too late.
	refused(t, s.TakeJob(ctx, "1", was.Claim, records.Claim{Worker: "w", Attempt: 2, For: time.Hour}), records.ErrChanged)
	jobs, err := s.ClaimLapsed(ctx, records.Claiming{Worker: "w", For: time.Hour, Limit: 1})
	must(t, err)
	same(t, len(jobs), 0)
	refused(t, s.ReturnJob(ctx, "1", records.Claim{Worker: "w", Attempt: 1}, 0), records.ErrChanged)
	must(t, s.ReturnJob(ctx, "1", was.Claim, 0))
	refused(t, s.RenewJob(ctx, "1", records.Claim{Worker: me, Attempt: 1, For: time.Hour}), records.ErrChanged)
	got, err := s.Job(ctx, here, "1")
	must(t, err)
	same(t, got.Claim, records.Claim{Attempt: 1})
	must(t, s.TakeJob(ctx, "1", got.Claim, records.Claim{Worker: "w", Attempt: 2, For: time.Hour}))
	got, err = s.Job(ctx, here, "1")
	must(t, err)
	if time.Until(got.Until) < 50*time.Minute || got.Worker != "w" {
		t.Errorf("it is %+v", got.Claim)
	}
	// What is given back for later is nobody's until then, and waits for nobody.
	must(t, s.ReturnJob(ctx, "1", got.Claim, time.Hour))
	for _, claim := range []func(context.Context, records.Claiming) ([]records.Job, error){s.ClaimWaiting, s.ClaimLapsed} {
		jobs, err := claim(ctx, records.Claiming{Worker: me, For: time.Hour, Limit: 1})
		must(t, err)
		same(t, len(jobs), 0)
	}
}

func testWorkBegins(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	mine := records.Claim{Worker: "w", Attempt: 2, Until: noon.AddDate(-1, 0, 0)}
	j := job(here, "1")
	j.Claim = mine
	addJob(t, s, j)
	mine.For = time.Hour
	must(t, s.BeginJob(ctx, "1", mine, 2))
	must(t, s.BeginJob(ctx, "1", mine, 2)) // an answer may have been lost
	got, err := s.Job(ctx, here, "1")
	must(t, err)
	if got.Begun != 2 || time.Until(got.Until) < 50*time.Minute {
		t.Errorf("it has begun %d times, and is claimed until %v", got.Begun, got.Until)
	}
	for _, other := range []records.Claim{{Worker: "w2", Attempt: 2}, {Worker: "w", Attempt: 1}} {
		refused(t, s.BeginJob(ctx, "1", other, 3), records.ErrChanged)
	}
	// Who claims it next is told.
	must(t, s.ReturnJob(ctx, "1", mine, 0))
	jobs, err := s.ClaimWaiting(ctx, records.Claiming{Worker: "w2", For: time.Hour, Limit: 1})
	must(t, err)
	if len(jobs) != 1 || jobs[0].Begun != 2 || jobs[0].Attempt != 3 {
		t.Errorf("got %+v", jobs)
	}
	refused(t, s.BeginJob(ctx, "1", mine, 3), records.ErrChanged)
}
