package s3store

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// Many servers speak S3's protocol and leave out some of it without a word: they take a
// condition and do not heed it, or a version and answer with another one. That is found
// out here, of servers that are not Amazon's: those at an endpoint of their own.

// lacking is the refusal of what the server cannot do.
func lacking(at place, format string, args ...any) *bucket.Error {
	e := bucket.NewError(bucket.InvalidRequest)
	e.Message = "The object store cannot be used for this: " + fmt.Sprintf(format, args...)
	e.Bucket, e.Key, e.VersionID = at.bucket, at.key, at.version
	return e
}

// provable is how large an object may be to be put twice.
const provable = 1 << 20

// prove finds out, with the first small object that was put into a bucket only if there
// was none, whether the server heeds that: the same object, put there once more, must be
// refused. If it is not, what was put is taken back as far as it has versions.
func (s *Store) prove(ctx context.Context, in *s3.PutObjectInput, from int64, first bucket.Stored) error {
	if !s.foreign || aws.ToString(in.IfNoneMatch) == "" || first.Size > provable {
		return nil
	}
	if _, proved := s.heeds.Load(*in.Bucket); proved {
		return nil
	}
	at := place{bucket: *in.Bucket, key: *in.Key}
	if _, err := in.Body.(io.Seeker).Seek(from, io.SeekStart); err != nil {
		return explain(err, "put", at)
	}
	second, err := s.client.PutObject(ctx, in, onlyOnce)
	if bucket.IsCode(err, bucket.PreconditionFailed) || bucket.IsCode(err, "ConditionalRequestConflict") {
		s.heeds.Store(at.bucket, true)
	}
	if err != nil {
		return nil // the object is there, and what is not known yet the next one will show
	}
	s.takeBack(ctx, at, aws.ToString(second.VersionId), first.VersionID)
	return lacking(at, "%s. It took the same object twice", conditions)
}

// conditions is what a server has to know above all.
const conditions = "it does not heed If-None-Match: *, without which two workers might write the same signed object"

func onlyOnce(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

// takeBack removes versions, even if ctx has ended by now. One that is left does no harm.
func (s *Store) takeBack(ctx context.Context, at place, versions ...string) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	for _, id := range versions {
		if id != "" && id != bucket.Null {
			_, _ = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &at.bucket, Key: &at.key, VersionId: &id})
		}
	}
}

// unconditional says what is lacking where a server refuses an object only because of its
// condition.
func unconditional(err error, at place, ifNoneMatch string) error {
	if ifNoneMatch == "" || !bucket.IsCode(err, bucket.NotImplemented) {
		return err
	}
	e := lacking(at, "%s. It says: %v", conditions, err)
	e.Err = err
	return e
}

// answered checks that an answer is about the version that was asked for: a server that
// knows no versions answers with what there is.
func answered(at place, told *string) error {
	if at.version == "" || at.version == bucket.Null || at.version == aws.ToString(told) {
		return nil
	}
	if told == nil {
		return lacking(at, "asked for a version it answers without one, so that it is not known to keep versions")
	}
	return lacking(at, "asked for a version it answers with another one, %s", *told)
}

// keeping returns an error if a version is to be deleted in a bucket of which the server
// does not say that it keeps any: one that knows no versions would delete the object.
func (s *Store) keeping(ctx context.Context, at place) error {
	if !s.foreign || at.version == "" || at.version == bucket.Null {
		return nil
	}
	if _, keeps := s.keeps.Load(at.bucket); keeps {
		return nil
	}
	switch kept, err := s.Versioning(ctx, at.bucket); {
	case bucket.IsCode(err, "AccessDenied"), bucket.IsCode(err, bucket.NoSuchBucket): // which the request will say
		return nil
	case err != nil:
		return err
	case kept == bucket.Unversioned:
		e := bucket.NewError(bucket.InvalidArgument)
		e.Message, e.Bucket, e.Key, e.VersionID = "Invalid version id specified", at.bucket, at.key, at.version
		return e
	}
	s.keeps.Store(at.bucket, true)
	return nil
}

// versionless says what is lacking where a server does not know what it is told about
// versions. Some take the request for one that makes the bucket.
func (s *Store) versionless(err error, name string) error {
	for _, code := range []string{bucket.NotImplemented, bucket.MethodNotAllowed, bucket.BucketAlreadyOwnedByYou, "BucketAlreadyExists"} {
		if s.foreign && bucket.IsCode(err, code) {
			e := lacking(place{bucket: name}, "it does not keep versions. It says: %v", err)
			e.Err = err
			return e
		}
	}
	return err
}

// setIndeed checks that a server has done what it was told about versions.
func (s *Store) setIndeed(ctx context.Context, name string, want bucket.Versioning) error {
	if !s.foreign {
		return nil
	}
	if got, err := s.Versioning(ctx, name); err != nil || got != want {
		e := lacking(place{bucket: name}, "it was told that versioning is %s, and says now that it is %q", want, got)
		e.Err = err
		return e
	}
	return nil
}

// guard gives a request the checksum of its body, if one was asked for or the client would
// make one. It comes before the body. The client would send it behind that where the
// connection is encrypted, in a framing that older servers refuse, or take for a part of
// the object.
func (s *Store) guard(in any, c bucket.Checksum, body io.ReadSeeker) (err error) {
	if c.Algorithm == "" && s.client.Options().RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported {
		c.Algorithm = checksum.CRC32
	}
	if s.foreign && c.Value == "" && c.Algorithm.New() != nil {
		c.Value, err = digest(c.Algorithm, body)
	}
	setChecksum(in, c)
	return err
}

// guardPart does the same for a part. Where nobody asked for a checksum it has its MD5: some
// servers that are told another one want to be told it again when the upload is completed.
func (s *Store) guardPart(in *s3.UploadPartInput, c bucket.Checksum, body io.ReadSeeker) error {
	if !s.foreign || c.Algorithm != "" {
		return s.guard(in, c, body)
	}
	if in.ContentMD5 != nil {
		return nil
	}
	sum, err := digest(checksum.MD5, body)
	in.ContentMD5 = &sum
	return err
}

// plainly has the client of a server that is not Amazon's make no checksums.
func (s *Store) plainly(o *s3.Options) {
	if s.foreign {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}
}

// digest hashes a body, and leaves it where it stands.
func digest(a checksum.Algorithm, body io.ReadSeeker) (string, error) {
	from, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return "", err
	}
	h := a.New()
	if _, err = io.Copy(h, body); err != nil {
		return "", err
	}
	_, err = body.Seek(from, io.SeekStart)
	return checksum.Encode(h.Sum(nil)), err
}

// learn asks for what the answer to an upload that is complete has left out.
func (s *Store) learn(ctx context.Context, at place, stored *bucket.Stored) {
	now, err := s.Head(ctx, at.bucket, at.key, "")
	if err != nil || stored.ETag != "" && strings.Trim(stored.ETag, `"`) != strings.Trim(now.ETag, `"`) {
		return // somebody else has put another one since
	}
	stored.VersionID, stored.ETag = now.VersionID, now.ETag
}
