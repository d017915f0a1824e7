package cmd_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	notarylib "github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	notaryplugin "github.com/notaryproject/notation-go/plugin"
	notarysigner "github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"signer/pkg/notation"
)

// notary is Notary Project's own library, with a plugin and with the trust store
// that export-trust writes.
type notary struct {
	plugin plugin.Plugin
	trust  string
	config map[string]string
	image  ocispec.Descriptor
}

func newNotary(t *testing.T, h *serveHome, p plugin.Plugin) *notary {
	t.Helper()
	n := &notary{plugin: p, trust: filepath.Join(t.TempDir(), "notation")}
	h.run(t, "export-trust", "--notation", n.trust)
	manifest := []byte(`{"schemaVersion":2}`)
	n.image = ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(manifest), Size: int64(len(manifest))}
	return n
}

const jwsEnvelope = "application/jose+json"

func (n *notary) sign(ctx context.Context, profile string) ([]byte, error) {
	s, err := notarysigner.NewPluginSigner(n.plugin, profile, n.config)
	if err != nil {
		return nil, err
	}
	envelope, _, err := s.Sign(ctx, n.image, notarylib.SignerSignOptions{SignatureMediaType: jwsEnvelope})
	return envelope, err
}

func (n *notary) verify(t *testing.T, envelope []byte, trusted string) error {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(n.trust, "trustpolicy.json"))
	must(t, err)
	var policy trustpolicy.Document
	must(t, json.Unmarshal(text, &policy))
	if trusted != "" {
		policy.TrustPolicies[0].TrustedIdentities = []string{trusted}
	}
	v, err := verifier.New(&policy, truststore.NewX509TrustStore(dir.NewSysFS(n.trust)), n)
	must(t, err)
	_, err = v.Verify(t.Context(), n.image, envelope, notarylib.VerifierVerifyOptions{
		ArtifactReference: "registry.test/app@" + n.image.Digest.String(), SignatureMediaType: jwsEnvelope, PluginConfig: n.config})
	return err
}

// Get and List make it a manager of plugins.
func (n *notary) Get(context.Context, string) (plugin.Plugin, error) { return n.plugin, nil }
func (n *notary) List(context.Context) ([]string, error)             { return []string{notation.Name}, nil }

// work signs an image, and verifies it until the signature is revoked.
func (n *notary) work(t *testing.T, h *serveHome, profile string) {
	t.Helper()
	envelope, err := n.sign(t.Context(), profile)
	must(t, err)
	must(t, n.verify(t, envelope, ""))
	must(t, n.verify(t, envelope, h.run(t, "get-signing-profile", "--profile-name", "images", "--query", "profileVersionArn", "--output", "text")))
	fails(t, n.verify(t, envelope, strings.Replace(profile, "images", "others", 1)), "Signature publisher doesn't match any trusted identities.")
	job := h.run(t, "list-signing-jobs", "--query", "jobs[0].jobId", "--output", "text")
	h.run(t, "revoke-signature", "--job-id", job, "--reason", "bad image")
	fails(t, n.verify(t, envelope, ""), "/signing-jobs/"+job+" have been revoked.")
}

func fails(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, without %q", err, text)
	}
}

func newImages(t *testing.T) (h *serveHome, profile string) {
	h = newServeHome(t)
	h.run(t, "put-signing-profile", "--profile-name", "images", "--platform-id", "Notation-OCI-SHA384-ECDSA")
	return h, "arn:aws:signer:" + serveRegion + ":" + serveAccount + ":/signing-profiles/images"
}

// Calls of AWS's plugin, by the SDK that it is made with, to a server.
func TestNotationCallsAServer(t *testing.T) {
	h, profile := newImages(t)
	s := h.start(t)
	key := h.key(t, "maria")
	newNotary(t, h, &notation.Plugin{Version: "1.0.0", Open: func(context.Context, string, map[string]string) (notation.Signer, func(), error) {
		return s.client(t, key), func() {}, nil
	}}).work(t, h, profile)

	stranger := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: "another"}
	_, err := newNotary(t, h, &notation.Plugin{Version: "1.0.0", Open: func(context.Context, string, map[string]string) (notation.Signer, func(), error) {
		return s.client(t, stranger), func() {}, nil
	}}).sign(t.Context(), profile)
	fails(t, err, "InvalidSignatureException")
	if err := s.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// installed is the program under the name that notation calls its plugin by, in an
// environment that names a home, or a server.
func installed(t *testing.T, h *serveHome, more ...string) plugin.Plugin {
	t.Helper()
	path := filepath.Join(t.TempDir(), notation.Name, notation.Program)
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	self, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(self, path))
	for _, v := range append(h.command().Env, more...) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	p, err := notaryplugin.NewCLIManager(dir.NewSysFS(filepath.Dir(filepath.Dir(path)))).Get(t.Context(), notation.Name)
	must(t, err)
	return p
}

// The program is notation's plugin, out of its home.
func TestNotationRunsThisProgram(t *testing.T) {
	h, profile := newImages(t)
	n := newNotary(t, h, installed(t, h))
	n.work(t, h, profile)

	_, err := n.plugin.GetMetadata(t.Context(), &plugin.GetMetadataRequest{})
	must(t, err)
	_, err = n.plugin.DescribeKey(t.Context(), &plugin.DescribeKeyRequest{KeyID: profile})
	fails(t, err, "DescribeKey operation is not supported")
	_, err = n.sign(t.Context(), profile+"s")
	fails(t, err, "AWS Signer answered ResourceNotFoundException: ")
	_, err = n.sign(t.Context(), strings.Replace(profile, serveAccount, "999999999999", 1))
	fails(t, err, "AccessDeniedException")
	n.config = map[string]string{notation.ConfigRegion: "nowhere land"}
	_, err = n.sign(t.Context(), profile)
	fails(t, err, `Provided region_name 'nowhere land' doesn't match a supported format.`)
}

// The program is notation's plugin, before a server.
func TestNotationRunsThisProgramAtAServer(t *testing.T) {
	h, profile := newImages(t)
	s := h.start(t)
	key := h.key(t, "maria")
	keys := []string{"AWS_ACCESS_KEY_ID=" + key.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + key.SecretAccessKey}
	n := newNotary(t, h, installed(t, h, append(keys, "SIGNER_HOME="+t.TempDir())...))
	n.config = map[string]string{notation.ConfigEndpoint: s.url}
	n.work(t, h, profile)
	s.says(t, `"operation":"GetRevocationStatus"`)
}

// AWS's own plugin, if it is installed where notation looks for it. Its SDK puts a
// word before the host of some calls, and so needs a proxy to get there.
func TestNotationRunsAWSPlugin(t *testing.T) {
	p, err := notaryplugin.NewCLIManager(dir.PluginFS()).Get(t.Context(), notation.Name)
	if err != nil {
		t.Skip("notation has no plugin of AWS's: ", err)
	}
	h, profile := newImages(t)
	s := h.start(t)
	key := h.key(t, "maria")
	n := newNotary(t, h, p)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": key.AccessKeyID, "AWS_SECRET_ACCESS_KEY": key.SecretAccessKey, "AWS_REGION": serveRegion,
		"AWS_ENDPOINT_URL_SIGNER": "http://signer.test", "HTTP_PROXY": s.url,
	} {
		t.Setenv(name, value)
	}
	n.work(t, h, profile)
}
