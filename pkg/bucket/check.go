package bucket

import (
	"crypto/md5"
	"encoding/base64"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// maxKey is the most bytes that a key may have.
const maxKey = 1024

// maxMetadata is the most bytes that names and values of an object's metadata
// may have together.
const maxMetadata = 2048

// maxContentType is what S3 gives all headers together.
const maxContentType = 8192

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
		return refuse(KeyTooLongError, bucket, key, "")
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
		return invalid("Invalid version id specified", bucket, key, version)
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
	if o.IfNoneMatch != "" && o.IfNoneMatch != "*" {
		return refuse(NotImplemented, bucket, key, "")
	}
	if sum, err := base64.StdEncoding.DecodeString(o.ContentMD5); o.ContentMD5 != "" && (err != nil || len(sum) != md5.Size) {
		return refuse(InvalidDigest, bucket, key, "")
	}
	size := 0
	for name, value := range o.Metadata {
		size += len(name) + len(value)
	}
	if size > maxMetadata || len(o.ContentType) > maxContentType {
		return refuse(MetadataTooLarge, bucket, key, "")
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
