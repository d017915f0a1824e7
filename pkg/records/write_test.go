package records_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/records"
)

// Many goroutines write at once, and share transactions. What the rows say no to
// is said to whom it concerns, and nobody else's job is lost for it.
func TestWritersShareTransactions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	s := openAt(t, path)
	must(t, s.AddProfile(ctx, profile(here, "web")))
	const n = 100
	var all sync.WaitGroup
	answers := make([]error, n)
	for i := range n {
		all.Go(func() {
			j := job(here, fmt.Sprintf("job-%03d", i))
			j.Token = fmt.Sprint("token", i/2) // each twice
			if i%10 == 9 {
				j.Profile = "none"
			}
			_, _, answers[i] = s.AddJob(ctx, j)
		})
	}
	all.Wait()
	for i, err := range answers {
		if i%10 == 9 && !errors.Is(err, records.ErrInactive) && err != nil || i%10 != 9 && err != nil {
			t.Errorf("job %d: %v", i, err)
		}
	}
	must(t, s.Close())
	s = openAt(t, path)
	for i := range n / 2 {
		if _, err := s.JobByToken(ctx, here, fmt.Sprint("token", i)); err != nil {
			t.Errorf("token %d: %v", i, err)
		}
	}
}

// What AddJob returns is what is kept.
func TestAddedJobIsTheOneKept(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "records.db"))
	must(t, s.AddProfile(ctx, profile(here, "web")))
	j := job(here, "job")
	j.CreatedAt = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.FixedZone("east", 3600))
	j.Result = records.Result{Status: "Succeeded", CompletedAt: j.CreatedAt.Add(time.Nanosecond)}
	j.Parameters = map[string]string{}
	added, isNew, err := s.AddJob(ctx, j)
	must(t, err)
	read, err := s.Job(ctx, here, "job")
	must(t, err)
	if diff := cmp.Diff(read, added); diff != "" || !isNew {
		t.Error(isNew, diff)
	}
}

// Who gives up while others write has not written, and they have.
func TestWriterGivesUp(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "records.db"))
	must(t, s.AddProfile(ctx, profile(here, "web")))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			in := ctx
			if i%2 == 0 {
				in = gone
			}
			id := fmt.Sprintf("job-%03d", i)
			_, added, err := s.AddJob(in, job(here, id))
			_, there := s.Job(ctx, here, id)
			if in == ctx && (err != nil || !added || there != nil) {
				t.Errorf("%s: added %v, %v; then %v", id, added, err, there)
			}
			if in == gone && err == nil {
				t.Errorf("%s was added for somebody who had gone", id)
			}
		})
	}
	all.Wait()
}

// BenchmarkAddJobs tells what a job costs that is added among many.
func BenchmarkAddJobs(b *testing.B) {
	for _, at := range []int{1, 64} {
		b.Run(fmt.Sprint(at, " at once"), func(b *testing.B) {
			s := openAt(b, filepath.Join(b.TempDir(), "records.db"))
			if err := s.AddProfile(ctx, profile(here, "web")); err != nil {
				b.Fatal(err)
			}
			places := make(chan struct{}, at)
			var all sync.WaitGroup
			n := 0
			for b.Loop() {
				n++
				one := job(here, fmt.Sprint(n))
				places <- struct{}{}
				all.Go(func() {
					if _, _, err := s.AddJob(ctx, one); err != nil {
						b.Error(err)
					}
					<-places
				})
			}
			all.Wait()
		})
	}
}
