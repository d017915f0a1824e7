package enginetest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// nasty is text that is kept as it is: what ends things in other places, what is longer
// than its letters, what turns the direction of writing, and what other programs take
// for nothing.
const nasty = "'; DROP TABLE jobs; --\\ \" $1 % _ \x01\x1b\x7f\r\n\t\u0085\u2028\u202e\ufeff\ufffd\ufffe\uffff é e\u0301 \U0001f600\U0010ffff"

var textTests = map[string]func(*testing.T, *World){
	"ComesBack":   testTextComesBack,
	"IsLong":      testLongTexts,
	"WithoutNUL":  testTextWithNUL,
	"OfNextToken": testTextOfNextToken,
}

func testTextComesBack(t *testing.T, w *World) {
	device := w.name("device")
	parameters := map[string]string{nasty: nasty, "": "", strings.Repeat("k", 5000): strings.Repeat("é", 5000)}
	w.put(t, &signer.PutSigningProfileInput{ProfileName: &device, PlatformId: aws.String(iot), SigningParameters: parameters,
		SigningMaterial: &types.SigningMaterial{CertificateArn: &w.Certificate}})
	profile, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &device})
	must(t, err)
	same(t, profile.SigningParameters, parameters)

	web := w.name("web")
	w.lambdaProfile(t, web)
	job := w.start(t, web, w.object(t, "app.zip", archive(t, "a")), "")
	_, err = w.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: job.JobId, Reason: aws.String(nasty)})
	must(t, err)
	same(t, *seen(t, w, job.JobId).RevocationRecord.Reason, nasty)
	checkJobs(t, allJobs(t, w, signer.ListSigningJobsInput{RequestedBy: aws.String(nasty)}), nil)
}

// There are no limits to how long a token may be, or to some others.
func testLongTexts(t *testing.T, w *World) {
	web := w.name("web")
	w.lambdaProfile(t, web)
	in := &signer.StartSigningJobInput{ProfileName: &web, Source: w.object(t, "app.zip", archive(t, "a")), Destination: w.destination("")}
	ids := map[string]bool{}
	for _, length := range []int{1, 5000, 5001} {
		in.ClientRequestToken = aws.String(noise(length))
		for range 2 {
			out, err := w.Engine.StartSigningJob(ctx, in)
			must(t, err)
			ids[*out.JobId] = true
		}
	}
	same(t, len(ids), 3)
	job := seen(t, w, keyOf(ids))
	reason := strings.Repeat("\U0001f600", 500)
	_, err := w.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: job.JobId, Reason: &reason})
	must(t, err)
	same(t, *seen(t, w, job.JobId).RevocationRecord.Reason, reason)
	checkJobs(t, allJobs(t, w, signer.ListSigningJobsInput{RequestedBy: aws.String(noise(5000))}), nil)
}

// noise is text that cannot be compressed well.
func noise(length int) string {
	var b strings.Builder
	for n := uint32(1); b.Len() < length; n = n*1664525 + 1013904223 {
		b.WriteByte('!' + byte(n>>24)%90)
	}
	return b.String()
}

func keyOf(ids map[string]bool) *string {
	for id := range ids {
		return &id
	}
	return nil
}

// What cannot be kept everywhere is kept nowhere, and who asks for it is told so.
func testTextWithNUL(t *testing.T, w *World) {
	const bad = "a\x00b"
	web, device := w.name("web"), w.name("device")
	version := w.lambdaProfile(t, web)
	arn := w.arn("signing-profiles/" + web)
	job := w.start(t, web, w.object(t, "app.zip", archive(t, "a")), "")
	source, destination := w.object(t, "app.zip", archive(t, "a")), w.destination("")
	odd := *source.S3
	odd.Key = aws.String(bad)
	put := func(in signer.PutSigningProfileInput) error {
		in.ProfileName, in.PlatformId = &device, aws.String(iot)
		in.SigningMaterial = &types.SigningMaterial{CertificateArn: &w.Certificate}
		_, err := w.Engine.PutSigningProfile(ctx, &in)
		return err
	}
	start := func(in signer.StartSigningJobInput) error {
		in.ProfileName = &web
		if in.Source == nil {
			in.Source = source
		}
		if in.Destination == nil {
			in.Destination = destination
		}
		_, err := w.Engine.StartSigningJob(ctx, &in)
		return err
	}
	list := func(in signer.ListSigningJobsInput) error {
		_, err := w.Engine.ListSigningJobs(ctx, &in)
		return err
	}
	past := job.CreatedAt.AddDate(-1, 0, 0)
	for name, err := range map[string]error{
		"reason": func() error {
			_, err := w.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: job.JobId, Reason: aws.String(bad)})
			return err
		}(),
		"reason of a profile": func() error {
			_, err := w.Engine.RevokeSigningProfile(ctx, &signer.RevokeSigningProfileInput{ProfileName: &web, ProfileVersion: &version, EffectiveTime: &past, Reason: aws.String(bad)})
			return err
		}(),
		"parameter":           put(signer.PutSigningProfileInput{SigningParameters: map[string]string{"k": bad}}),
		"name of a parameter": put(signer.PutSigningProfileInput{SigningParameters: map[string]string{bad: "v"}}),
		"tag":                 put(signer.PutSigningProfileInput{Tags: map[string]string{"k": bad}}),
		"token":               start(signer.StartSigningJobInput{ClientRequestToken: aws.String(bad)}),
		"source":              start(signer.StartSigningJobInput{Source: &types.Source{S3: &odd}}),
		"prefix":              start(signer.StartSigningJobInput{Destination: w.destination(bad)}),
		"filter":              list(signer.ListSigningJobsInput{RequestedBy: aws.String(bad)}),
		"platform":            list(signer.ListSigningJobsInput{PlatformId: aws.String(bad)}),
		"next token":          list(signer.ListSigningJobsInput{NextToken: aws.String(bad)}),
		"job": func() error {
			_, err := w.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: aws.String(bad), Reason: aws.String("x")})
			return err
		}(),
	} {
		t.Run(name, func(t *testing.T) { refusedAs[*types.ValidationException](t, err) })
	}
	refusedAs[*types.BadRequestException](t, w.tag(arn, map[string]string{"k": bad}))
	same(t, seen(t, w, job.JobId).RevocationRecord, (*types.SigningJobRevocationRecord)(nil))
	same(t, len(allJobs(t, w, signer.ListSigningJobsInput{})), 1)
}

// Tokens that nobody has answered.
func testTextOfNextToken(t *testing.T, w *World) {
	for _, token := range []string{"", "x", nasty, "am9icwAxAP8", "am9icwAxAP8AYQ", "cHJvZmlsZXMA_w", "cHJvZmlsZXMAYQ"} {
		_, err := w.Engine.ListSigningJobs(ctx, &signer.ListSigningJobsInput{NextToken: &token})
		refusedAs[*types.ValidationException](t, err)
	}
	_, err := w.Engine.ListSigningProfiles(ctx, &signer.ListSigningProfilesInput{NextToken: aws.String("cHJvZmlsZXMA_w")})
	refusedAs[*types.ValidationException](t, err)
}
