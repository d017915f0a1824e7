package enginetest

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// revoke revokes a profile with an effective time.
func (w *World) revoke(profile, version string, effective time.Time) error {
	_, err := w.Engine.RevokeSigningProfile(ctx, &signer.RevokeSigningProfileInput{
		ProfileName: &profile, ProfileVersion: &version, Reason: aws.String("the key leaked"), EffectiveTime: &effective})
	return err
}

func (w *World) revokeJob(id *string) error {
	_, err := w.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: id, Reason: aws.String("a bug")})
	return err
}

// revoked asks which of a version of a profile and a job are revoked.
func (w *World) revoked(t *testing.T, version, job string, signed time.Time) []string {
	t.Helper()
	out, err := w.Engine.GetRevocationStatus(ctx, &signer.GetRevocationStatusInput{SignatureTimestamp: &signed, PlatformId: aws.String(notation),
		ProfileVersionArn: &version, JobArn: &job, CertificateHashes: []string{strings.Repeat("0a", 96)}})
	must(t, err)
	return out.RevokedEntities
}

var revocationTests = map[string]func(*testing.T, *World){
	"OfProfile":        testRevokeProfile,
	"OfProfileEarlier": testRevokeEarlier,
	"OfProfileRefused": testRevokeProfileRefused,
	"OfCanceled": func(t *testing.T, w *World) {
		name := w.name("web")
		version := w.lambdaProfile(t, name)
		w.cancel(t, name)
		must(t, w.revoke(name, version, time.Now().Add(-time.Minute)))
		got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name})
		must(t, err)
		same(t, got.Status, types.SigningProfileStatusRevoked)
	},
	"OfSignature":        testRevokeSignature,
	"OfSignatureRefused": testRevokeSignatureRefused,
	"Status":             testRevocationStatus,
	"StatusRefused":      testRevocationStatusRefused,
}

func testRevokeProfile(t *testing.T, w *World) {
	name := w.name("web")
	version := w.lambdaProfile(t, name)
	before := w.start(t, name, w.object(t, "app.zip", archive(t, "a")), "")
	effective := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	must(t, w.revoke(name, version, effective))

	got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name})
	must(t, err)
	same(t, got.Status, types.SigningProfileStatusRevoked)
	same(t, *got.StatusReason, "the key leaked")
	same(t, got.RevocationRecord, &types.SigningProfileRevocationRecord{
		RevocationEffectiveFrom: &effective, RevokedAt: wholeSecond(t, got.RevocationRecord.RevokedAt), RevokedBy: &w.Principal})
	same(t, profilePages(t, w, signer.ListSigningProfilesInput{}), []string(nil))
	same(t, profilePages(t, w, signer.ListSigningProfilesInput{Statuses: []types.SigningProfileStatus{"Revoked"}}), []string{name})

	_, err = w.Engine.CancelSigningProfile(ctx, &signer.CancelSigningProfileInput{ProfileName: &name})
	refused(t, err, "ValidationException", "", "Signing Profile "+name+" cannot be canceled because it has been revoked. A revoked profile cannot be canceled.")
	_, err = w.Engine.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: &name, Source: before.Source, Destination: w.destination("")})
	refused(t, err, "ValidationException", "ProfileNotActive", "Signing Profile "+name+" is not active.")
	_, err = w.Engine.AddProfilePermission(ctx, w.permission(name, "one", ""))
	refused(t, err, "ValidationException", "ProfileNotActive", "Cannot add permission to/remove permission from a profile in Revoked state")
	_, err = w.Engine.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(lambda)})
	refused(t, err, "ValidationException", "ProfileAlreadyExists", "Profile with name "+name+" already exists")
	job, err := w.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: before.JobId})
	must(t, err)
	same(t, job, before) // only RevokeSignature changes a job
}

func testRevokeEarlier(t *testing.T, w *World) {
	name := w.name("images")
	version := w.imageProfile(t, name)
	now := time.Now().Truncate(time.Second)
	must(t, w.revoke(name, version, now.Add(-time.Hour)))
	for _, later := range []time.Duration{-time.Hour, -time.Minute} {
		refusedAs[*types.ValidationException](t, w.revoke(name, version, now.Add(later)))
	}
	must(t, w.revoke(name, version, now.Add(-2*time.Hour)))
	got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name})
	must(t, err)
	same(t, got.RevocationRecord.RevocationEffectiveFrom.Unix(), now.Add(-2*time.Hour).Unix())
}

func testRevokeProfileRefused(t *testing.T, w *World) {
	web, device := w.name("web"), w.name("device")
	version := w.lambdaProfile(t, web)
	past := time.Now().Add(-time.Hour)
	refused(t, w.revoke("nobody", version, past), "ResourceNotFoundException", "ProfileNotFound", "Signing Profile with name nobody does not exist.")
	refused(t, w.revoke(web, "ABCDEFGHIJ", past), "ResourceNotFoundException", "ProfileVersionNotFound", "Version ABCDEFGHIJ does not exist for SigningProfile "+web+".")
	refused(t, w.revoke(web, "short", past), "ValidationException", "", "2 validation errors detected: "+
		"Value 'short' at 'profileVersion' failed to satisfy constraint: Member must have length greater than or equal to 10; "+
		"Value 'short' at 'profileVersion' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9]{10}$")
	refusedAs[*types.ValidationException](t, w.revoke(web, version, time.Now().Add(time.Hour)))
	refusedAs[*types.ValidationException](t, w.revoke(device, w.imported(t, device, iot, w.Certificate), past))
	for _, reason := range []string{"", strings.Repeat("a", 501)} {
		_, err := w.Engine.RevokeSigningProfile(ctx, &signer.RevokeSigningProfileInput{ProfileName: &web, ProfileVersion: &version, Reason: &reason, EffectiveTime: &past})
		refusedAs[*types.ValidationException](t, err)
	}
	got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &web})
	must(t, err)
	same(t, got.Status, types.SigningProfileStatusActive)
	same(t, got.RevocationRecord, (*types.SigningProfileRevocationRecord)(nil))
}

func testRevokeSignature(t *testing.T, w *World) {
	web, images := w.name("web"), w.name("images")
	w.lambdaProfile(t, web)
	w.imageProfile(t, images)
	source := w.object(t, "app.zip", archive(t, "a"))
	job, kept := w.start(t, web, source, ""), w.start(t, web, source, "")
	signed, err := w.Engine.SignPayload(ctx, w.payload(images))
	must(t, err)
	must(t, w.revokeJob(job.JobId))
	must(t, w.revokeJob(signed.JobId))

	got, err := w.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: job.JobId})
	must(t, err)
	same(t, got.RevocationRecord, &types.SigningJobRevocationRecord{
		Reason: aws.String("a bug"), RevokedAt: wholeSecond(t, got.RevocationRecord.RevokedAt), RevokedBy: &w.Principal})
	record := got.RevocationRecord
	got.RevocationRecord = nil
	same(t, got, job) // it has still succeeded

	checkJobs(t, allJobs(t, w, signer.ListSigningJobsInput{IsRevoked: true}), []string{*job.JobId, *signed.JobId})
	checkJobs(t, allJobs(t, w, signer.ListSigningJobsInput{IsRevoked: true, PlatformId: aws.String(lambda)}), []string{*job.JobId})
	for _, row := range allJobs(t, w, signer.ListSigningJobsInput{}) {
		same(t, row.IsRevoked, *row.JobId != *kept.JobId)
	}
	_, err = w.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: job.JobId, JobOwner: &w.Account, Reason: aws.String("another")})
	must(t, err)
	got, err = w.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: job.JobId})
	must(t, err)
	same(t, got.RevocationRecord, record)
}

func testRevokeSignatureRefused(t *testing.T, w *World) {
	web, device := w.name("web"), w.name("device")
	w.lambdaProfile(t, web)
	w.imported(t, device, iot, w.Certificate)
	failed := w.start(t, web, w.object(t, "app.zip", []byte("text")), "")
	refusedAs[*types.ValidationException](t, w.revokeJob(failed.JobId))
	refusedAs[*types.ValidationException](t, w.revokeJob(w.start(t, device, w.object(t, "app.bin", []byte("text")), "").JobId))
	refused(t, w.revokeJob(aws.String("no-such-job")), "ResourceNotFoundException", "JobNotFound", "Signing job no-such-job does not exist.")
	_, err := w.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: failed.JobId, Reason: aws.String(strings.Repeat("a", 501))})
	refused(t, err, "ValidationException", "", invalid(strings.Repeat("a", 501), "reason", "have length less than or equal to 500"))
	checkJobs(t, allJobs(t, w, signer.ListSigningJobsInput{IsRevoked: true}), nil)
}

func testRevocationStatus(t *testing.T, w *World) {
	name := w.name("images")
	version := w.imageProfile(t, name)
	profile := w.arn("signing-profiles/" + name + "/" + version)
	signed, err := w.Engine.SignPayload(ctx, w.payload(name))
	must(t, err)
	job := w.arn("signing-jobs/" + *signed.JobId)
	now := time.Now().Truncate(time.Second)
	same(t, w.revoked(t, profile, job, now), []string(nil))
	w.cancel(t, name)
	same(t, w.revoked(t, profile, job, now), []string(nil)) // what was signed stays good

	must(t, w.revokeJob(signed.JobId))
	same(t, w.revoked(t, profile, job, now), []string{job})
	effective := now.Add(-time.Hour)
	must(t, w.revoke(name, version, effective))
	for _, tc := range []struct {
		after time.Duration
		want  []string
	}{
		{-time.Hour, []string{job}},
		{-time.Second, []string{job}},
		{0, []string{profile, job}}, // when in doubt, revoked
		{time.Second, []string{profile, job}},
		{500 * time.Millisecond, []string{profile, job}},
	} {
		checkEntities(t, w.revoked(t, profile, job, effective.Add(tc.after)), tc.want)
	}

	// What does not exist, or is another's of the same name, is not revoked.
	other := strings.Replace(profile, w.Account, "999988887777", 1)
	same(t, w.revoked(t, other, strings.Replace(job, w.Account, "999988887777", 1), now), []string(nil))
	same(t, w.revoked(t, w.arn("signing-profiles/"+name+"/ABCDEFGHIJ"), w.arn("signing-jobs/no-such-job"), now), []string(nil))
}

// checkEntities finds ARNs in any order.
func checkEntities(t *testing.T, got, want []string) {
	t.Helper()
	count := map[string]int{}
	for _, arn := range got {
		count[arn]++
	}
	for _, arn := range want {
		count[arn]--
	}
	for arn, n := range count {
		if n != 0 {
			t.Errorf("%s: %+d", arn, n)
		}
	}
}

func testRevocationStatusRefused(t *testing.T, w *World) {
	profile, job := w.arn("signing-profiles/images/ABCDEFGHIJ"), w.arn("signing-jobs/5f8e1b7a-0000-4000-8000-000000000001")
	foreign := func(arn string) string {
		return strings.Replace(arn, "arn:"+w.partition()+":", "arn:aws-elsewhere:", 1)
	}
	const partitions = "GetRevocationStatus does not support checking revocation status for resources generated in other partitions"
	for _, tc := range []struct{ platform, profile, job, text string }{
		{lambda, profile, job, "Invalid platformId: " + lambda},
		{iot, profile, job, "Invalid platformId: " + iot},
		{"Nothing", profile, job, "Invalid platformId: Nothing"},
		{notation, foreign(profile), job, partitions},
		{notation, profile, foreign(job), partitions},
		{notation, profile, "short", invalid("short", "jobArn", "have length greater than or equal to 20")},
		{notation, "arn:aws:s3:::a-bucket-of-objects", job, ""},
		{notation, w.arn("signing-profiles/images"), job, ""}, // without a version
		{notation, profile + "/more", job, ""},
		{notation, job, profile, ""},
		{notation, profile, w.arn("signing-jobs/"), ""},
		{notation, profile, job + "\n", ""},
	} {
		_, err := w.Engine.GetRevocationStatus(ctx, &signer.GetRevocationStatusInput{SignatureTimestamp: aws.Time(time.Now()), PlatformId: &tc.platform,
			ProfileVersionArn: &tc.profile, JobArn: &tc.job, CertificateHashes: []string{"00"}})
		if tc.text == "" {
			refusedAs[*types.ValidationException](t, err)
			continue
		}
		refused(t, err, "ValidationException", "", tc.text)
	}
}
