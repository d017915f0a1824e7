package s3store

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
)

// defaultType is what S3 takes an object for that comes without a type. The SDK
// would send another one.
const defaultType = "binary/octet-stream"

// Put sends body as the current version of key. A body that is an io.Seeker is
// sent from where it stands; any other one is written to a temporary file first.
func (s *Store) Put(ctx context.Context, name, key string, body io.Reader, opts bucket.PutOptions) (bucket.Stored, error) {
	if err := check(name, key); err != nil {
		return bucket.Stored{}, err
	}
	if err := opts.Check(name, key); err != nil {
		return bucket.Stored{}, err
	}
	at := place{bucket: name, key: key}
	again, size, done, err := s.seekable(ctx, body)
	if err != nil {
		return bucket.Stored{}, explain(err, "put", at)
	}
	defer done()
	in := &s3.PutObjectInput{
		Bucket:        &name,
		Key:           &key,
		Body:          again,
		ContentLength: &size,
		ContentType:   aws.String(defaultType),
		Metadata:      opts.Metadata,
		ContentMD5:    given(opts.ContentMD5),
		IfNoneMatch:   given(opts.IfNoneMatch),
	}
	if opts.ContentType != "" {
		in.ContentType = &opts.ContentType
	}
	out, err := s.client.PutObject(ctx, in)
	if err != nil {
		return bucket.Stored{}, explain(err, "put", at)
	}
	stored := bucket.Stored{VersionID: aws.ToString(out.VersionId), ETag: aws.ToString(out.ETag), Size: size}
	if stored.VersionID == bucket.Null {
		stored.VersionID = ""
	}
	return stored, nil
}

// given returns nil for an empty string: the SDK then sends nothing.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Get opens a version. The first ReadAt copies the object to a temporary file; if
// Read has taken bytes by then, they are asked for once more, and it fails if
// the object in a bucket without versions has been replaced since.
func (s *Store) Get(ctx context.Context, name, key, version string) (*bucket.Object, error) {
	if err := check(name, key); err != nil {
		return nil, err
	}
	at := place{name, key, version}
	in := &s3.GetObjectInput{Bucket: &name, Key: &key, VersionId: given(version)}
	out, err := s.client.GetObject(ctx, in, quiet)
	if err != nil {
		return nil, explain(err, "get", at)
	}
	info := bucket.Info{
		Key:          key,
		VersionID:    aws.ToString(out.VersionId),
		Size:         aws.ToInt64(out.ContentLength),
		ETag:         aws.ToString(out.ETag),
		LastModified: aws.ToTime(out.LastModified),
		ContentType:  aws.ToString(out.ContentType),
		Metadata:     out.Metadata,
	}
	in.VersionId, in.IfMatch = given(info.VersionID), given(info.ETag)
	return &bucket.Object{Info: info, Content: &content{
		body: out.Body,
		temp: s.temp,
		reopen: func() (io.ReadCloser, error) {
			out, err := s.client.GetObject(ctx, in, quiet)
			if err != nil {
				return nil, explain(err, "get", at)
			}
			return out.Body, nil
		},
	}}, nil
}

// quiet keeps the client from logging that an answer had no checksum: most
// servers but S3 send none.
func quiet(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true }

// Head describes a version.
func (s *Store) Head(ctx context.Context, name, key, version string) (bucket.Info, error) {
	if err := check(name, key); err != nil {
		return bucket.Info{}, err
	}
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &name, Key: &key, VersionId: given(version)})
	if err != nil {
		return bucket.Info{}, s.explainHead(ctx, err, place{name, key, version})
	}
	return bucket.Info{
		Key:          key,
		VersionID:    aws.ToString(out.VersionId),
		Size:         aws.ToInt64(out.ContentLength),
		ETag:         aws.ToString(out.ETag),
		LastModified: aws.ToTime(out.LastModified),
		ContentType:  aws.ToString(out.ContentType),
		Metadata:     out.Metadata,
	}, nil
}

// explainHead finds out what the service would have said had it been asked for
// more than a status. What is missing may be the bucket: it asks for that.
func (s *Store) explainHead(ctx context.Context, err error, at place) error {
	err = explain(err, "head", at)
	var e *bucket.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Status == http.StatusBadRequest && at.version != "":
		worded := reword(e, bucket.InvalidArgument)
		worded.Message = "Invalid version id specified"
		return worded
	case e.Status == http.StatusMethodNotAllowed:
		return reword(e, bucket.MethodNotAllowed)
	case e.Status != http.StatusNotFound:
		return e
	}
	if _, err := s.HeadBucket(ctx, at.bucket); bucket.IsCode(err, bucket.NoSuchBucket) {
		return reword(e, bucket.NoSuchBucket)
	}
	if at.version != "" {
		return reword(e, bucket.NoSuchVersion)
	}
	return reword(e, bucket.NoSuchKey)
}

// Delete hides a key or removes a version.
func (s *Store) Delete(ctx context.Context, name, key, version string) (bucket.Deleted, error) {
	if err := check(name, key); err != nil {
		return bucket.Deleted{}, err
	}
	out, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: &key, VersionId: given(version)})
	if err != nil {
		return bucket.Deleted{}, explain(err, "delete", place{name, key, version})
	}
	d := bucket.Deleted{VersionID: aws.ToString(out.VersionId), DeleteMarker: aws.ToBool(out.DeleteMarker)}
	if d.VersionID == "" {
		d.VersionID = version
	}
	return d, nil
}
