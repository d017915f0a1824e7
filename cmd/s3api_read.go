package cmd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
)

// holds checks the conditions of a request against what is there, in the order of
// RFC 9110, section 13.2.2. What S3 answers then has codes of its own.
func holds(in *s3.GetObjectInput, info bucket.Info) error {
	switch {
	case in.IfMatch != nil && !matches(*in.IfMatch, info.ETag),
		in.IfMatch == nil && in.IfUnmodifiedSince != nil && info.LastModified.After(*in.IfUnmodifiedSince):
		return bucket.NewError(bucket.PreconditionFailed)
	case in.IfNoneMatch != nil && matches(*in.IfNoneMatch, info.ETag),
		in.IfNoneMatch == nil && in.IfModifiedSince != nil && !info.LastModified.After(*in.IfModifiedSince):
		return s3Error("304", http.StatusNotModified, "Not Modified")
	}
	return nil
}

// matches tells whether a list of ETags, with or without their quotes, names one.
func matches(list, etag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.Trim(one, `"`) == strings.Trim(etag, `"`) {
			return true
		}
	}
	return false
}

// part is the part of an object that a request asks for.
type part struct {
	first, length int64
	whole         bool
	parts         int  // that the object has, if one of them is wanted
	checked       bool // the object's checksum is the part's
}

// part is what a request asks for: all, a range, or one of the parts that the object was
// put in.
func (l *localS3) part(ctx context.Context, in *s3.GetObjectInput, info bucket.Info) (part, error) {
	if in.PartNumber == nil {
		p, err := partOf(in.Range, info.Size)
		p.checked = p.length == info.Size
		return p, err
	}
	number := int(*in.PartNumber)
	switch {
	case in.Range != nil:
		return part{}, s3Error(bucket.InvalidRequest, http.StatusBadRequest, "Cannot specify both Range header and partNumber query parameter")
	case number < 1 || number > bucket.MaxParts:
		return part{}, s3Error(bucket.InvalidArgument, http.StatusBadRequest, "Part number must be an integer between 1 and 10000, inclusive.")
	case info.Parts == 0 && number == 1:
		return part{length: info.Size, whole: info.Size == 0, checked: true}, nil
	case number > info.Parts:
		return part{}, s3Error("InvalidPartNumber", http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable.")
	}
	page, err := l.store.Parts(ctx, *in.Bucket, *in.Key, aws.ToString(in.VersionId), bucket.PartListOptions{After: number - 1, Max: 1})
	if err != nil {
		return part{}, err
	}
	if page.ETag != info.ETag || len(page.Parts) == 0 {
		return part{}, s3Error("OperationAborted", http.StatusConflict, "A conflicting conditional operation is currently in progress against this resource. Try again.")
	}
	found := page.Parts[0]
	return part{first: found.Offset, length: found.Size, parts: info.Parts, checked: found.Size == info.Size}, nil
}

// partOf reads the value of a Range header for an object of this size. What is no
// single range of bytes is as good as none, as in S3.
func partOf(header *string, size int64) (part, error) {
	all := part{length: size, whole: true}
	spec, ok := strings.CutPrefix(aws.ToString(header), "bytes=")
	from, to, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash {
		return all, nil
	}
	first, last, ok := rangeBounds(from, to, size)
	if !ok {
		return all, nil
	}
	if first >= size || last < first {
		return part{}, s3Error("InvalidRange", http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable")
	}
	return part{first: first, length: min(last, size-1) - first + 1}, nil
}

// rangeBounds are the first and the last byte of a range: 5-9, 5- or, from the end, -5.
func rangeBounds(from, to string, size int64) (first, last int64, ok bool) {
	a, aErr := strconv.ParseUint(from, 10, 63)
	b, bErr := strconv.ParseUint(to, 10, 63)
	switch {
	case from == "" && bErr == nil:
		return max(0, size-int64(b)), size - 1, true
	case to == "" && aErr == nil:
		return int64(a), size - 1, true
	case aErr == nil && bErr == nil && a <= b:
		return int64(a), int64(b), true
	}
	return 0, 0, false
}

// told is the value of the Content-Range header, which the whole does not have.
func (p part) told(size int64) *string {
	if p.whole {
		return nil
	}
	return aws.String(fmt.Sprintf("bytes %d-%d/%d", p.first, p.first+p.length-1, size))
}

// of is the part of an open object.
func (p part) of(o *bucket.Object) io.ReadCloser {
	if p.whole {
		return o
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(o, p.first, p.length), o}
}
