package local

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/api"
)

func TestCheck(t *testing.T) {
	const one = "ValidationException: 1 validation error detected: "
	for _, tc := range []struct {
		operation string
		in        any
		want      string
	}{
		{"GetSigningProfile", &signer.GetSigningProfileInput{ProfileName: aws.String("é_")},
			one + "Value 'é_' at 'profileName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}"},
		{"GetSigningProfile", &signer.GetSigningProfileInput{ProfileName: aws.String("ok\n")},
			one + "Value 'ok\n' at 'profileName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}"},
		{"GetSigningProfile", &signer.GetSigningProfileInput{ProfileName: aws.String("x"), ProfileOwner: aws.String("12")},
			"ValidationException: 4 validation errors detected: Value 'x' at 'profileName' failed to satisfy constraint: Member must have length greater than or equal to 2; " +
				"Value 'x' at 'profileName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}; " +
				"Value '12' at 'profileOwner' failed to satisfy constraint: Member must have length greater than or equal to 12; " +
				"Value '12' at 'profileOwner' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9]{12}$"},
		{"PutSigningProfile", &signer.PutSigningProfileInput{ProfileName: aws.String("ok"), SigningMaterial: &types.SigningMaterial{}},
			"ValidationException: 2 validation errors detected: Value null at 'signingMaterial.certificateArn' failed to satisfy constraint: Member must not be null; " +
				"Value null at 'platformId' failed to satisfy constraint: Member must not be null"},
		{"ListSigningProfiles", &signer.ListSigningProfilesInput{Statuses: []types.SigningProfileStatus{"Active", "Lost"}},
			one + "Value '[Active, Lost]' at 'statuses' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [Active, Canceled, Revoked]]"},
		{"ListSigningProfiles", &signer.ListSigningProfilesInput{MaxResults: aws.Int32(0)},
			one + "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"TagResource", &signer.TagResourceInput{ResourceArn: aws.String("a"), Tags: map[string]string{"a": strings.Repeat("x", 3), "aws:b": "c"}},
			one + "Value '{a=xxx, aws:b=c}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, " +
				"Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ^(?!aws:)[a-zA-Z+-=._:/]+$]"},
		{"ListSigningProfiles", &signer.ListSigningProfilesInput{Statuses: []types.SigningProfileStatus{"Active"}, MaxResults: aws.Int32(25)}, ""},
		{"PutSigningProfile", &signer.PutSigningProfileInput{ProfileName: aws.String("ok"), PlatformId: aws.String(""),
			Overrides: &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{HashAlgorithm: "SHA384"}}}, ""},
	} {
		got := ""
		if err := check(tc.operation, tc.in); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.operation, got, tc.want)
		}
	}
}

// Every pattern of the API must be one that Go can apply: a text that fits none
// but the most lenient of them is tried on all.
func TestPatterns(t *testing.T) {
	var try func(s *api.Shape)
	try = func(s *api.Shape) {
		if s == nil {
			return
		}
		if s.Pattern != "" {
			matches(s.Pattern, "aws:x") // panics over a pattern it cannot read
		}
		try(s.Key)
		try(s.Elem)
		for _, m := range s.Members {
			try(m.Shape)
		}
	}
	for _, op := range api.Signer.Operations {
		try(op.Input)
	}
	if matches("^(?!aws:)[a-z:]+$", "aws:x") || !matches("^(?!aws:)[a-z:]+$", "law:x") {
		t.Error("the look-ahead is not looked at")
	}
}
