package s3server

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// sortedNames returns the names of headers in lower case.
func sortedNames(h http.Header) (names []string) {
	for name := range h {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	return names
}

const metaPrefix = "x-amz-meta-"

// metadata reads the user's own headers. Those that are repeated are put together.
func (x *exchange) metadata() map[string]string {
	var all map[string]string
	for name, values := range x.r.Header {
		if name, ok := strings.CutPrefix(strings.ToLower(name), metaPrefix); ok {
			if all == nil {
				all = map[string]string{}
			}
			all[name] = strings.Join(values, ",")
		}
	}
	return all
}

// kept are the headers that S3 keeps with an object as they came.
func (x *exchange) kept() (bucket.Headers, error) {
	h := bucket.Headers{
		CacheControl:       x.header("Cache-Control"),
		ContentDisposition: x.header("Content-Disposition"),
		ContentEncoding:    contentEncoding(x.r.Header.Values("Content-Encoding")),
		ContentLanguage:    x.header("Content-Language"),
		Expires:            x.header("Expires"),
		WebsiteRedirect:    x.header("x-amz-website-redirect-location"),
	}
	return h, bucket.CheckRedirect(h.WebsiteRedirect)
}

// contentEncoding is how the object is encoded. The encoding of the request is not
// the object's.
func contentEncoding(values []string) string {
	var all []string
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			if one = strings.TrimSpace(one); one != "" && !strings.EqualFold(one, "aws-chunked") {
				all = append(all, one)
			}
		}
	}
	return strings.Join(all, ",")
}

// unkept refuses headers that ask for what this server does not do. A value that says
// what it does anyhow is fine.
func (x *exchange) unkept() error {
	for _, name := range sortedNames(x.r.Header) {
		value := x.header(name)
		switch {
		case name == "x-amz-acl":
			if err := unkeptACL(value); err != nil {
				return err
			}
		case name == "x-amz-storage-class":
			if value != "STANDARD" {
				return notImplemented("", name)
			}
		case name == "x-amz-object-ownership":
			if err := unkeptOwnership(value); err != nil {
				return err
			}
		case name == "x-amz-bucket-object-lock-enabled", name == "x-amz-object-lock-legal-hold":
			if !strings.EqualFold(value, "false") && value != "OFF" {
				return notImplemented("", name)
			}
		case strings.HasPrefix(name, "x-amz-grant-"), strings.HasPrefix(name, "x-amz-server-side-encryption"), strings.HasPrefix(name, "x-amz-object-lock-"),
			strings.HasPrefix(name, "x-amz-copy-source-server-side-encryption"), name == "x-amz-write-offset-bytes", name == "x-amz-mfa":
			return notImplemented("", name)
		}
	}
	return nil
}

// unkeptACL refuses access lists but those that give the owner all and others nothing.
func unkeptACL(value string) error {
	switch value {
	case "private", "bucket-owner-full-control", "bucket-owner-read":
		return nil
	case "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "log-delivery-write":
		return notImplemented("", "x-amz-acl")
	}
	return badArgument("x-amz-acl", value, "The canned ACL is none of those that there are.")
}

// unkeptOwnership refuses objects of others than the bucket's owner.
func unkeptOwnership(value string) error {
	switch value {
	case "BucketOwnerEnforced":
		return nil
	case "BucketOwnerPreferred", "ObjectWriter":
		return notImplemented("", "x-amz-object-ownership")
	}
	return refused(bucket.InvalidArgument, http.StatusBadRequest, "Invalid x-amz-object-ownership header: %s", value).With("ArgumentName", "x-amz-object-ownership")
}

// tell describes an object in the headers of an answer. A request may have put other
// values in place of some.
func (x *exchange) tell(i bucket.Info) {
	x.set("Content-Type", i.ContentType)
	x.set("Accept-Ranges", "bytes")
	x.set("ETag", i.ETag)
	x.set("x-amz-storage-class", "STANDARD")
	x.set("Last-Modified", httpDate(i.LastModified))
	x.setSome("x-amz-version-id", i.VersionID)
	x.setSome("Cache-Control", i.CacheControl)
	x.setSome("Content-Disposition", i.ContentDisposition)
	x.setSome("Content-Encoding", i.ContentEncoding)
	x.setSome("Content-Language", i.ContentLanguage)
	x.setSome("Expires", i.Expires)
	x.setSome("x-amz-website-redirect-location", i.WebsiteRedirect)
	x.tellTagCount(i.Tags)
	for name, value := range i.Metadata {
		x.set(metaPrefix+name, value)
	}
	for _, name := range []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"} {
		if x.query.has("response-" + strings.ToLower(name)) {
			x.set(name, x.query["response-"+strings.ToLower(name)])
		}
	}
}

// tellChecksum tells a checksum, if there is one.
func (x *exchange) tellChecksum(c bucket.Checksum) {
	if c.Value != "" {
		x.set(checksumHeader(c.Algorithm), c.Value)
		x.setSome("x-amz-checksum-type", string(c.Type))
	}
}

const checksumPrefix = "x-amz-checksum-"

func checksumHeader(a checksum.Algorithm) string {
	return checksumPrefix + strings.ToLower(string(a))
}

// number reads a parameter of the query that is a number from 0 on.
func (x *exchange) number(name string, otherwise int) (int, error) {
	if !x.query.has(name) || x.query[name] == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(x.query[name])
	if err != nil || n > 1<<31-1 || n < -1<<31 {
		return 0, badArgument(name, x.query[name], "Provided %s not an integer or within integer range", x.query[name])
	}
	if n < 0 {
		return 0, badArgument(name, x.query[name], "Argument %d must be an integer between 0 and 2147483647", n)
	}
	return n, nil
}

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// httpTime reads the time in a header; what is none is as good as no header.
func httpTime(value string) (time.Time, bool) {
	for _, layout := range []string{http.TimeFormat, time.RFC3339, "20060102T150405Z"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, true
		}
	}
	t, err := http.ParseTime(value)
	return t, err == nil
}
