package cmd

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
)

func (l *localS3) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	if in.ContinuationToken != nil && *in.ContinuationToken == "" {
		return nil, s3Error(bucket.InvalidArgument, 400, "The continuation token provided is incorrect")
	}
	limit, err := l.limit(ctx, *in.Bucket, in.ExpectedBucketOwner, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	var page bucket.ObjectPage
	if limit.entries != 0 {
		page, err = l.store.ListObjects(ctx, *in.Bucket, bucket.ListOptions{
			Prefix: aws.ToString(in.Prefix), Delimiter: aws.ToString(in.Delimiter), StartAfter: aws.ToString(in.StartAfter),
			Token: aws.ToString(in.ContinuationToken), MaxKeys: limit.entries})
	}
	if err != nil {
		return nil, err
	}
	spell := spelling(in.EncodingType)
	out := &s3.ListObjectsV2Output{
		IsTruncated: &page.Truncated, Name: in.Bucket, Prefix: spell.text(aws.ToString(in.Prefix)), Delimiter: spell.given(in.Delimiter),
		MaxKeys: aws.Int32(limit.told), CommonPrefixes: spell.prefixes(page.Prefixes), EncodingType: types.EncodingTypeUrl,
		KeyCount: aws.Int32(int32(len(page.Objects) + len(page.Prefixes))), ContinuationToken: in.ContinuationToken,
		NextContinuationToken: orNil(page.NextToken), StartAfter: spell.given(in.StartAfter),
	}
	for _, o := range page.Objects {
		told := types.Object{Key: spell.text(o.Key), LastModified: &o.LastModified, ETag: &o.ETag, Size: &o.Size, StorageClass: types.ObjectStorageClassStandard,
			ChecksumAlgorithm: sumAlgorithms(o.Checksum), ChecksumType: types.ChecksumType(o.Checksum.Type)}
		if aws.ToBool(in.FetchOwner) {
			told.Owner = l.owner()
		}
		out.Contents = append(out.Contents, told)
	}
	return out, nil
}

func (l *localS3) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, _ ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	limit, err := l.limit(ctx, *in.Bucket, in.ExpectedBucketOwner, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	var page bucket.VersionPage
	if limit.entries != 0 {
		page, err = l.store.ListVersions(ctx, *in.Bucket, bucket.VersionOptions{
			Prefix: aws.ToString(in.Prefix), Delimiter: aws.ToString(in.Delimiter), KeyMarker: aws.ToString(in.KeyMarker),
			VersionMarker: aws.ToString(in.VersionIdMarker), MaxKeys: limit.entries})
	}
	if err != nil {
		return nil, err
	}
	spell := spelling(in.EncodingType)
	out := &s3.ListObjectVersionsOutput{
		IsTruncated: &page.Truncated, KeyMarker: spell.text(aws.ToString(in.KeyMarker)), VersionIdMarker: aws.String(aws.ToString(in.VersionIdMarker)),
		NextKeyMarker: spell.orNil(page.NextKeyMarker), NextVersionIdMarker: orNil(page.NextVersionMarker),
		Name: in.Bucket, Prefix: spell.text(aws.ToString(in.Prefix)), Delimiter: spell.given(in.Delimiter),
		MaxKeys: aws.Int32(limit.told), CommonPrefixes: spell.prefixes(page.Prefixes), EncodingType: types.EncodingTypeUrl,
	}
	for _, v := range page.Versions {
		l.addVersion(out, v, spell)
	}
	return out, nil
}

// addVersion puts a version into the list that it belongs to.
func (l *localS3) addVersion(out *s3.ListObjectVersionsOutput, v bucket.Version, spell spelling) {
	if v.DeleteMarker {
		out.DeleteMarkers = append(out.DeleteMarkers, types.DeleteMarkerEntry{Owner: l.owner(), Key: spell.text(v.Key), VersionId: &v.VersionID,
			IsLatest: &v.Latest, LastModified: &v.LastModified})
		return
	}
	out.Versions = append(out.Versions, types.ObjectVersion{ETag: &v.ETag, Size: &v.Size, StorageClass: types.ObjectVersionStorageClassStandard,
		Key: spell.text(v.Key), VersionId: &v.VersionID, IsLatest: &v.Latest, LastModified: &v.LastModified, Owner: l.owner(),
		ChecksumAlgorithm: sumAlgorithms(v.Checksum), ChecksumType: types.ChecksumType(v.Checksum.Type)})
}

// limit is how many entries a page may have: what the store is asked for, where 0
// is not to ask it, and what is told.
type limit struct {
	entries int
	told    int32
}

// limit also makes sure of the bucket where the store will not be asked.
func (l *localS3) limit(ctx context.Context, name string, owner *string, maxKeys *int32) (limit, error) {
	if err := l.owned(owner); err != nil {
		return limit{}, err
	}
	if maxKeys == nil {
		return limit{bucket.MaxKeys, bucket.MaxKeys}, nil
	}
	if *maxKeys != 0 {
		return limit{int(*maxKeys), min(*maxKeys, bucket.MaxKeys)}, nil
	}
	_, err := l.store.HeadBucket(ctx, name)
	return limit{}, err
}

// spelling is how keys are written in an answer. S3 writes them like the query of
// a URL if it is told to. The AWS CLI always tells it to and undoes it again,
// unless it was asked for: that is why answers say "url" in any case.
type spelling types.EncodingType

func (s spelling) text(key string) *string {
	if types.EncodingType(s) == types.EncodingTypeUrl {
		key = strings.NewReplacer("%2F", "/", "%2A", "*", "~", "%7E").Replace(url.QueryEscape(key))
	}
	return &key
}

func (s spelling) given(key *string) *string {
	if key == nil {
		return nil
	}
	return s.text(*key)
}

func (s spelling) orNil(key string) *string {
	if key == "" {
		return nil
	}
	return s.text(key)
}

func (s spelling) prefixes(all []string) []types.CommonPrefix {
	var told []types.CommonPrefix
	for _, p := range all {
		told = append(told, types.CommonPrefix{Prefix: s.text(p)})
	}
	return told
}
