package bucket

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"signer/pkg/bucket/checksum"
)

// maxKey is the most bytes that a key may have.
const maxKey = 1024

// maxMetadata is the most bytes that names and values of an object's metadata
// may have together.
const maxMetadata = 2048

// maxHeaders is what S3 gives all other headers together.
const maxHeaders = 8192

// CheckBucket returns an InvalidBucketName unless name is one that S3 takes for
// a new general purpose bucket
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
func CheckBucket(name string) error {
	if !plainName(name) || reservedName(name) {
		return refuse(InvalidBucketName, name, "", "")
	}
	return nil
}

// plainName tells whether name is made as a bucket's name must be. Such a name
// is also safe as a file name.
func plainName(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "..") {
		return false
	}
	for i := range len(name) {
		inner := i > 0 && i < len(name)-1
		if c := name[i]; !lowerOrDigit(c) && !(inner && (c == '-' || c == '.')) {
			return false
		}
	}
	_, err := netip.ParseAddr(name)
	return err != nil
}

func lowerOrDigit(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// reservedName tells whether AWS keeps names like this for itself.
func reservedName(name string) bool {
	for _, p := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	for _, s := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// CheckKey returns S3's error unless key is one that S3 takes: UTF-8, from 1 to
// 1024 bytes.
func CheckKey(bucket, key string) error {
	switch {
	case key == "":
		return invalid("The object key must not be empty.", bucket, key, "")
	case len(key) > maxKey:
		return refuse(KeyTooLongError, bucket, key, "").With("Size", len(key)).With("MaxSizeAllowed", maxKey)
	case !utf8.ValidString(key):
		return refuse(InvalidURI, bucket, key, "")
	}
	return nil
}

// checkVersion returns an InvalidArgument unless version is empty, "null", or
// may have been given out by a store: ids of 24 bytes and more.
func checkVersion(bucket, key, version string) error {
	if version == "" || version == Null {
		return nil
	}
	ok := len(version) >= 24 && len(version) <= maxKey
	for i := 0; ok && i < len(version); i++ {
		c := version[i]
		ok = lowerOrDigit(c) || 'A' <= c && c <= 'Z' || c == '-' || c == '_' || c == '.'
	}
	if !ok {
		return invalid("Invalid version id specified", bucket, key, version).With("ArgumentName", "versionId").With("ArgumentValue", version)
	}
	return nil
}

// checkObject checks the names that lead to a version.
func checkObject(bucket, key, version string) error {
	if err := CheckBucket(bucket); err != nil {
		return err
	}
	if err := CheckKey(bucket, key); err != nil {
		return err
	}
	return checkVersion(bucket, key, version)
}

// Check returns S3's error for options that it does not take.
func (o PutOptions) Check(bucket, key string) error {
	if err := checkConditions(o.IfNoneMatch, o.IfMatch, bucket, key); err != nil {
		return err
	}
	if err := checkProof(o.ContentMD5, o.Checksum, bucket, key); err != nil {
		return err
	}
	if err := CheckTags(o.Tags, MaxTags); err != nil {
		return err
	}
	return checkRoom(o.ContentType, o.Metadata, o.Headers, bucket, key)
}

// checkConditions returns NotImplemented for conditions that S3 does not know of a
// put.
func checkConditions(ifNoneMatch, ifMatch, bucket, key string) error {
	if ifNoneMatch != "" && (ifNoneMatch != "*" || ifMatch != "") {
		return refuse(NotImplemented, bucket, key, "")
	}
	return nil
}

// checkProof returns S3's error for digests that cannot be any.
func checkProof(contentMD5 string, sum Checksum, bucket, key string) error {
	if _, ok := checksum.MD5.Decode(contentMD5); contentMD5 != "" && !ok {
		return refuse(InvalidDigest, bucket, key, "").With("Content-MD5", contentMD5)
	}
	if sum.Algorithm == "" {
		return nil
	}
	if sum.Algorithm.Size() == 0 {
		return mistaken("Checksum algorithm provided is unsupported. Please try again with any of the valid types: %v", checksum.Algorithms())
	}
	if _, ok := sum.Algorithm.Decode(sum.Value); sum.Value != "" && !ok {
		return mistaken("Value for x-amz-checksum-%s header is invalid.", lower(sum.Algorithm))
	}
	return nil
}

func lower(a checksum.Algorithm) string { return strings.ToLower(string(a)) }

// checkRoom returns MetadataTooLarge for more than S3 keeps with an object.
func checkRoom(contentType string, metadata map[string]string, h Headers, bucket, key string) error {
	size := 0
	for name, value := range metadata {
		size += len(name) + len(value)
	}
	headers := len(contentType) + len(h.CacheControl) + len(h.ContentDisposition) + len(h.ContentEncoding) + len(h.ContentLanguage) + len(h.Expires) + len(h.WebsiteRedirect)
	if size > maxMetadata {
		return refuse(MetadataTooLarge, bucket, key, "").With("Size", size).With("MaxSizeAllowed", maxMetadata)
	}
	if headers > maxHeaders {
		return refuse(MetadataTooLarge, bucket, key, "").With("Size", headers).With("MaxSizeAllowed", maxHeaders)
	}
	return nil
}

// CheckRedirect returns InvalidRedirectLocation unless a website's object can lead there;
// "" is nowhere.
func CheckRedirect(to string) error {
	if to == "" || strings.HasPrefix(to, "/") || strings.HasPrefix(to, "http://") || strings.HasPrefix(to, "https://") {
		return nil
	}
	return &Error{Code: "InvalidRedirectLocation", Status: 400, Message: "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."}
}

// Check returns S3's error for options that it does not take.
func (o UploadOptions) Check(bucket, key string) error {
	if err := checkProof("", o.Checksum, bucket, key); err != nil {
		return err
	}
	if err := CheckType(o.Checksum.Algorithm, o.Checksum.Type); o.Checksum.Algorithm != "" && err != nil {
		return err
	}
	if err := CheckTags(o.Tags, MaxTags); err != nil {
		return err
	}
	return checkRoom(o.ContentType, o.Metadata, o.Headers, bucket, key)
}

// Check returns S3's error for options that it does not take.
func (o PartOptions) Check(bucket, key string) error {
	return checkProof(o.ContentMD5, o.Checksum, bucket, key)
}

// checkPart returns S3's error unless a part can have this number.
func checkPart(number int, bucket, key string) error {
	if number < 1 || number > MaxParts {
		return invalid("Part number must be an integer between 1 and 10000, inclusive.", bucket, key, "").With("ArgumentName", "partNumber").With("ArgumentValue", number)
	}
	return nil
}

// Check returns S3's error for options that it does not take.
func (o ListOptions) Check(bucket string) error { return checkMaxKeys(bucket, o.MaxKeys) }

// Check returns S3's error for options that it does not take, whatever version
// ids it gives out.
func (o VersionOptions) Check(bucket string) error {
	if o.VersionMarker != "" && o.KeyMarker == "" {
		return invalid("A version-id marker cannot be specified without a key marker.", bucket, "", "")
	}
	return checkMaxKeys(bucket, o.MaxKeys)
}

func checkMaxKeys(bucket string, n int) error {
	if n < 0 {
		return invalid("Argument maxKeys must be an integer between 0 and 2147483647", bucket, "", "")
	}
	return nil
}

// Check returns MalformedXML unless a bucket can be told to do this with
// versions.
func (v Versioning) Check(bucket string) error {
	if v != Enabled && v != Suspended {
		return refuse(MalformedXML, bucket, "", "")
	}
	return nil
}

// lowerNames returns metadata with its names in lower case.
func lowerNames(metadata map[string]string) map[string]string {
	if len(metadata) == 0 {
		return nil
	}
	lower := make(map[string]string, len(metadata))
	for name, value := range metadata {
		lower[strings.ToLower(name)] = value
	}
	return lower
}
