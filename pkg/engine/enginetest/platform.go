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

// platforms are all there are, as the service describes them; of the last one only the
// names and the algorithms are known of AWS.
var platforms = []types.SigningPlatform{
	platform(iot, "AWS IoT Device Management SHA256-ECDSA ", "AWSIoTDeviceManagement", "SHA256-ECDSA", "SHA256", "JSONDetached", 2048, false, "ECDSA"), // the blank is AWS's
	platform(lambda, "AWS Lambda", "AWSLambda", "SHA384-ECDSA", "SHA384", "JSONDetached", 250, true, "ECDSA"),
	platform(ti, "Amazon FreeRTOS SHA1-RSA CC3220SF-Format", "AmazonFreeRTOS", "SHA1-RSA-TISHA1", "SHA1", "JSONEmbedded", 16, false, "RSA"),
	platform(freeRTOS, "Amazon FreeRTOS SHA256-ECDSA", "AmazonFreeRTOS", "SHA256-ECDSA", "SHA256", "JSONEmbedded", 16, false, "ECDSA", "RSA"),
	platform(notation, "Notation for container registries", "Notation", "OCI-SHA384-ECDSA", "SHA384", "JSONDetached", 1, true, "ECDSA"),
}

func platform(id, name, partner, target string, hash types.HashAlgorithm, format types.ImageFormat, maxSize int32, revocation bool,
	encryption ...types.EncryptionAlgorithm) types.SigningPlatform {
	return types.SigningPlatform{
		PlatformId: &id, DisplayName: &name, Partner: &partner, Target: &target, Category: "AWS",
		SigningConfiguration: &types.SigningConfiguration{
			EncryptionAlgorithmOptions: &types.EncryptionAlgorithmOptions{AllowedValues: encryption, DefaultValue: encryption[0]},
			HashAlgorithmOptions:       &types.HashAlgorithmOptions{AllowedValues: []types.HashAlgorithm{hash}, DefaultValue: hash},
		},
		SigningImageFormat: &types.SigningImageFormat{SupportedFormats: []types.ImageFormat{format}, DefaultFormat: format},
		MaxSizeInMB:        maxSize, RevocationSupported: revocation,
	}
}

var platformTests = map[string]func(*testing.T, *World){
	"AreDescribedExactly": func(t *testing.T, w *World) {
		rows := map[string]types.SigningPlatform{}
		for pages := signer.NewListSigningPlatformsPaginator(w.Engine, &signer.ListSigningPlatformsInput{}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			must(t, err)
			for _, row := range page.Platforms {
				rows[*row.PlatformId] = row
			}
		}
		for _, want := range platforms {
			same(t, rows[*want.PlatformId], want)
			got, err := w.Engine.GetSigningPlatform(ctx, &signer.GetSigningPlatformInput{PlatformId: want.PlatformId})
			must(t, err)
			same(t, got, &signer.GetSigningPlatformOutput{
				PlatformId: want.PlatformId, DisplayName: want.DisplayName, Partner: want.Partner, Target: want.Target, Category: want.Category,
				SigningConfiguration: want.SigningConfiguration, SigningImageFormat: want.SigningImageFormat,
				MaxSizeInMB: want.MaxSizeInMB, RevocationSupported: want.RevocationSupported,
			})
		}
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
	"ListRefuses": func(t *testing.T, w *World) {
		_, err := w.Engine.ListSigningPlatforms(ctx, &signer.ListSigningPlatformsInput{NextToken: aws.String("nonsense")})
		refusedToken(t, err)
		refusedPages(t, func(size *int32) error {
			_, err := w.Engine.ListSigningPlatforms(ctx, &signer.ListSigningPlatformsInput{MaxResults: size})
			return err
		})
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

// refusedPages checks of a list that a page has 1 to 25 entries.
func refusedPages(t *testing.T, list func(size *int32) error) {
	t.Helper()
	refused(t, list(aws.Int32(0)), "ValidationException", "", invalid("0", "maxResults", "have value greater than or equal to 1"))
	refused(t, list(aws.Int32(26)), "ValidationException", "", invalid("26", "maxResults", "have value less than or equal to 25"))
	must(t, list(aws.Int32(1)))
	must(t, list(aws.Int32(25)))
}
