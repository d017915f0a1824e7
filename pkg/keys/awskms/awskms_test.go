package awskms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"signer/pkg/keys"
	"signer/pkg/keys/awskms/kmstest"
	"signer/pkg/keys/keystest"
)

// open returns the keys at a stand-in.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, s http.Handler, c Config) *Keys {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c.Client = func(_ context.Context, region string) (API, error) {
		if region != "" && region != "eu-west-1" {
			return nil, errors.New("there is nothing in " + region)
		}
		return kms.New(kms.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, Retryer: aws.NopRetryer{},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "secret"}, nil
			})}), nil
	}
	k, err := Open(c)
	must(t, err)
	return k
}

func stand(t *testing.T) *kmstest.Stand {
	s, err := kmstest.New()
	must(t, err)
	return s
}

func TestKMS(t *testing.T) {
	s := stand(t)
	keystest.Run(t, func() keys.Elsewhere { return open(t, s, Config{URI: "awskms:///alias/root"}) })
	for _, uri := range []string{"awskms:///root", "awskms:///alias/root", "awskms:///" + kmstest.Account + "key/root"} {
		name, _, err := open(t, s, Config{URI: uri}).Make()
		must(t, err)
		if name != "awskms:///"+kmstest.Account+"key/root" {
			t.Errorf("%s is %s", uri, name)
		}
	}
}

// The vector of RFC 5649, 6, with padding.
func TestWrap(t *testing.T) {
	by, _ := hex.DecodeString("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")
	plain, _ := hex.DecodeString("c37b7e6492584340bed12207808941155068f738")
	got, err := wrap(by, plain)
	if want := "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"; err != nil || hex.EncodeToString(got) != want {
		t.Errorf("%x %v", got, err)
	}
	if _, err := wrap(by, plain[:7]); err == nil {
		t.Error("a key of seven bytes was wrapped")
	}
}

// A key is asked for once; what is not for signing is refused.
func TestKeyIsAskedForOnce(t *testing.T) {
	s := stand(t)
	k := open(t, s, Config{URI: "awskms:///root"})
	for range 3 {
		_, err := k.Key("awskms:///" + kmstest.Account + "key/root")
		must(t, err)
	}
	if len(s.Asked()) != 1 {
		t.Errorf("%v", s.Asked())
	}
	for name, want := range map[string]string{
		"awskms:///secret":   "is not for signing: its usage is KEY_AGREEMENT",
		"awskms:///nobody":   "NotFoundException",
		"awskms:///":         "names no key",
		"awskms://host/root": "names a host",
		"awskms:///ro ot":    "no key id",
		"pkcs11:object=root": "does not begin with awskms:///",
		"awskms:///arn:aws:kms:us-east-1:111122223333:key/root": "there is nothing in us-east-1",
	} {
		if _, err := k.Key(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	s := stand(t)
	k := open(t, s, Config{URI: "awskms:///root"})
	must(t, k.Check(t.Context()))
	s.Disable()
	if err := k.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "is not enabled: its state is Disabled") {
		t.Error(err)
	}
	none := open(t, s, Config{URI: "awskms:///"})
	must(t, none.Check(t.Context()))
	if _, _, err := none.Make(); err == nil || !strings.Contains(err.Error(), "aws kms create-key") {
		t.Error(err)
	}
}

// What KMS refuses nobody takes for a refusal of the service that he has asked.
func TestRefusals(t *testing.T) {
	s := stand(t)
	k := open(t, s, Config{URI: "awskms:///root"})
	_, key, err := k.Make()
	must(t, err)
	s.Disable()
	_, err = key.Sign(nil, make([]byte, 48), crypto.SHA384)
	var refusal smithy.APIError
	if err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "key/root in AWS KMS: it answers KMSInvalidStateException: it is Disabled") {
		t.Error(err)
	}
}

func TestNameOf(t *testing.T) {
	const key, alias = kmstest.Account + "key/root", kmstest.Account + "alias/root"
	for _, tc := range [][3]string{
		{"root", key, key}, {alias, key, key}, {"alias/root", "root", "root"}, {key, "root", key}, {alias, "root", key}, {key, "", key}, {"root", "", "root"},
	} {
		if got := nameOf(tc[0], tc[1]); got != tc[2] {
			t.Errorf("%s, answered by %s, is %s", tc[0], tc[1], got)
		}
	}
}

// Who waits for KMS waits no longer than he has patience.
func TestPatience(t *testing.T) {
	held := make(chan struct{})
	k := open(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}), Config{URI: "awskms:///root", Patience: 20 * time.Millisecond})
	_, _, err := k.Make()
	close(held)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "it does not answer in time") {
		t.Error(err)
	}
}

func TestAlgorithms(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	k := &key{public: p256.Public(), can: []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecEcdsaSha256}}
	rsaKey := &key{public: &rsa.PublicKey{}, can: []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecRsassaPssSha256}}
	for _, tc := range []struct {
		key  *key
		size int
		opts crypto.SignerOpts
		want string // an algorithm, or part of an error
	}{
		{k, 32, crypto.SHA256, "ECDSA_SHA_256"},
		{k, 48, crypto.SHA384, "it does not sign by ECDSA_SHA_384"},
		{k, 31, crypto.SHA256, "is not the digest that it is said to be"},
		{k, 32, nil, "is not the digest"},
		{rsaKey, 32, crypto.SHA256, "it does not sign by RSASSA_PKCS1_V1_5_SHA_256"},
		{rsaKey, 32, &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}, "RSASSA_PSS_SHA_256"},
		{rsaKey, 32, &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256}, "it makes no salts of 20 bytes"},
	} {
		got, err := tc.key.algorithm(tc.size, tc.opts)
		if text := string(got); err == nil && text != tc.want || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %v, in place of %s", got, err, tc.want)
		}
	}
}

// A stand-in that leaves out what KMS promises is told of, and nothing panics.
func TestKeepIsNotTold(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	for _, answer := range []string{`{}`, `{"KeyMetadata": {}}`, `{"KeyMetadata": {"KeyId": "x"}}`} {
		k := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.Write([]byte(answer))
		}), Config{URI: "awskms:///"})
		if _, err := k.Keep("device", key); err == nil || !strings.Contains(err.Error(), "does not say which") {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
