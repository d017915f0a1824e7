package enginetest

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

const signatureEntry = "META_INF/aws_signer_signature_v1.0.SF"

// object puts an object to be signed and returns what names it.
func (w *World) object(t *testing.T, key string, body []byte) *types.Source {
	t.Helper()
	version, err := w.Put(ctx, w.Source, key, body)
	must(t, err)
	return &types.Source{S3: &types.S3Source{BucketName: &w.Source, Key: &key, Version: &version}}
}

func (w *World) destination(prefix string) *types.Destination {
	return &types.Destination{S3: &types.S3Destination{BucketName: &w.Destination, Prefix: optional(prefix)}}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// start starts a job and waits for its end.
func (w *World) start(t *testing.T, profile string, source *types.Source, prefix string) *signer.DescribeSigningJobOutput {
	t.Helper()
	out, err := w.Engine.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: &profile, Source: source, Destination: w.destination(prefix)})
	must(t, err)
	same(t, *out.JobOwner, w.Account)
	return seen(t, w, out.JobId)
}

// seen waits for the end of a job, and describes it.
func seen(t *testing.T, w *World, id *string) *signer.DescribeSigningJobOutput {
	t.Helper()
	pause := 5 * time.Millisecond
	for began := time.Now(); time.Since(began) < 3*time.Minute; pause = min(2*pause, 200*time.Millisecond) {
		job, err := w.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: id})
		must(t, err)
		if job.Status != types.SigningStatusInProgress {
			return job
		}
		time.Sleep(pause)
	}
	t.Fatal("the job does not end")
	return nil
}

func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range files {
		f, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(f, "// "+name)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

var jobTests = map[string]func(*testing.T, *World){
	"OfLambda":   testLambdaJob,
	"OfIoT":      testIoTJob,
	"OfFreeRTOS": testFreeRTOSJob,
	"KeyOfSignedObject": func(t *testing.T, w *World) {
		profile := w.name("web")
		w.lambdaProfile(t, profile)
		for _, tc := range []struct{ key, prefix, suffix string }{
			{"app.zip", "dir/signed_", ".zip"}, {"app.zip", "", ".zip"}, {"app", "x", ""}, {"app.ZIP", "x", ""}, {"app.zip.bak", "x", ""},
		} {
			job := w.start(t, profile, w.object(t, tc.key, archive(t, "a")), tc.prefix)
			same(t, *job.SignedObject.S3.Key, tc.prefix+*job.JobId+tc.suffix)
		}
	},
	"Failed":              testFailedJobs,
	"OneForOneToken":      testToken,
	"OneForTokensAtOnce":  testTokenRace,
	"Refused":             testStartRefuses,
	"ExpiresByCalendar":   testExpiry,
	"OfSuspendedVersions": testNullVersion,
	"Unknown": func(t *testing.T, w *World) {
		_, err := w.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: aws.String("no-such-job")})
		refused(t, err, "ResourceNotFoundException", "JobNotFound", "Signing job no-such-job does not exist.")
	},
}

func testLambdaJob(t *testing.T, w *World) {
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	body := archive(t, "index.js", "lib/a.js")
	source := w.object(t, "app.zip", body)
	job := w.start(t, profile, source, "signed-")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(*job.JobId) {
		t.Errorf("id %s", *job.JobId)
	}
	key := "signed-" + *job.JobId + ".zip"
	same(t, job, &signer.DescribeSigningJobOutput{
		JobId: job.JobId, Source: source, SigningMaterial: &types.SigningMaterial{},
		PlatformId: aws.String(lambda), PlatformDisplayName: aws.String("AWS Lambda"), ProfileName: &profile, ProfileVersion: &version,
		CreatedAt: wholeSecond(t, job.CreatedAt), CompletedAt: wholeSecond(t, job.CompletedAt), SignatureExpiresAt: wholeSecond(t, job.SignatureExpiresAt),
		RequestedBy: &w.Principal, Status: "Succeeded", StatusReason: aws.String("Signing Succeeded"),
		SignedObject: &types.SignedObject{S3: &types.S3SignedObject{BucketName: &w.Destination, Key: &key}},
		JobOwner:     &w.Account, JobInvoker: &w.Account,
	})
	signed, contentType, err := w.Get(ctx, w.Destination, key)
	must(t, err)
	same(t, contentType, "application/octet-stream")
	same(t, entries(t, signed), []string{"index.js", "lib/a.js", "META_INF/", signatureEntry})
}

// wholeSecond returns t again, after finding that it is there and has no fraction.
func wholeSecond(t *testing.T, at *time.Time) *time.Time {
	t.Helper()
	if at == nil || at.Nanosecond() != 0 {
		t.Errorf("%v is no time in whole seconds", at)
	}
	return at
}

func entries(t *testing.T, body []byte) (names []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	must(t, err)
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	return names
}

// firmware is a signed object of the platforms that sign with the user's own key.
type firmware struct {
	RawPayloadSize     int
	Signature, Payload []byte
	SignatureAlgorithm string
	PayloadLocation    struct{ S3 map[string]string }
}

func (w *World) firmware(t *testing.T, job *signer.DescribeSigningJobOutput) (f firmware) {
	t.Helper()
	if job.SignedObject == nil {
		t.Fatalf("%s: %s", job.Status, *job.StatusReason)
	}
	body, contentType, err := w.Get(ctx, w.Destination, *job.SignedObject.S3.Key)
	must(t, err)
	same(t, contentType, "application/octet-stream")
	must(t, json.Unmarshal(body, &f))
	return f
}

func (w *World) verify(t *testing.T, body, signature []byte) {
	t.Helper()
	sum := sha256.Sum256(body)
	if !ecdsa.VerifyASN1(w.Public.(*ecdsa.PublicKey), sum[:], signature) {
		t.Error("the signature is not the certificate's")
	}
}

func testIoTJob(t *testing.T, w *World) {
	profile := w.name("device")
	parameters := map[string]string{"certname": "x", "certificatePathOnDevice": "/y"}
	w.put(t, &signer.PutSigningProfileInput{ProfileName: &profile, PlatformId: aws.String(iot), SigningParameters: parameters,
		SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 3, Type: "DAYS"}, // which has no effect
		SigningMaterial:         &types.SigningMaterial{CertificateArn: &w.Certificate}})
	body := bytes.Repeat([]byte("firmware"), 9999)
	source := w.object(t, "ota_all.bin", body)
	job := w.start(t, profile, source, "signed-")
	same(t, *job.SignedObject.S3.Key, "signed-"+*job.JobId) // no extension here
	same(t, job.SigningMaterial.CertificateArn, &w.Certificate)
	same(t, job.SigningParameters, parameters)
	same(t, job.SignatureExpiresAt, (*time.Time)(nil))
	f := w.firmware(t, job)
	same(t, f.SignatureAlgorithm, "SHA256withECDSA")
	same(t, f.RawPayloadSize, len(body))
	same(t, f.PayloadLocation.S3, map[string]string{"bucketName": w.Source, "key": "ota_all.bin", "version": *source.S3.Version})
	w.verify(t, body, f.Signature)
}

func testFreeRTOSJob(t *testing.T, w *World) {
	profile := w.name("device")
	w.imported(t, profile, freeRTOS, w.Certificate)
	body := []byte("puts 1\n")
	f := w.firmware(t, w.start(t, profile, w.object(t, "MyCode.rb", body), "signed-"))
	same(t, f.Payload, body)
	w.verify(t, body, f.Signature)
}

func testFailedJobs(t *testing.T, w *World) {
	web, device := w.name("web"), w.name("device")
	w.lambdaProfile(t, web)
	w.imported(t, device, iot, w.RSACertificate)
	signed := w.start(t, web, w.object(t, "app.zip", archive(t, "a")), "")
	again, _, err := w.Get(ctx, w.Destination, *signed.SignedObject.S3.Key)
	must(t, err)
	for _, tc := range []struct {
		profile string
		body    []byte
		reason  string
	}{
		{device, []byte("firmware"), "can't identify EC private key."},
		{web, []byte("plain text, not an archive of any sort"), "The source object is not a valid ZIP archive."},
		{web, archive(t), "The source ZIP archive is empty."},
		{web, again, "The source ZIP archive is already signed."},
	} {
		job := w.start(t, tc.profile, w.object(t, "app.zip", tc.body), "signed-")
		same(t, job.Status, types.SigningStatusFailed)
		same(t, *job.StatusReason, tc.reason)
		if job.SignedObject != nil || job.SignatureExpiresAt != nil || job.CompletedAt == nil {
			t.Errorf("%s: %+v", tc.reason, job)
		}
	}
}

func testToken(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	in := &signer.StartSigningJobInput{ProfileName: &profile, Source: w.object(t, "app.zip", archive(t, "a")), Destination: w.destination("x"),
		ClientRequestToken: aws.String(w.name("token"))}
	first, err := w.Engine.StartSigningJob(ctx, in)
	must(t, err)
	in.Destination = w.destination("other")
	w.cancel(t, profile)
	second, err := w.Engine.StartSigningJob(ctx, in)
	must(t, err)
	same(t, second, first)
	in.ClientRequestToken = nil
	_, err = w.Engine.StartSigningJob(ctx, in)
	refused(t, err, "ValidationException", "ProfileNotActive", "Signing Profile "+profile+" is not active.")
}

// testTokenRace starts jobs with one token, all at once.
func testTokenRace(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	in := &signer.StartSigningJobInput{ProfileName: &profile, Source: w.object(t, "app.zip", archive(t, "a")), Destination: w.destination(""),
		ClientRequestToken: aws.String(w.name("token"))}
	ids := make([]string, 6)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			out, err := w.Engine.StartSigningJob(ctx, in)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = *out.JobId
		})
	}
	all.Wait()
	same(t, len(slices.Compact(slices.Sorted(slices.Values(ids)))), 1)
	same(t, seen(t, w, &ids[0]).Status, types.SigningStatusSucceeded)
}

func testStartRefuses(t *testing.T, w *World) {
	web, images := w.name("web"), w.name("images")
	w.lambdaProfile(t, web)
	w.put(t, &signer.PutSigningProfileInput{ProfileName: &images, PlatformId: aws.String(notation)})
	good := w.object(t, "app.zip", archive(t, "a")).S3
	source := func(bucket, key, version *string) *types.Source {
		return &types.Source{S3: &types.S3Source{BucketName: bucket, Key: key, Version: version}}
	}
	empty, none := aws.String(""), aws.String(w.Source+"-none")
	bad := func(what string) [3]string {
		return [3]string{"ValidationException", "InvalidJobParameters", "StartSigningJobRequest:" + what + " should not be empty"}
	}
	closed := [3]string{"AccessDeniedException", "", "S3 object app.zip not accessible. Please check your permissions"}
	for _, tc := range []struct {
		in   signer.StartSigningJobInput
		want [3]string // class, code, text
	}{
		{signer.StartSigningJobInput{Source: source(good.BucketName, good.Key, empty)}, bad("source:version")},
		{signer.StartSigningJobInput{Source: source(good.BucketName, empty, good.Version)}, bad("source:key")},
		{signer.StartSigningJobInput{Source: source(empty, good.Key, good.Version)}, bad("source:bucketName")},
		{signer.StartSigningJobInput{Destination: &types.Destination{S3: &types.S3Destination{}}}, bad("destination:bucketName")},
		{signer.StartSigningJobInput{Source: source(none, good.Key, good.Version)}, closed},
		{signer.StartSigningJobInput{Source: source(good.BucketName, good.Key, aws.String("null"))}, closed},
		{signer.StartSigningJobInput{Source: source(good.BucketName, aws.String("none.zip"), good.Version)},
			[3]string{"AccessDeniedException", "", "S3 object none.zip not accessible. Please check your permissions"}},
		{signer.StartSigningJobInput{Destination: &types.Destination{S3: &types.S3Destination{BucketName: none}}},
			[3]string{"AccessDeniedException", "", "S3 bucket " + *none + " not accessible. Please check your permissions"}},
		{signer.StartSigningJobInput{ProfileName: aws.String("nobody")}, [3]string{"ResourceNotFoundException", "ProfileNotFound", "profile with name nobody does not exist"}},
		{signer.StartSigningJobInput{ProfileName: &images}, [3]string{"ValidationException", "InvalidJobParameters", "Platform " + notation + " does not sign objects. Use SignPayload."}},
		{signer.StartSigningJobInput{ProfileName: aws.String("a-b")}, [3]string{"ValidationException", "",
			invalid("a-b", "profileName", "satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}")}},
	} {
		if tc.in.ProfileName == nil {
			tc.in.ProfileName = &web
		}
		if tc.in.Source == nil {
			tc.in.Source = &types.Source{S3: good}
		}
		if tc.in.Destination == nil {
			tc.in.Destination = w.destination("")
		}
		_, err := w.Engine.StartSigningJob(ctx, &tc.in)
		refused(t, err, tc.want[0], tc.want[1], tc.want[2])
	}
	jobs, err := w.Engine.ListSigningJobs(ctx, &signer.ListSigningJobsInput{})
	must(t, err)
	same(t, len(jobs.Jobs), 0) // nothing refused becomes a job
}

// testExpiry compares with what Go makes of days; months whose ends differ are
// for the engine's own tests, for here the clock is not ours.
func testExpiry(t *testing.T, w *World) {
	profile := w.name("short")
	w.put(t, &signer.PutSigningProfileInput{ProfileName: &profile, PlatformId: aws.String(lambda),
		SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 3, Type: "DAYS"}})
	job := w.start(t, profile, w.object(t, "app.zip", archive(t, "a")), "")
	if d := job.SignatureExpiresAt.Sub(*job.CreatedAt) - 3*24*time.Hour; d < 0 || d > time.Minute {
		t.Errorf("created at %v, expires at %v", job.CreatedAt, job.SignatureExpiresAt)
	}
}

func testNullVersion(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	version, err := w.Put(ctx, w.Destination, "app.zip", archive(t, "a")) // a bucket that keeps no versions
	must(t, err)
	same(t, version, "")
	key, null := "app.zip", "null"
	job := w.start(t, profile, &types.Source{S3: &types.S3Source{BucketName: &w.Destination, Key: &key, Version: &null}}, "")
	same(t, job.Status, types.SigningStatusSucceeded)
}
