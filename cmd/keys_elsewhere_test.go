//go:build awskms || pkcs11

package cmd_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/keys/keystest"
)

// worksElsewhere uses the keys of a home whose variables say that they are elsewhere,
// and of which the names begin with a scheme.
func worksElsewhere(t *testing.T, h *serveHome, scheme string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, text, 0o600))
		return path
	}
	h.run(t, "put-signing-profile", "--profile-name", "web", "--platform-id", lambda)
	h.run(t, "sign", write("app.zip", archive(t)), "--profile-name", "web")
	if got := h.run(t, "verify", filepath.Join(dir, "app-signed.zip"), "--query", "files[0].signatureStatus", "--output", "text"); got != "VALID" {
		t.Error(got)
	}
	b := keystest.Bundle(t, keystest.Key(t))
	certificate := "fileb://" + write("certificate.pem", b.Certificate)
	arn := h.run(t, "acm", "import-certificate", "--certificate", certificate, "--private-key", "fileb://"+write("key.pem", b.PrivateKey), "--output", "text")
	h.run(t, "put-signing-profile", "--profile-name", "device", "--platform-id", "AmazonFreeRTOS-Default", "--signing-material", "certificateArn="+arn,
		"--signing-parameters", "certificatePathOnDevice=/device")
	h.run(t, "sign", write("firmware.bin", []byte("firmware")), "--profile-name", "device")
	h.run(t, "acm", "import-certificate", "--certificate", certificate, "--private-key", "fileb://"+write("key.uri", []byte(namedKey(t, h, scheme)+"\n")))

	h.env = append(h.env, "SIGNER_KEYS=")
	out, err := h.command("sign-payload", "--profile-name", imagesIn(t, h, "us-west-2"), "--payload", "e30=", "--payload-format", "application/vnd.cncf.notary.payload.v1+json", "--region", "us-west-2").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the private key is kept elsewhere: "+scheme) || !strings.Contains(string(out), "set SIGNER_KEYS") {
		t.Errorf("%v: %s", err, out)
	}
	h.env = h.env[:len(h.env)-1]
}

// namedKey checks that the keys of the root and of a certificate are elsewhere, and
// returns the name of that of the certificate.
func namedKey(t *testing.T, h *serveHome, scheme string) (name string) {
	t.Helper()
	var list struct {
		Keys []struct{ File, Elsewhere, Problem string }
	}
	must(t, json.Unmarshal([]byte(h.run(t, "keys", "list")), &list))
	for _, k := range list.Keys {
		imported := strings.HasPrefix(k.File, "keys/certificates/")
		if far := strings.HasPrefix(k.Elsewhere, scheme); k.Problem != "" || far != (imported || k.File == "keys/authority/root.pem") {
			t.Errorf("%+v", k)
		}
		if imported {
			name = k.Elsewhere
		}
	}
	return name
}

// imagesIn makes a profile for images in a region where nothing was signed yet.
func imagesIn(t *testing.T, h *serveHome, region string) string {
	h.run(t, "put-signing-profile", "--profile-name", "images", "--platform-id", "Notation-OCI-SHA384-ECDSA", "--region", region)
	return "images"
}

// readyz is how a server says that it is.
func readyz(t *testing.T, s *served) int {
	t.Helper()
	status, _ := get(t, s.admin+"/readyz")
	return status
}

// servesElsewhere starts a server that is ready, as are the keys.
func servesElsewhere(t *testing.T, h *serveHome) *served {
	t.Helper()
	s := h.start(t)
	if status := readyz(t, s); status != http.StatusOK {
		t.Errorf("it answers %d\n%s", status, s.logged())
	}
	return s
}
