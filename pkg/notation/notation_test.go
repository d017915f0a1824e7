package notation_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"

	"signer/pkg/notation"
)

// recorder notes what it is called with, and answers what it is told to.
type recorder struct {
	region   string
	settings map[string]string
	open     int // how many are open
	asked    any

	revoked []string
	err     error
}

func (r *recorder) SignPayload(_ context.Context, in *signer.SignPayloadInput, _ ...func(*signer.Options)) (*signer.SignPayloadOutput, error) {
	r.asked = in
	return &signer.SignPayloadOutput{Signature: []byte("envelope"), Metadata: map[string]string{"note": "unsigned"}}, r.err
}

func (r *recorder) GetRevocationStatus(_ context.Context, in *signer.GetRevocationStatusInput, _ ...func(*signer.Options)) (*signer.GetRevocationStatusOutput, error) {
	r.asked = in
	return &signer.GetRevocationStatusOutput{RevokedEntities: r.revoked}, r.err
}

// run runs a command of a plugin that calls a recorder.
func (r *recorder) run(command, request string) (string, error) {
	p := &notation.Plugin{Version: "1.2.3", Open: func(_ context.Context, region string, settings map[string]string) (notation.Signer, func(), error) {
		r.region, r.settings = region, settings
		r.open++
		return r, func() { r.open-- }, nil
	}}
	var out bytes.Buffer
	err := p.Run(context.Background(), command, strings.NewReader(request), &out)
	return strings.TrimSpace(out.String()), err
}

const (
	arn     = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/images"
	job     = "arn:aws:signer:eu-west-1:111122223333:/signing-jobs/5a3c"
	payload = `{"targetArtifact":{}}`
)

// envelopeRequest is what notation asks when it has an image signed, with members
// changed. Nil is none.
func envelopeRequest(changes map[string]any) string {
	return changed(map[string]any{
		"contractVersion": "1.0", "keyId": arn, "payloadType": "application/vnd.cncf.notary.payload.v1+json", "signatureEnvelopeType": "application/jose+json",
		"payload": []byte(payload), "pluginConfig": map[string]string{"aws-region": "eu-west-1"},
	}, changes)
}

func changed(request, changes map[string]any) string {
	for name, v := range changes {
		if request[name] = v; v == nil {
			delete(request, name)
		}
	}
	text, err := json.Marshal(request)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// AWS's plugin sends a payload with its owner, always, and passes the answer on.
func TestGenerateEnvelope(t *testing.T) {
	var r recorder
	got, err := r.run("generate-envelope", envelopeRequest(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"signatureEnvelope":"` + base64.StdEncoding.EncodeToString([]byte("envelope")) + `","signatureEnvelopeType":"application/jose+json","annotations":{"note":"unsigned"}}`
	if got != want {
		t.Errorf("it answers %s", got)
	}
	sent, _ := json.Marshal(r.asked)
	wanted := `{"Payload":"` + base64.StdEncoding.EncodeToString([]byte(payload)) + `","PayloadFormat":"application/vnd.cncf.notary.payload.v1+json","ProfileName":"images","ProfileOwner":"111122223333"}`
	if string(sent) != wanted {
		t.Errorf("it sends %s", sent)
	}
	if r.region != "eu-west-1" || r.settings["aws-region"] != "eu-west-1" || r.open != 0 {
		t.Errorf("it opened a signer for %s with %v; open are %d", r.region, r.settings, r.open)
	}
}

func TestGenerateEnvelopeRefuses(t *testing.T) {
	const noProfile = "is not the ARN of a signing profile"
	for _, tc := range []struct {
		name    string
		changes map[string]any
		code    plugin.ErrorCode
		text    string
	}{
		{"another contract", map[string]any{"contractVersion": "2.0"}, "UNSUPPORTED_CONTRACT_VERSION", `"2.0" is not a supported notary plugin contract version`},
		{"no contract", map[string]any{"contractVersion": nil}, "VALIDATION_ERROR", "contractVersion cannot be empty"},
		{"no payload", map[string]any{"payload": nil}, "VALIDATION_ERROR", "payload cannot be empty"},
		{"a time", map[string]any{"expiryDurationInSeconds": 60}, "VALIDATION_ERROR", "--expiry is not supported"},
		{"COSE", map[string]any{"signatureEnvelopeType": "application/cose"}, "VALIDATION_ERROR", `"application/cose" is not supported`},
		{"a name", map[string]any{"keyId": "images"}, "VALIDATION_ERROR", noProfile},
		{"a version", map[string]any{"keyId": arn + "/abcdefghij"}, "VALIDATION_ERROR", noProfile},
		{"no name", map[string]any{"keyId": "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/"}, "VALIDATION_ERROR", noProfile},
		{"a job", map[string]any{"keyId": job}, "VALIDATION_ERROR", noProfile},
		{"another service", map[string]any{"keyId": strings.Replace(arn, "signer", "kms", 1)}, "VALIDATION_ERROR", noProfile},
		{"no text", map[string]any{"keyId": 5}, "VALIDATION_ERROR", "the request is not the JSON that was expected"},
	} {
		var r recorder
		_, err := r.run("generate-envelope", envelopeRequest(tc.changes))
		refuses(t, tc.name, err, tc.code, tc.text)
		if r.asked != nil {
			t.Errorf("%s: somebody was asked for %v", tc.name, r.asked)
		}
	}
}

func refuses(t *testing.T, name string, err error, code plugin.ErrorCode, text string) {
	t.Helper()
	var refusal *plugin.Error
	if !errors.As(err, &refusal) || refusal.ErrCode != code || !strings.Contains(refusal.Message, text) {
		t.Errorf("%s: %v, in place of %s ... %s", name, err, code, text)
	}
}

// What the service refuses has a code of the contract.
func TestServiceErrors(t *testing.T) {
	text := "words"
	for _, tc := range []struct {
		err  error
		code plugin.ErrorCode
		text string
	}{
		{&types.ValidationException{Message: &text}, "VALIDATION_ERROR", "AWS Signer answered ValidationException: words"},
		{&types.ResourceNotFoundException{Message: &text}, "VALIDATION_ERROR", "ResourceNotFoundException: words"},
		{&types.AccessDeniedException{}, "ACCESS_DENIED", "AccessDeniedException: it does not say why"},
		{&types.ThrottlingException{Message: &text}, "THROTTLED", "words"},
		{&types.TooManyRequestsException{Message: &text}, "THROTTLED", "words"},
		{&types.InternalServiceErrorException{Message: &text}, "ERROR", "words"},
		{&smithy.OperationError{ServiceID: "signer", OperationName: "SignPayload", Err: context.DeadlineExceeded}, "TIMEOUT", "deadline"},
		{errors.New("no disk"), "ERROR", "no disk"},
	} {
		r := recorder{err: tc.err}
		_, err := r.run("generate-envelope", envelopeRequest(nil))
		refuses(t, fmt.Sprint(tc.err), err, tc.code, tc.text)
	}
}

func TestOtherCommands(t *testing.T) {
	var r recorder
	got, err := r.run("get-plugin-metadata", "{}")
	want := `{"name":"com.amazonaws.signer.notation.plugin","description":"AWS Signer, on this machine or with AWS","version":"1.2.3",` +
		`"url":"https://docs.aws.amazon.com/signer","supportedContractVersions":["1.0"],` +
		`"capabilities":["SIGNATURE_GENERATOR.ENVELOPE","SIGNATURE_VERIFIER.TRUSTED_IDENTITY","SIGNATURE_VERIFIER.REVOCATION_CHECK"]}`
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for command, text := range map[string]string{
		"describe-key": "DescribeKey operation is not supported", "generate-signature": "GenerateSignature operation is not supported",
		"sign": `"sign" is no command of notation's plugins`, "": "no command",
	} {
		_, err := r.run(command, "{}")
		refuses(t, command, err, "VALIDATION_ERROR", text)
	}
}

// chain is two certificates, and their names in the terms of revocation.
func chain(t testing.TB) (der [][]byte, hashes []string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var sums []string
	for i := range 2 {
		c := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: fmt.Sprint(i)}}
		one, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(one)
		if err != nil {
			t.Fatal(err)
		}
		der, sums = append(der, one), append(sums, fmt.Sprintf("%x", sha512.Sum384(parsed.RawTBSCertificate)))
	}
	return der, []string{sums[0] + sums[1], sums[1] + sums[1]}
}

// question is what notation asks about a signature.
type question struct {
	certificates [][]byte
	attributes   map[string]any
	scheme       string
	at           any
	trusted      []string
	ask          []string
}

func newQuestion(certificates [][]byte) question {
	return question{
		certificates: certificates, scheme: "notary.x509.signingAuthority", at: "2026-11-21T17:06:20Z", trusted: []string{arn},
		attributes: map[string]any{"com.amazonaws.signer.signingProfileVersion": arn + "/AbCdEfGhIj", "com.amazonaws.signer.signingJob": job},
		ask:        []string{"SIGNATURE_VERIFIER.TRUSTED_IDENTITY", "SIGNATURE_VERIFIER.REVOCATION_CHECK"},
	}
}

func (q question) String() string {
	return changed(map[string]any{
		"contractVersion": "1.0",
		"signature": map[string]any{
			"criticalAttributes": map[string]any{"contentType": "application/vnd.cncf.notary.payload.v1+json", "signingScheme": q.scheme,
				"authenticSigningTime": q.at, "extendedAttributes": q.attributes},
			"certificateChain": q.certificates,
		},
		"trustPolicy": map[string]any{"trustedIdentities": q.trusted, "signatureVerification": q.ask},
	}, nil)
}

func TestVerifySignature(t *testing.T) {
	der, hashes := chain(t)
	var r recorder
	got, err := r.run("verify-signature", newQuestion(der).String())
	want := `{"verificationResults":{"SIGNATURE_VERIFIER.REVOCATION_CHECK":{"success":true,"reason":"Signature is not revoked."},` +
		`"SIGNATURE_VERIFIER.TRUSTED_IDENTITY":{"success":true,"reason":"Signature publisher matched \"` + arn + `\" trusted identity."}},` +
		`"processedAttributes":["com.amazonaws.signer.signingProfileVersion","com.amazonaws.signer.signingJob"]}`
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	sent := r.asked.(*signer.GetRevocationStatusInput)
	if *sent.PlatformId != "Notation-OCI-SHA384-ECDSA" || *sent.JobArn != job || *sent.ProfileVersionArn != arn+"/AbCdEfGhIj" ||
		!sent.SignatureTimestamp.Equal(time.Date(2026, 11, 21, 17, 6, 20, 0, time.UTC)) || !cmp.Equal(sent.CertificateHashes, hashes) {
		t.Errorf("it asks for %+v", sent)
	}
	if r.region != "eu-west-1" || r.open != 0 {
		t.Errorf("it opened a signer for %s; open are %d", r.region, r.open)
	}
}

func TestTrustedIdentities(t *testing.T) {
	der, _ := chain(t)
	const version = arn + "/AbCdEfGhIj"
	for _, tc := range []struct {
		trusted []string
		want    bool
	}{
		{[]string{arn}, true},
		{[]string{version}, true},
		{[]string{"x509.subject: C=US, O=acme", strings.ToUpper(arn[3:4]) + arn, arn}, true},
		{[]string{strings.Replace(arn, "images", "IMAGES", 1)}, true}, // as AWS's plugin does
		{nil, false},
		{[]string{arn + "s"}, false},
		{[]string{arn[:len(arn)-1]}, false},
		{[]string{arn + "/AbCdEfGhIk"}, false},
		{[]string{arn + "/"}, false},
		{[]string{version + "/x"}, false},
		{[]string{strings.Replace(arn, "111122223333", "999999999999", 1)}, false},
		{[]string{strings.Replace(arn, "eu-west-1", "us-east-1", 1)}, false},
		{[]string{job}, false},
		{[]string{"arn:aws:signer:eu-west-1:111122223333:/signing-profiles/"}, false},
	} {
		q := newQuestion(der)
		q.trusted, q.ask = tc.trusted, q.ask[:1]
		var r recorder
		got, err := r.run("verify-signature", q.String())
		if err != nil || strings.Contains(got, `"success":true`) != tc.want || r.asked != nil {
			t.Errorf("%q: %s %v", tc.trusted, got, err)
		}
	}
}

func TestRevoked(t *testing.T) {
	der, hashes := chain(t)
	for _, tc := range []struct {
		revoked []string
		err     error
		want    string
	}{
		{[]string{job}, nil, "Resource(s) " + job + " have been revoked."},
		{[]string{job, arn + "/AbCdEfGhIj"}, nil, "Resource(s) " + job + ", " + arn + "/AbCdEfGhIj have been revoked."},
		{hashes[:1], nil, "Certificate(s) have been revoked."},
		{[]string{hashes[0], job}, nil, "Resource(s) " + job + " have been revoked. Certificate(s) have been revoked."},
		{nil, errors.New("no network"), "It could not be found out whether the signature is revoked. no network"},
	} {
		q := newQuestion(der)
		q.ask = q.ask[1:]
		r := recorder{revoked: tc.revoked, err: tc.err}
		got, err := r.run("verify-signature", q.String())
		want := `{"verificationResults":{"SIGNATURE_VERIFIER.REVOCATION_CHECK":{"success":false,"reason":"` + tc.want + `"}},`
		if err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s %v", tc.revoked, got, err)
		}
	}
}

func TestVerifySignatureRefuses(t *testing.T) {
	der, _ := chain(t)
	for _, tc := range []struct {
		name   string
		change func(*question)
		text   string
	}{
		{"anybody", func(q *question) { q.trusted = []string{arn, "*"} }, `the trusted identity "*" is not supported`},
		{"no time", func(q *question) { q.at = nil }, "no authenticSigningTime"},
		{"another scheme", func(q *question) { q.scheme = "notary.x509" }, "signing scheme notary.x509 is not supported"},
		{"another question", func(q *question) { q.ask = []string{"SIGNATURE_GENERATOR.RAW"} }, `"SIGNATURE_GENERATOR.RAW" is not a supported plugin capability`},
		{"no question", func(q *question) { q.ask = nil }, "signatureVerification cannot be empty"},
		{"no certificate", func(q *question) { q.certificates = nil }, "certificateChain cannot be empty"},
		{"a broken certificate", func(q *question) { q.certificates = [][]byte{{1}} }, "certificates cannot be read"},
		{"no version", func(q *question) { delete(q.attributes, "com.amazonaws.signer.signingProfileVersion") }, "no attribute"},
		{"no job", func(q *question) { q.attributes["com.amazonaws.signer.signingJob"] = 7 }, "no attribute"},
	} {
		q := newQuestion(der)
		tc.change(&q)
		var r recorder
		_, err := r.run("verify-signature", q.String())
		refuses(t, tc.name, err, "VALIDATION_ERROR", tc.text)
		if r.asked != nil {
			t.Errorf("%s: somebody was asked", tc.name)
		}
	}
}

// Whatever a request is, it is answered or refused as the contract says.
func FuzzRun(f *testing.F) {
	der, _ := chain(f)
	f.Add("verify-signature", newQuestion(der).String())
	f.Add("generate-envelope", envelopeRequest(nil))
	f.Add("get-plugin-metadata", `{"pluginConfig":{}}`)
	f.Fuzz(func(t *testing.T, command, request string) {
		var r recorder
		out, err := r.run(command, request)
		text := []byte(out)
		if err != nil {
			text = []byte(err.Error())
		}
		if !json.Valid(text) || r.open != 0 {
			t.Errorf("%s; open are %d", text, r.open)
		}
	})
}
