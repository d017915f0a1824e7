package cmd_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// With a passphrase, whoever copies a home can call nobody by what is in it; and a
// server that was not told the passphrase lets nobody in.
func TestServeKeepsSecrets(t *testing.T) {
	h := newServeHome(t)
	passphrase := "SIGNER_KEY_PASSPHRASE=correct horse battery staple"
	h.env = []string{passphrase}
	key := h.key(t, "maria")
	s := h.start(t)
	if got := send(t, request(t, s.url, key, time.Now(), "GET", "/signing-platforms", "")); got != "200" {
		t.Errorf("with the passphrase: got %s", got)
	}
	must(t, s.stop(t))
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others", path)
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(key.SecretAccessKey)) || bytes.Contains(text, []byte("correct horse")) {
			t.Errorf("%s has a secret", path)
		}
		return err
	})
	must(t, err)
	for _, wrong := range [][]string{nil, {"SIGNER_KEY_PASSPHRASE=wrong"}} {
		h.env = wrong
		out, err := h.command("serve", "--addr", "127.0.0.1:0").CombinedOutput()
		if exitCode(err) == 0 || !strings.Contains(string(out), "passphrase") || strings.Contains(string(out), "msg=serving") {
			t.Errorf("with %q it ended with %v: %s", wrong, err, out)
		}
	}
}

// A request that changes something is taken once, if its signature shows that it was
// meant once.
func TestServeRefusesReplays(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	key := h.key(t, "maria")
	h.app(t, s.client(t, key))
	resource := "/tags/arn%3Aaws%3Asigner%3A" + serveRegion + "%3A" + serveAccount + "%3A%2Fsigning-profiles%2Fweb"
	r := request(t, s.url, key, time.Now(), "POST", resource, `{"tags": {"a": "b"}}`)
	r.Header.Set("Amz-Sdk-Invocation-Id", "a1") // as SDKs do
	must(t, v4.NewSigner().SignHTTP(t.Context(), key, r, payloadDigest(`{"tags": {"a": "b"}}`), "signer", serveRegion, time.Now()))
	var got []string
	for range 3 {
		again := r.Clone(t.Context())
		again.Body, _ = r.GetBody()
		got = append(got, send(t, again))
	}
	if want := []string{"200", "403 InvalidSignatureException", "403 InvalidSignatureException"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
