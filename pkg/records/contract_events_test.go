package records_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"signer/pkg/records"
)

func event(id string, at time.Time, step int) records.Event {
	return records.Event{ID: id, Log: "log", At: at, Step: step, Text: "text of " + id}
}

// told are the texts that a log is told.
func told(t *testing.T, s *records.Store, log string) (texts []string) {
	t.Helper()
	must(t, s.Tell(ctx, log, func(some []string) error { texts = append(texts, some...); return nil }))
	return texts
}

// What did not happen makes no event.
func testEventsHappenWithTheirJobs(t *testing.T, s *records.Store) {
	_, _, err := s.AddJob(ctx, job(here, "1"), event("no profile", noon, 0))
	refused(t, err, records.ErrInactive)
	must(t, s.AddProfile(ctx, profile(here, "web")))
	j := job(here, "1")
	j.Token = "token"
	for i, id := range []string{"1", "2"} { // the second has the token of the first
		j.ID = id
		_, isNew, err := s.AddJob(ctx, j, event("begun "+id, noon, 0))
		must(t, err)
		same(t, isNew, i == 0)
	}
	end := records.Result{Status: "Failed"}
	refused(t, s.FinishJob(ctx, "1", records.Claim{Worker: "w2", Attempt: 1}, end, event("another's", noon, 1)), records.ErrChanged)
	must(t, s.FinishJob(ctx, "1", j.Claim, end, event("ended", noon, 1), records.Event{ID: "x", Log: "another", At: noon}))
	refused(t, s.FinishJob(ctx, "1", j.Claim, end, event("again", noon, 1)), records.ErrChanged)
	same(t, told(t, s, "log"), []string{"text of begun 1", "text of ended"})
	same(t, len(told(t, s, "another")), 1)
}

func testEventsWaitUntilTheyAreTold(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	var want []string
	for i := range 220 { // more than are told at once
		_, _, err := s.AddJob(ctx, job(here, fmt.Sprint(i)), event(fmt.Sprintf("%03d", 219-i), noon.Add(time.Duration(i/2)*time.Second), 1-i%2))
		must(t, err)
		want = append(want, fmt.Sprintf("text of %03d", 219-(i^1)))
	}
	deaf := errors.New("deaf")
	var first []string
	refused(t, s.Tell(ctx, "log", func(texts []string) error { first = texts; return deaf }), deaf)
	same(t, first, want[:len(first)])
	same(t, told(t, s, "log"), want)
	same(t, len(told(t, s, "log")), 0)
}

func testOneTellsAtATime(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	var group sync.WaitGroup
	var lines []string // guarded by nothing but Tell
	for i := range 8 {
		group.Go(func() {
			for k := range 4 {
				id := fmt.Sprint(i, "-", k)
				_, _, err := s.AddJob(ctx, job(here, id), event(id, noon, 0))
				if err == nil {
					err = s.Tell(ctx, "log", func(texts []string) error { lines = append(lines, texts...); return nil })
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	once := map[string]bool{}
	for _, line := range lines {
		once[line] = true
	}
	same(t, len(lines), 32)
	same(t, len(once), 32)
}
