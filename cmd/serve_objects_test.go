//go:build unix

package cmd_test

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/s3server"
	"signer/pkg/sigv4"
)

// storeKey is the access key of object stores in tests.
var storeKey = aws.Credentials{AccessKeyID: "AKIASTORE", SecretAccessKey: "store's secret"}

// onlyKey knows that key.
type onlyKey struct{}

func (onlyKey) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	return sigv4.Key{Secret: storeKey.SecretAccessKey, Account: serveAccount, Active: true}, id == storeKey.AccessKeyID, nil
}

// ownStore serves buckets by S3's protocol as this program does.
func ownStore(t *testing.T) (url string) {
	dir := bucket.Open(bucket.Config{Dir: t.TempDir()})
	server := httptest.NewServer(s3server.New(s3server.Config{
		Secrets: onlyKey{}, StoreFor: func(context.Context, s3server.Caller) (bucket.Store, error) { return dir, nil }}))
	t.Cleanup(server.Close)
	return server.URL
}

// versity serves buckets by S3's protocol as somebody else's program does.
func versity(t *testing.T) (url string) { return versityIn(t, t.TempDir()) }

func versityIn(t *testing.T, dir string) (url string) {
	program := versityProgram(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	for _, name := range []string{"objects", "versions", "sidecar", "accounts"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	c := exec.Command(program, "--port", address, "--access", storeKey.AccessKeyID, "--secret", storeKey.SecretAccessKey, "--quiet", "--region", serveRegion, "--iam-dir", filepath.Join(dir, "accounts"),
		"posix", "--versioning-dir", filepath.Join(dir, "versions"), "--sidecar", filepath.Join(dir, "sidecar"), filepath.Join(dir, "objects"))
	must(t, c.Start())
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return "http://" + address
		}
	}
	t.Fatal("versitygw does not listen")
	return ""
}

func versityProgram(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("versitygw")
	if err != nil {
		home, _ := os.UserHomeDir()
		if program, err = exec.LookPath(filepath.Join(cmp.Or(os.Getenv("GOPATH"), filepath.Join(home, "go")), "bin", "versitygw")); err != nil {
			t.Skip("no versitygw is installed (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)")
		}
	}
	return program
}

// onS3 puts the buckets of a home on an object store: each as a bucket of its own, or
// all inside the bucket one.
func (h *serveHome) onS3(t *testing.T, url, one string) {
	client := s3.New(s3.Options{BaseEndpoint: &url, UsePathStyle: true, Region: serveRegion, HTTPClient: &http.Client{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return storeKey, nil })})
	plain := s3store.New(s3store.Config{Client: client, TempDir: t.TempDir()})
	h.env = append(h.env, "AWS_ACCESS_KEY_ID="+storeKey.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+storeKey.SecretAccessKey,
		"SIGNER_OBJECT_STORE=s3://"+one+"?endpoint="+url+"&region="+serveRegion)
	h.objects = plain
	if one != "" {
		must(t, plain.CreateBucket(t.Context(), one, bucket.CreateOptions{}))
		must(t, plain.PutVersioning(t.Context(), one, bucket.Enabled))
		h.objects = s3store.Inside(plain, one, "", time.Now)
	}
	for _, name := range []string{"source", "destination"} {
		must(t, h.objects.CreateBucket(t.Context(), name, bucket.CreateOptions{}))
	}
	must(t, h.objects.PutVersioning(t.Context(), "source", bucket.Enabled))
}

// A server whose buckets are on S3 is AWS Signer; and the buckets are there for others.
func TestServeOverS3(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start func(*testing.T) string
		one   string
	}{{"own", ownStore, ""}, {"own, inside one", ownStore, "everything"}, {"versitygw", versity, ""}, {"versitygw, inside one", versity, "everything"}} {
		t.Run(tc.name, func(t *testing.T) {
			h := newServeHome(t)
			h.onS3(t, tc.start(t), tc.one)
			s := h.start(t)
			c := robin(t, always(h.key(t, "maria")), s.address)
			in := h.app(t, c)
			ids := map[string]bool{}
			for range 5 {
				mine := *in
				out, err := c.StartSigningJob(t.Context(), &mine)
				must(t, err)
				ids[*out.JobId] = true
			}
			h.checkSignedOnce(t, c, ids)
			for id := range ids {
				body, _, err := h.get(t.Context(), "destination", id+".zip")
				if err != nil || len(body) == 0 {
					t.Errorf("job %s: %v", id, err)
				}
			}
			must(t, s.stop(t))
			s.quiet(t)
		})
	}
}
