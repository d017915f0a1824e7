package s3server

import (
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// usualChecksum is the one that S3 gives to objects that come without.
const usualChecksum = checksum.CRC64NVME

func (x *exchange) putObject() error {
	opts, u, err := x.putOptions()
	if err != nil {
		return err
	}
	stored, err := x.store.Put(x.r.Context(), x.bucket, x.key, u, opts)
	if err != nil {
		return err
	}
	x.set("ETag", stored.ETag)
	x.setSome("x-amz-version-id", stored.VersionID)
	x.set("x-amz-object-size", strconv.FormatInt(stored.Size, 10))
	x.tellChecksum(stored.Checksum)
	return x.nothing(http.StatusOK)
}

// putOptions reads what goes with an object, and the object.
func (x *exchange) putOptions() (opts bucket.PutOptions, u upload, err error) {
	if err := checkNewKey(x.key); err != nil {
		return opts, u, err
	}
	if err := x.unkept(); err != nil {
		return opts, u, err
	}
	headers, err := x.kept()
	if err != nil {
		return opts, u, err
	}
	tags, err := x.tags()
	if err != nil {
		return opts, u, err
	}
	if u, err = x.upload(); err != nil {
		return opts, u, err
	}
	if u.trailer == nil {
		if err := valid(u.checksum); err != nil {
			return opts, u, err
		}
	}
	if u.checksum.Algorithm == "" {
		u.checksum.Algorithm = usualChecksum
	}
	return bucket.PutOptions{
		ContentType: x.contentType(),
		Metadata:    x.metadata(),
		Headers:     headers,
		Tags:        tags,
		ContentMD5:  u.md5,
		IfMatch:     x.header("If-Match"),
		IfNoneMatch: x.header("If-None-Match"),
		Checksum:    u.checksum,
		Trailer:     u.trailer,
	}, u, nil
}

// contentType is what the object says to be. What stands for a folder is told as one.
func (x *exchange) contentType() string {
	given := x.header("Content-Type")
	if given == "" && strings.HasSuffix(x.key, "/") && x.r.ContentLength == 0 {
		return "application/x-directory"
	}
	return given
}

// checkNewKey refuses to make keys that paths would lead out of the bucket by, as S3
// does (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html), or
// nowhere at all. What has such a key already can be read.
func checkNewKey(key string) error {
	depth, named := 0, false
	for segment := range strings.SplitSeq(key, "/") {
		switch segment {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
			named = true
		}
		if depth < 0 {
			named = false
			break
		}
	}
	if !named || depth < 0 {
		return refused("400", http.StatusBadRequest, "Bad Request")
	}
	return nil
}
