package cmd

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/remote"
)

// remoteS3 opens S3 itself, or what an endpoint stands for it.
func (s *session) remoteS3(ctx context.Context) (remoteS3, error) {
	config, err := remote.Load(ctx, s.remoteConfig("s3"))
	if err != nil {
		return remoteS3{}, err
	}
	return remoteS3{s3.NewFromConfig(config, func(o *s3.Options) {
		o.UsePathStyle = config.BaseEndpoint != nil        // few such endpoints have a host for every bucket
		o.DisableLogOutputChecksumValidationSkipped = true // nobody can do anything about it
	})}, nil
}

// remoteS3 is the SDK's client, with the ways of the AWS CLI where they differ.
type remoteS3 struct{ *s3.Client }

var _ buckets = remoteS3{}

// PutObject leaves it to S3 what an object is that comes without a type, and adds
// the checksum that the AWS CLI does.
func (r remoteS3) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if in.ContentType == nil {
		in.ContentType = aws.String("binary/octet-stream")
	}
	if in.ChecksumAlgorithm == "" && !hasChecksum(in) && r.Options().RequestChecksumCalculation != aws.RequestChecksumCalculationWhenRequired {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc64nvme
	}
	return r.Client.PutObject(ctx, in, options...)
}

func hasChecksum(in *s3.PutObjectInput) bool {
	for _, sum := range []*string{in.ChecksumCRC32, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumSHA1, in.ChecksumSHA256,
		in.ChecksumSHA512, in.ChecksumMD5, in.ChecksumXXHASH64, in.ChecksumXXHASH3, in.ChecksumXXHASH128} {
		if sum != nil {
			return true
		}
	}
	return false
}

// GetObject tells metadata even if there is none.
func (r remoteS3) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	out, err := r.Client.GetObject(ctx, in, options...)
	if err == nil && out.Metadata == nil {
		out.Metadata = map[string]string{}
	}
	return out, err
}

// HeadObject tells metadata even if there is none.
func (r remoteS3) HeadObject(ctx context.Context, in *s3.HeadObjectInput, options ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	out, err := r.Client.HeadObject(ctx, in, options...)
	if err == nil && out.Metadata == nil {
		out.Metadata = map[string]string{}
	}
	return out, err
}

// ListObjectsV2 has keys written so that any character of theirs survives XML, and
// reads them, unless the user asks for that form himself.
func (r remoteS3) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, options ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	asked := in.EncodingType != ""
	in.EncodingType = types.EncodingTypeUrl
	out, err := r.Client.ListObjectsV2(ctx, in, options...)
	if err != nil || asked || out.EncodingType != types.EncodingTypeUrl {
		return out, err
	}
	unescape(out.Prefix, out.Delimiter, out.StartAfter)
	for _, o := range out.Contents {
		unescape(o.Key)
	}
	for _, p := range out.CommonPrefixes {
		unescape(p.Prefix)
	}
	return out, nil
}

// ListObjectVersions is like ListObjectsV2 in this.
func (r remoteS3) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, options ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	asked := in.EncodingType != ""
	in.EncodingType = types.EncodingTypeUrl
	out, err := r.Client.ListObjectVersions(ctx, in, options...)
	if err != nil || asked || out.EncodingType != types.EncodingTypeUrl {
		return out, err
	}
	unescape(out.Prefix, out.Delimiter, out.KeyMarker, out.NextKeyMarker)
	for _, v := range out.Versions {
		unescape(v.Key)
	}
	for _, m := range out.DeleteMarkers {
		unescape(m.Key)
	}
	for _, p := range out.CommonPrefixes {
		unescape(p.Prefix)
	}
	return out, nil
}

// unescape reads texts that are written like the query of a URL, in place.
func unescape(texts ...*string) {
	for _, t := range texts {
		if t == nil {
			continue
		}
		if plain, err := url.QueryUnescape(*t); err == nil {
			*t = plain
		}
	}
}
