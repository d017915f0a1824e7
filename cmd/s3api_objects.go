package cmd

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
)

func (l *localS3) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	opts, err := putOptions(in)
	if err != nil {
		return nil, err
	}
	stored, err := l.store.Put(ctx, *in.Bucket, *in.Key, in.Body, opts)
	if err != nil {
		return nil, err
	}
	out := &s3.PutObjectOutput{ETag: &stored.ETag, VersionId: orNil(stored.VersionID)}
	tellSum(out, &out.ChecksumType, stored.Checksum)
	return out, nil
}

func putOptions(in *s3.PutObjectInput) (opts bucket.PutOptions, err error) {
	opts = bucket.PutOptions{ContentType: aws.ToString(in.ContentType), Metadata: in.Metadata, ContentMD5: aws.ToString(in.ContentMD5),
		IfMatch: aws.ToString(in.IfMatch), IfNoneMatch: aws.ToString(in.IfNoneMatch)}
	if opts.Headers, err = keptHeaders(in); err != nil {
		return opts, err
	}
	if opts.Tags, err = bucket.ParseTags(aws.ToString(in.Tagging)); err != nil {
		return opts, err
	}
	opts.Checksum, err = wantedSum(in)
	return opts, err
}

// orNil returns nil for an empty text, where S3 says nothing.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// GetObject's answer has a body that the caller closes.
func (l *localS3) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	o, err := l.store.Get(ctx, *in.Bucket, *in.Key, aws.ToString(in.VersionId))
	if err != nil {
		return nil, err
	}
	p, out, err := l.describe(ctx, in, o.Info)
	if err != nil {
		o.Close()
		return nil, err
	}
	if p.checked {
		tellSum(out, &out.ChecksumType, o.Checksum)
	}
	out.Body = p.of(o)
	return out, nil
}

func (l *localS3) HeadObject(ctx context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	info, err := l.store.Head(ctx, *in.Bucket, *in.Key, aws.ToString(in.VersionId))
	if err != nil {
		return nil, err
	}
	p, get, err := l.describe(ctx, (*s3.GetObjectInput)(in), info)
	if err != nil {
		return nil, err
	}
	out := &s3.HeadObjectOutput{AcceptRanges: get.AcceptRanges, LastModified: get.LastModified, ContentLength: get.ContentLength,
		ETag: get.ETag, VersionId: get.VersionId, CacheControl: get.CacheControl, ContentDisposition: get.ContentDisposition,
		ContentEncoding: get.ContentEncoding, ContentLanguage: get.ContentLanguage, ContentType: get.ContentType,
		ContentRange: get.ContentRange, Metadata: get.Metadata, WebsiteRedirectLocation: get.WebsiteRedirectLocation,
		PartsCount: get.PartsCount, TagCount: get.TagCount}
	//lint:ignore SA1019 the AWS CLI tells it as a time
	out.Expires = get.Expires
	if in.ChecksumMode == types.ChecksumModeEnabled && p.checked {
		tellSum(out, &out.ChecksumType, info.Checksum)
	}
	return out, nil
}

// describe tells all of an object but its content and checksum, if the conditions of the
// request hold, and which part of the content is wanted.
func (l *localS3) describe(ctx context.Context, in *s3.GetObjectInput, info bucket.Info) (part, *s3.GetObjectOutput, error) {
	if err := holds(in, info); err != nil {
		return part{}, nil, err
	}
	p, err := l.part(ctx, in, info)
	if err != nil {
		return part{}, nil, err
	}
	out := &s3.GetObjectOutput{AcceptRanges: aws.String("bytes"), LastModified: &info.LastModified, ContentLength: &p.length, ETag: &info.ETag,
		VersionId: orNil(info.VersionID), ContentRange: p.told(info.Size), Metadata: info.Metadata, WebsiteRedirectLocation: orNil(info.WebsiteRedirect),
		CacheControl: cmp.Or(in.ResponseCacheControl, orNil(info.CacheControl)), ContentDisposition: cmp.Or(in.ResponseContentDisposition, orNil(info.ContentDisposition)),
		ContentEncoding: cmp.Or(in.ResponseContentEncoding, orNil(info.ContentEncoding)), ContentLanguage: cmp.Or(in.ResponseContentLanguage, orNil(info.ContentLanguage)),
		ContentType: cmp.Or(in.ResponseContentType, &info.ContentType)}
	//lint:ignore SA1019 the AWS CLI tells it as a time
	out.Expires = cmp.Or(in.ResponseExpires, expiry(info.Expires))
	if out.Metadata == nil {
		out.Metadata = map[string]string{} // S3's clients always tell it
	}
	if p.parts > 0 {
		out.PartsCount = aws.Int32(int32(p.parts))
	}
	if len(info.Tags) > 0 {
		out.TagCount = aws.Int32(int32(len(info.Tags)))
	}
	return p, out, nil
}

// expiry is the time that stands in a header, or nil: clients need not have put one.
func expiry(header string) *time.Time {
	t, err := http.ParseTime(header)
	if err != nil {
		return nil
	}
	return &t
}

func (l *localS3) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	deleted, err := l.store.DeleteIf(ctx, *in.Bucket, *in.Key, aws.ToString(in.VersionId), bucket.Conditions{
		IfMatch: aws.ToString(in.IfMatch), Size: in.IfMatchSize, Modified: aws.ToTime(in.IfMatchLastModifiedTime)})
	if err != nil {
		return nil, err
	}
	out := &s3.DeleteObjectOutput{VersionId: orNil(deleted.VersionID)}
	if deleted.DeleteMarker {
		out.DeleteMarker = aws.Bool(true)
	}
	return out, nil
}
