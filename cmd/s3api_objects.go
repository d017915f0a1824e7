package cmd

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
)

func (l *localS3) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	stored, err := l.store.Put(ctx, *in.Bucket, *in.Key, in.Body, bucket.PutOptions{
		ContentType: aws.ToString(in.ContentType),
		Metadata:    in.Metadata,
		ContentMD5:  aws.ToString(in.ContentMD5),
		IfNoneMatch: aws.ToString(in.IfNoneMatch),
	})
	if err != nil {
		return nil, err
	}
	return &s3.PutObjectOutput{ETag: &stored.ETag, VersionId: orNil(stored.VersionID)}, nil
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
	p, out, err := describe(in, o.Info)
	if err != nil {
		o.Close()
		return nil, err
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
	_, get, err := describe((*s3.GetObjectInput)(in), info)
	if err != nil {
		return nil, err
	}
	return &s3.HeadObjectOutput{AcceptRanges: get.AcceptRanges, LastModified: get.LastModified, ContentLength: get.ContentLength,
		ETag: get.ETag, VersionId: get.VersionId, CacheControl: get.CacheControl, ContentDisposition: get.ContentDisposition,
		ContentEncoding: get.ContentEncoding, ContentLanguage: get.ContentLanguage, ContentType: get.ContentType,
		ContentRange: get.ContentRange, Metadata: get.Metadata}, nil
}

// describe tells all of an object but its content, if the conditions of the request
// hold, and which part of the content is wanted.
func describe(in *s3.GetObjectInput, info bucket.Info) (part, *s3.GetObjectOutput, error) {
	if err := holds(in, info); err != nil {
		return part{}, nil, err
	}
	p, err := partOf(in.Range, info.Size)
	if err != nil {
		return part{}, nil, err
	}
	out := &s3.GetObjectOutput{AcceptRanges: aws.String("bytes"), LastModified: &info.LastModified, ContentLength: &p.length,
		ETag: &info.ETag, VersionId: orNil(info.VersionID), CacheControl: in.ResponseCacheControl,
		ContentDisposition: in.ResponseContentDisposition, ContentEncoding: in.ResponseContentEncoding,
		ContentLanguage: in.ResponseContentLanguage, ContentType: in.ResponseContentType, ContentRange: p.told(info.Size),
		Metadata: info.Metadata}
	if out.ContentType == nil {
		out.ContentType = &info.ContentType
	}
	if out.Metadata == nil {
		out.Metadata = map[string]string{} // S3's clients always tell it
	}
	return p, out, nil
}

func (l *localS3) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	deleted, err := l.store.Delete(ctx, *in.Bucket, *in.Key, aws.ToString(in.VersionId))
	if err != nil {
		return nil, err
	}
	out := &s3.DeleteObjectOutput{VersionId: orNil(deleted.VersionID)}
	if deleted.DeleteMarker {
		out.DeleteMarker = aws.Bool(true)
	}
	return out, nil
}
