package remote_test

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/remote"
)

func TestDebugTellsNoSecrets(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "COOKIE")
		io.WriteString(w, `{"tags": {"team": "core"}}`)
	})
	var log bytes.Buffer
	c := remote.Config{Settings: usual("AWS_SESSION_TOKEN", "TOKEN").settings(), Endpoint: s.URL, Debug: &log}
	if err := call(t, c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"> GET " + s.URL + "/tags/x\n", "> Authorization: AWS4-HMAC-SHA256 Credential=AKID/", "Signature=[hidden]\n", "< 200 OK\n", `< {"tags": {"team": "core"}}` + "\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, secret := range []string{"SECRET", "TOKEN", "COOKIE"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is told", secret)
		}
	}
	if strings.Contains(log.String(), regexp.MustCompile(`Signature=(\w+)`).FindStringSubmatch(s.header(0, "Authorization"))[1]) {
		t.Error("the signature is told")
	}
	if t.Failed() {
		t.Log(log.String())
	}
}

func TestDebugTellsWhatIsSent(t *testing.T) {
	s := serve(t, nil)
	var log bytes.Buffer
	c, err := remote.Open(t.Context(), remote.Config{Settings: usual().settings(), Endpoint: s.URL, Debug: &log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagResource(t.Context(), &signer.TagResourceInput{ResourceArn: aws.String("x"), Tags: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.bodies[0], `{"tags":{"a":"b"}}`; got != want || !strings.Contains(log.String(), "> "+want) {
		t.Errorf("sent %s, logged %s", got, log.String())
	}
}
