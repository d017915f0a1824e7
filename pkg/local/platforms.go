package local

import (
	"context"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/sign"
)

// platform is a kind of thing that can be signed. What is written here is what
// the service shows, down to a blank at the end of a name.
type platform struct {
	id, name, partner, target string

	encryption []types.EncryptionAlgorithm // the first is the default
	hash       types.HashAlgorithm
	format     types.ImageFormat
	maxSize    int64 // of a source, in MB
	revocation bool

	imported bool                                                     // it signs with the user's own certificate
	lasting  bool                                                     // its signatures expire
	sign     func(ctx context.Context, dst io.Writer, w *piece) error // nil: it signs no objects
	work     int64                                                    // how often sign reads its source
}

// platforms are all there are, in the order of the service's list. The hash of
// the two that the public model cannot express is the live service's.
var platforms = []platform{
	{
		id: "AWSIoTDeviceManagement-SHA256-ECDSA", name: "AWS IoT Device Management SHA256-ECDSA ",
		partner: "AWSIoTDeviceManagement", target: "SHA256-ECDSA",
		encryption: []types.EncryptionAlgorithm{types.EncryptionAlgorithmEcdsa}, hash: types.HashAlgorithmSha256,
		format: types.ImageFormatJSONDetached, maxSize: 2048, imported: true, sign: signDetached, work: 1,
	},
	{
		id: lambda, name: "AWS Lambda",
		partner: "AWSLambda", target: "SHA384-ECDSA",
		encryption: []types.EncryptionAlgorithm{types.EncryptionAlgorithmEcdsa}, hash: "SHA384",
		format: types.ImageFormatJSONDetached, maxSize: 250, revocation: true, lasting: true, sign: signLambda, work: 1,
	},
	{
		id: "AmazonFreeRTOS-TI-CC3220SF", name: "Amazon FreeRTOS SHA1-RSA CC3220SF-Format",
		partner: "AmazonFreeRTOS", target: "SHA1-RSA-TISHA1",
		encryption: []types.EncryptionAlgorithm{types.EncryptionAlgorithmRsa}, hash: types.HashAlgorithmSha1,
		format: types.ImageFormatJSONEmbedded, maxSize: 16, imported: true, sign: signEmbeddedTI, work: 2,
	},
	{
		id: "AmazonFreeRTOS-Default", name: "Amazon FreeRTOS SHA256-ECDSA",
		partner: "AmazonFreeRTOS", target: "SHA256-ECDSA",
		encryption: []types.EncryptionAlgorithm{types.EncryptionAlgorithmEcdsa, types.EncryptionAlgorithmRsa}, hash: types.HashAlgorithmSha256,
		format: types.ImageFormatJSONEmbedded, maxSize: 16, imported: true, sign: signEmbedded, work: 2,
	},
	{
		id: notation, name: "Notation for container registries",
		partner: "Notation", target: "OCI-SHA384-ECDSA",
		encryption: []types.EncryptionAlgorithm{types.EncryptionAlgorithmEcdsa}, hash: "SHA384",
		format: types.ImageFormatJSONDetached, maxSize: 1, revocation: true, lasting: true,
	},
}

const (
	lambda   = "AWSLambda-SHA384-ECDSA"
	notation = "Notation-OCI-SHA384-ECDSA"
	category = types.Category("AWS") // of all of them, though the model knows AWSIoT alone
)

func signLambda(ctx context.Context, dst io.Writer, p *piece) error {
	return sign.Lambda(ctx, dst, p.source, p.identity, p.claims, p.random)
}

func signDetached(ctx context.Context, dst io.Writer, p *piece) error {
	return sign.Detached(ctx, dst, io.NewSectionReader(p.source, 0, p.source.Size()), p.identity, p.location, p.random)
}

func signEmbedded(ctx context.Context, dst io.Writer, p *piece) error {
	return sign.Embedded(ctx, dst, p.source, p.identity, p.random)
}

func signEmbeddedTI(ctx context.Context, dst io.Writer, p *piece) error {
	return sign.EmbeddedTI(ctx, dst, p.source, p.identity, p.random)
}

// platformOf returns a platform, or the service's error.
func platformOf(id string) (*platform, error) {
	i := slices.IndexFunc(platforms, func(p platform) bool { return p.id == id })
	if i < 0 {
		return nil, notFound(codePlatformNotFound, "Platform with id %s does not exist.", id)
	}
	return &platforms[i], nil
}

// GetSigningPlatform describes a platform.
func (e *Engine) GetSigningPlatform(_ context.Context, in *signer.GetSigningPlatformInput, _ ...func(*signer.Options)) (*signer.GetSigningPlatformOutput, error) {
	if err := check("GetSigningPlatform", in); err != nil {
		return nil, err
	}
	p, err := platformOf(aws.ToString(in.PlatformId))
	if err != nil {
		return nil, err
	}
	row := p.row()
	return &signer.GetSigningPlatformOutput{
		PlatformId: row.PlatformId, DisplayName: row.DisplayName, Partner: row.Partner, Target: row.Target, Category: row.Category,
		SigningConfiguration: row.SigningConfiguration, SigningImageFormat: row.SigningImageFormat,
		MaxSizeInMB: row.MaxSizeInMB, RevocationSupported: row.RevocationSupported,
	}, nil
}

// ListSigningPlatforms lists the platforms that pass all filters.
func (e *Engine) ListSigningPlatforms(_ context.Context, in *signer.ListSigningPlatformsInput, _ ...func(*signer.Options)) (*signer.ListSigningPlatformsOutput, error) {
	if err := check("ListSigningPlatforms", in); err != nil {
		return nil, err
	}
	from, err := place(in.NextToken, "platforms", 1)
	if err != nil {
		return nil, err
	}
	rows := []types.SigningPlatform{}
	for _, p := range platforms {
		if accepts(in.Category, string(category)) && accepts(in.Partner, p.partner) && accepts(in.Target, p.target) {
			rows = append(rows, p.row())
		}
	}
	if from != nil {
		i := slices.IndexFunc(rows, func(r types.SigningPlatform) bool { return *r.PlatformId == from[0] })
		if i < 0 {
			return nil, errToken()
		}
		rows = rows[i+1:]
	}
	rows, next := cut(rows, limit(in.MaxResults), func(last types.SigningPlatform) string { return nextToken("platforms", *last.PlatformId) })
	return &signer.ListSigningPlatformsOutput{Platforms: rows, NextToken: next}, nil
}

// accepts tells whether a filter, if it is there, is for a value.
func accepts(filter *string, value string) bool {
	return filter == nil || *filter == value
}

// row is the platform as the service describes it.
func (p *platform) row() types.SigningPlatform {
	return types.SigningPlatform{
		PlatformId: aws.String(p.id), DisplayName: aws.String(p.name), Partner: aws.String(p.partner), Target: aws.String(p.target),
		Category: category,
		SigningConfiguration: &types.SigningConfiguration{
			EncryptionAlgorithmOptions: &types.EncryptionAlgorithmOptions{AllowedValues: slices.Clone(p.encryption), DefaultValue: p.encryption[0]},
			HashAlgorithmOptions:       &types.HashAlgorithmOptions{AllowedValues: []types.HashAlgorithm{p.hash}, DefaultValue: p.hash},
		},
		SigningImageFormat:  &types.SigningImageFormat{SupportedFormats: []types.ImageFormat{p.format}, DefaultFormat: p.format},
		MaxSizeInMB:         int32(p.maxSize),
		RevocationSupported: p.revocation,
	}
}
