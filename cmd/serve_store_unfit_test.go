//go:build unix

package cmd_test

import (
	"strings"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
)

// An object store that cannot be used is known at once: a server does not start, and
// doctor says why.
func TestUnfitStore(t *testing.T) {
	on := s3test.Own(t)
	plain := s3store.New(s3store.Config{Client: on.Client(), TempDir: t.TempDir()})
	must(t, plain.CreateBucket(t.Context(), "forgetful", bucket.CreateOptions{}))
	for name, tc := range map[string]struct{ one, secret, says string }{
		"no bucket":                  {"missing", s3test.Secret, "the bucket missing of the object store is not there"},
		"no versions":                {"forgetful", s3test.Secret, "the bucket forgetful of the object store keeps no versions"},
		"another secret":             {"", "guessed", "SignatureDoesNotMatch"},
		"another secret, one bucket": {"forgetful", "guessed", "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newServeHome(t)
			h.env = append(h.env, "AWS_ACCESS_KEY_ID="+s3test.KeyID, "AWS_SECRET_ACCESS_KEY="+tc.secret, "SIGNER_OBJECT_STORE="+storeURL(on, tc.one))
			h.run(t, "put-signing-profile", "--profile-name", "mine", "--platform-id", "AWSLambda-SHA384-ECDSA")
			for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"doctor"}} {
				out, err := h.command(args...).CombinedOutput()
				if err == nil || !strings.Contains(string(out), tc.says) || strings.Contains(string(out), tc.secret) {
					t.Errorf("%s: %v: %s", args[0], err, out)
				}
			}
		})
	}
}
