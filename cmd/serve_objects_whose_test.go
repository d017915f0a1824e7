//go:build unix

package cmd_test

import (
	"encoding/json"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket/s3store/s3test"
)

// otherKey is the access key of another user of the object store, whom only what a
// bucket's policy says lets in.
var otherKey = aws.Credentials{AccessKeyID: "AKIAOTHER", SecretAccessKey: "other secret"}

// newOtherUser makes an object store on which there are two users, and profiles of the
// AWS CLI for both.
func newOtherUser(t *testing.T, h *serveHome, policies map[string][]string) {
	store := versity(t)
	h.onS3(t, store, "")
	out, err := exec.Command(s3test.VersityProgram(t), "admin", "--access", store.KeyID, "--secret", store.Secret, "--region", store.Region,
		"--endpoint-url", store.URL, "create-user", "--access", otherKey.AccessKeyID, "--secret", otherKey.SecretAccessKey, "--role", "user").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	client := store.Client()
	for bucket, actions := range policies {
		policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": otherKey.AccessKeyID, "Action": actions,
			"Resource": []string{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/*"}}}})
		must(t, err)
		_, err = client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(string(policy))})
		must(t, err)
	}
	file := filepath.Join(t.TempDir(), "credentials")
	var text strings.Builder
	for name, key := range map[string]aws.Credentials{"owner": store.Credentials(), "other": otherKey} {
		text.WriteString("[" + name + "]\naws_access_key_id=" + key.AccessKeyID + "\naws_secret_access_key=" + key.SecretAccessKey + "\n")
	}
	must(t, os.WriteFile(file, []byte(text.String()), 0o600))
	h.env = append(h.env, "AWS_SHARED_CREDENTIALS_FILE="+file)
}

// A command line reads and writes buckets with the credentials of who calls it, and can
// do with them what their policies let him.
func TestWhoseBuckets(t *testing.T) {
	read, list := []string{"s3:GetObject", "s3:GetObjectVersion"}, "s3:ListBucket"
	for name, tc := range map[string]struct {
		source, destination []string // what the other user may do there
		says                string   // to the other user
		status, reason      string   // of his job, if there is one
	}{
		"all":              {read, []string{list, "s3:PutObject", "s3:GetObject"}, "", "Succeeded", "Signing Succeeded"},
		"nothing":          {nil, nil, "(AccessDeniedException) when calling the StartSigningJob operation: S3 object app.zip not accessible. Please check your permissions", "", ""},
		"not the target":   {read, nil, "(AccessDeniedException) when calling the StartSigningJob operation: S3 bucket destination not accessible. Please check your permissions", "", ""},
		"not write target": {read, []string{list}, "", "Failed", "S3 bucket destination not accessible. Please check your permissions (AccessDenied: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServeHome(t)
			policies := map[string][]string{}
			for bucket, actions := range map[string][]string{"source": tc.source, "destination": tc.destination} {
				if actions != nil {
					policies[bucket] = actions
				}
			}
			newOtherUser(t, h, policies)
			version, err := h.put(t.Context(), "source", "app.zip", archive(t))
			must(t, err)
			h.run(t, "put-signing-profile", "--profile-name", "web", "--platform-id", lambda)
			start := func(profile string) (string, error) {
				out, err := h.command("start-signing-job", "--profile-name", "web", "--source", "s3={bucketName=source,key=app.zip,version="+version+"}",
					"--destination", "s3={bucketName=destination}", "--query", "jobId", "--output", "text", "--profile", profile).CombinedOutput()
				return strings.TrimSpace(string(out)), err
			}
			out, err := start("other")
			if tc.says != "" && (err == nil || !strings.Contains(out, tc.says)) || tc.says == "" && err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if tc.status != "" {
				got := h.run(t, "describe-signing-job", "--job-id", out, "--query", "[status,statusReason]", "--output", "text")
				if !strings.HasPrefix(got, tc.status+"\t"+tc.reason) {
					t.Errorf("it is %s", got)
				}
			}
			id, err := start("owner")
			if got := h.run(t, "describe-signing-job", "--job-id", id, "--query", "status", "--output", "text"); err != nil || got != "Succeeded" {
				t.Errorf("%v: the owner's is %s", err, got)
			}
		})
	}
}

// Where the object store does not take the credentials, that is what is said, and nobody
// is told that he may not do what he asks for.
func TestCredentialsOfNobody(t *testing.T) {
	h := newServeHome(t)
	h.onS3(t, versity(t), "")
	h.run(t, "put-signing-profile", "--profile-name", "web", "--platform-id", lambda)
	version, err := h.put(t.Context(), "source", "app.zip", archive(t))
	must(t, err)
	h.env = append(h.env, "AWS_SECRET_ACCESS_KEY=wrong")
	out, err := h.command("start-signing-job", "--profile-name", "web", "--source", "s3={bucketName=source,key=app.zip,version="+version+"}",
		"--destination", "s3={bucketName=destination}").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "does not take the credentials") || !strings.Contains(string(out), "SignatureDoesNotMatch") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := h.command("serve", "--addr", "127.0.0.1:0").CombinedOutput(); err == nil || !strings.Contains(string(out), "the object store cannot be used: SignatureDoesNotMatch") {
		t.Errorf("a server: %v %s", err, out)
	}
}

// Where it takes them no more while a server runs, callers are told that it is not they
// who did something wrong, and its owner is told why.
func TestCredentialsBecomeWrong(t *testing.T) {
	h := newServeHome(t)
	var forged atomic.Bool
	h.onS3(t, forging(t, versity(t), &forged), "")
	s := h.start(t)
	c := s.client(t, h.key(t, "maria"))
	in := h.app(t, c)
	forged.Store(true)
	_, err := c.StartSigningJob(t.Context(), in)
	if err == nil || !strings.Contains(err.Error(), "InternalServiceErrorException") {
		t.Errorf("got %v", err)
	}
	s.says(t, "does not take the credentials")
}

// forging is a way to a server on which signatures become wrong.
func forging(t *testing.T, s s3test.Server, forged *atomic.Bool) s3test.Server {
	to, err := url.Parse(s.URL)
	must(t, err)
	return s3test.Start(t, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
		if signed, _, ok := strings.Cut(r.In.Header.Get("Authorization"), "Signature="); ok && forged.Load() {
			r.Out.Header.Set("Authorization", signed+"Signature="+strings.Repeat("0", 64))
		}
	}})
}
