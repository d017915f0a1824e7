package s3store

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
)

var (
	_ bucket.Tagger = (*Store)(nil)
	_ bucket.Tagger = (*Within)(nil)
)

// tagHeader writes tags as the header x-amz-tagging has them: nil if there are none.
func tagHeader(tags []bucket.Tag) *string {
	var pairs []string
	for _, t := range tags {
		pairs = append(pairs, url.QueryEscape(t.Key)+"="+url.QueryEscape(t.Value))
	}
	return given(strings.Join(pairs, "&"))
}

func tagSet(tags []bucket.Tag) *types.Tagging {
	t := &types.Tagging{}
	for _, tag := range tags {
		t.TagSet = append(t.TagSet, types.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
	}
	return t
}

func tagsFrom(set []types.Tag) (tags []bucket.Tag) {
	for _, t := range set {
		tags = append(tags, bucket.Tag{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)})
	}
	return tags
}

// tags asks for the tags of a version, if there are any. S3 tells how many only to those
// who may read them.
func (s *Store) tags(ctx context.Context, at place, count *int32) ([]bucket.Tag, error) {
	if aws.ToInt32(count) == 0 {
		return nil, nil
	}
	out, err := s.client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &at.bucket, Key: &at.key, VersionId: given(at.version)})
	if err != nil {
		return nil, explain(err, "read the tags of", at)
	}
	return tagsFrom(out.TagSet), nil
}

// PutTags replaces the tags of a version.
func (s *Store) PutTags(ctx context.Context, name, key, version string, tags []bucket.Tag) (bucket.Info, error) {
	if err := bucket.CheckTags(tags, bucket.MaxTags); err != nil {
		return bucket.Info{}, err
	}
	info, err := s.Head(ctx, name, key, version)
	if err != nil {
		return info, err
	}
	at := place{name, key, version}
	if len(tags) == 0 {
		_, err = s.client.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: &name, Key: &key, VersionId: given(version)})
	} else {
		_, err = s.client.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &name, Key: &key, VersionId: given(version), Tagging: tagSet(tags)})
	}
	info.Tags = tags
	return info, explain(err, "tag", at)
}

// BucketTags returns the tags of a bucket.
func (s *Store) BucketTags(ctx context.Context, name string) ([]bucket.Tag, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	out, err := s.client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &name})
	if bucket.IsCode(err, "NoSuchTagSet") {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err, "read the tags of", place{bucket: name})
	}
	return tagsFrom(out.TagSet), nil
}

// PutBucketTags replaces the tags of a bucket.
func (s *Store) PutBucketTags(ctx context.Context, name string, tags []bucket.Tag) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := bucket.CheckTags(tags, bucket.MaxBucketTags); err != nil {
		return err
	}
	var err error
	if len(tags) == 0 {
		_, err = s.client.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: &name})
	} else {
		_, err = s.client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: tagSet(tags)})
	}
	return explain(err, "tag", place{bucket: name})
}

// PutTags replaces the tags of a version.
func (w *Within) PutTags(ctx context.Context, name, key, version string, tags []bucket.Tag) (bucket.Info, error) {
	if err := w.writable(ctx, name, key); err != nil {
		return bucket.Info{}, err
	}
	info, err := w.store.PutTags(ctx, w.bucket, w.key(name, key), version, tags)
	info.Key = key
	return info, w.told(ctx, err, name, key)
}

// BucketTags returns the tags of a bucket.
func (w *Within) BucketTags(ctx context.Context, name string) ([]bucket.Tag, error) {
	m, _, err := w.mark(ctx, name)
	return m.Tags, err
}

// PutBucketTags replaces the tags of a bucket.
func (w *Within) PutBucketTags(ctx context.Context, name string, tags []bucket.Tag) error {
	if err := bucket.CheckTags(tags, bucket.MaxBucketTags); err != nil {
		return err
	}
	m, tag, err := w.mark(ctx, name)
	if err != nil {
		return err
	}
	m.Tags = tags
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = w.store.Put(ctx, w.bucket, w.markKey(name), bytes.NewReader(text), bucket.PutOptions{ContentType: "application/json", IfMatch: tag})
	return w.own(err, name)
}
