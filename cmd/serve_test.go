package cmd_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/keys/keystest"
	"signer/pkg/local/localtest"
)

// archive is a small archive.
func archive(t testing.TB) []byte {
	t.Helper()
	return localtest.Archive(t, "index.js", "exports.handler = () => 42\n")
}

// boto3 does a team's whole work.
func TestServeBoto3(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	key := h.key(t, "maria")
	good, err := h.put(t.Context(), "source", "app.zip", archive(t))
	must(t, err)
	bad, err := h.put(t.Context(), "source", "app.zip", []byte("no archive"))
	must(t, err)
	device := keystest.Bundle(t, keystest.Key(t))
	var got map[string]json.RawMessage
	h.python(t, "serve.py", map[string]any{
		"url": s.url, "region": serveRegion, "key": key.AccessKeyID, "secret": key.SecretAccessKey, "version": good, "bad": bad,
		"certificate": string(device.Certificate), "privateKey": string(device.PrivateKey),
	}, &got)
	const maria = `"arn:aws:iam::111122223333:user/maria"`
	want := map[string]string{
		"certificate": `["device", "IMPORTED", "ISSUED", true]`, "certificates": `2`, "no certificate": `["ResourceNotFoundException", 400]`, "gone": `["ResourceNotFoundException", 400]`,
		"tags": `{"stage": "test"}`, "permissions": `1`, "no permissions": `["ResourceNotFoundException", 404]`, "profiles": `[2, 2, 1]`, "platforms": `5`, "platform": `250`,
		"one token, one job": `true`, "job": `["Succeeded", ` + maria + `, "111122223333", true]`, "waited in vain": `"Failed"`,
		"envelope": `["header", "payload", "protected", "signature"]`, "jobs": `4`, "succeeded": `2`, "reason": `"a bug"`, "revoked": `true`, "statuses": `["Canceled", "Revoked"]`,
		"signed": `["META_INF/", "META_INF/aws_signer_signature_v1.0.SF", "index.js"]`, "multipart": `[12582912, "3", true]`, "objects": `[3, true]`, "presigned": `true`,
		"key": `["paul", "Active", 20, 40]`, "too many keys": `["LimitExceeded", 409]`, "bad name": `["ValidationError", 400]`, "keys": `2`,
		"by paul": `"arn:aws:iam::111122223333:user/paul"`, "inactive": `["UnrecognizedClientException", 403]`, "active again": `null`, "deleted": `["UnrecognizedClientException", 403]`,
		"my own keys":        `["maria"]`,
		"stranger at signer": `["UnrecognizedClientException", 403]`, "forger at signer": `["InvalidSignatureException", 403]`, "token at signer": `["UnrecognizedClientException", 403]`,
		"stranger at acm": `["UnrecognizedClientException", 400]`, "forger at acm": `["InvalidSignatureException", 400]`, "token at acm": `["UnrecognizedClientException", 400]`,
		"stranger at iam": `["InvalidClientTokenId", 403]`, "forger at iam": `["SignatureDoesNotMatch", 403]`, "token at iam": `["InvalidClientTokenId", 403]`,
	}
	if got["envelope"] == nil {
		t.Log("boto3 is older than SignPayload and GetRevocationStatus, which are not tried")
		delete(want, "envelope")
		delete(want, "revoked")
	}
	shown := map[string]string{}
	for name, v := range got {
		shown[name] = string(v)
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error(diff)
	}
	if err := s.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.quiet(t)
	s.secret(t, key.SecretAccessKey, string(device.PrivateKey), "Signature=", "X-Amz-Signature")
}

// A server that is told wrong things does not begin, and says none that may be secret.
func TestServeSettings(t *testing.T) {
	h := newServeHome(t)
	for name, want := range map[string]string{
		"SIGNER_KEY_PASSPHRASE_FILE=not/there":                         "SIGNER_KEY_PASSPHRASE_FILE: open not/there",
		"SIGNER_KEYS=pkcs11:token":                                     "SIGNER_KEYS does not say where private keys are",
		"SIGNER_DATABASE_URL=mysql://maria:secret@db/records":          "SIGNER_DATABASE_URL, or databaseUrl in " + filepath.Join(h.dir, "config.yaml"),
		"SIGNER_OBJECT_STORE=s3://AKIA:secret@objects":                 "What is given is no object store",
		"SIGNER_OBJECT_STORE=objects":                                  `"objects" is no object store`,
		"SIGNER_OBJECT_STORE=s3://objects?endpoint=maria:secret@a:900": "The endpoint of an object store is a URL",
		"SIGNER_ENGINE=Local":                                          "SIGNER_ENGINE must be local or aws",
	} {
		out, err := withEnv(h.command("serve", "--addr", "127.0.0.1:0"), name).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 253 || !strings.Contains(string(out), want) || strings.Contains(string(out), "secret") {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}

// A region may have any name that people give theirs, if somebody can sign there. Else
// callers are told, before anything is recorded.
func TestServeRegions(t *testing.T) {
	h := newServeHome(t)
	c := h.start(t).client(t, h.key(t, "maria"))
	for region, want := range map[string]string{"local": "", "LOCAL": "InvalidSignatureException"} {
		_, err := c.PutSigningProfile(t.Context(), &signer.PutSigningProfileInput{ProfileName: aws.String("web"), PlatformId: aws.String("AWSLambda-SHA384-ECDSA")},
			func(o *signer.Options) { o.Region = region })
		var refused smithy.APIError
		if errors.As(err, &refused) != (want != "") || refused != nil && refused.ErrorCode() != want {
			t.Errorf("%s: %v", region, err)
		}
	}
}

// secret checks that the log does not tell what is nobody's business.
func (s *served) secret(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(s.logged(), text) {
			t.Errorf("the log has %.20s...", text)
		}
	}
}
