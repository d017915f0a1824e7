package transfer_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"signer/pkg/bucket"
	"signer/pkg/bucket/transfer"
)

// TestModel copies what random histories have made, interrupted at random, goes on with
// it after more has happened, and compares what a reader sees.
func TestModel(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		must(t, f.Value.Set("12")) // each check fsyncs a lot
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		from := bucket.Open(bucket.Config{Dir: filepath.Join(dir, "from")})
		to := bucket.Open(bucket.Config{Dir: filepath.Join(dir, "to")})
		must(t, from.CreateBucket(ctx, "model", bucket.CreateOptions{}))
		m := &random{T: t, rt: rt, s: from}
		m.happen(rapid.IntRange(1, 25).Draw(rt, "events"), bucket.Unversioned, bucket.Enabled, bucket.Suspended)
		m.interrupted(to)
		m.whole(to)
		if kept, err := from.Versioning(ctx, "model"); err == nil && kept != bucket.Unversioned { // then all that happens is added
			m.happen(rapid.IntRange(0, 10).Draw(rt, "later"), bucket.Enabled)
			m.interrupted(to)
			m.whole(to)
		}
	})
}

// random is a bucket to which things happen.
type random struct {
	*testing.T
	rt *rapid.T
	s  *bucket.Dir
}

func (m *random) happen(events int, states ...bucket.Versioning) {
	for range events {
		if s := rapid.SampledFrom(states).Draw(m.rt, "state"); s != bucket.Unversioned {
			must(m.T, m.s.PutVersioning(ctx, "model", s))
		}
		key := rapid.SampledFrom([]string{"a", "a/b", "a-b", "é", "z"}).Draw(m.rt, "key")
		all := versions(m.T, m.s, "model")
		switch what := rapid.IntRange(0, 9).Draw(m.rt, "what"); {
		case what < 6:
			put(m.T, m.s, "model", key, fmt.Sprint(rapid.IntRange(0, 3).Draw(m.rt, "body")))
		case what < 8:
			remove(m.T, m.s, "model", key, "")
		case len(all) > 0 && len(states) > 1:
			v := rapid.SampledFrom(all).Draw(m.rt, "version")
			remove(m.T, m.s, "model", v.Key, v.VersionID)
		}
	}
}

// interrupted copies a part.
func (m *random) interrupted(to bucket.Store) {
	left := rapid.IntRange(1, 10).Draw(m.rt, "until")
	asked, stop := context.WithCancel(ctx)
	defer stop()
	_, err := transfer.Run(asked, transfer.Config{From: m.s, To: to, Page: 2, AtOnce: 2, Progress: func(transfer.Phase, transfer.Progress) {
		if left--; left == 0 {
			stop()
		}
	}})
	if err != nil && !errors.Is(err, context.Canceled) {
		m.rt.Fatalf("interrupted: %v", err)
	}
}

func (m *random) whole(to bucket.Store) {
	moved := map[transfer.Version]string{}
	_, err := transfer.Run(ctx, transfer.Config{From: m.s, To: to, Page: rapid.IntRange(1, 3).Draw(m.rt, "page"),
		Moved: func(_ context.Context, v transfer.Version, id string) error { moved[v] = id; return nil }})
	if err != nil {
		m.rt.Fatalf("whole: %v", err)
	}
	if d := cmp.Diff(seen(m.T, m.s), seen(m.T, to)); d != "" {
		m.rt.Fatalf("-source +target\n%s", d)
	}
	checkMoved(m.T, m.s, to, moved)
}
