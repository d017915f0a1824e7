package s3store

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

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
	again, size, done, err := s.seekable(ctx, wholly(body, opts.Trailer))
	if err != nil {
		return bucket.Stored{}, explain(err, "put", at)
	}
	defer done()
	in := &s3.PutObjectInput{
		Bucket:        &name,
		Key:           &key,
		Body:          again,
		ContentLength: &size,
		ContentType:   aws.String(typeOr(opts.ContentType)),
		Metadata:      opts.Metadata,
		ContentMD5:    given(opts.ContentMD5),
		IfNoneMatch:   given(opts.IfNoneMatch),
		IfMatch:       given(opts.IfMatch),

		CacheControl:            given(opts.CacheControl),
		ContentDisposition:      given(opts.ContentDisposition),
		ContentEncoding:         given(opts.ContentEncoding),
		ContentLanguage:         given(opts.ContentLanguage),
		WebsiteRedirectLocation: given(opts.WebsiteRedirect),
		ChecksumAlgorithm:       types.ChecksumAlgorithm(opts.Checksum.Algorithm),
		Tagging:                 tagHeader(opts.Tags),
	}
	if err := s.guard(in, valued(opts.Checksum, opts.Trailer), again); err != nil {
		return bucket.Stored{}, explain(err, "put", at)
	}
	from, err := again.Seek(0, io.SeekCurrent)
	if err != nil {
		return bucket.Stored{}, explain(err, "put", at)
	}
	out, err := s.client.PutObject(ctx, in, expiring(opts.Expires), s.attempts)
	if err != nil {
		return bucket.Stored{}, unconditional(explain(err, "put", at), at, opts.IfNoneMatch)
	}
	stored := bucket.Stored{VersionID: aws.ToString(out.VersionId), ETag: aws.ToString(out.ETag), Size: size, Checksum: checksumOf(out)}
	if stored.VersionID == bucket.Null {
		stored.VersionID = ""
	}
	return stored, s.prove(ctx, in, from, stored)
}

func typeOr(contentType string) string {
	if contentType == "" {
		return defaultType
	}
	return contentType
}

// expiring sends the header Expires as it is. The SDK takes only a time for it.
func expiring(value string) func(*s3.Options) {
	return func(o *s3.Options) {
		if value != "" {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("Expires", value))
		}
	}
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
		return nil, missingVersion(explain(err, "get", at), at)
	}
	if err := answered(at, out.VersionId); err != nil {
		out.Body.Close()
		return nil, err
	}
	tags, err := s.tags(ctx, place{name, key, aws.ToString(out.VersionId)}, out.TagCount)
	if err != nil {
		out.Body.Close()
		return nil, err
	}
	info := bucket.Info{
		Key:          key,
		VersionID:    aws.ToString(out.VersionId),
		Size:         aws.ToInt64(out.ContentLength),
		ETag:         aws.ToString(out.ETag),
		LastModified: aws.ToTime(out.LastModified),
		ContentType:  aws.ToString(out.ContentType),
		Metadata:     out.Metadata,
		Headers: bucket.Headers{
			CacheControl:       aws.ToString(out.CacheControl),
			ContentDisposition: aws.ToString(out.ContentDisposition),
			ContentEncoding:    aws.ToString(out.ContentEncoding),
			ContentLanguage:    aws.ToString(out.ContentLanguage),
			Expires:            aws.ToString(out.ExpiresString),
			WebsiteRedirect:    aws.ToString(out.WebsiteRedirectLocation),
		},
		Checksum: checksumOf(out),
		Parts:    partsOf(aws.ToString(out.ETag)),
		Tags:     tags,
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
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &name, Key: &key, VersionId: given(version), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return bucket.Info{}, s.explainHead(ctx, err, place{name, key, version})
	}
	if err := answered(place{name, key, version}, out.VersionId); err != nil {
		return bucket.Info{}, err
	}
	tags, err := s.tags(ctx, place{name, key, aws.ToString(out.VersionId)}, out.TagCount)
	if err != nil {
		return bucket.Info{}, err
	}
	return bucket.Info{
		Key:          key,
		VersionID:    aws.ToString(out.VersionId),
		Size:         aws.ToInt64(out.ContentLength),
		ETag:         aws.ToString(out.ETag),
		LastModified: aws.ToTime(out.LastModified),
		ContentType:  aws.ToString(out.ContentType),
		Metadata:     out.Metadata,
		Headers: bucket.Headers{
			CacheControl:       aws.ToString(out.CacheControl),
			ContentDisposition: aws.ToString(out.ContentDisposition),
			ContentEncoding:    aws.ToString(out.ContentEncoding),
			ContentLanguage:    aws.ToString(out.ContentLanguage),
			Expires:            aws.ToString(out.ExpiresString),
			WebsiteRedirect:    aws.ToString(out.WebsiteRedirectLocation),
		},
		Checksum: checksumOf(out),
		Parts:    partsOf(aws.ToString(out.ETag)),
		Tags:     tags,
	}, nil
}

// partsOf reads the number of parts off the entity tag of an object that was put in
// parts. S3 tells it apart only to who asks for one of them.
func partsOf(tag string) int {
	_, count, _ := strings.Cut(strings.Trim(tag, `"`), "-")
	n, _ := strconv.Atoi(count)
	return n
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
	return s.DeleteIf(ctx, name, key, version, bucket.Conditions{})
}

// DeleteIf is Delete of a version that meets conditions.
func (s *Store) DeleteIf(ctx context.Context, name, key, version string, c bucket.Conditions) (bucket.Deleted, error) {
	if err := check(name, key); err != nil {
		return bucket.Deleted{}, err
	}
	if err := s.keeping(ctx, place{name, key, version}); err != nil {
		return bucket.Deleted{}, err
	}
	in := &s3.DeleteObjectInput{Bucket: &name, Key: &key, VersionId: given(version), IfMatch: given(c.IfMatch), IfMatchSize: c.Size}
	if !c.Modified.IsZero() {
		in.IfMatchLastModifiedTime = &c.Modified
	}
	attempts := s.attempts
	if version != "" { // which makes none
		attempts = func(*s3.Options) {}
	}
	out, err := s.client.DeleteObject(ctx, in, attempts)
	if err != nil {
		return bucket.Deleted{}, explain(err, "delete", place{name, key, version})
	}
	d := bucket.Deleted{VersionID: aws.ToString(out.VersionId), DeleteMarker: aws.ToBool(out.DeleteMarker)}
	if d.VersionID == "" {
		d.VersionID = version
	}
	return d, nil
}
