package transfer_test

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

// targets are the stores that are copied to.
func targets() map[string]func(testing.TB) bucket.Store {
	return map[string]func(testing.TB) bucket.Store{
		"directory":        func(t testing.TB) bucket.Store { d, _ := dirIn(t); return d },
		"own":              func(t testing.TB) bucket.Store { return storeAt(t, own(t)) },
		"own, inside":      func(t testing.TB) bucket.Store { return inside(t, storeAt(t, own(t))) },
		"versitygw":        func(t testing.TB) bucket.Store { return storeAt(t, versity(t)) },
		"versitygw inside": func(t testing.TB) bucket.Store { return inside(t, storeAt(t, versity(t))) },
	}
}

// own serves buckets by S3's protocol as this program does.
func own(t testing.TB) (url string) {
	return served(t, func(h http.Handler) http.Handler { return h })
}

func served(t testing.TB, through func(http.Handler) http.Handler) (url string) {
	dir, _ := dirIn(t)
	s := httptest.NewServer(through(s3server.New(s3server.Config{Secrets: onlyKey{},
		StoreFor: func(context.Context, s3server.Caller) (bucket.Store, error) { return dir, nil }})))
	t.Cleanup(s.Close)
	return s.URL
}

type onlyKey struct{}

func (onlyKey) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	return sigv4.Key{Secret: "secret", Account: "111122223333", Active: true}, id == "key", nil
}

// versity serves buckets by S3's protocol as somebody else's program does.
func versity(t testing.TB) (url string) {
	program, err := exec.LookPath("versitygw")
	if err != nil {
		home, _ := os.UserHomeDir()
		if program, err = exec.LookPath(filepath.Join(cmp.Or(os.Getenv("GOPATH"), filepath.Join(home, "go")), "bin", "versitygw")); err != nil {
			t.Skip("no versitygw is installed (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	c := exec.Command(program, "--port", address, "--access", "key", "--secret", "secret", "--quiet", "--region", "eu-west-1", "posix", "--versioning-dir", t.TempDir(), t.TempDir())
	must(t, c.Start())
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return "http://" + address
		}
	}
	t.Fatal("versitygw does not listen")
	return ""
}

func storeAt(t testing.TB, url string) *s3store.Store { return storeOn(url, t.TempDir()) }

func storeOn(url, temp string) *s3store.Store {
	client := s3.New(s3.Options{BaseEndpoint: &url, UsePathStyle: true, Region: "eu-west-1", HTTPClient: &http.Client{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
		})})
	return s3store.New(s3store.Config{Client: client, TempDir: temp, Once: true})
}

// inside keeps all buckets in one.
func inside(t testing.TB, s *s3store.Store) bucket.Store {
	must(t, s.CreateBucket(ctx, "everything", bucket.CreateOptions{}))
	must(t, s.PutVersioning(ctx, "everything", bucket.Enabled))
	return within(s)
}

func within(s *s3store.Store) bucket.Store {
	return s3store.Inside(s, "everything", "of/a home/", time.Now)
}
