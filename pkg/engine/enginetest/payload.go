package enginetest

import (
	"crypto/ecdsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

const (
	payloadFormat = "application/vnd.cncf.notary.payload.v1+json"
	descriptor    = `{"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:73c803930ea3ba1e54bc25c2bdc53edd0284c62ed651fe7b00369da519a3c333","size":251}}`
)

// imageProfile makes a profile for container images.
func (w *World) imageProfile(t *testing.T, name string) string {
	t.Helper()
	return w.put(t, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(notation)})
}

func (w *World) payload(profile string) *signer.SignPayloadInput {
	return &signer.SignPayloadInput{ProfileName: &profile, Payload: []byte(descriptor), PayloadFormat: aws.String(payloadFormat)}
}

// signature is an envelope taken apart.
type signature struct {
	Payload, Protected, Signature string
	Header                        map[string][][]byte
}

var payloadTests = map[string]func(*testing.T, *World){
	"Signed":  testPayload,
	"Job":     testPayloadJob,
	"Refused": testPayloadRefused,
}

// testPayload checks an envelope by what RFC 7515 says.
func testPayload(t *testing.T, w *World) {
	profile := w.name("images")
	version := w.imageProfile(t, profile)
	in := w.payload(profile)
	in.ProfileOwner = &w.Account // which the plugin for notation always sends
	out, err := w.Engine.SignPayload(ctx, in)
	must(t, err)
	same(t, *out.JobOwner, w.Account)
	job, err := w.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: out.JobId})
	must(t, err)

	var s signature
	must(t, json.Unmarshal(out.Signature, &s))
	same(t, string(decode(t, s.Payload)), descriptor)
	var header map[string]any
	must(t, json.Unmarshal(decode(t, s.Protected), &header))
	claims := map[string]any{
		"io.cncf.notary.signingScheme":               "notary.x509.signingAuthority",
		"io.cncf.notary.authenticSigningTime":        job.CreatedAt.UTC().Format(time.RFC3339),
		"io.cncf.notary.expiry":                      job.SignatureExpiresAt.UTC().Format(time.RFC3339),
		"io.cncf.notary.verificationPlugin":          "com.amazonaws.signer.notation.plugin",
		"com.amazonaws.signer.signingProfileVersion": w.arn("signing-profiles/" + profile + "/" + version),
		"com.amazonaws.signer.signingJob":            w.arn("signing-jobs/" + *out.JobId),
	}
	for _, name := range header["crit"].([]any) {
		if _, ok := claims[name.(string)]; !ok {
			t.Errorf("%s is critical", name)
		}
	}
	same(t, len(header["crit"].([]any)), len(claims))
	delete(header, "crit")
	claims["alg"], claims["cty"] = "ES384", payloadFormat
	same(t, header, claims)
	checkES384(t, s)
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	must(t, err)
	return raw
}

// checkES384 checks the signature with the key of the first certificate, and that
// each certificate is signed by the next one, and the last by itself.
func checkES384(t *testing.T, s signature) {
	t.Helper()
	var chain []*x509.Certificate
	for _, der := range s.Header["x5c"] {
		c, err := x509.ParseCertificate(der)
		must(t, err)
		chain = append(chain, c)
	}
	for i, c := range chain {
		must(t, c.CheckSignatureFrom(chain[min(i+1, len(chain)-1)]))
	}
	sum, numbers := sha512.Sum384([]byte(s.Protected+"."+s.Payload)), decode(t, s.Signature)
	if len(numbers) != 96 {
		t.Fatalf("a signature of %d bytes", len(numbers))
	}
	half := func(p []byte) *big.Int { return new(big.Int).SetBytes(p) }
	if !ecdsa.Verify(chain[0].PublicKey.(*ecdsa.PublicKey), sum[:], half(numbers[:48]), half(numbers[48:])) {
		t.Error("the signature is not the certificate's")
	}
}

func testPayloadJob(t *testing.T, w *World) {
	profile := w.name("images")
	version := w.imageProfile(t, profile)
	out, err := w.Engine.SignPayload(ctx, w.payload(profile))
	must(t, err)
	job, err := w.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: out.JobId})
	must(t, err)
	same(t, job, &signer.DescribeSigningJobOutput{
		JobId: out.JobId, SigningMaterial: &types.SigningMaterial{}, PlatformId: aws.String(notation), PlatformDisplayName: aws.String("Notation for container registries"),
		ProfileName: &profile, ProfileVersion: &version,
		CreatedAt: wholeSecond(t, job.CreatedAt), CompletedAt: job.CreatedAt, SignatureExpiresAt: wholeSecond(t, job.SignatureExpiresAt),
		RequestedBy: &w.Principal, Status: "Succeeded", StatusReason: aws.String("Signing Succeeded"), JobOwner: &w.Account, JobInvoker: &w.Account,
	})
	rows := allJobs(t, w, signer.ListSigningJobsInput{PlatformId: aws.String(notation), Status: "Succeeded"})
	same(t, rows, []types.SigningJob{{
		JobId: out.JobId, SigningMaterial: &types.SigningMaterial{}, CreatedAt: job.CreatedAt, Status: "Succeeded", ProfileName: &profile, ProfileVersion: &version,
		PlatformId: aws.String(notation), PlatformDisplayName: job.PlatformDisplayName, SignatureExpiresAt: job.SignatureExpiresAt, JobOwner: &w.Account, JobInvoker: &w.Account,
	}})
}

func testPayloadRefused(t *testing.T, w *World) {
	images, web, ended := w.name("images"), w.name("web"), w.name("ended")
	w.imageProfile(t, images)
	w.lambdaProfile(t, web)
	w.imageProfile(t, ended)
	w.cancel(t, ended)
	full := `{"a":"` + strings.Repeat("a", 4096-8) + `"}`
	payload := func(text string) func(*signer.SignPayloadInput) {
		return func(in *signer.SignPayloadInput) { in.Payload = []byte(text) }
	}
	profile := func(name string) func(*signer.SignPayloadInput) {
		return func(in *signer.SignPayloadInput) { in.ProfileName = &name }
	}
	for _, tc := range []struct {
		fault             func(*signer.SignPayloadInput)
		class, code, text string // no text: AWS's is not known
	}{
		{payload(full + " "), "ValidationException", "", invalid("java.nio.HeapByteBuffer[pos=0 lim=4097 cap=4097]", "payload", "have length less than or equal to 4096")},
		{payload("plain text"), "ValidationException", "", ""},
		{payload(`["a"]`), "ValidationException", "", ""},
		{payload(`{"a":`), "ValidationException", "", ""},
		{func(in *signer.SignPayloadInput) { in.PayloadFormat = aws.String("application/json") }, "ValidationException", "", ""},
		{profile(web), "ValidationException", "", ""},
		{profile(ended), "ValidationException", "ProfileNotActive", "Signing Profile " + ended + " is not active."},
		{profile("nobody"), "ResourceNotFoundException", "ProfileNotFound", "profile with name nobody does not exist"},
		{profile("a-b"), "ValidationException", "", invalid("a-b", "profileName", "satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}")},
	} {
		in := w.payload(images)
		tc.fault(in)
		_, err := w.Engine.SignPayload(ctx, in)
		if tc.text == "" {
			refusedAs[*types.ValidationException](t, err)
			continue
		}
		refused(t, err, tc.class, tc.code, tc.text)
	}
	same(t, len(allJobs(t, w, signer.ListSigningJobsInput{PlatformId: aws.String(notation)})), 0)
	in := w.payload(images)
	payload(full)(in)
	_, err := w.Engine.SignPayload(ctx, in)
	must(t, err)
}
