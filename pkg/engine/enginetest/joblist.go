package enginetest

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

var jobListTests = map[string]func(*testing.T, *World){
	"Rows":    testJobRows,
	"Filters": testJobFilters,
	"Refused": func(t *testing.T, w *World) {
		_, err := w.Engine.ListSigningJobs(ctx, &signer.ListSigningJobsInput{NextToken: aws.String("nonsense")})
		refusedToken(t, err)
		refusedPages(t, func(size *int32) error {
			_, err := w.Engine.ListSigningJobs(ctx, &signer.ListSigningJobsInput{MaxResults: size})
			return err
		})
		_, err = w.Engine.ListSigningJobs(ctx, &signer.ListSigningJobsInput{Status: "Lost"})
		refused(t, err, "ValidationException", "", invalid("Lost", "status", "satisfy enum value set: [InProgress, Failed, Succeeded]"))
	},
}

func testJobRows(t *testing.T, w *World) {
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	source := w.object(t, "app.zip", archive(t, "a"))
	good := w.start(t, profile, source, "")
	bad := w.object(t, "app.zip", []byte("none"))
	failed := w.start(t, profile, bad, "")
	row := func(job *signer.DescribeSigningJobOutput, source *types.Source) types.SigningJob {
		return types.SigningJob{
			JobId: job.JobId, Source: source, SignedObject: job.SignedObject, SigningMaterial: &types.SigningMaterial{},
			CreatedAt: job.CreatedAt, Status: job.Status, ProfileName: &profile, ProfileVersion: &version,
			PlatformId: aws.String(lambda), PlatformDisplayName: aws.String("AWS Lambda"), SignatureExpiresAt: job.SignatureExpiresAt,
			JobOwner: &w.Account, JobInvoker: &w.Account,
		}
	}
	rows := map[string]types.SigningJob{}
	for _, job := range allJobs(t, w, signer.ListSigningJobsInput{}) {
		rows[*job.JobId] = job
	}
	same(t, rows[*good.JobId], row(good, source))
	same(t, rows[*failed.JobId], row(failed, bad))
}

func allJobs(t *testing.T, w *World, in signer.ListSigningJobsInput) (jobs []types.SigningJob) {
	t.Helper()
	for pages := signer.NewListSigningJobsPaginator(w.Engine, &in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		must(t, err)
		jobs = append(jobs, page.Jobs...)
	}
	return jobs
}

// testJobFilters lists four jobs by everything that tells them apart.
func testJobFilters(t *testing.T, w *World) {
	web, short, device := w.name("web"), w.name("short"), w.name("device")
	w.lambdaProfile(t, web)
	w.put(t, &signer.PutSigningProfileInput{ProfileName: &short, PlatformId: aws.String(lambda), SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 2, Type: "DAYS"}})
	w.imported(t, device, iot, w.Certificate)
	object, text := w.object(t, "app.zip", archive(t, "a")), w.object(t, "app.zip", []byte("text"))
	a := *w.start(t, web, object, "").JobId
	b := *w.start(t, web, text, "").JobId
	c := *w.start(t, short, object, "").JobId
	d := *w.start(t, device, object, "").JobId
	now := time.Now()
	later := func(days int) *time.Time { return aws.Time(now.AddDate(0, 0, days)) }
	for _, tc := range []struct {
		name string
		in   signer.ListSigningJobsInput
		want []string
	}{
		{"all", signer.ListSigningJobsInput{}, []string{a, b, c, d}},
		{"Succeeded", signer.ListSigningJobsInput{Status: "Succeeded"}, []string{a, c, d}},
		{"Failed on Lambda", signer.ListSigningJobsInput{Status: "Failed", PlatformId: aws.String(lambda)}, []string{b}},
		{"IoT", signer.ListSigningJobsInput{PlatformId: aws.String(iot)}, []string{d}},
		{"mine", signer.ListSigningJobsInput{RequestedBy: &w.Principal, JobInvoker: &w.Account}, []string{a, b, c, d}},
		{"somebody's", signer.ListSigningJobsInput{RequestedBy: aws.String("arn:aws:iam::" + w.Account + ":user/nobody")}, nil},
		{"another account's", signer.ListSigningJobsInput{JobInvoker: aws.String("999988887777")}, nil},
		{"revoked", signer.ListSigningJobsInput{IsRevoked: true}, nil},
		{"expiring", signer.ListSigningJobsInput{SignatureExpiresBefore: later(3)}, []string{c}},
		{"lasting", signer.ListSigningJobsInput{SignatureExpiresAfter: later(3), Status: "Succeeded"}, []string{a}},
		{"never", signer.ListSigningJobsInput{SignatureExpiresAfter: later(3), SignatureExpiresBefore: later(4)}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			checkJobs(t, allJobs(t, w, tc.in), tc.want)
			tc.in.MaxResults = aws.Int32(1)
			checkJobs(t, allJobs(t, w, tc.in), tc.want)
		})
	}
}

// checkJobs finds the ids in any order, since AWS's own is not documented.
func checkJobs(t *testing.T, jobs []types.SigningJob, want []string) {
	t.Helper()
	got := map[string]int{}
	for _, job := range jobs {
		got[*job.JobId]++
	}
	wanted := map[string]int{}
	for _, id := range want {
		wanted[id]++
	}
	same(t, got, wanted)
}
