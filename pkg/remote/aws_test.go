//go:build aws

package remote_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"signer/pkg/engine/enginetest"
	"signer/pkg/profile"
	"signer/pkg/remote"
)

// TestAWS holds AWS itself to the behaviour that the local engine has:
//
//	go test -tags aws -run TestAWS ./pkg/remote
//
// with the AWS CLI's usual settings for an account, and in the environment
//
//	SIGNER_TEST_SOURCE, SIGNER_TEST_DESTINATION     two buckets of the region, the first with versioning
//	SIGNER_TEST_CERTIFICATE, SIGNER_TEST_PUBLIC     the ARN of a P-256 certificate in ACM, and the file of the certificate
//	SIGNER_TEST_RSA_CERTIFICATE                     the ARN of one with an RSA key
//
// It makes profiles, whose names stay taken for good, and jobs.
func TestAWS(t *testing.T) {
	for _, name := range []string{"SOURCE", "DESTINATION", "CERTIFICATE", "PUBLIC", "RSA_CERTIFICATE"} {
		if os.Getenv("SIGNER_TEST_"+name) == "" {
			t.Skipf("SIGNER_TEST_%s is not set", name)
		}
	}
	enginetest.Run(t, account)
}

// account is an account of AWS as the environment names it.
func account(t *testing.T) *enginetest.World {
	ctx := context.Background()
	settings := profile.New(profile.Config{LookupEnv: os.LookupEnv, ReadFile: os.ReadFile})
	client, err := remote.Open(ctx, remote.Config{Settings: settings})
	must(t, err)
	buckets := s3.NewFromConfig(load(t, settings, "s3"), func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	config := load(t, settings, "sts")
	who, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(t, err)
	return &enginetest.World{
		Engine:         client,
		Account:        *who.Account,
		Region:         config.Region,
		Principal:      *who.Arn,
		Source:         os.Getenv("SIGNER_TEST_SOURCE"),
		Destination:    os.Getenv("SIGNER_TEST_DESTINATION"),
		Put:            putter(buckets),
		Get:            getter(buckets),
		Certificate:    os.Getenv("SIGNER_TEST_CERTIFICATE"),
		Public:         certificate(t).PublicKey,
		RSACertificate: os.Getenv("SIGNER_TEST_RSA_CERTIFICATE"),
		Suffix:         strconv.FormatInt(time.Now().UnixNano(), 36),
	}
}

func load(t *testing.T, settings *profile.Settings, service string) aws.Config {
	t.Helper()
	config, err := remote.Load(context.Background(), remote.Config{Settings: settings, Service: service})
	must(t, err)
	return config
}

func putter(c *s3.Client) func(context.Context, string, string, []byte) (string, error) {
	return func(ctx context.Context, bucket, key string, body []byte) (string, error) {
		out, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body)})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.VersionId), nil
	}
}

func getter(c *s3.Client) func(context.Context, string, string) ([]byte, string, error) {
	return func(ctx context.Context, bucket, key string) ([]byte, string, error) {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			return nil, "", err
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		return body, aws.ToString(out.ContentType), err
	}
}

func certificate(t *testing.T) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(os.Getenv("SIGNER_TEST_PUBLIC"))
	must(t, err)
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("SIGNER_TEST_PUBLIC is not PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
