package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signer/pkg/document"
	"signer/pkg/lenient"
	"signer/pkg/local"
	"signer/pkg/span"
)

const pruneHelp = "Forget the records of old jobs and profiles. The local engine forgets nothing by itself. This command removes, " +
	"of all accounts and regions in the home, what is older than you say and what AWS Signer would have deleted by now: jobs half a " +
	"year after their signatures expire, twenty months after they began if these do not expire, and profiles as long after " +
	"they were canceled or revoked as their last signatures are kept. Jobs in progress, active profiles, and the names of " +
	"profiles stay. No object in any bucket is touched.\n\n" +
	"With --dry-run it only says what it would do. The answer counts what was removed, and what is old enough for you but " +
	"retained by that rule; nextAt is when the first of these may go."

// pruneOptions are the options of prune.
type pruneOptions struct {
	olderThan string
	dryRun    bool
}

// newPrune makes the command that forgets old records.
func newPrune(s *session) *cobra.Command {
	var o pruneOptions
	c := &cobra.Command{Use: "prune", Short: "Forget the records of old jobs and profiles.", Long: pruneHelp,
		RunE: func(c *cobra.Command, _ []string) error { return s.prune(c.Context(), o) }}
	c.Flags().SortFlags = false
	addText(c.Flags(), &o.olderThan, "older-than", "How old a record must be: a span of time, such as 90d or 1y6mo (units: "+
		"y, mo, w, d, h, m, s), or a date. A job is as old as its beginning, a profile as its end.")
	addSwitch(c.Flags(), &o.dryRun, "dry-run", "Only say what would be removed.")
	s.nodes[c] = &node{required: func([]string) []string { return []string{"--older-than"} }}
	return c
}

func (s *session) prune(ctx context.Context, o pruneOptions) error {
	clock, err := s.localClock()
	if err != nil {
		return err
	}
	now := clock()
	before, err := moment(o.olderThan, now)
	if err != nil {
		return err
	}
	s.warnOfFaults()
	done, err := s.pruneRecords(ctx, local.Pruning{Before: before, Now: now, DryRun: o.dryRun})
	if err != nil {
		return err
	}
	return s.print("Prune", pruneAnswer(o, before, done))
}

// pruneRecords prunes the records, if there are any.
func (s *session) pruneRecords(ctx context.Context, p local.Pruning) (local.Pruned, error) {
	home, err := s.homeDirectory()
	if err != nil {
		return local.Pruned{}, err
	}
	store, err := s.openRecords(ctx, home, true)
	if errors.Is(err, fs.ErrNotExist) {
		return local.Pruned{}, nil
	}
	if err != nil {
		return local.Pruned{}, err
	}
	defer store.Close()
	done, err := local.Prune(ctx, store, p)
	if err != nil && !p.DryRun {
		err = fmt.Errorf("%d jobs and %d profiles were removed, then: %w", done.Jobs, done.Profiles, err)
	}
	return done, err
}

// moment is the time that --older-than means: so long ago, or a date.
func moment(text string, now time.Time) (time.Time, error) {
	if ago, err := span.Parse(text); err == nil {
		return ago.Before(now).Truncate(time.Second), nil
	}
	at, _, err := lenient.Time(text, now)
	if err != nil || strings.Trim(text, "0123456789.") == "" { // 90 would be a moment in 1970
		return at, usageErrorf("argument --older-than: %q is neither a span of time, such as 90d or 1y6mo, nor a date, such as 2026-01-31", text)
	}
	return at.In(now.Location()), nil
}

func pruneAnswer(o pruneOptions, before time.Time, done local.Pruned) *document.Object {
	answer := document.New(
		document.Member{Name: "dryRun", Value: o.dryRun},
		document.Member{Name: "olderThan", Value: before},
		document.Member{Name: "removedJobs", Value: int64(done.Jobs)},
		document.Member{Name: "removedProfiles", Value: int64(done.Profiles)},
		document.Member{Name: "retainedJobs", Value: int64(done.KeptJobs)},
		document.Member{Name: "retainedProfiles", Value: int64(done.KeptProfiles)},
	)
	if !done.NextAt.IsZero() {
		answer.Set("nextAt", done.NextAt.In(before.Location()))
	}
	return answer
}
