package s3store

import (
	"context"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
)

// Listings ask for keys in the URL's way of writing, since XML cannot tell all
// of them.

// ListObjects returns a page of current objects.
func (s *Store) ListObjects(ctx context.Context, name string, opts bucket.ListOptions) (bucket.ObjectPage, error) {
	if err := checkName(name); err != nil {
		return bucket.ObjectPage{}, err
	}
	if err := opts.Check(name); err != nil {
		return bucket.ObjectPage{}, err
	}
	out, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket:            &name,
		Prefix:            given(opts.Prefix),
		Delimiter:         given(opts.Delimiter),
		StartAfter:        given(opts.StartAfter),
		ContinuationToken: given(opts.Token),
		MaxKeys:           maxKeys(opts.MaxKeys),
		EncodingType:      types.EncodingTypeUrl,
	})
	if err != nil {
		return bucket.ObjectPage{}, explain(err, "list", place{bucket: name, key: opts.Prefix})
	}
	d := decoder{encoded: out.EncodingType == types.EncodingTypeUrl}
	page := bucket.ObjectPage{
		Prefixes:  d.prefixes(out.CommonPrefixes),
		Truncated: aws.ToBool(out.IsTruncated),
		NextToken: aws.ToString(out.NextContinuationToken),
	}
	for _, o := range out.Contents {
		page.Objects = append(page.Objects, bucket.Info{
			Key:          d.text(o.Key),
			Size:         aws.ToInt64(o.Size),
			ETag:         aws.ToString(o.ETag),
			LastModified: aws.ToTime(o.LastModified),
			Checksum:     listedChecksum(o.ChecksumAlgorithm, o.ChecksumType),
			Parts:        partsOf(aws.ToString(o.ETag)),
		})
	}
	return page, explain(d.err, "list", place{bucket: name, key: opts.Prefix})
}

// maxKeys leaves the page's size to the service where none is given.
func maxKeys(n int) *int32 {
	if n == 0 {
		return nil
	}
	return aws.Int32(int32(min(n, bucket.MaxKeys)))
}

// decoder reads texts of an answer, and keeps the first error.
type decoder struct {
	encoded bool
	err     error
}

func (d *decoder) text(s *string) string {
	if !d.encoded {
		return aws.ToString(s)
	}
	text, err := url.QueryUnescape(aws.ToString(s))
	if err != nil && d.err == nil {
		d.err = err
	}
	return text
}

func (d *decoder) prefixes(all []types.CommonPrefix) (texts []string) {
	for _, p := range all {
		texts = append(texts, d.text(p.Prefix))
	}
	return texts
}

// ListVersions returns a page of versions and delete markers.
func (s *Store) ListVersions(ctx context.Context, name string, opts bucket.VersionOptions) (bucket.VersionPage, error) {
	if err := checkName(name); err != nil {
		return bucket.VersionPage{}, err
	}
	if err := opts.Check(name); err != nil {
		return bucket.VersionPage{}, err
	}
	var order versionOrder
	out, err := s.client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{
		Bucket:          &name,
		Prefix:          given(opts.Prefix),
		Delimiter:       given(opts.Delimiter),
		KeyMarker:       given(opts.KeyMarker),
		VersionIdMarker: given(opts.VersionMarker),
		MaxKeys:         maxKeys(opts.MaxKeys),
		EncodingType:    types.EncodingTypeUrl,
	}, order.record)
	at := place{bucket: name, key: opts.Prefix}
	if err != nil {
		return bucket.VersionPage{}, explain(err, "list the versions in", at)
	}
	d := decoder{encoded: out.EncodingType == types.EncodingTypeUrl}
	page := bucket.VersionPage{
		Prefixes:          d.prefixes(out.CommonPrefixes),
		Truncated:         aws.ToBool(out.IsTruncated),
		NextKeyMarker:     d.text(out.NextKeyMarker),
		NextVersionMarker: aws.ToString(out.NextVersionIdMarker),
	}
	entries := d.entries(out)
	slices.SortFunc(entries, order.compare)
	for _, e := range entries {
		page.Versions = append(page.Versions, e.Version)
	}
	return page, explain(d.err, "list the versions in", at)
}

// entry is a version or a delete marker, and how the answer names it.
type entry struct {
	bucket.Version
	raw listed
}

// entries returns the versions and the delete markers of an answer.
func (d *decoder) entries(out *s3.ListObjectVersionsOutput) (all []entry) {
	add := func(key, id *string, latest *bool, info bucket.Info) {
		info.Key, info.VersionID = d.text(key), aws.ToString(id)
		all = append(all, entry{
			bucket.Version{Info: info, Latest: aws.ToBool(latest)},
			listed{aws.ToString(key), info.VersionID},
		})
	}
	for _, v := range out.Versions {
		add(v.Key, v.VersionId, v.IsLatest, bucket.Info{
			Size:         aws.ToInt64(v.Size),
			ETag:         aws.ToString(v.ETag),
			LastModified: aws.ToTime(v.LastModified),
			Checksum:     listedChecksum(v.ChecksumAlgorithm, v.ChecksumType),
			Parts:        partsOf(aws.ToString(v.ETag)),
		})
	}
	for _, m := range out.DeleteMarkers {
		add(m.Key, m.VersionId, m.IsLatest, bucket.Info{LastModified: aws.ToTime(m.LastModified), DeleteMarker: true})
	}
	return all
}
