package sigv4

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"time"
)

// Form is what the fields of a form say of its signature. Browsers post such forms to an
// object store; what is signed is not the request but the policy that it has to meet
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html).
type Form struct {
	Credential, Date, Token string
	Policy                  string // as it was sent
	Signature               string
}

// VerifyForm proves who made the policy of a form that is posted to an object store. It
// is for the caller to hold the form to the policy, and to the time at which that
// expires. The signature itself has force for a week.
//
// What is wrong with it is an *Error. Other errors come from the Secrets.
func (v *Verifier) VerifyForm(ctx context.Context, f Form) (*Verified, error) {
	s := &Signature{Presigned: true, Lifetime: week * time.Second, value: f.Signature, token: f.Token}
	if err := s.read(f.Credential, "", f.Date); err != nil {
		return nil, err
	}
	if err := v.scoped(s, Rules{Service: "s3"}); err != nil {
		return nil, err
	}
	if err := v.fresh(s); err != nil {
		return nil, err
	}
	key, err := v.key(ctx, s)
	if err != nil {
		return nil, err
	}
	want := hex.EncodeToString(mac(s.signingKey(key.Secret), f.Policy))
	if !hmac.Equal([]byte(want), []byte(f.Signature)) {
		return nil, &Error{Mismatch, "The request signature we calculated does not match the signature you provided. Check your key and signing method."}
	}
	return &Verified{KeyID: s.KeyID, Account: key.Account, Principal: key.Principal}, nil
}
