package cmd_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket"
	"signer/pkg/engine"
	"signer/pkg/engine/enginetest"
	"signer/pkg/keys"
)

// A server that runs is AWS Signer, as the SDK's client sees it.
func TestServeIsAWSSigner(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	as := func(account, principal string) engine.Engine {
		return enginetest.SDK{Client: s.client(t, h.keyOf(t, account, principal))}
	}
	n := 0
	enginetest.Run(t, func(t *testing.T) *enginetest.World {
		n++
		account, other := fmt.Sprintf("1%011d", n), fmt.Sprintf("2%011d", n) // each test has accounts of its own
		principal := "arn:aws:iam::" + account + ":user/maria"
		return &enginetest.World{
			Engine: as(account, principal), Account: account, Region: serveRegion, Principal: principal, Other: other, As: as,
			Source: "source", Destination: "destination", Put: h.put, Get: h.get,
			Certificate: h.certify(t, account, ec), Public: ec.Public(), RSACertificate: h.certify(t, account, rsaKey),
		}
	})
	if err := s.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.quiet(t)
}

func (h *serveHome) put(ctx context.Context, name, key string, body []byte) (string, error) {
	stored, err := h.objects.Put(ctx, name, key, bytes.NewReader(body), bucket.PutOptions{})
	return stored.VersionID, err
}

func (h *serveHome) get(ctx context.Context, name, key string) ([]byte, string, error) {
	o, err := h.objects.Get(ctx, name, key, "")
	if err != nil {
		return nil, "", err
	}
	defer o.Close()
	body, err := io.ReadAll(o)
	return body, o.ContentType, err
}

// bundle makes a certificate for a key.
func bundle(t testing.TB, key crypto.Signer) keys.Bundle {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "device"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return keys.Bundle{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		PrivateKey:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}
}

// certify imports a certificate for a key and returns its ARN.
func (h *serveHome) certify(t testing.TB, account string, key crypto.Signer) string {
	t.Helper()
	c, err := h.keys.Import(t.Context(), keys.Place{Partition: "aws", Account: account, Region: serveRegion}, bundle(t, key))
	must(t, err)
	return c.ARN
}

// app puts an archive to be signed, and makes a profile "web" to sign it with.
func (h *serveHome) app(t testing.TB, c *signer.Client) *signer.StartSigningJobInput {
	t.Helper()
	version, err := h.put(t.Context(), "source", "app.zip", archive(t))
	must(t, err)
	_, err = c.PutSigningProfile(t.Context(), &signer.PutSigningProfileInput{ProfileName: aws.String("web"), PlatformId: aws.String(lambda)})
	must(t, err)
	return &signer.StartSigningJobInput{
		ProfileName: aws.String("web"),
		Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String("source"), Key: aws.String("app.zip"), Version: &version}},
		Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String("destination")}},
	}
}
