package local

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// What the API finds is tested with it: here, that it is asked.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		operation string
		in        any
		want      string
	}{
		{"GetSigningProfile", &signer.GetSigningProfileInput{ProfileName: aws.String("100%")},
			"1 validation error detected: Value '100%' at 'profileName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}"},
		{"PutSigningProfile", &signer.PutSigningProfileInput{ProfileName: aws.String("ok"), SigningMaterial: &types.SigningMaterial{}},
			"2 validation errors detected: Value null at 'signingMaterial.certificateArn' failed to satisfy constraint: Member must not be null; " +
				"Value null at 'platformId' failed to satisfy constraint: Member must not be null"},
	} {
		var refusal *types.ValidationException
		if err := check(tc.operation, tc.in); !errors.As(err, &refusal) || *refusal.Message != tc.want || refusal.Code != nil {
			t.Errorf("%s: got %v", tc.operation, err)
		}
	}
	if err := check("GetSigningProfile", &signer.GetSigningProfileInput{ProfileName: aws.String("ok")}); err != nil {
		t.Errorf("got %v", err)
	}
}
