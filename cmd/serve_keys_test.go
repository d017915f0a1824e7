//go:build unix

package cmd_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket/s3store/s3test"
	"signer/pkg/keys"
	"signer/pkg/keys/keystest"
)

// written writes a file into a directory of the test's own.
func written(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, text, 0o600))
	return path
}

// importDevice has a server import the certificate of a device, and returns its ARN.
func (s *served) importDevice(t testing.TB, key aws.Credentials) (arn string) {
	t.Helper()
	device := keystest.Bundle(t, keystest.Key(t))
	return s.acm(t, key, "ImportCertificate", map[string]any{"Certificate": device.Certificate, "PrivateKey": []byte(device.PrivateKey)})["CertificateArn"].(string)
}

// payload signs a payload and returns the root that the signature leads to.
func payload(t testing.TB, c *signer.Client) (*x509.Certificate, error) {
	t.Helper()
	const descriptor = `{"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":1}}`
	out, err := c.SignPayload(t.Context(), &signer.SignPayloadInput{ProfileName: aws.String("images"), Payload: []byte(descriptor), PayloadFormat: aws.String("application/vnd.cncf.notary.payload.v1+json")})
	if err != nil {
		return nil, err
	}
	var envelope struct{ Header struct{ X5C []string } }
	must(t, json.Unmarshal(out.Signature, &envelope))
	der, err := base64.StdEncoding.DecodeString(envelope.Header.X5C[len(envelope.Header.X5C)-1])
	must(t, err)
	return x509.ParseCertificate(der)
}

func images(t testing.TB, c *signer.Client) {
	t.Helper()
	_, err := c.PutSigningProfile(t.Context(), &signer.PutSigningProfileInput{ProfileName: aws.String("images"), PlatformId: aws.String("Notation-OCI-SHA384-ECDSA")})
	must(t, err)
}

// A certificate that one server has imported another signs with at once, and what is
// deleted is gone for all.
func TestServersShareCertificates(t *testing.T) {
	h, _ := newSharedHome(t)
	h.onS3(t, s3test.Own(t), "")
	one, other := h.onAnother().start(t), h.onAnother().start(t)
	key := h.key(t, "maria")
	arn := one.importDevice(t, key)
	version, err := h.put(t.Context(), "source", "fw.bin", []byte("firmware"))
	must(t, err)
	start := func(s *served) error {
		_, err := s.client(t, key).StartSigningJob(t.Context(), &signer.StartSigningJobInput{
			ProfileName: aws.String("device"),
			Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String("source"), Key: aws.String("fw.bin"), Version: &version}},
			Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String("destination")}},
		})
		return err
	}
	_, err = other.client(t, key).PutSigningProfile(t.Context(), &signer.PutSigningProfileInput{ProfileName: aws.String("device"), PlatformId: aws.String("AWSIoTDeviceManagement-SHA256-ECDSA"),
		SigningMaterial: &types.SigningMaterial{CertificateArn: &arn}, SigningParameters: map[string]string{"certname": "x", "certificatePathOnDevice": "/y"}})
	must(t, err)
	must(t, start(other))
	must(t, start(one))
	other.acm(t, key, "DeleteCertificate", map[string]any{"CertificateArn": arn})
	for _, s := range []*served{one, other} {
		var refused *types.ValidationException
		if err := start(s); !errors.As(err, &refused) {
			t.Errorf("got %v", err)
		}
	}
	h.isSound(t)
}

// isSound examines the home, and on another machine as well.
func (h *serveHome) isSound(t testing.TB) {
	t.Helper()
	h.run(t, "doctor")
	h.onAnother().run(t, "doctor")
}

// When the root is replaced on any machine, servers use the new one at their next
// signature.
func TestServersFollowTheRoot(t *testing.T) {
	h, _ := newSharedHome(t)
	var clients []*signer.Client
	key := h.key(t, "maria")
	for range 2 {
		clients = append(clients, h.onAnother().start(t).client(t, key))
	}
	images(t, clients[0])
	roots := func(want string) {
		t.Helper()
		for _, c := range clients {
			if root, err := payload(t, c); err != nil || root.Subject.CommonName != want {
				t.Errorf("signed below %v, %v", root, err)
			}
		}
	}
	roots("Signer Local Root CA")
	root := keystest.Root(t, "ours")
	h.onAnother().run(t, "keys", "import-root", "--certificate", written(t, "ca.pem", root.Certificate), "--private-key", written(t, "ca.key", root.PrivateKey), "--replace")
	roots("ours")
	if got := strings.Count(h.onAnother().run(t, "export-trust"), "BEGIN CERTIFICATE"); got != 2 {
		t.Errorf("%d roots are to be trusted", got)
	}
	h.isSound(t)
}

// A server that runs while the passphrase is exchanged goes on with what it has opened,
// and says that it needs the new one; it takes that from its file.
func TestServersGoOnWhileThePassphraseIsExchanged(t *testing.T) {
	h, _ := newSharedHome(t)
	file := written(t, "passphrase", []byte(keyPhrase+"\n"))
	h.env = []string{"SIGNER_KEY_PASSPHRASE_FILE=" + file}
	key := h.key(t, "maria")
	s := h.onAnother().start(t)
	c := s.client(t, key)
	images(t, c)
	before, err := payload(t, c)
	must(t, err)
	at := h.onAnother()
	at.env = append(at.env, "SIGNER_NEW_KEY_PASSPHRASE=another")
	at.run(t, "keys", "rotate")
	after, err := payload(t, c)
	if err != nil || !after.Equal(before) {
		t.Errorf("it does not go on: %v", err)
	}
	if status, _ := get(t, s.admin+"/readyz"); status != http.StatusOK {
		t.Errorf("it answers %d", status)
	}
	s.says(t, "give the server the new passphrase today")
	if out, err := h.command("serve", "--addr", "127.0.0.1:0").CombinedOutput(); err == nil || !strings.Contains(string(out), "KeyPassphrase") {
		t.Errorf("another starts: %v %s", err, out)
	}
	must(t, os.WriteFile(file, []byte("another"), 0o600))
	if status, _ := get(t, s.admin+"/readyz"); status != http.StatusOK {
		t.Errorf("it answers %d", status)
	}
	h.run(t, "sign", written(t, "app.zip", archive(t)), "--profile-name", h.profile(t))
	s.secret(t, keyPhrase)
	s.secret(t, "another")
}

// profile makes a profile for archives.
func (h *serveHome) profile(t testing.TB) string {
	t.Helper()
	h.run(t, "put-signing-profile", "--profile-name", "archives", "--platform-id", lambda)
	return "archives"
}

// Twenty processes that begin at once on an empty database make one root and one key
// to seal with.
func TestProcessesMakeOneRoot(t *testing.T) {
	h, _ := newSharedHome(t)
	h.makesOneRoot(t, 10, func(at *serveHome, i int) {
		if out, err := at.command("iam", "create-access-key", "--user-name", string(rune('a'+i))).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	h.isSound(t)
	if got := h.run(t, "keys", "list", "--query", "[database != null, length(keys), length(keys[?!encrypted])]", "--output", "text"); got != "True\t2\t0" {
		t.Errorf("got %s", got)
	}
}

// makesOneRoot has so many machines ask for the root at once, and do something else
// besides.
func (h *serveHome) makesOneRoot(t *testing.T, n int, besides ...func(at *serveHome, i int)) {
	t.Helper()
	var all sync.WaitGroup
	roots := make([]string, n)
	for i := range roots {
		at := h.onAnother()
		all.Go(func() {
			out, err := at.command("export-trust").CombinedOutput()
			if roots[i] = string(out); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
		for _, do := range besides {
			all.Go(func() { do(at, i) })
		}
	}
	all.Wait()
	for _, root := range roots {
		if root != roots[0] {
			t.Errorf("there are two roots: %s %s", root, roots[0])
		}
	}
}

// Without a passphrase the keys are as readable as the database, which a server says
// when it starts, and doctor always.
func TestPlainKeysInADatabase(t *testing.T) {
	h, database := newSharedHome(t)
	h.env = nil
	s := h.onAnother().start(t)
	s.says(t, "private keys in the database are not encrypted: whoever can read it can sign")
	h.run(t, "export-trust")
	if got := h.onAnother().run(t, "doctor", "--query", "notes[?contains(found, 'not encrypted')].[subject,found]", "--output", "text"); !strings.Contains(got, "the database postgres://signer@"+database.Addr()+"/postgres\thas private keys that are not encrypted (1):") {
		t.Errorf("got %q", got)
	}
	s.secret(t, database.Password())
}

// What is wrong with a file in a database is said so that people find it, and without
// the database's password.
func TestDamagedKeysInADatabase(t *testing.T) {
	h, database := newSharedHome(t)
	h.run(t, "export-trust")
	where := " in the database postgres://signer@" + database.Addr() + "/postgres"
	must(t, h.sharedFiles(t).Change(t.Context(), func(d keys.Draft) error {
		return errors.Join(d.Write(t.Context(), "authority/root.pem", []byte("none")), d.Write(t.Context(), "sealing.pem", []byte("none")))
	}))
	for want, args := range map[string][]string{
		"authority/root.pem" + where + " is damaged": {"export-trust"},
		"sealing.pem" + where + " is damaged":        {"iam", "create-access-key", "--user-name", "maria"},
		"authority" + where + " to begin with":       {"verify", written(t, "app.zip", archive(t))},
		"authority/root.pem" + where:                 {"doctor"},
	} {
		out, err := h.onAnother().command(args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "p@ss") || strings.Contains(string(out), "p%40ss") {
			t.Errorf("%q: %v %s", args, err, out)
		}
	}
}

// Where a home has keys and its new database has none, nobody begins with others.
func TestKeysAreNotMadeBesideOthers(t *testing.T) {
	h, database := newSharedHome(t)
	h.env = nil
	root := func(h *serveHome) string { return h.run(t, "export-trust") }
	url := h.database
	h.database = ""
	must(t, os.Remove(filepath.Join(h.dir, "config.yaml")))
	before := root(h)
	h.database = url
	for _, args := range [][]string{{"export-trust"}, {"put-signing-profile", "--profile-name", "early", "--platform-id", "AWSLambda-SHA384-ECDSA"}, {"iam", "create-access-key", "--user-name", "maria"}, {"keys", "list"}, {"verify", written(t, "app.zip", archive(t))}, {"serve", "--addr", "127.0.0.1:0"}} {
		var exit *exec.ExitError
		out, err := h.command(args...).CombinedOutput()
		if !errors.As(err, &exit) || exit.ExitCode() != 253 || !strings.Contains(string(out), "none are in the database postgres://signer@"+database.Addr()+"/postgres") || !strings.Contains(string(out), "signer migrate") {
			t.Errorf("%q: %v %s", args, err, out)
		}
	}
	if out, err := h.command("doctor").CombinedOutput(); err == nil || !strings.Contains(string(out), "have not been copied") || !strings.Contains(string(out), "signer migrate") || strings.Contains(string(out), "remove it") {
		t.Errorf("%v %s", err, out)
	}
	for range 2 {
		if got := h.run(t, "migrate", "--query", "keys"); got != "1" {
			t.Errorf("%s keys were copied", got)
		}
	}
	if root(h.onAnother()) != before {
		t.Error("it is another root")
	}
	h.isSound(t)
	if got := h.run(t, "doctor", "--query", "notes[].subject", "--output", "text"); !strings.Contains(got, filepath.Join(h.dir, "keys")) {
		t.Errorf("nobody says that there are keys left over: %s", got)
	}
	h.run(t, "iam", "create-access-key", "--user-name", "maria")
	if out, err := h.command("migrate").CombinedOutput(); err == nil || !strings.Contains(string(out), "there is sealing.pem in the database postgres://") {
		t.Errorf("%v %s", err, out)
	}
	must(t, h.sharedFiles(t).Change(t.Context(), func(d keys.Draft) error { // as where homes had keys and the database had none
		return errors.Join(d.Remove(t.Context(), "authority/root.pem"), d.Remove(t.Context(), "sealing.pem"))
	}))
	if out, err := h.onAnother().command("export-trust").CombinedOutput(); err == nil || !strings.Contains(string(out), "something has been signed, or sealed, with keys") {
		t.Errorf("%v %s", err, out)
	}
	must(t, os.RemoveAll(filepath.Join(h.dir, "keys")))
	h.database = database.New(t)
	if root(h) == before {
		t.Error("it is the same root")
	}
}

// Whenever a process is killed that changes keys, all of that has happened or nothing.
func TestKeysSurviveKills(t *testing.T) {
	h, _ := newSharedHome(t)
	h.env = nil
	h.run(t, "export-trust")
	begun := time.Now()
	h.run(t, "keys", "list")
	whole := time.Since(begun)
	shared := h.sharedKeys(t, "")
	h.keys = shared
	_, err := shared.Identity(t.Context(), serveRegion)
	must(t, err)
	const kills = 12
	for i := range kills {
		root := keystest.Root(t, "ours")
		ca, key := written(t, "ca.pem", root.Certificate), written(t, "ca.key", root.PrivateKey)
		args := []string{"keys", "import-root", "--certificate", ca, "--private-key", key, "--replace"}
		if i%2 == 0 {
			args = []string{"acm", "import-certificate", "--certificate", "fileb://" + ca, "--private-key", "fileb://" + key}
		}
		c := h.onAnother().command(args...)
		must(t, c.Start())
		time.Sleep(whole/2 + whole*time.Duration(i)/kills)
		c.Process.Kill()
		c.Wait()
		h.areWhole(t, shared)
	}
}

// areWhole uses all keys.
func (h *serveHome) areWhole(t *testing.T, s *keys.Store) {
	t.Helper()
	items, err := s.Examine(context.Background())
	must(t, err)
	for _, i := range items {
		if i.Err != nil {
			t.Errorf("%s: %v", i.Path, i.Err)
		}
	}
	_, err = s.Identity(t.Context(), serveRegion)
	must(t, err)
	all, err := s.Certificates(t.Context())
	must(t, err)
	for _, c := range all {
		_, err := s.Imported(t.Context(), c.ARN)
		must(t, err)
	}
}
