package records_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/records"
)

// contract is what a Store promises, whatever database it stands on. open
// returns a new, empty Store.
func contract(t *testing.T, open func(*testing.T) *records.Store) {
	for _, part := range []struct {
		name string
		test func(*testing.T, *records.Store)
	}{
		{"ProfileComesBackWhole", testProfileComesBackWhole},
		{"NameIsTakenForEver", testNameIsTakenForEver},
		{"ProfilesPageByPage", testProfilesPageByPage},
		{"Cancel", testCancel},
		{"RevokeProfileOnlyEarlier", testRevokeProfileOnlyEarlier},
		{"TagsCompareAndSet", testTagsCompareAndSet},
		{"PolicyRevisions", testPolicyRevisions},
		{"JobComesBackWhole", testJobComesBackWhole},
		{"Texts", testTexts},
		{"TokensOfAnyLength", testTokensOfAnyLength},
		{"JobNeedsAnActiveProfile", testJobNeedsAnActiveProfile},
		{"TokenMakesOneJob", testTokenMakesOneJob},
		{"JobIsSeenByOwnerAndInvoker", testJobIsSeenByOwnerAndInvoker},
		{"JobEndsOnce", testJobEndsOnce},
		{"OneTakesAJob", testOneTakesAJob},
		{"RevokeJobOnce", testRevokeJobOnce},
		{"Abandoned", testAbandoned},
		{"ClaimsInTurns", testClaimsInTurns},
		{"ClaimsOnce", testClaimsOnce},
		{"ClaimsWhatLapsed", testClaimsWhatLapsed},
		{"ClaimsAreKeptAndLost", testClaimsAreKeptAndLost},
		{"WorkBegins", testWorkBegins},
		{"ListsWithEveryFilter", testListsWithEveryFilter},
		{"PartitionsInOrder", testPartitionsInOrder},
		{"Unfinished", testUnfinished},
		{"OldestPageByPage", testOldestPageByPage},
		{"DeletesJobsThatHaveEnded", testDeletesJobsThatHaveEnded},
		{"DeletesProfilesButNotNames", testDeletesProfilesButNotNames},
		{"EventsHappenWithTheirJobs", testEventsHappenWithTheirJobs},
		{"EventsWaitUntilTheyAreTold", testEventsWaitUntilTheyAreTold},
		{"OneTellsAtATime", testOneTellsAtATime},
		{"AccessKeys", testAccessKeys},
		{"AccessKeysChange", testAccessKeysChange},
		{"AccessKeysAtOnce", testAccessKeysAtOnce},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, open(t)) })
	}
}

var (
	ctx   = context.Background()
	here  = records.Partition{Account: "111122223333", Region: "eu-west-1"}
	there = records.Partition{Account: "111122223333", Region: "us-east-1"}
	other = records.Partition{Account: "444455556666", Region: "eu-west-1"}
	noon  = time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC)
)

const lambda, iot = "AWSLambda-SHA384-ECDSA", "AWSIoTDeviceManagement-SHA256-ECDSA"

func profile(in records.Partition, name string) records.Profile {
	return records.Profile{Partition: in, Name: name, Version: "v123456789", Platform: lambda,
		Validity: records.Validity{Value: 135, Unit: "MONTHS"}, Status: records.Active, CreatedAt: noon, CreatedBy: "arn:me"}
}

func job(in records.Partition, id string) records.Job {
	return records.Job{Partition: in, ID: id, Invoker: in.Account, RequestedBy: "arn:me", Profile: "web", ProfileVersion: "v123456789",
		Platform: lambda, CreatedAt: noon, Result: records.Result{Status: records.InProgress}, Claim: records.Claim{Worker: "w1", Attempt: 1}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("differs from what was wanted (-) in (+):\n%s", d)
	}
}

func addJob(t *testing.T, s *records.Store, j records.Job) records.Job {
	t.Helper()
	added, isNew, err := s.AddJob(ctx, j)
	must(t, err)
	if !isNew {
		t.Fatalf("job %s is taken for an old one", j.ID)
	}
	return added
}

func testProfileComesBackWhole(t *testing.T, s *records.Store) {
	p := profile(here, "web")
	p.Certificate = "arn:certificate"
	p.Parameters = map[string]string{"certname": "a b", "é\"'": "\\"}
	p.Overrides = records.Overrides{Encryption: "RSA", Hash: "SHA1", Format: "JSONEmbedded"}
	p.Tags = map[string]string{"team": "", "stage": "prod"}
	p.Status, p.Reason = records.Revoked, "leaked"
	p.CanceledAt = noon.Add(time.Hour)
	p.Revocation = records.ProfileRevocation{At: noon.Add(2 * time.Hour), Effective: time.Unix(0, 0).UTC(), By: "arn:you", Reason: "leaked"}
	must(t, s.AddProfile(ctx, p))
	got, err := s.Profile(ctx, here, "web")
	must(t, err)
	same(t, got, p)

	plain := profile(here, "plain")
	must(t, s.AddProfile(ctx, plain))
	got, err = s.Profile(ctx, here, "plain")
	must(t, err)
	same(t, got, plain)
}

func testNameIsTakenForEver(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	must(t, s.AddProfile(ctx, profile(there, "web")))
	must(t, s.AddProfile(ctx, profile(other, "web")))
	second := profile(here, "web")
	second.Version = "another"
	refused(t, s.AddProfile(ctx, second), records.ErrExists)
	_, err := s.CancelProfile(ctx, here, "web", noon, "")
	must(t, err)
	refused(t, s.AddProfile(ctx, second), records.ErrExists)
	_, err = s.Profile(ctx, here, "Web")
	refused(t, err, records.ErrNotFound)
}

func testProfilesPageByPage(t *testing.T, s *records.Store) {
	for i, name := range []string{"b", "a_1", "Z", "a1", "c", "d"} {
		p := profile(here, name)
		if i%2 == 1 {
			p.Platform = iot
		}
		must(t, s.AddProfile(ctx, p))
	}
	must(t, s.AddProfile(ctx, profile(other, "elsewhere")))
	_, err := s.CancelProfile(ctx, here, "c", noon, "")
	must(t, err)
	for _, tc := range []struct {
		q    records.ProfileQuery
		want []string
	}{
		{records.ProfileQuery{Limit: 10}, []string{"Z", "a1", "a_1", "b", "c", "d"}},
		{records.ProfileQuery{Limit: 2}, []string{"Z", "a1"}},
		{records.ProfileQuery{Limit: 2, After: "a1"}, []string{"a_1", "b"}},
		{records.ProfileQuery{Limit: 2, After: "aa"}, []string{"b", "c"}},
		{records.ProfileQuery{Limit: 2, After: "d"}, nil},
		{records.ProfileQuery{Limit: 9, Statuses: []string{"Active"}, Platform: iot}, []string{"a1", "a_1", "d"}},
		{records.ProfileQuery{Limit: 9, Statuses: []string{"Canceled", "Revoked"}}, []string{"c"}},
	} {
		tc.q.Partition = here
		found, err := s.Profiles(ctx, tc.q)
		must(t, err)
		var names []string
		for _, p := range found {
			names = append(names, p.Name)
		}
		same(t, names, tc.want)
	}
}

func testCancel(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	must(t, s.AddPolicy(ctx, records.Policy{Partition: here, Profile: "web", Revision: "1", Statements: "[]"}))
	p, err := s.CancelProfile(ctx, here, "web", noon, "2")
	must(t, err)
	if p.Status != records.Canceled || !p.CanceledAt.Equal(noon) {
		t.Errorf("got %+v", p)
	}
	again, err := s.CancelProfile(ctx, here, "web", noon.Add(time.Hour), "3")
	must(t, err)
	same(t, again, p)
	policy, err := s.Policy(ctx, here, "web")
	must(t, err)
	same(t, policy.Revision, "2")
	_, err = s.CancelProfile(ctx, other, "web", noon, "")
	refused(t, err, records.ErrNotFound)
}

func testRevokeProfileOnlyEarlier(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	r := records.ProfileRevocation{At: noon, Effective: noon.Add(-time.Hour), By: "arn:you", Reason: "lost"}
	refused(t, s.RevokeProfile(ctx, here, "web", "wrong", r), records.ErrChanged)
	must(t, s.RevokeProfile(ctx, here, "web", "v123456789", r))
	refused(t, s.RevokeProfile(ctx, here, "web", "v123456789", r), records.ErrChanged)
	r.Effective, r.Reason = noon.Add(-2*time.Hour), "lost long ago"
	must(t, s.RevokeProfile(ctx, here, "web", "v123456789", r))
	p, err := s.CancelProfile(ctx, here, "web", noon, "")
	must(t, err)
	if p.Status != records.Revoked || p.Reason != "lost long ago" || !p.CanceledAt.IsZero() {
		t.Errorf("got %+v", p)
	}
	same(t, p.Revocation, r)
}

func testTagsCompareAndSet(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	one, two := map[string]string{"b": "2", "a": "1"}, map[string]string{"c": "3"}
	must(t, s.SetTags(ctx, here, "web", nil, one))
	refused(t, s.SetTags(ctx, here, "web", nil, two), records.ErrChanged)
	must(t, s.SetTags(ctx, here, "web", map[string]string{"a": "1", "b": "2"}, two))
	p, err := s.Profile(ctx, here, "web")
	must(t, err)
	same(t, p.Tags, two)
}

func testPolicyRevisions(t *testing.T, s *records.Store) {
	first := records.Policy{Partition: here, Profile: "web", Revision: "1", Statements: `["é"]`}
	_, err := s.Policy(ctx, here, "web")
	refused(t, err, records.ErrNotFound)
	must(t, s.AddPolicy(ctx, first))
	refused(t, s.AddPolicy(ctx, first), records.ErrChanged)
	second := first
	second.Revision = "2"
	refused(t, s.ReplacePolicy(ctx, second, "0"), records.ErrChanged)
	must(t, s.ReplacePolicy(ctx, second, "1"))
	got, err := s.Policy(ctx, here, "web")
	must(t, err)
	same(t, got, second)
	refused(t, s.DeletePolicy(ctx, here, "web", "1"), records.ErrChanged)
	refused(t, s.DeletePolicy(ctx, other, "web", "2"), records.ErrChanged)
	must(t, s.DeletePolicy(ctx, here, "web", "2"))
	must(t, s.AddPolicy(ctx, first))
}

func testJobComesBackWhole(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	j := job(here, "1")
	j.Invoker, j.RequestedBy, j.Token = other.Account, "arn:other", "token"
	j.Certificate, j.Parameters = "arn:certificate", map[string]string{"a": "b"}
	j.Overrides = records.Overrides{Encryption: "RSA", Hash: "SHA1", Format: "JSONEmbedded"}
	j.Validity = records.Validity{Value: 3, Unit: "YEARS"}
	j.Source = records.Object{Bucket: "in", Key: "a/b ?.zip", Version: "null"}
	j.Destination = records.Destination{Bucket: "out", Prefix: "signed-"}
	j.Result = records.Result{Status: "Succeeded", Reason: "Signing Succeeded", Signed: records.Object{Bucket: "out", Key: "signed-1.zip", Version: "7"},
		CompletedAt: noon.Add(time.Second), ExpiresAt: noon.AddDate(3, 0, 0)}
	j.Revocation = records.Revocation{At: noon.Add(time.Minute), By: "arn:you", Reason: "no"}
	j.Begun, j.Claim = 2, records.Claim{Worker: "w", Attempt: 3, Until: noon.Add(time.Hour)}
	same(t, addJob(t, s, j), j)
	plain := job(here, "2")
	same(t, addJob(t, s, plain), plain)
}

func testJobNeedsAnActiveProfile(t *testing.T, s *records.Store) {
	_, _, err := s.AddJob(ctx, job(here, "1"))
	refused(t, err, records.ErrInactive)
	must(t, s.AddProfile(ctx, profile(here, "web")))
	another := job(here, "1")
	another.ProfileVersion = "another"
	_, _, err = s.AddJob(ctx, another)
	refused(t, err, records.ErrInactive)
	kept := job(here, "1")
	kept.Token = "token"
	kept = addJob(t, s, kept)
	_, err = s.CancelProfile(ctx, here, "web", noon, "")
	must(t, err)
	_, _, err = s.AddJob(ctx, job(here, "2"))
	refused(t, err, records.ErrInactive)
	late := job(here, "3")
	late.Token = "token"
	replayed, isNew, err := s.AddJob(ctx, late)
	must(t, err)
	same(t, isNew, false)
	same(t, replayed, kept)
}

func testTokenMakesOneJob(t *testing.T, s *records.Store) {
	for _, in := range []records.Partition{here, there, other} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
	}
	var group sync.WaitGroup
	got := make([]string, 24)
	news := make([]bool, len(got))
	for i := range got {
		group.Go(func() {
			in := []records.Partition{here, there, other}[i%3]
			j := job(in, fmt.Sprint(i))
			j.Token = "token"
			answer, isNew, err := s.AddJob(ctx, j)
			if err != nil {
				t.Error(err)
			}
			got[i], news[i] = answer.ID, isNew
		})
	}
	group.Wait()
	for i := range got {
		same(t, got[i], got[i%3])
		same(t, news[i], got[i] == fmt.Sprint(i))
	}
	for _, id := range []string{"x", "y"} { // no token, no bond
		addJob(t, s, job(here, id))
	}
}

func testJobIsSeenByOwnerAndInvoker(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	j := job(here, "1")
	j.Invoker, j.Token = other.Account, "token"
	addJob(t, s, j)
	for _, in := range []records.Partition{here, other} {
		_, err := s.Job(ctx, in, "1")
		must(t, err)
	}
	_, err := s.Job(ctx, there, "1")
	refused(t, err, records.ErrNotFound)
	_, err = s.Job(ctx, records.Partition{Account: "777788889999", Region: here.Region}, "1")
	refused(t, err, records.ErrNotFound)
	_, err = s.JobByToken(ctx, here, "token")
	refused(t, err, records.ErrNotFound)
	_, err = s.JobByToken(ctx, other, "token")
	must(t, err)
	_, err = s.JobByToken(ctx, other, "")
	refused(t, err, records.ErrNotFound)
}

func testJobEndsOnce(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	j := addJob(t, s, job(here, "1"))
	end := records.Result{Status: "Succeeded", Reason: "Signing Succeeded", Signed: records.Object{Bucket: "out", Key: "k", Version: "v"},
		CompletedAt: noon.Add(time.Second), ExpiresAt: noon.Add(time.Hour)}
	refused(t, s.FinishJob(ctx, "1", records.Claim{Worker: "w2", Attempt: 1}, end), records.ErrChanged)
	refused(t, s.FinishJob(ctx, "1", records.Claim{Worker: "w1", Attempt: 2}, end), records.ErrChanged)
	must(t, s.FinishJob(ctx, "1", j.Claim, end))
	refused(t, s.FinishJob(ctx, "1", j.Claim, records.Result{Status: "Failed"}), records.ErrChanged)
	got, err := s.Job(ctx, here, "1")
	must(t, err)
	same(t, got.Result, end)
}

func testOneTakesAJob(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	from := addJob(t, s, job(here, "1")).Claim
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() {
			errs[i] = s.TakeJob(ctx, "1", from, records.Claim{Worker: fmt.Sprint("w", i), Attempt: 2, Until: noon})
		})
	}
	group.Wait()
	got, err := s.Job(ctx, here, "1")
	must(t, err)
	for i, err := range errs {
		if got.Worker == fmt.Sprint("w", i) {
			must(t, err)
		} else {
			refused(t, err, records.ErrChanged)
		}
	}
	same(t, got.Claim, records.Claim{Worker: got.Worker, Attempt: 2, Until: noon})
	refused(t, s.FinishJob(ctx, "1", from, records.Result{Status: "Failed"}), records.ErrChanged)
	must(t, s.FinishJob(ctx, "1", got.Claim, records.Result{Status: "Failed"}))
	refused(t, s.TakeJob(ctx, "1", got.Claim, from), records.ErrChanged)
}

func testRevokeJobOnce(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	addJob(t, s, job(here, "1"))
	r := records.Revocation{At: noon, By: "arn:you", Reason: "no"}
	refused(t, s.RevokeJob(ctx, other, "1", r), records.ErrChanged)
	must(t, s.RevokeJob(ctx, here, "1", r))
	refused(t, s.RevokeJob(ctx, here, "1", records.Revocation{At: noon.Add(1)}), records.ErrChanged)
	got, err := s.Job(ctx, here, "1")
	must(t, err)
	same(t, got.Revocation, r)
}

func jobIDs(jobs []records.Job) (all []string) {
	for _, j := range jobs {
		all = append(all, j.ID)
	}
	return all
}
