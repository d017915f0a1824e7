package enginetest

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

const (
	iot      = "AWSIoTDeviceManagement-SHA256-ECDSA"
	lambda   = "AWSLambda-SHA384-ECDSA"
	ti       = "AmazonFreeRTOS-TI-CC3220SF"
	freeRTOS = "AmazonFreeRTOS-Default"
	notation = "Notation-OCI-SHA384-ECDSA"
)

var platformTests = map[string]func(*testing.T, *World){
	"IsDescribedExactly": func(t *testing.T, w *World) {
		got, err := w.Engine.GetSigningPlatform(ctx, &signer.GetSigningPlatformInput{PlatformId: aws.String(iot)})
		must(t, err)
		same(t, got, &signer.GetSigningPlatformOutput{
			PlatformId: aws.String(iot), DisplayName: aws.String("AWS IoT Device Management SHA256-ECDSA "), // the blank is AWS's
			Partner: aws.String("AWSIoTDeviceManagement"), Target: aws.String("SHA256-ECDSA"), Category: "AWS",
			SigningConfiguration: &types.SigningConfiguration{
				EncryptionAlgorithmOptions: &types.EncryptionAlgorithmOptions{AllowedValues: []types.EncryptionAlgorithm{"ECDSA"}, DefaultValue: "ECDSA"},
				HashAlgorithmOptions:       &types.HashAlgorithmOptions{AllowedValues: []types.HashAlgorithm{"SHA256"}, DefaultValue: "SHA256"},
			},
			SigningImageFormat: &types.SigningImageFormat{SupportedFormats: []types.ImageFormat{"JSONDetached"}, DefaultFormat: "JSONDetached"},
			MaxSizeInMB:        2048,
		})
	},
	"OfLambda": func(t *testing.T, w *World) {
		got, err := w.Engine.GetSigningPlatform(ctx, &signer.GetSigningPlatformInput{PlatformId: aws.String(lambda)})
		must(t, err)
		same(t, *got.DisplayName, "AWS Lambda")
		same(t, got.SigningConfiguration.HashAlgorithmOptions.DefaultValue, types.HashAlgorithm("SHA384"))
		same(t, got.MaxSizeInMB, int32(250))
		same(t, got.RevocationSupported, true)
	},
	"Unknown": func(t *testing.T, w *World) {
		_, err := w.Engine.GetSigningPlatform(ctx, &signer.GetSigningPlatformInput{PlatformId: aws.String("Nothing")})
		refused(t, err, "ResourceNotFoundException", "PlatformNotFound", "Platform with id Nothing does not exist.")
	},
	"List": func(t *testing.T, w *World) {
		for _, tc := range []struct {
			in   signer.ListSigningPlatformsInput
			want []string
		}{
			{signer.ListSigningPlatformsInput{}, []string{iot, lambda, ti, freeRTOS, notation}},
			{signer.ListSigningPlatformsInput{Category: aws.String("AWS"), Partner: aws.String("AmazonFreeRTOS")}, []string{ti, freeRTOS}},
			{signer.ListSigningPlatformsInput{Target: aws.String("SHA384-ECDSA")}, []string{lambda}},
			{signer.ListSigningPlatformsInput{Partner: aws.String("Nobody")}, nil},
		} {
			same(t, platformPages(t, w, tc.in), tc.want)
			tc.in.MaxResults = aws.Int32(2)
			same(t, platformPages(t, w, tc.in), tc.want)
		}
	},
	"ListRefusesTokensOfOthers": func(t *testing.T, w *World) {
		_, err := w.Engine.ListSigningPlatforms(ctx, &signer.ListSigningPlatformsInput{NextToken: aws.String("nonsense")})
		refusedToken(t, err)
	},
}

func platformPages(t *testing.T, w *World, in signer.ListSigningPlatformsInput) (ids []string) {
	t.Helper()
	for pages := signer.NewListSigningPlatformsPaginator(w.Engine, &in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		must(t, err)
		if in.MaxResults != nil && len(page.Platforms) > int(*in.MaxResults) {
			t.Errorf("a page of %d", len(page.Platforms))
		}
		ids = slices.AppendSeq(ids, func(yield func(string) bool) {
			for _, p := range page.Platforms {
				yield(*p.PlatformId)
			}
		})
	}
	return ids
}

// refusedToken checks that a page was refused because of its token. The text is
// not known of AWS.
func refusedToken(t *testing.T, err error) {
	t.Helper()
	refusedAs[*types.ValidationException](t, err)
}
