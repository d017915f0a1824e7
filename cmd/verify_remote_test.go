package cmd_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/cmd"
)

// With an endpoint, or --engine aws, revocations of envelopes are asked for, and those
// of archives, which the service does not tell, are not.

// at runs a command line of signer in a home, with more variables.
func at(t *testing.T, home string, vars map[string]string, line string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	env := cmd.OS()
	env.Args = append([]string{"signer"}, strings.Fields(line)...)
	env.Stdout, env.Stderr = &out, &errs
	env.Now = func() time.Time { return time.Now().UTC() }
	env.LookupEnv = func(name string) (string, bool) {
		if name == "SIGNER_HOME" {
			return home, true
		}
		v, ok := vars[name]
		return v, ok
	}
	code = cmd.Main(context.Background(), env)
	return out.String(), errs.String(), code
}

// signedObjects makes an envelope and an archive, and returns the job of the first.
func signedObjects(t *testing.T, home, dir string) (envelope, archive, job string) {
	t.Helper()
	do := func(line string) string {
		t.Helper()
		stdout, stderr, code := at(t, home, nil, line)
		if code != 0 {
			t.Fatalf("%s: %s", line, stderr)
		}
		return strings.TrimSpace(stdout)
	}
	payload := filepath.Join(dir, "payload.json")
	write(t, payload, []byte(`{"targetArtifact":{"mediaType":"m","digest":"sha256:00","size":1}}`))
	do("put-signing-profile --region eu-west-1 --profile-name images --platform-id Notation-OCI-SHA384-ECDSA")
	do("put-signing-profile --profile-name web --platform-id AWSLambda-SHA384-ECDSA")
	text := do("sign-payload --region eu-west-1 --profile-name images --payload fileb://" + payload + " --payload-format application/vnd.cncf.notary.payload.v1+json --query signature --output text")
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	envelope, archive = filepath.Join(dir, "image.jws"), filepath.Join(dir, "app-signed.zip")
	write(t, envelope, signature)
	write(t, filepath.Join(dir, "app.zip"), emptyZip)
	do("sign " + filepath.Join(dir, "app.zip") + " --profile-name web")
	return envelope, archive, do("list-signing-jobs --region eu-west-1 --query jobs[0].jobId --output text")
}

// emptyZip is an archive of one empty file, a.
var emptyZip = []byte("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x21\x00" + strings.Repeat("\x00", 12) + "\x01\x00\x00\x00a" +
	"PK\x01\x02\x14\x00\x14\x00\x00\x00\x00\x00\x00\x00\x21\x00" + strings.Repeat("\x00", 12) + "\x01\x00" + strings.Repeat("\x00", 16) + "a" +
	"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\x2f\x00\x00\x00\x1f\x00\x00\x00\x00\x00")

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyAsksForRevocations(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "home")
	envelope, archive, job := signedObjects(t, home, dir)
	for name, tc := range map[string]struct {
		status int
		answer string
		want   string
		code   int
	}{
		"revoked": {200, `{"revokedEntities":["arn:aws:signer:eu-west-1:000000000000:/signing-jobs/` + job + `"]}`, "REVOKED\tREVOKED\tNone\nVALID\tUNKNOWN\tNone\n", 1},
		"good":    {200, `{"revokedEntities":[]}`, "VALID\tNOT_REVOKED\tNone\nVALID\tUNKNOWN\tNone\n", 0},
		"refused": {403, `{"message":"who are you"}`, "None\tNone\tAn error occurred (AccessDeniedException) when calling the GetRevocationStatus operation (reached max retries: 0): who are you\nVALID\tUNKNOWN\tNone\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []*url.URL
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL)
				w.Header().Set("x-amzn-ErrorType", "AccessDeniedException")
				w.WriteHeader(tc.status)
				w.Write([]byte(tc.answer))
			}))
			defer s.Close()
			vars := map[string]string{"AWS_ENDPOINT_URL_SIGNER": s.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
				"AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}
			stdout, stderr, code := at(t, home, vars, "verify "+envelope+" "+archive+" --query files[].[signatureStatus,revocationStatus,error] --output text")
			if stdout != tc.want || code != tc.code {
				t.Errorf("got %d, %q, %q", code, stdout, stderr)
			}
			if len(asked) != 1 || asked[0].Path != "/revocations" {
				t.Fatalf("asked %v", asked)
			}
			q := asked[0].Query()
			if !strings.HasSuffix(q.Get("jobArn"), job) || q.Get("platformId") != "Notation-OCI-SHA384-ECDSA" || len(q["certificateHashes"]) != 4 ||
				!strings.Contains(q.Get("profileVersionArn"), "/signing-profiles/images/") || q.Get("signatureTimestamp") == "" {
				t.Errorf("asked %v", q)
			}
		})
	}
}
