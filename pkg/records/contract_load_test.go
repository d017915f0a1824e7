package records_test

import (
	"testing"

	"signer/pkg/records"
)

func testUnfinished(t *testing.T, s *records.Store) {
	for _, in := range []records.Partition{here, other} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
		addJob(t, s, job(in, "1"+in.Account))
		addJob(t, s, job(in, "2"+in.Account))
	}
	must(t, s.FinishJob(ctx, "1"+here.Account, records.Claim{Worker: "w1", Attempt: 1}, records.Result{Status: "Failed"}))
	n, err := s.Unfinished(ctx)
	must(t, err)
	same(t, n, int64(3))
	must(t, s.Ready(ctx))
	same(t, s.Load().Writers, 0)
	must(t, s.Close())
	if s.Ready(ctx) == nil {
		t.Error("it is ready when it is closed")
	}
}
