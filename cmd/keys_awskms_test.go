//go:build awskms

package cmd_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"signer/pkg/keys/awskms/kmstest"
)

// The keys are in AWS KMS, or in what stands for it.
func TestKeysInKMS(t *testing.T) {
	stand, err := kmstest.New()
	must(t, err)
	service := httptest.NewServer(stand)
	defer service.Close()
	h := newServeHome(t)
	h.env = []string{"SIGNER_KEYS=awskms:///alias/root", "AWS_ENDPOINT_URL_KMS=" + service.URL, "AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=secret"}
	worksElsewhere(t, h, "awskms:///arn:aws:kms:eu-west-1:111122223333:key/")
	if n := len(slices.DeleteFunc(stand.Asked(), func(o string) bool { return o != "Sign" })); n != 3 {
		t.Errorf("KMS signed %d times: for the root itself, the CA of a region, and once with the imported key", n)
	}
	s := servesElsewhere(t, h)
	stand.Disable()
	if status := readyz(t, s); status != http.StatusServiceUnavailable {
		t.Errorf("it answers %d", status)
	}
	s.says(t, "is not enabled")
	refusesElsewhere(t, h.env)

	h.env[0] = "SIGNER_KEYS=awskms://kms.test/root"
	must(t, h.command("acm", "list-certificates").Run()) // which needs no key
	out, err := h.command("sign-payload", "--profile-name", imagesIn(t, h, "us-west-1"), "--payload", "e30=", "--payload-format", "application/vnd.cncf.notary.payload.v1+json", "--region", "us-west-1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "(KeysElsewhere): SIGNER_KEYS does not say where private keys are: it names a host") {
		t.Errorf("%v: %s", err, out)
	}
}

// refusesElsewhere has a server make its first signature while KMS refuses the root's
// key. Whoever asked is not told so as if he had been refused.
func refusesElsewhere(t *testing.T, env []string) {
	t.Helper()
	h := newServeHome(t)
	h.env = env
	s := h.start(t)
	c := s.client(t, h.key(t, "maria"))
	images(t, c)
	_, err := payload(t, c)
	var refusal smithy.APIError
	if !errors.As(err, &refusal) || refusal.ErrorCode() != "InternalServiceErrorException" {
		t.Error(err)
	}
	s.says(t, "it answers KMSInvalidStateException: it is Disabled")
}
