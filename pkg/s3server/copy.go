package s3server

import (
	"cmp"
	"io"
	"net/url"
	"strconv"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// source is the version that a copy is made of.
type source struct{ bucket, key, version string }

// source reads the header that names what to copy: bucket/key, escaped, and perhaps
// ?versionId=.
func (x *exchange) source() (source, error) {
	header := x.header(copySource)
	path, version, named := strings.Cut(header, "?versionId=")
	path, err := url.PathUnescape(path)
	if err != nil {
		return source{}, badArgument(copySource, header, "Invalid copy source encoding")
	}
	if !named { // there are clients that escape all of it
		path, version, _ = strings.Cut(path, "?versionId=")
	}
	s := source{version: version}
	s.bucket, s.key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case bucket.CheckBucket(s.bucket) != nil:
		return source{}, badArgument(copySource, header, "Invalid copy source bucket name")
	case checkNewKey(s.key) != nil:
		return source{}, badArgument(copySource, s.key, "Invalid copy source object key")
	}
	return s, nil
}

// openSource opens what to copy, if the conditions on it hold.
func (x *exchange) openSource() (*bucket.Object, source, error) {
	s, err := x.source()
	if err != nil {
		return nil, source{}, err
	}
	o, err := x.store.Get(x.r.Context(), s.bucket, s.key, s.version)
	if err != nil {
		return nil, source{}, ofSource(err, s)
	}
	if err := x.holds(copySource+"-", o.Info); err != nil {
		o.Close()
		return nil, source{}, err
	}
	return o, s, nil
}

// ofSource names the source where an error would name the target.
func ofSource(err error, s source) error {
	e, ok := err.(*bucket.Error)
	if !ok || len(e.Details) > 0 {
		return err
	}
	switch e.Code {
	case bucket.NoSuchBucket:
		e.With("BucketName", s.bucket)
	case bucket.NoSuchKey:
		e.With("Key", s.key)
	case bucket.MethodNotAllowed:
		return badRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	return e
}

type copyXML struct {
	LastModified stamp
	ETag         string
	Checksum     []element
}

func (x *exchange) copyObject() error {
	if err := checkNewKey(x.key); err != nil {
		return err
	}
	if err := x.unkept(); err != nil {
		return err
	}
	if _, err := x.chosenChecksum(); err != nil {
		return err
	}
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	o, from, err := x.openSource()
	if err != nil {
		return err
	}
	defer o.Close()
	if o.Size > maxBody {
		return badRequest("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxBody))
	}
	opts, err := x.copyOptions(o.Info, from)
	if err != nil {
		return err
	}
	x.setSome("x-amz-copy-source-version-id", o.VersionID)
	return x.slowly("CopyObjectResult", func() (any, string, error) {
		stored, err := x.store.Put(x.r.Context(), x.bucket, x.key, struct{ io.Reader }{o}, opts)
		if err != nil {
			return nil, "", err
		}
		info, err := x.store.Head(x.r.Context(), x.bucket, x.key, stored.VersionID)
		return copyXML{stamp(info.LastModified), stored.ETag, told(stored.Checksum)}, stored.VersionID, err
	})
}

// copyOptions are what goes with the copy: what went with the source, or what the
// request says.
func (x *exchange) copyOptions(info bucket.Info, from source) (bucket.PutOptions, error) {
	opts := bucket.PutOptions{
		ContentType: info.ContentType,
		Metadata:    info.Metadata,
		Headers:     info.Headers,
		IfMatch:     x.header("If-Match"),
		IfNoneMatch: x.header("If-None-Match"),
	}
	headers, err := x.kept()
	if err != nil {
		return opts, err
	}
	if err := (bucket.PutOptions{Metadata: x.metadata()}).Check(x.bucket, x.key); err != nil {
		return opts, err
	}
	opts.WebsiteRedirect = headers.WebsiteRedirect // which is never copied
	directive := x.header("x-amz-metadata-directive")
	switch directive {
	case "", "COPY":
	case "REPLACE":
		opts.ContentType, opts.Metadata, opts.Headers = x.header("Content-Type"), x.metadata(), headers
	default:
		return opts, badArgument("x-amz-metadata-directive", directive, "Unknown metadata directive.")
	}
	if opts.Tags, err = x.copiedTags(info.Tags); err != nil {
		return opts, err
	}
	a, err := x.chosenChecksum()
	if err != nil {
		return opts, err
	}
	itself := from.bucket == x.bucket && from.key == x.key && from.version == ""
	if itself && directive != "REPLACE" && headers.WebsiteRedirect == "" && (a == "" || a == info.Checksum.Algorithm) {
		return opts, badRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	opts.Checksum.Algorithm = cmp.Or(a, info.Checksum.Algorithm, usualChecksum)
	return opts, nil
}

// chosenChecksum is the algorithm of the checksum that a new object shall have.
func (x *exchange) chosenChecksum() (checksum.Algorithm, error) {
	name := x.header("x-amz-checksum-algorithm")
	if name == "" {
		return "", nil
	}
	a, ok := checksum.Find(name)
	if !ok {
		return "", badRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: %s", listed(checksum.Algorithms()))
	}
	return a, nil
}

func listed(all []checksum.Algorithm) string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = string(a)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// copyPart makes a part of an object or of a range of it.
func (x *exchange) copyPart() error {
	if err := x.unkept(); err != nil {
		return err
	}
	number, err := partNumber(x.query["partNumber"])
	if err != nil {
		return err
	}
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	o, _, err := x.openSource()
	if err != nil {
		return err
	}
	defer o.Close()
	first, length, err := x.sourceRange(o.Size)
	if err != nil {
		return err
	}
	// An upload that takes no part without a checksum gets one of the part's own.
	page, err := x.store.ListParts(x.r.Context(), x.bucket, x.key, x.query["uploadId"], bucket.PartListOptions{Max: 1})
	if err != nil {
		return err
	}
	opts := bucket.PartOptions{Checksum: bucket.Checksum{Algorithm: page.Upload.Checksum.Algorithm}}
	x.setSome("x-amz-copy-source-version-id", o.VersionID)
	return x.slowly("CopyPartResult", func() (any, string, error) {
		part, err := x.store.PutPart(x.r.Context(), x.bucket, x.key, x.query["uploadId"], number, io.NewSectionReader(o, first, length), opts)
		if page.Upload.Implied {
			part.Checksum = bucket.Checksum{}
		}
		return copyXML{stamp(part.Modified), part.ETag, told(part.Checksum)}, "", err
	})
}

// sourceRange is the range of the source that is copied.
func (x *exchange) sourceRange(size int64) (first, length int64, err error) {
	const header = "x-amz-copy-source-range"
	value := x.header(header)
	if value == "" {
		if size > maxBody {
			return 0, 0, badRequest("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxBody))
		}
		return 0, size, nil
	}
	spec, ok := strings.CutPrefix(value, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	a, aErr := strconv.ParseUint(from, 10, 63)
	b, bErr := strconv.ParseUint(to, 10, 63)
	if !ok || !dash || aErr != nil || bErr != nil || a > b {
		return 0, 0, badArgument(header, value, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	if int64(b) >= size {
		return 0, 0, badArgument(header, strconv.FormatInt(size, 10), "Range specified is not valid for source object of size: %d", size)
	}
	if length = int64(b-a) + 1; length > maxBody {
		return 0, 0, bucket.NewError(bucket.EntityTooLarge).With("ProposedSize", length).With("MaxSizeAllowed", int64(maxBody))
	}
	return int64(a), length, nil
}
