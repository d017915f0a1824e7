package cmd_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
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

// twice sends every request twice, as somebody does who listens, and notes how the
// second is answered.
type twice struct {
	http.RoundTripper
	second []string
}

func (w *twice) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	again := r.Clone(r.Context())
	r.Body, again.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	answer, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	repeated, err := w.RoundTripper.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	repeated.Body.Close()
	w.second = append(w.second, fmt.Sprint(r.Method, " ", repeated.StatusCode, " ", repeated.Header.Get("X-Amzn-Errortype")))
	return answer, nil
}

// What the SDK for Go signs to be changed is changed once.
func TestServeRefusesReplays(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	c := s.client(t, h.key(t, "maria"))
	listener := &twice{RoundTripper: c.Options().HTTPClient.(*http.Client).Transport}
	listened := func(o *signer.Options) { o.HTTPClient = &http.Client{Transport: listener} }
	_, err := c.PutSigningProfile(t.Context(), &signer.PutSigningProfileInput{ProfileName: aws.String("web"), PlatformId: aws.String(lambda)}, listened)
	must(t, err)
	p, err := c.GetSigningProfile(t.Context(), &signer.GetSigningProfileInput{ProfileName: aws.String("web")}, listened)
	must(t, err)
	_, err = c.TagResource(t.Context(), &signer.TagResourceInput{ResourceArn: p.Arn, Tags: map[string]string{"a": "b"}}, listened)
	must(t, err)
	_, err = c.UntagResource(t.Context(), &signer.UntagResourceInput{ResourceArn: p.Arn, TagKeys: []string{"a"}}, listened)
	must(t, err)
	if want := []string{"PUT 403 InvalidSignatureException", "GET 200 ", "POST 403 InvalidSignatureException", "DELETE 403 InvalidSignatureException"}; !slices.Equal(listener.second, want) {
		t.Errorf("got %q", listener.second)
	}
}
