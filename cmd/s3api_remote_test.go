package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/cmd"
)

// With an endpoint the words of the command line go to S3's protocol, and what
// comes back is printed as the AWS CLI prints it.

// run runs a command line against a server and returns what it prints and the exit
// code.
func run(t *testing.T, server http.HandlerFunc, words ...string) string {
	t.Helper()
	s := httptest.NewServer(server)
	defer s.Close()
	vars := map[string]string{"AWS_ENDPOINT_URL_S3": s.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}
	var out bytes.Buffer
	env := cmd.OS()
	env.Args = append([]string{"aws", "s3api"}, words...)
	env.Stdout, env.Stderr = &out, &out
	env.Now = func() time.Time { return time.Now().UTC() }
	env.LookupEnv = func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	code := cmd.Main(context.Background(), env)
	fmt.Fprintf(&out, "[%d]\n", code)
	return out.String()
}

func TestS3IsAskedAsTheAWSCLIAsks(t *testing.T) {
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		words []string
		want  string
	}{
		{[]string{"create-bucket", "--bucket", "b", "--create-bucket-configuration", "LocationConstraint=eu-west-1"},
			`PUT /b <CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`},
		{[]string{"delete-object", "--bucket", "b", "--key", "a b/c", "--version-id", "v"}, "DELETE /b/a%20b/c?versionId=v "},
		{[]string{"list-objects-v2", "--bucket", "b", "--no-paginate"}, "GET /b?encoding-type=url&list-type=2 "},
		{[]string{"list-object-versions", "--bucket", "b", "--no-paginate"}, "GET /b?encoding-type=url&versions= "},
		{[]string{"put-object", "--bucket", "b", "--key", "k", "--body", body, "--acl", "private", "--metadata", "a=1"},
			"PUT /b/k hello\n Content-Type=binary/octet-stream X-Amz-Acl=private X-Amz-Checksum-Crc64nvme=akP7S61aVgc= X-Amz-Meta-A=1"},
	} {
		t.Run(tc.words[0], func(t *testing.T) {
			var got string
			run(t, func(w http.ResponseWriter, r *http.Request) { got = asked(r) }, tc.words...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// asked shows a request as far as it is our affair.
func asked(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	query := r.URL.Query()
	query.Del("x-id") // the SDK's own
	target := r.URL.EscapedPath()
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	text := r.Method + " " + target + " " + string(body)
	for _, name := range []string{"Content-Type", "X-Amz-Acl", "X-Amz-Checksum-Crc64nvme", "X-Amz-Meta-A"} {
		if v := r.Header.Get(name); v != "" && r.Method == "PUT" && strings.Contains(target, "/k") {
			text += " " + name + "=" + v
		}
	}
	return text
}

func TestS3IsUnderstoodAsTheAWSCLIDoes(t *testing.T) {
	for _, tc := range []struct {
		words  string
		status int
		header string
		body   string
		want   string
	}{
		{"head-object --bucket b --key k", 200, "Content-Length: 3\nETag: \"e\"\nLast-Modified: Wed, 04 Mar 2026 05:06:07 GMT", "",
			"{\n    \"LastModified\": \"2026-03-04T05:06:07+00:00\",\n    \"ContentLength\": 3,\n    \"ETag\": \"\\\"e\\\"\",\n    \"Metadata\": {}\n}\n[0]\n"},
		{"head-object --bucket b --key k", 404, "", "",
			"\naws: [ERROR]: An error occurred (404) when calling the HeadObject operation (reached max retries: 0): Not Found\n[254]\n"},
		{"get-object --bucket b --key k --if-none-match e /dev/null", 304, "", "",
			"\naws: [ERROR]: An error occurred (304) when calling the GetObject operation (reached max retries: 0): Not Modified\n[254]\n"},
		{"delete-bucket --bucket b", 409, "", "<Error><Code>BucketNotEmpty</Code><Message>The bucket you tried to delete is not empty</Message></Error>",
			"\naws: [ERROR]: An error occurred (BucketNotEmpty) when calling the DeleteBucket operation (reached max retries: 0): The bucket you tried to delete is not empty\n[254]\n"},
		{"list-objects-v2 --bucket b --query [Contents[].Key,CommonPrefixes[].Prefix]", 200, "", "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>" +
			"<Contents><Key>a+b%01%2B</Key></Contents><CommonPrefixes><Prefix>c%2Fd/</Prefix></CommonPrefixes></ListBucketResult>",
			"[\n    [\n        \"a b\\u0001+\"\n    ],\n    [\n        \"c/d/\"\n    ]\n]\n[0]\n"},
		{"list-objects-v2 --bucket b --query Contents[].Key --encoding-type url", 200, "", "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a+b</Key></Contents></ListBucketResult>",
			"[\n    \"a+b\"\n]\n[0]\n"},
		{"list-object-versions --bucket b --query [Versions[].Key,DeleteMarkers[].Key]", 200, "", "<ListVersionsResult><EncodingType>url</EncodingType><Version><Key>a+b</Key></Version>" +
			"<DeleteMarker><Key>c%20d</Key></DeleteMarker></ListVersionsResult>",
			"[\n    [\n        \"a b\"\n    ],\n    [\n        \"c d\"\n    ]\n]\n[0]\n"},
	} {
		t.Run(tc.words, func(t *testing.T) {
			got := run(t, func(w http.ResponseWriter, r *http.Request) {
				for line := range strings.Lines(tc.header) {
					name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
					w.Header().Set(name, value)
				}
				w.WriteHeader(tc.status)
				io.WriteString(w, tc.body)
			}, strings.Fields(tc.words)...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
