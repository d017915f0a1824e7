package s3store_test

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
	"signer/pkg/bucket/buckettest"
	"signer/pkg/bucket/s3store"
)

// server is something that speaks S3's protocol.
type server struct{ endpoint, region, key, secret string }

func (s server) client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &s.endpoint,
		UsePathStyle: true,
		Region:       s.region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret}, nil
		}),
	})
}

func (s server) open(t *testing.T) bucket.Store {
	return s3store.New(s3store.Config{Client: s.client(), TempDir: t.TempDir()})
}

// TestFront holds the store to its contract over a server that has S3's
// semantics.
func TestFront(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) bucket.Store { return startFront(t).open(t) }, buckettest.Lacks{
		"Keys/Dots":                  "S3 does not take keys that lead nowhere as paths",
		"Pages/TokenBeatsStartAfter": "S3's protocol heeds both",
	})
}

func startFront(t *testing.T) server {
	s := httptest.NewServer(newFront(t))
	t.Cleanup(s.Close)
	return server{s.URL, "eu-west-1", "key", "secret"}
}

// TestServer does the same over a real server, which the environment names: its
// address, and credentials and region as the AWS CLI has them.
func TestServer(t *testing.T) {
	s := server{
		endpoint: os.Getenv("BUCKET_TEST_S3_ENDPOINT"),
		region:   cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"),
		key:      os.Getenv("AWS_ACCESS_KEY_ID"),
		secret:   os.Getenv("AWS_SECRET_ACCESS_KEY"),
	}
	if s.endpoint == "" {
		t.Skip("BUCKET_TEST_S3_ENDPOINT names no server")
	}
	buckettest.Run(t, s.open, nil)
}

// TestMoto does the same over moto, a stand-in for AWS.
func TestMoto(t *testing.T) {
	const (
		nulls   = "moto 5.2.1 has no null versions beside others"
		markers = "moto 5.2.1 does not tell of delete markers as S3 does"
		pages   = "moto 5.2.1 does not page versions as S3 does"
		checks  = "moto 5.2.1 does not check this"
	)
	address := start(t, "moto_server", "pip install 'moto[server]'", func(host, port string) []string {
		return []string{"-H", host, "-p", port}
	})
	buckettest.Run(t, server{"http://" + address, "eu-west-1", "key", "secret"}.open, buckettest.Lacks{
		"Buckets/DeleteWithMarker":   markers,
		"Checksums":                  "moto 5.2.1 does not check them, nor list them",
		"Conditions/Delete":          "moto 5.2.1 deletes in any case",
		"Conditions/DeleteVersioned": "moto 5.2.1 deletes in any case",
		"Get/MalformedVersion":       checks,
		"Keys/Control":               "moto 5.2.1 refuses keys with a line break",
		"List/Hidden":                "moto 5.2.1 tells a common prefix of deleted keys",
		"Pages/BadMarkers":           checks,
		"Pages/VersionGone":          pages,
		"Pages/VersionsOfOneKey":     pages,
		"Put/ContentMD5":             checks,
		"Tags/Parts":                 "moto 5.2.1 does not tell of parts",
		"Uploads":                    "moto 5.2.1 knows uploads by their ids alone, checks little and lists without pages",
		"Versions/DeleteMarker":      markers,
		"Versions/MarkerById":        markers,
		"Versions/MissingKeyMarker":  markers,
		"Versions/NullMovesUp":       nulls,
		"Versions/NullThenEnabled":   nulls,
		"Versions/Suspended":         nulls,
		"Versions/SuspendedDelete":   nulls,
	})
}

// TestVersity does the same over versitygw, which checks signatures.
func TestVersity(t *testing.T) {
	const (
		files   = "versitygw 1.8.0 keeps keys as files: not x beside x/y, nor dots, nor a NUL"
		markers = "versitygw 1.8.0 does not tell of delete markers as S3 does"
		pages   = "versitygw 1.8.0 does not page versions as S3 does"
		tags    = "versitygw 1.8.0 keeps tags in no order, and takes not all of them"
	)
	address := start(t, "versitygw", "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0", func(host, port string) []string {
		return []string{
			"--access", "key", "--secret", "a secret", "--port", net.JoinHostPort(host, port), "--quiet",
			"posix", "--versioning-dir", t.TempDir(), t.TempDir(),
		}
	})
	buckettest.Run(t, server{"http://" + address, "us-east-1", "key", "a secret"}.open, buckettest.Lacks{
		"Buckets/DeleteWithMarker":   markers,
		"Conditions/Delete":          "versitygw 1.8.0 deletes what does not exist in any case",
		"Conditions/DeleteVersioned": markers,
		"Conditions/IfMatchMarker":   markers,
		"Get/MalformedVersion":       "versitygw 1.8.0 takes some malformed ids for unknown ones",
		"Keys/Control":               files,
		"Keys/Dots":                  files,
		"Keys/Odd":                   files,
		"List/Delimiter":             files,
		"List/Hidden":                "versitygw 1.8.0 tells a common prefix of deleted keys",
		"List/Order":                 files,
		"List/Prefix":                files,
		"Pages/BadMarkers":           "versitygw 1.8.0 does not check this",
		"Pages/TokenBeatsStartAfter": "versitygw 1.8.0 heeds both",
		"Pages/VersionGone":          pages,
		"Pages/VersionGroups":        pages,
		"Pages/Versions":             pages,
		"Pages/VersionsOfOneKey":     pages,
		"Put/IfNoneMatchMarker":      markers,
		"Tags/Bucket":                tags,
		"Tags/Null":                  tags,
		"Tags/Parts":                 "versitygw 1.8.0 does not tell of parts",
		"Tags/Put":                   tags,
		"Tags/Replace":               tags,
		"Uploads/Composite":          "versitygw 1.8.0 does not tell of parts",
		"Uploads/CompletedAgain":     "versitygw 1.8.0 does not tell the version then",
		"Uploads/ImpliedChecksum":    "versitygw 1.8.0 refuses others",
		"Uploads/OnePart":            "versitygw 1.8.0 does not tell of parts",
		"Uploads/ListUploads":        "versitygw 1.8.0 refuses its own markers",
		"Versions/DeleteMarker":      markers,
		"Versions/DeleteVersion":     "versitygw 1.8.0 forgets the others when the current version is deleted",
		"Versions/MarkerById":        markers,
		"Versions/MissingKeyMarker":  markers,
		"Versions/NullThenEnabled":   "versitygw 1.8.0 does not tell the id of a null version",
	})
}

// start starts a server that ends with the test, and returns its address.
func start(t *testing.T, program, install string, args func(host, port string) []string) string {
	t.Helper()
	exe, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("this test needs %s (%s): %v", program, install, err)
	}
	address := freeAddress(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, args(host, port)...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	waitFor(t, "http://"+address)
	return address
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor waits until a server answers anything.
func waitFor(t *testing.T, url string) {
	t.Helper()
	for range 600 {
		r, err := http.Get(url)
		if err == nil {
			r.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no server answers at %s", url)
}
