package records_test

import (
	"strings"
	"testing"

	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// nastyTexts are UTF-8 without U+0000, and nothing else can be said of them.
func nastyTexts() []string {
	return []string{"", " ", "'; DROP TABLE jobs; --", `\'"$1 ? % _ \x00 \u0000 E'\000'`, "\x01\x1b\x7f\r\n\t", "\u0085\u2028\u202e\ufeff", "\ufffd\ufffe\uffff",
		"é", "e\u0301", "ß", "SS", "ﬀ", "\u0130ı", "\U0001f600\U0010ffff", strings.Repeat("\U0001f600", 50_000)}
}

// Every text is kept as it is, and no other text is taken for it.
func testTexts(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	for i, text := range nastyTexts() {
		name := "p" + string(rune('a'+i))
		p := profile(here, name)
		p.Parameters, p.Tags = map[string]string{text: text, "other": ""}, map[string]string{"k" + text: text}
		p.Certificate, p.Reason, p.CreatedBy = text, text, text
		p.Revocation = records.ProfileRevocation{At: noon, Effective: noon, By: text, Reason: text}
		must(t, s.AddProfile(ctx, p))
		got, err := s.Profile(ctx, here, name)
		must(t, err)
		same(t, got, p)

		j := job(here, name)
		j.Certificate, j.Parameters = text, p.Parameters
		j.Source, j.Destination = records.Object{Bucket: text, Key: text, Version: text}, records.Destination{Bucket: text, Prefix: text}
		j.Result = records.Result{Status: "Failed", Reason: text, Signed: j.Source}
		j.Revocation = records.Revocation{At: noon, By: text, Reason: text}
		same(t, addJob(t, s, j), j)
		read, err := s.Job(ctx, here, name)
		must(t, err)
		same(t, read, j)

		must(t, s.AddPolicy(ctx, records.Policy{Partition: here, Profile: name, Revision: "1", Statements: text}))
		policy, err := s.Policy(ctx, here, name)
		must(t, err)
		same(t, policy.Statements, text)
	}
}

// Tokens of any length are told apart.
func testTokensOfAnyLength(t *testing.T, s *records.Store) {
	must(t, s.AddProfile(ctx, profile(here, "web")))
	var b strings.Builder
	for n := uint32(1); b.Len() < 9000; n = n*1664525 + 1013904223 { // which cannot be compressed
		b.WriteByte('!' + byte(n>>24)%90)
	}
	texts := append(nastyTexts()[1:], b.String(), b.String()[:8999], b.String()[:1000], b.String()[:1001])
	for i, token := range texts {
		j := job(here, string(rune('a'+i)))
		j.Token = token
		addJob(t, s, j)
	}
	for i, token := range texts {
		j, err := s.JobByToken(ctx, here, token)
		must(t, err)
		same(t, j.ID, string(rune('a'+i)))
		again := job(here, "again")
		again.Token = token
		j, isNew, err := s.AddJob(ctx, again)
		must(t, err)
		same(t, isNew, false)
		same(t, j.ID, string(rune('a'+i)))
	}
}

// PostgreSQL cannot keep every text, and says so; what it cannot keep is not there.
func testServerTexts(t *testing.T, server *recordstest.Server) {
	s := openURL(t, server.New(t))
	must(t, s.AddProfile(ctx, profile(here, "web")))
	for _, text := range []string{"a\x00b", "\x00", "a\xff", "\xed\xa0\x80", "\xc0\x80", "\xf5\x80\x80\x80"} {
		j := job(here, "1")
		j.Source.Key = text
		_, _, err := s.AddJob(ctx, j)
		refused(t, err, records.ErrText)
		refused(t, s.FinishJob(ctx, "1", j.Claim, records.Result{Reason: text}), records.ErrText)
		_, err = s.AccessKey(ctx, text)
		refused(t, err, records.ErrNotFound)
		_, err = s.Profile(ctx, here, text)
		refused(t, err, records.ErrNotFound)
		_, err = s.JobByToken(ctx, records.Partition{Account: here.Account, Region: text}, text)
		refused(t, err, records.ErrNotFound)
		for _, q := range []records.JobQuery{{Partition: here, RequestedBy: text}, {Partition: records.Partition{Account: text}}, {Partition: here, After: &records.Position{ID: text}}} {
			q.Limit = 1
			jobs, err := s.Jobs(ctx, q)
			must(t, err)
			same(t, len(jobs), 0)
		}
	}
	addJob(t, s, job(here, "1"))
}
