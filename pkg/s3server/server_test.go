package s3server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"signer/pkg/bucket"
	"signer/pkg/s3server"
	"signer/pkg/sigv4"
)

const (
	keyID   = "AKIDEXAMPLE"
	secret  = "not a secret"
	account = "111122223333"
	region  = "us-east-1"
)

type keys map[string]sigv4.Key

func (k keys) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	key, ok := k[id]
	return key, ok, nil
}

var callers = keys{keyID: {Secret: secret, Account: account, Principal: "arn:aws:iam::111122223333:user/me", Active: true}}

// site is a server over a directory.
type site struct {
	*httptest.Server
	t   testing.TB
	dir string
	log *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

func serve(t testing.TB, change ...func(*s3server.Config)) *site {
	s := &site{t: t, dir: filepath.Join(t.TempDir(), "buckets"), log: &syncBuffer{}}
	store := bucket.Open(bucket.Config{Dir: s.dir})
	c := s3server.Config{
		Secrets:  callers,
		StoreFor: func(context.Context, s3server.Caller) (bucket.Store, error) { return store, nil },
		Region:   region,
		Log:      slog.New(slog.NewTextHandler(s.log, nil)),
	}
	for _, option := range change {
		option(&c)
	}
	s.Server = httptest.NewServer(s3server.New(c))
	t.Cleanup(s.Close)
	return s
}

// request makes a request, whose headers are given as "Name: value".
func (s *site) request(method, target, body string, headers ...string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Add(name, value)
		}
	}
	return r
}

// sign signs a request as S3's clients do.
func (s *site) sign(r *http.Request, body string) *http.Request {
	s.t.Helper()
	payload := r.Header.Get("X-Amz-Content-Sha256")
	if payload == "" {
		sum := sha256.Sum256([]byte(body))
		payload = hex.EncodeToString(sum[:])
		r.Header.Set("X-Amz-Content-Sha256", payload)
	}
	credentials := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	err := v4.NewSigner().SignHTTP(s.t.Context(), credentials, r, payload, "s3", region, time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// do sends a signed request and returns the answer with its body read.
func (s *site) do(method, target, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	return s.send(s.sign(s.request(method, target, body, headers...), body))
}

func (s *site) send(r *http.Request) (*http.Response, string) {
	s.t.Helper()
	answer, err := s.Server.Client().Transport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, string(text)
}

// must does a request that has to succeed.
func (s *site) must(method, target, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	answer, text := s.do(method, target, body, headers...)
	if answer.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %s", method, target, answer.Status, text)
	}
	return answer, text
}

// content returns the text of the first element of a name in a document.
func content(document, name string) string {
	_, rest, ok := strings.Cut(document, "<"+name+">")
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, "</"+name+">")
	return text
}

// left tells what files there are of uploads that did not come to their end.
func (s *site) left() (names []string) {
	s.t.Helper()
	for _, pattern := range []string{".tmp/*", "*/uploads/*"} {
		found, err := filepath.Glob(filepath.Join(s.dir, pattern))
		if err != nil {
			s.t.Fatal(err)
		}
		names = append(names, found...)
	}
	return names
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Errorf("never: %s", what)
}

func TestCaller(t *testing.T) {
	var seen []s3server.Caller
	s := serve(t, func(c *s3server.Config) {
		open := c.StoreFor
		c.StoreFor = func(ctx context.Context, caller s3server.Caller) (bucket.Store, error) {
			seen = append(seen, caller)
			return open(ctx, caller)
		}
	})
	s.must("GET", "/", "")
	want := s3server.Caller{Account: account, Principal: "arn:aws:iam::111122223333:user/me", KeyID: keyID, Region: region}
	if len(seen) != 1 || seen[0] != want {
		t.Errorf("callers %+v", seen)
	}
	answer, text := s.do("GET", "/", "", "X-Amz-Expected-Bucket-Owner: 999999999999")
	if answer.StatusCode != 403 || content(text, "Code") != "AccessDenied" {
		t.Errorf("as another one: %s %s", answer.Status, text)
	}
}

// Every answer has ids, by which the log can be searched.
func TestIDs(t *testing.T) {
	s := serve(t, func(c *s3server.Config) {
		c.StoreFor = func(context.Context, s3server.Caller) (bucket.Store, error) {
			return nil, errors.New("the disk is gone")
		}
	})
	answer, text := s.do("GET", "/bkt/k", "")
	id := answer.Header.Get("X-Amz-Request-Id")
	if len(id) != 16 || answer.Header.Get("X-Amz-Id-2") == "" || content(text, "RequestId") != id {
		t.Errorf("%v %s", answer.Header, text)
	}
	if answer.StatusCode != 500 || content(text, "Code") != "InternalError" || strings.Contains(text, "disk") {
		t.Errorf("the caller sees %s %s", answer.Status, text)
	}
	if log := s.log.text(); !strings.Contains(log, id) || !strings.Contains(log, "the disk is gone") || strings.Contains(log, secret) {
		t.Errorf("logged: %s", log)
	}
}

func TestPanic(t *testing.T) {
	s := serve(t, func(c *s3server.Config) {
		c.StoreFor = func(context.Context, s3server.Caller) (bucket.Store, error) { panic("out of cheese") }
	})
	answer, text := s.do("GET", "/bkt/k", "")
	if answer.StatusCode != 500 || strings.Contains(text, "cheese") || !strings.Contains(s.log.text(), "out of cheese") {
		t.Errorf("%s %s, logged %s", answer.Status, text, s.log.text())
	}
}

// Buckets may be named in the host, and targets may be absolute.
func TestHosts(t *testing.T) {
	s := serve(t, func(c *s3server.Config) { c.Domain = "s3.example.test" })
	s.must("PUT", "/", "", "Host: my.bucket.s3.example.test")
	s.must("PUT", "/dir/k", "hello", "Host: my.bucket.s3.example.test:8333")
	for _, host := range []string{"Host: s3.example.test", "Host: 127.0.0.1", "Host: elsewhere.test"} {
		if _, text := s.must("GET", "/my.bucket/dir/k", "", host); text != "hello" {
			t.Errorf("%s: got %q", host, text)
		}
	}
	if _, text := s.must("GET", "/?list-type=2", "", "Host: MY.BUCKET.s3.example.test"); content(text, "Key") != "dir/k" {
		t.Errorf("listed: %s", text)
	}
	if _, text := s.must("GET", "/", "", "Host: s3.example.test"); content(text, "Name") != "my.bucket" {
		t.Errorf("buckets: %s", text)
	}
}

// Where an object is said to be, it is found by the host that the request has named.
func TestLocation(t *testing.T) {
	s := serve(t, func(c *s3server.Config) { c.Domain = "s3.example.test" })
	s.must("PUT", "/bkt", "")
	for host, want := range map[string]string{"s3.example.test": "/bkt/dir/k", "bkt.s3.example.test:8333": "/dir/k"} {
		path, host := strings.TrimSuffix(want, "/dir/k"), "Host: "+host
		_, text := s.must("POST", path+"/dir/k?uploads", "", host)
		id := "uploadId=" + content(text, "UploadId")
		part, _ := s.must("PUT", path+"/dir/k?partNumber=1&"+id, "hello", host)
		order := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + part.Header.Get("Etag") + "</ETag></Part></CompleteMultipartUpload>"
		_, text = s.must("POST", path+"/dir/k?"+id, order, host)
		if got := content(text, "Location"); got != "http://"+strings.TrimPrefix(host, "Host: ")+want {
			t.Errorf("%s: %s", host, got)
		}
	}
}

// What S3 has and this server does not is refused by name.
func TestNotImplemented(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	s.must("PUT", "/bkt/k", "hello")
	for _, tc := range []struct{ method, target, header, says string }{
		{"PUT", "/bkt?acl", "", "acl"},
		{"PUT", "/bkt?policy", "", "policy"},
		{"PUT", "/bkt?lifecycle", "", "lifecycle"},
		{"PUT", "/bkt?encryption", "", "encryption"},
		{"PUT", "/bkt?publicAccessBlock", "", "publicAccessBlock"},
		{"GET", "/bkt?inventory", "", "inventory"},
		{"PUT", "/bkt/k?acl", "", "acl"},
		{"PUT", "/bkt/k?retention", "", "retention"},
		{"PUT", "/bkt?object-lock", "", "object-lock"},
		{"POST", "/bkt/k?select&select-type=2", "", "select"},
		{"PUT", "/bkt/k", "x-amz-acl: public-read", "x-amz-acl"},
		{"PUT", "/bkt/k", "x-amz-grant-read: id=x", "x-amz-grant-read"},
		{"PUT", "/bkt/k", "x-amz-server-side-encryption: AES256", "x-amz-server-side-encryption"},
		{"PUT", "/bkt/k", "x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-mode"},
		{"PUT", "/bkt/k", "x-amz-storage-class: GLACIER", "x-amz-storage-class"},
		{"POST", "/bkt/k?uploads", "x-amz-server-side-encryption: AES256", "x-amz-server-side-encryption"},
		{"PUT", "/new", "x-amz-bucket-object-lock-enabled: true", "x-amz-bucket-object-lock-enabled"},
		{"PUT", "/new", "x-amz-object-ownership: ObjectWriter", "x-amz-object-ownership"},
		{"DELETE", "/bkt/k", "x-amz-mfa: x", "x-amz-mfa"},
	} {
		var headers []string
		if tc.header != "" {
			headers = append(headers, tc.header)
		}
		answer, text := s.do(tc.method, tc.target, "", headers...)
		if answer.StatusCode != 501 || content(text, "Code") != "NotImplemented" || !strings.Contains(content(text, "Message"), tc.says) {
			t.Errorf("%s %s %s: %s %s", tc.method, tc.target, tc.header, answer.Status, text)
		}
	}
	if _, text := s.must("GET", "/bkt/k", ""); text != "hello" {
		t.Errorf("the object is %q", text)
	}
	s.must("PUT", "/bkt/k", "", "x-amz-acl: bucket-owner-full-control", "x-amz-storage-class: STANDARD", "x-amz-object-lock-legal-hold: OFF")
}

// What cannot be put is not there, and may be asked for and deleted.
func TestAbsent(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	s.must("PUT", "/bkt/k", "hello")
	for _, tc := range []struct{ method, target, want string }{
		{"GET", "/bkt?policy", "404 NoSuchBucketPolicy"},
		{"GET", "/bkt?cors", "404 NoSuchCORSConfiguration"},
		{"GET", "/bkt?website", "404 NoSuchWebsiteConfiguration"},
		{"GET", "/bkt?object-lock", "404 ObjectLockConfigurationNotFoundError"},
		{"GET", "/bkt?encryption", "404 ServerSideEncryptionConfigurationNotFoundError"},
		{"GET", "/bkt?lifecycle", "404 NoSuchLifecycleConfiguration"},
		{"GET", "/bkt?publicAccessBlock", "404 NoSuchPublicAccessBlockConfiguration"},
		{"GET", "/bkt?replication", "404 ReplicationConfigurationNotFoundError"},
		{"GET", "/none?logging", "404 NoSuchBucket"},
		{"GET", "/none?requestPayment", "404 NoSuchBucket"},
		{"GET", "/bkt/k?retention", "400 InvalidRequest"},
		{"GET", "/bkt/none?legal-hold", "404 NoSuchKey"},
		{"DELETE", "/bkt?policy", "204 "},
		{"DELETE", "/bkt?cors", "204 "},
		{"DELETE", "/bkt?encryption", "204 "},
		{"DELETE", "/bkt?lifecycle", "204 "},
		{"DELETE", "/bkt?publicAccessBlock", "204 "},
		{"DELETE", "/bkt?replication", "204 "},
		{"DELETE", "/none?policy", "404 NoSuchBucket"},
		{"GET", "/none?policy", "404 NoSuchBucket"},
		{"GET", "/none?acl", "404 NoSuchBucket"},
		{"GET", "/bkt/none?acl", "404 NoSuchKey"},
		{"GET", "/bkt/k?acl&versionId=x", "400 InvalidArgument"},
		{"PUT", "/none?policy", "404 NoSuchBucket"},
		{"GET", "/none?ownershipControls", "404 NoSuchBucket"},
	} {
		answer, text := s.do(tc.method, tc.target, "")
		if got := answer.Status[:4] + content(text, "Code"); got != tc.want {
			t.Errorf("%s %s: %s %s", tc.method, tc.target, answer.Status, text)
		}
	}
	for _, target := range []string{"/bkt?acl", "/bkt/k?acl"} {
		if _, text := s.must("GET", target, ""); content(text, "Permission") != "FULL_CONTROL" || len(contents(text, "ID")) != 2 || contents(text, "ID")[0] != contents(text, "ID")[1] {
			t.Errorf("access list: %s", text)
		}
	}
	if _, text := s.must("GET", "/bkt?ownershipControls", ""); content(text, "ObjectOwnership") != "BucketOwnerEnforced" {
		t.Errorf("ownership: %s", text)
	}
	s.must("GET", "/bkt", "") // which is still there
}

// What a bucket has by default it is told to have.
func TestDefaults(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	for target, want := range map[string]string{
		"/bkt?accelerate":     "<AccelerateConfiguration ",
		"/bkt?logging":        "<BucketLoggingStatus ",
		"/bkt?notification":   "<NotificationConfiguration ",
		"/bkt?requestPayment": "<Payer>BucketOwner</Payer>",
	} {
		if _, text := s.must("GET", target, ""); !strings.Contains(text, want) || strings.Contains(text, "<Status>") {
			t.Errorf("%s: %s", target, text)
		}
	}
}

// A full disk is no reason to try again at once.
func TestFullDisk(t *testing.T) {
	s := serve(t, func(c *s3server.Config) {
		c.StoreFor = func(context.Context, s3server.Caller) (bucket.Store, error) {
			return nil, fmt.Errorf("put s3://bkt/k: %w", &os.PathError{Op: "write", Path: "/secret/path", Err: syscall.ENOSPC})
		}
	})
	answer, text := s.do("PUT", "/bkt/k", "x")
	if answer.StatusCode != 507 || content(text, "Code") != "InsufficientStorage" || strings.Contains(text, "/secret/path") {
		t.Errorf("%s %s", answer.Status, text)
	}
}
