package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/local"
	"signer/pkg/records"

	"signer/.ci/bench/measure"
)

// testCase is a command line, and the same as a call of the engine; nil if that is
// not timed.
type testCase struct {
	name  string
	words func(*store) []string
	call  func(*store, *local.Engine) error
}

// filter is one way to narrow a list.
type filter struct {
	name  string
	words func(*store) []string
	set   func(*store, *signer.ListSigningJobsInput)
}

func fixed(words ...string) func(*store) []string {
	return func(*store) []string { return words }
}

// filters are all that there are. The dates are of the signatures of a day in the
// middle, as the store has them.
var filters = []filter{
	{"status", fixed("--status", "Succeeded"), func(_ *store, in *signer.ListSigningJobsInput) { in.Status = "Succeeded" }},
	{"failed", fixed("--status", "Failed"), func(_ *store, in *signer.ListSigningJobsInput) { in.Status = "Failed" }},
	{"in progress", fixed("--status", "InProgress"), func(_ *store, in *signer.ListSigningJobsInput) { in.Status = "InProgress" }},
	{"platform", fixed("--platform-id", lambda), func(_ *store, in *signer.ListSigningJobsInput) { in.PlatformId = aws.String(lambda) }},
	{"requester", fixed("--requested-by", requester), func(_ *store, in *signer.ListSigningJobsInput) { in.RequestedBy = aws.String(requester) }},
	{"nobody", fixed("--requested-by", "arn:nobody"), func(_ *store, in *signer.ListSigningJobsInput) { in.RequestedBy = aws.String("arn:nobody") }},
	{"invoker", fixed("--job-invoker", "444455556666"), func(_ *store, in *signer.ListSigningJobsInput) { in.JobInvoker = aws.String("444455556666") }},
	{"revoked", fixed("--is-revoked"), func(_ *store, in *signer.ListSigningJobsInput) { in.IsRevoked = true }},
	{"not revoked", fixed("--no-is-revoked"), nil},
	{"expires after", func(s *store) []string { return []string{"--signature-expires-after", s.expiry(0)} },
		func(s *store, in *signer.ListSigningJobsInput) { in.SignatureExpiresAfter = s.expiryTime(0) }},
	{"expires before", func(s *store) []string { return []string{"--signature-expires-before", s.expiry(1)} },
		func(s *store, in *signer.ListSigningJobsInput) { in.SignatureExpiresBefore = s.expiryTime(1) }},
}

const requester = "arn:aws:iam::000000000000:user/user7"

func (s *store) expiryTime(days int) *time.Time {
	t := s.at(s.jobs/2).AddDate(0, 0, 4108+days)
	return &t
}

func (s *store) expiry(days int) string { return s.expiryTime(days).Format(time.RFC3339) }

// lists are the list at three places, and with every filter, every two of them and
// nearly all at once.
func lists() []testCase {
	cases := []testCase{
		list("first", nil, nil),
		list("middle", func(s *store) int { return s.jobs / 2 }, nil),
		list("end", func(s *store) int { return 25 }, nil),
	}
	for i, f := range filters {
		cases = append(cases, list(f.name, nil, []filter{f}))
		for _, g := range filters[i+1:] {
			if !alike(f, g) {
				cases = append(cases, list(f.name+" + "+g.name, nil, []filter{f, g}))
			}
		}
	}
	middle := func(s *store) int { return s.jobs / 2 }
	end := func(*store) int { return 25 }
	for _, f := range filters {
		cases = append(cases, list(f.name+", middle", middle, []filter{f}), list(f.name+", end", end, []filter{f}))
	}
	most := []filter{filters[0], filters[3], filters[4], filters[8], filters[9], filters[10]}
	return append(cases, list("nearly all", nil, most), list("nearly all, middle", middle, most))
}

// alike tells whether two filters are of one option.
func alike(f, g filter) bool {
	option := func(f filter) string { return strings.TrimPrefix(f.words(&store{})[0], "--no-is") }
	return strings.TrimPrefix(option(f), "--is") == strings.TrimPrefix(option(g), "--is")
}

func list(name string, after func(*store) int, chosen []filter) testCase {
	c := testCase{name: name, words: func(s *store) []string {
		words := []string{"list-signing-jobs", "--max-items", "25"}
		for _, f := range chosen {
			words = append(words, f.words(s)...)
		}
		if after != nil {
			words = append(words, "--starting-token", startingToken(pageToken(s, after(s))))
		}
		return words
	}}
	c.call = func(s *store, e *local.Engine) error {
		in, given := &signer.ListSigningJobsInput{}, document.New()
		for _, f := range chosen {
			if f.set == nil {
				given.Set("isRevoked", false)
				continue
			}
			f.set(s, in)
		}
		if after != nil {
			in.NextToken = aws.String(pageToken(s, after(s)))
		}
		_, err := e.ListSigningJobs(api.WithGiven(ctx, given), in)
		return err
	}
	return c
}

// start signs something small.
var start = testCase{name: "start-signing-job", words: func(s *store) []string {
	return []string{"start-signing-job", "--profile-name", "web",
		"--source", "s3={bucketName=source,key=app.zip,version=" + s.version + "}", "--destination", "s3={bucketName=destination,prefix=signed-}"}
}}

// engine runs a case in this process.
func engine(c testCase) func(*store) func() {
	return func(s *store) func() {
		if c.call == nil {
			return nil
		}
		e, err := local.Open(local.Config{Account: "000000000000", Region: "us-east-1",
			Records: func(ctx context.Context) (*records.Store, error) {
				return records.Open(ctx, records.Config{Path: filepath.Join(s.home, "records.db")})
			}})
		measure.Check(err)
		return func() { measure.Check(c.call(s, e)) }
	}
}
