package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
)

// s3 is the SDK's client for buckets.
func (s *served) s3(key aws.Credentials) *s3.Client {
	return s3.New(s3.Options{
		Region: serveRegion, BaseEndpoint: aws.String(s.url), UsePathStyle: true, Retryer: aws.NopRetryer{}, RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
	})
}

// What the SDK for Go puts over HTTP the command line gets, and the other way round.
func TestServeBuckets(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	c := s.s3(h.key(t, "maria"))
	ctx := t.Context()
	put, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("source"), Key: aws.String("a/ü"), Body: strings.NewReader("hello"), Metadata: map[string]string{"color": "red"}})
	must(t, err)
	if put.ChecksumCRC32 == nil || put.VersionId == nil {
		t.Errorf("the answer lacks something: %+v", put)
	}
	file := filepath.Join(t.TempDir(), "got")
	told := h.run(t, "s3api", "get-object", "--bucket", "source", "--key", "a/ü", "--checksum-mode", "ENABLED", file, "--query", "[VersionId,Metadata.color]", "--output", "text")
	if content, err := os.ReadFile(file); err != nil || string(content) != "hello" || told != *put.VersionId+"\tred" {
		t.Errorf("got %q, %v; %s", content, err, told)
	}
	h.run(t, "s3api", "put-object", "--bucket", "destination", "--key", "k", "--body", file, "--content-type", "text/x")
	got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("destination"), Key: aws.String("k")})
	must(t, err)
	content, err := io.ReadAll(got.Body)
	must(t, err)
	if string(content) != "hello" || *got.ContentType != "text/x" {
		t.Errorf("got %q of %s", content, *got.ContentType)
	}
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("destination"), Key: aws.String("none")})
	if !bucket.IsCode(err, "NoSuchKey") {
		t.Errorf("none: %v", err)
	}
	var refused interface{ ServiceRequestID() string }
	if !errors.As(err, &refused) {
		t.Fatalf("the answer has no id: %v", err)
	}
	s.says(t, `"requestId":"`+refused.ServiceRequestID()+`","service":"s3","operation":"GetObject"`)
	s.quiet(t)
}

// Who cannot sign for a bucket is told so as S3 tells it.
func TestServeBucketsUnsigned(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	for _, header := range []string{"", "Bearer x", "AWS key:signature", "AWS4-HMAC-SHA256 Credential=x"} {
		r, err := http.NewRequest("GET", s.url+"/source/k", nil)
		must(t, err)
		r.Header.Set("Authorization", header)
		answer, err := http.DefaultClient.Do(r)
		must(t, err)
		body, err := io.ReadAll(answer.Body)
		must(t, err)
		answer.Body.Close()
		if answer.Header.Get("Content-Type") != "application/xml" || !bytes.Contains(body, []byte("<Error><Code>")) || answer.StatusCode/100 != 4 {
			t.Errorf("%q: %s %s", header, answer.Status, body)
		}
	}
}

// Whoever waits for a word before he sends his body gets his refusal at once.
func TestServeExpectedWord(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	for _, target := range []string{"/source/k", "/signing-jobs"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		must(t, err)
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", target)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		if answer.StatusCode/100 != 4 || !answer.Close {
			t.Errorf("%s: %s, %v", target, answer.Status, answer.Header)
		}
	}
}

// endless is a body that comes until nobody wants it any more.
type endless struct{ sent chan<- int }

func (e endless) Read(p []byte) (int, error) {
	e.sent <- len(p)
	return len(p), nil
}

// A server that is killed in the middle of uploads has what it acknowledged and nothing
// else, and so has the next one.
func TestServeKilledInUploads(t *testing.T) {
	h := newServeHome(t)
	key := h.key(t, "maria")
	s := h.start(t)
	c := s.s3(key)
	ctx := t.Context()
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("source"), Key: aws.String("k"), Body: strings.NewReader("acknowledged")})
	must(t, err)
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("source"), Key: aws.String("parts")})
	must(t, err)
	part, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("source"), Key: aws.String("parts"), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("one")})
	must(t, err)

	r, err := http.NewRequest("PUT", presigned(t, c, "source", "k"), nil)
	must(t, err)
	sent := make(chan int)
	r.Body, r.ContentLength = io.NopCloser(endless{sent}), 1<<30
	ended := make(chan error)
	go func() {
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			answer.Body.Close()
			err = fmt.Errorf("answered: %s", answer.Status)
		}
		ended <- err
	}()
	for n := 0; n < 8<<20; {
		select {
		case more := <-sent:
			n += more
		case err := <-ended:
			t.Fatal(err)
		}
	}
	s.kill()
	for done := false; !done; {
		select {
		case <-sent:
		case err = <-ended:
			done = true
		}
	}
	if strings.Contains(fmt.Sprint(err), "answered") {
		t.Error(err)
	}

	c = h.start(t).s3(key)
	got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("source"), Key: aws.String("k")})
	must(t, err)
	if content, err := io.ReadAll(got.Body); err != nil || string(content) != "acknowledged" {
		t.Errorf("got %.20q, %v", content, err)
	}
	page, err := h.buckets.ListVersions(ctx, "source", bucket.VersionOptions{})
	must(t, err)
	if len(page.Versions) != 1 {
		t.Errorf("%d versions", len(page.Versions))
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String("source"), Key: aws.String("parts"), UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag}}}})
	must(t, err)
}

func presigned(t *testing.T, c *s3.Client, bucket, key string) string {
	t.Helper()
	r, err := s3.NewPresignClient(c).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key})
	must(t, err)
	return r.URL
}
