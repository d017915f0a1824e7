package s3store

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// CreateUpload begins an upload. What is Implied of it the service does not know.
func (s *Store) CreateUpload(ctx context.Context, name, key string, opts bucket.UploadOptions) (bucket.Upload, error) {
	if err := check(name, key); err != nil {
		return bucket.Upload{}, err
	}
	if err := opts.Check(name, key); err != nil {
		return bucket.Upload{}, err
	}
	in := &s3.CreateMultipartUploadInput{
		Bucket:                  &name,
		Key:                     &key,
		ContentType:             aws.String(typeOr(opts.ContentType)),
		Metadata:                opts.Metadata,
		CacheControl:            given(opts.CacheControl),
		ContentDisposition:      given(opts.ContentDisposition),
		ContentEncoding:         given(opts.ContentEncoding),
		ContentLanguage:         given(opts.ContentLanguage),
		WebsiteRedirectLocation: given(opts.WebsiteRedirect),
		Tagging:                 tagHeader(opts.Tags),
	}
	if !opts.Implied {
		in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithm(opts.Checksum.Algorithm), types.ChecksumType(opts.Checksum.Type)
	}
	out, err := s.client.CreateMultipartUpload(ctx, in, expiring(opts.Expires), s.plainly)
	if err != nil {
		return bucket.Upload{}, explain(err, "begin an upload of", place{bucket: name, key: key})
	}
	return bucket.Upload{Key: key, ID: aws.ToString(out.UploadId), Checksum: opts.Checksum, Implied: opts.Implied}, nil
}

// PutPart sends a part as Put sends an object.
func (s *Store) PutPart(ctx context.Context, name, key, id string, number int, body io.Reader, opts bucket.PartOptions) (bucket.Part, error) {
	if err := check(name, key); err != nil {
		return bucket.Part{}, err
	}
	if err := opts.Check(name, key); err != nil {
		return bucket.Part{}, err
	}
	at := place{bucket: name, key: key}
	again, size, done, err := s.seekable(ctx, wholly(body, opts.Trailer))
	if err != nil {
		return bucket.Part{}, explain(err, "put a part of", at)
	}
	defer done()
	in := &s3.UploadPartInput{
		Bucket: &name, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(number)), Body: again, ContentLength: &size,
		ContentMD5: given(opts.ContentMD5), ChecksumAlgorithm: types.ChecksumAlgorithm(opts.Checksum.Algorithm),
	}
	if err := s.guardPart(in, valued(opts.Checksum, opts.Trailer), again); err != nil {
		return bucket.Part{}, explain(err, "put a part of", at)
	}
	out, err := s.client.UploadPart(ctx, in, s.plainly)
	if err != nil {
		return bucket.Part{}, explain(err, "put a part of", at)
	}
	return bucket.Part{Number: number, ETag: aws.ToString(out.ETag), Size: size, Checksum: checksumOf(out)}, nil
}

// CompleteUpload has the service put the parts together.
func (s *Store) CompleteUpload(ctx context.Context, name, key, id string, parts []bucket.Part, opts bucket.CompleteOptions) (bucket.Stored, error) {
	if err := check(name, key); err != nil {
		return bucket.Stored{}, err
	}
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &name, Key: &key, UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{},
		IfNoneMatch: given(opts.IfNoneMatch), IfMatch: given(opts.IfMatch), MpuObjectSize: opts.Size, ChecksumType: types.ChecksumType(opts.Checksum.Type),
	}
	setChecksum(in, opts.Checksum)
	size := int64(0)
	for _, p := range parts {
		part := types.CompletedPart{PartNumber: aws.Int32(int32(p.Number)), ETag: given(p.ETag)}
		setChecksum(&part, p.Checksum)
		in.MultipartUpload.Parts = append(in.MultipartUpload.Parts, part)
		size += p.Size
	}
	out, err := s.client.CompleteMultipartUpload(ctx, in, s.attempts)
	if err != nil {
		return bucket.Stored{}, explain(err, "complete an upload of", place{bucket: name, key: key})
	}
	stored := bucket.Stored{VersionID: aws.ToString(out.VersionId), ETag: aws.ToString(out.ETag), Size: size, Checksum: checksumOf(out)}
	if out.VersionId == nil && s.foreign {
		s.learn(ctx, place{bucket: name, key: key}, &stored)
	}
	if stored.VersionID == bucket.Null {
		stored.VersionID = ""
	}
	return stored, nil
}

// AbortUpload gives up an upload and its parts.
func (s *Store) AbortUpload(ctx context.Context, name, key, id string) error {
	if err := check(name, key); err != nil {
		return err
	}
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &name, Key: &key, UploadId: &id})
	return explain(err, "abort an upload of", place{bucket: name, key: key})
}

// ListParts returns a page of the parts that an upload has.
func (s *Store) ListParts(ctx context.Context, name, key, id string, opts bucket.PartListOptions) (bucket.PartPage, error) {
	if err := check(name, key); err != nil {
		return bucket.PartPage{}, err
	}
	in := &s3.ListPartsInput{Bucket: &name, Key: &key, UploadId: &id, MaxParts: maxKeys(opts.Max)}
	if opts.After > 0 {
		in.PartNumberMarker = aws.String(strconv.Itoa(opts.After))
	}
	out, err := s.client.ListParts(ctx, in)
	if err != nil {
		return bucket.PartPage{}, explain(err, "list the parts of", place{bucket: name, key: key})
	}
	sum := uploadChecksum(out.ChecksumAlgorithm, out.ChecksumType)
	page := bucket.PartPage{Upload: bucket.Upload{Key: key, ID: id, Checksum: sum}, Truncated: aws.ToBool(out.IsTruncated)}
	for i := range out.Parts {
		p := &out.Parts[i]
		page.Parts = append(page.Parts, bucket.Part{Number: int(aws.ToInt32(p.PartNumber)), ETag: aws.ToString(p.ETag), Size: aws.ToInt64(p.Size), Modified: aws.ToTime(p.LastModified), Checksum: checksumOf(p)})
	}
	return page, nil
}

// ListUploads returns a page of uploads.
func (s *Store) ListUploads(ctx context.Context, name string, opts bucket.UploadListOptions) (bucket.UploadPage, error) {
	if err := checkName(name); err != nil {
		return bucket.UploadPage{}, err
	}
	out, err := s.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{
		Bucket: &name, Prefix: given(opts.Prefix), Delimiter: given(opts.Delimiter), KeyMarker: given(opts.KeyMarker),
		UploadIdMarker: given(opts.UploadMarker), MaxUploads: maxKeys(opts.Max), EncodingType: types.EncodingTypeUrl,
	})
	if err != nil {
		return bucket.UploadPage{}, explain(err, "list the uploads in", place{bucket: name, key: opts.Prefix})
	}
	d := decoder{encoded: out.EncodingType == types.EncodingTypeUrl}
	page := bucket.UploadPage{Prefixes: d.prefixes(out.CommonPrefixes), Truncated: aws.ToBool(out.IsTruncated)}
	if page.Truncated {
		page.NextKeyMarker, page.NextUploadMarker = d.text(out.NextKeyMarker), aws.ToString(out.NextUploadIdMarker)
	}
	for _, u := range out.Uploads {
		sum := uploadChecksum(u.ChecksumAlgorithm, u.ChecksumType)
		page.Uploads = append(page.Uploads, bucket.Upload{Key: d.text(u.Key), ID: aws.ToString(u.UploadId), Initiated: aws.ToTime(u.Initiated), Checksum: sum})
	}
	return page, explain(d.err, "list the uploads in", place{bucket: name, key: opts.Prefix})
}

// uploadChecksum is what the service tells of an upload's checksum. Where nobody asked
// for one, it says "null".
func uploadChecksum(a types.ChecksumAlgorithm, t types.ChecksumType) bucket.Checksum {
	if a == "null" {
		return bucket.Checksum{}
	}
	return bucket.Checksum{Algorithm: checksum.Algorithm(a), Type: bucket.ChecksumType(t)}
}

// Parts returns a page of the parts that a version was put in. The service tells
// those only if they have checksums; asked for one, the store finds it anyhow.
func (s *Store) Parts(ctx context.Context, name, key, version string, opts bucket.PartListOptions) (bucket.PartPage, error) {
	if err := check(name, key); err != nil {
		return bucket.PartPage{}, err
	}
	if opts.Max == 1 {
		return s.onePart(ctx, place{name, key, version}, opts.After+1)
	}
	in := &s3.GetObjectAttributesInput{
		Bucket: &name, Key: &key, VersionId: given(version), MaxParts: maxKeys(opts.Max),
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesEtag, types.ObjectAttributesChecksum, types.ObjectAttributesObjectParts},
	}
	if opts.After > 0 {
		in.PartNumberMarker = aws.String(strconv.Itoa(opts.After))
	}
	out, err := s.client.GetObjectAttributes(ctx, in)
	if err != nil {
		return bucket.PartPage{}, explain(err, "look at the parts of", place{name, key, version})
	}
	page := bucket.PartPage{ETag: `"` + strings.Trim(aws.ToString(out.ETag), `"`) + `"`}
	if out.Checksum != nil {
		page.Checksum = checksumOf(out.Checksum)
	}
	if out.ObjectParts == nil {
		return page, nil
	}
	page.Total, page.Truncated = int(aws.ToInt32(out.ObjectParts.TotalPartsCount)), aws.ToBool(out.ObjectParts.IsTruncated)
	for i := range out.ObjectParts.Parts {
		p := &out.ObjectParts.Parts[i]
		page.Parts = append(page.Parts, bucket.Part{Number: int(aws.ToInt32(p.PartNumber)), Size: aws.ToInt64(p.Size), Checksum: checksumOf(p)})
	}
	return page, nil
}

// onePart describes the part with this number, if there is one.
func (s *Store) onePart(ctx context.Context, at place, number int) (bucket.PartPage, error) {
	in := &s3.HeadObjectInput{Bucket: &at.bucket, Key: &at.key, VersionId: given(at.version), PartNumber: aws.Int32(int32(number))}
	out, err := s.client.HeadObject(ctx, in)
	if err != nil {
		if r := answer(err); r != nil && r.StatusCode == 416 {
			return bucket.PartPage{}, nil
		}
		return bucket.PartPage{}, s.explainHead(ctx, err, at)
	}
	page := bucket.PartPage{ETag: aws.ToString(out.ETag), Total: int(aws.ToInt32(out.PartsCount))}
	if page.Total == 0 {
		return page, nil
	}
	var first, last int64
	if _, err := fmt.Sscanf(aws.ToString(out.ContentRange), "bytes %d-%d/", &first, &last); err != nil {
		return bucket.PartPage{}, explain(fmt.Errorf("read the range of part %d: %w", number, err), "look at the parts of", at)
	}
	page.Parts = []bucket.Part{{Number: number, Size: last - first + 1, Offset: first}}
	return page, nil
}
