//go:build awskms

package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

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

	h.env[0] = "SIGNER_KEYS=awskms://kms.test/root"
	must(t, h.command("acm", "list-certificates").Run()) // which needs no key
	out, err := h.command("sign-payload", "--profile-name", imagesIn(t, h, "us-west-1"), "--payload", "e30=", "--payload-format", "application/vnd.cncf.notary.payload.v1+json", "--region", "us-west-1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "(KeysElsewhere): SIGNER_KEYS does not say where private keys are: it names a host") {
		t.Errorf("%v: %s", err, out)
	}
}
