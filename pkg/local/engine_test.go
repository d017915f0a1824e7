package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/document"
	"signer/pkg/local"
	"signer/pkg/records"
)

func TestOpenRefuses(t *testing.T) {
	for _, c := range []local.Config{{Region: region}, {Account: "12", Region: region}, {Account: "1234567890ab", Region: region}, {Account: account}} {
		if e, err := local.Open(c); err == nil {
			t.Errorf("%+v: got %v", c, e)
		}
	}
}

// Platforms are known without anything being opened.
func TestNothingIsOpenedForPlatforms(t *testing.T) {
	e := open(t, local.Config{Account: account, Region: region})
	_, err := e.GetSigningPlatform(ctx, &signer.GetSigningPlatformInput{PlatformId: aws.String("AWSLambda-SHA384-ECDSA")})
	must(t, err)
	_, err = e.ListSigningPlatforms(ctx, &signer.ListSigningPlatformsInput{})
	must(t, err)
}

func TestRecordsAreOpenedAgainAfterAFailure(t *testing.T) {
	h := newHome(t)
	c := h.Config()
	broken := errors.New("no disk")
	openRecords := c.Records
	c.Records = func(ctx context.Context) (*records.Store, error) {
		if broken != nil {
			return nil, broken
		}
		return openRecords(ctx)
	}
	e := open(t, c)
	if _, err := e.ListSigningProfiles(ctx, &signer.ListSigningProfilesInput{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	broken = nil
	putProfile(t, e, "web")
}

// A caller that leaves out what the SDK's client insists on gets the service's
// own words.
func TestMissingMembers(t *testing.T) {
	e := newHome(t).engine(t)
	_, err := e.StartSigningJob(ctx, &signer.StartSigningJobInput{})
	want := "3 validation errors detected: Value null at 'source' failed to satisfy constraint: Member must not be null; " +
		"Value null at 'destination' failed to satisfy constraint: Member must not be null; " +
		"Value null at 'profileName' failed to satisfy constraint: Member must not be null"
	if invalid := (*types.ValidationException)(nil); !errors.As(err, &invalid) || *invalid.Message != want {
		t.Errorf("got %v", err)
	}
	_, err = e.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: aws.String("web"), Source: &types.Source{}, Destination: &types.Destination{}})
	if invalid := (*types.ValidationException)(nil); !errors.As(err, &invalid) || *invalid.Code != "InvalidJobParameters" {
		t.Errorf("got %v", err)
	}
}

// The clock and the dice are the caller's.
func TestClockAndChance(t *testing.T) {
	var versions, jobs []string
	for range 2 {
		h := newHome(t)
		c := h.Config()
		c.Now = func() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 987654321, time.UTC) }
		c.Rand = bytes.NewReader(bytes.Repeat([]byte("chance"), 9999))
		e, arn := open(t, c), h.Certify(t, ecKey())
		out, err := e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("device"), PlatformId: aws.String("AmazonFreeRTOS-Default"),
			SigningMaterial: &types.SigningMaterial{CertificateArn: &arn}})
		must(t, err)
		version, err := h.Put(ctx, source, "MyCode.rb", []byte("code"))
		must(t, err)
		job, err := e.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: aws.String("device"),
			Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String(source), Key: aws.String("MyCode.rb"), Version: &version}},
			Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String(destination)}}})
		must(t, err)
		seen, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: job.JobId})
		must(t, err)
		if want := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC); !seen.CreatedAt.Equal(want) || !seen.CompletedAt.Equal(want) {
			t.Errorf("created at %v, completed at %v", seen.CreatedAt, seen.CompletedAt)
		}
		versions, jobs = append(versions, *out.ProfileVersion), append(jobs, *job.JobId)
	}
	if versions[0] != versions[1] || jobs[0] != jobs[1] {
		t.Errorf("%v and %v are not of one chance", versions, jobs)
	}
}

func TestProgress(t *testing.T) {
	h := app(t)
	c := h.Config()
	var last, total, size int64
	c.Progress = func(done, all int64) {
		if done < last || done > all {
			t.Errorf("%d of %d after %d", done, all, last)
		}
		last, total = done, all
	}
	info, err := h.Buckets.Head(ctx, source, "app.zip", "")
	must(t, err)
	size = info.Size
	_, err = h.start(ctx, open(t, c), "")
	must(t, err)
	if total != size || last != size {
		t.Errorf("at the end %d of %d are done, of an object of %d", last, total, size)
	}
}

// "Not revoked" and "revoked or not" differ, and only what the caller gave tells.
func TestListOfWhatIsNotRevoked(t *testing.T) {
	h := app(t)
	e := h.engine(t)
	id, err := h.start(ctx, e, "")
	must(t, err)
	s, err := h.Records(ctx)
	must(t, err)
	defer s.Close()
	must(t, s.RevokeJob(ctx, records.Partition{Account: account, Region: region}, id, records.Revocation{At: time.Now()}))
	for given, want := range map[string]int{`{"isRevoked":false}`: 0, `{}`: 1} {
		params, err := document.ParseJSON(given)
		must(t, err)
		out, err := e.ListSigningJobs(api.WithGiven(ctx, params.(*document.Object)), &signer.ListSigningJobsInput{})
		must(t, err)
		if len(out.Jobs) != want {
			t.Errorf("%s: %d jobs", given, len(out.Jobs))
		}
	}
}

// Accounts and regions are apart, but for the buckets.
func TestAccountsAreApart(t *testing.T) {
	h := app(t)
	id, err := h.start(ctx, h.engine(t), "token")
	must(t, err)
	for _, elsewhere := range []records.Partition{{Account: "444455556666", Region: region}, {Account: account, Region: "us-east-1"}} {
		c := h.Config()
		c.Account, c.Region, c.Principal = elsewhere.Account, elsewhere.Region, ""
		e := open(t, c)
		if _, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id}); err == nil {
			t.Errorf("%v sees the job", elsewhere)
		}
		if n := len(h.jobs(t, e)); n != 0 {
			t.Errorf("%v lists %d jobs", elsewhere, n)
		}
		putProfile(t, e, "web")
		other, err := h.start(ctx, e, "token")
		must(t, err)
		if other == id {
			t.Errorf("%v has the token of another", elsewhere)
		}
	}
}

// What is larger than the platform takes fails before it is read.
func TestTooLarge(t *testing.T) {
	h := app(t)
	c := h.Config()
	c.Objects = grown{h.Buckets}
	e := open(t, c)
	id, err := h.start(ctx, e, "")
	must(t, err)
	job, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
	must(t, err)
	if got := fmt.Sprint(job.Status, ": ", *job.StatusReason); got != "Failed: The source object exceeds the maximum size of 250 MB." {
		t.Error(got)
	}
}

// grown are buckets whose objects say that they are large.
type grown struct{ *bucket.Dir }

func (g grown) Get(ctx context.Context, b, key, version string) (*bucket.Object, error) {
	o, err := g.Dir.Get(ctx, b, key, version)
	if err == nil {
		o.Size = 250<<20 + 1
	}
	return o, err
}

// Trouble in the buckets is told as it is, and makes no job.
func TestBrokenBuckets(t *testing.T) {
	h := app(t)
	c := h.Config()
	c.Objects = broken{h.Buckets}
	e := open(t, c)
	if _, err := h.start(ctx, e, ""); err == nil || !strings.Contains(err.Error(), "the cable is cut") {
		t.Errorf("got %v", err)
	}
	if n := len(h.jobs(t, e)); n != 0 {
		t.Errorf("there are %d jobs", n)
	}
}

type broken struct{ *bucket.Dir }

func (broken) HeadBucket(context.Context, string) (bucket.Bucket, error) {
	return bucket.Bucket{}, errors.New("the cable is cut")
}

// A bucket may have stopped keeping versions.
func TestSuspendedVersions(t *testing.T) {
	h := app(t)
	body, _, err := h.Get(ctx, source, "app.zip")
	must(t, err)
	must(t, h.Buckets.PutVersioning(ctx, source, bucket.Suspended))
	_, err = h.Put(ctx, source, "app.zip", body)
	must(t, err)
	id, err := h.start(ctx, h.engine(t), "")
	must(t, err)
	if job := h.jobs(t, h.engine(t))[id]; *job.Source.S3.Version != "null" || job.Status != types.SigningStatusSucceeded {
		t.Errorf("the job of version %s has %s", *job.Source.S3.Version, job.Status)
	}
}

// Whoever verifies takes an answer that names nothing for a good one: there is none
// where it cannot be told.
func TestNoRevocationStatusWithoutRecords(t *testing.T) {
	c := newHome(t).Config()
	broken := errors.New("no disk")
	c.Records = func(context.Context) (*records.Store, error) { return nil, broken }
	out, err := open(t, c).GetRevocationStatus(ctx, &signer.GetRevocationStatusInput{SignatureTimestamp: aws.Time(time.Now()), PlatformId: aws.String(notationID),
		ProfileVersionArn: aws.String("arn:aws:signer:eu-west-1:111122223333:/signing-profiles/images/ABCDEFGHIJ"),
		JobArn:            aws.String("arn:aws:signer:eu-west-1:111122223333:/signing-jobs/1"), CertificateHashes: []string{"00"}})
	if out != nil || !errors.Is(err, broken) {
		t.Errorf("got %+v, %v", out, err)
	}
}

// Who is nobody else is the root of the account.
func TestRootIsTheCaller(t *testing.T) {
	h := app(t)
	e := h.as(t, account, "")
	id, err := h.start(ctx, e, "")
	must(t, err)
	job, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
	must(t, err)
	if *job.RequestedBy != "arn:aws:iam::111122223333:root" || *job.JobInvoker != account {
		t.Errorf("requested by %s of %s", *job.RequestedBy, *job.JobInvoker)
	}
}
