package cmd_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signer/pkg/keys/keystest"
)

// client works with --engine aws against a server, from a home of its own.
type client struct {
	home, dir string
	vars      map[string]string
}

func newClient(t *testing.T, h *serveHome, s *served) *client {
	t.Helper()
	key, dir := h.key(t, "maria"), t.TempDir()
	return &client{home: filepath.Join(dir, "home"), dir: dir, vars: map[string]string{
		"SIGNER_ENGINE": "aws", "AWS_ENDPOINT_URL": s.url, "AWS_REGION": serveRegion, "AWS_ACCESS_KEY_ID": key.AccessKeyID, "AWS_SECRET_ACCESS_KEY": key.SecretAccessKey,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	}}
}

// file makes a file, and returns its name.
func (c *client) file(t *testing.T, name string, data []byte) string {
	t.Helper()
	name = filepath.Join(c.dir, name)
	write(t, name, data)
	return name
}

// do runs a command that must end with a code, and returns what it prints.
func (c *client) do(t *testing.T, code int, words ...string) string {
	t.Helper()
	stdout, stderr, got := at(t, c.home, c.vars, strings.Join(words, " "))
	if got != code {
		t.Fatalf("%s: %d\n%s%s", words, got, stdout, stderr)
	}
	return strings.TrimSpace(stdout)
}

const throughBuckets = "--source-bucket source --destination-bucket destination --prefix signed/"

// TestSignWithServer signs archives through a server, and has them judged: the same
// work as with AWS, with nothing made up.
func TestSignWithServer(t *testing.T) {
	h := newServeHome(t)
	c := newClient(t, h, h.start(t))
	c.do(t, 0, "put-signing-profile --profile-name web --platform-id", lambda)
	good, bad := c.file(t, "app.zip", archive(t)), c.file(t, "bad.zip", []byte("no archive"))
	const told = "--query files[].[jobId,signedObject.s3.key,error] --output text"

	sign := func(code int, names ...string) string {
		return c.do(t, code, append([]string{"sign --profile-name web", throughBuckets, told}, names...)...)
	}
	first := sign(254, good, bad)
	form := regexp.MustCompile(`^(\S+)\tsigned/\S+\tNone\n\S+\tNone\tThe source object is not a valid ZIP archive\.$`)
	found := form.FindStringSubmatch(first)
	if found == nil {
		t.Fatalf("%q", first)
	}
	if again := sign(0, good); again != strings.Split(first, "\n")[0] {
		t.Errorf("%q, and then %q", first, again)
	}

	signed, root := filepath.Join(c.dir, "app-signed.zip"), c.file(t, "root.pem", []byte(h.run(t, "export-trust")))
	judged := c.do(t, 1, "verify", signed, good, "--trust-root", root, "--query files[].[signatureStatus,revocationStatus,jobArn] --output text")
	if want := "VALID\tUNKNOWN\tarn:aws:signer:eu-west-1:111122223333:/signing-jobs/" + found[1] + "\nMISMATCH\tNone\tNone"; judged != want {
		t.Errorf("%q", judged)
	}
	if skipped := sign(0, signed, "--skip-signed"); skipped != "None\tNone\tNone" {
		t.Errorf("%q", skipped)
	}
}

// TestDetachedWithServer has firmware signed and its signature judged, with the
// source where the signature says that it is.
func TestDetachedWithServer(t *testing.T) {
	h := newServeHome(t)
	c := newClient(t, h, h.start(t))
	device := keystest.Bundle(t, keystest.Key(t))
	certificate := c.file(t, "cert.pem", device.Certificate)
	arn := h.run(t, "acm", "import-certificate", "--certificate", "fileb://"+certificate, "--private-key", "fileb://"+c.file(t, "key.pem", device.PrivateKey), "--query", "CertificateArn", "--output", "text")
	c.do(t, 0, "put-signing-profile --profile-name ota --platform-id AWSIoTDeviceManagement-SHA256-ECDSA --signing-material certificateArn="+arn)
	image := c.file(t, "image.bin", []byte("firmware"))
	c.do(t, 0, "sign --profile-name ota", throughBuckets, image)

	judge := func(code int, more string) string {
		return c.do(t, code, "verify", filepath.Join(c.dir, "image-signed.json"), "--certificate", certificate, "--query files[0].[signatureStatus,error] --output text", more)
	}
	if got := judge(0, ""); got != "VALID\tNone" {
		t.Errorf("%q", got)
	}
	versions := c.do(t, 0, "s3api list-object-versions --bucket source --query Versions[].VersionId --output text")
	c.do(t, 0, "s3api delete-object --bucket source --key image.bin --version-id", versions)
	if got := judge(1, ""); !strings.Contains(got, "it is not here (NoSuch") {
		t.Errorf("%q", got)
	}
	if got := judge(0, "--payload "+image); got != "VALID\tNone" {
		t.Errorf("%q", got)
	}
}

// TestRevocationWithServer asks a server whether an envelope was revoked.
func TestRevocationWithServer(t *testing.T) {
	h := newServeHome(t)
	c := newClient(t, h, h.start(t))
	payload := c.file(t, "payload.json", []byte(`{"targetArtifact":{"mediaType":"m","digest":"sha256:00","size":1}}`))
	c.do(t, 0, "put-signing-profile --profile-name images --platform-id Notation-OCI-SHA384-ECDSA")
	signed := strings.Split(c.do(t, 0, "sign-payload --profile-name images --payload fileb://"+payload, "--payload-format application/vnd.cncf.notary.payload.v1+json --query [jobId,signature] --output text"), "\t")
	envelope, err := base64.StdEncoding.DecodeString(signed[1])
	must(t, err)
	name, root := c.file(t, "image.jws", envelope), c.file(t, "root.pem", []byte(h.run(t, "export-trust")))
	judge := func(code int) string {
		return c.do(t, code, "verify", name, "--trust-root", root, "--query files[0].[signatureStatus,revocationStatus] --output text")
	}
	if got := judge(0); got != "VALID\tNOT_REVOKED" {
		t.Errorf("%q", got)
	}
	c.do(t, 0, "revoke-signature --reason flaw --job-id", signed[0])
	if got := judge(1); got != "REVOKED\tREVOKED" {
		t.Errorf("%q", got)
	}
}
