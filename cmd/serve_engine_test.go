package cmd_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/engine"
	"signer/pkg/engine/enginetest"
	"signer/pkg/local/localtest"
)

// A server that runs is AWS Signer, as the SDK's client sees it.
func TestServeIsAWSSigner(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	h.isAWSSigner(t, func(account, principal string) engine.Engine {
		return enginetest.SDK{Client: s.client(t, h.keyOf(t, account, principal))}
	})
	if err := s.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.quiet(t)
}

// isAWSSigner tests what serves a home, which as returns as somebody has it.
func (h *serveHome) isAWSSigner(t *testing.T, as func(account, principal string) engine.Engine) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	n := 0
	enginetest.Run(t, func(t *testing.T) *enginetest.World {
		n++
		account, other := fmt.Sprintf("1%011d", n), fmt.Sprintf("2%011d", n) // each test has accounts of its own
		principal := "arn:aws:iam::" + account + ":user/maria"
		certify := func(key crypto.Signer) string { return localtest.Certify(t, h.keys, account, serveRegion, key) }
		return &enginetest.World{
			Engine: as(account, principal), Account: account, Region: serveRegion, Principal: principal, Other: other, As: as,
			Source: "source", Destination: "destination", Put: h.put, Get: h.get,
			Certificate: certify(ec), Public: ec.Public(), RSACertificate: certify(rsaKey),
		}
	})
}

func (h *serveHome) put(ctx context.Context, name, key string, body []byte) (string, error) {
	return localtest.Put(ctx, h.objects, name, key, body)
}

func (h *serveHome) get(ctx context.Context, name, key string) ([]byte, string, error) {
	return localtest.Get(ctx, h.objects, name, key)
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
