package s3server

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/bucket"
)

func (x *exchange) getObject() error {
	if err := x.askedPart(); err != nil {
		return err
	}
	o, err := x.store.Get(x.r.Context(), x.bucket, x.key, x.query["versionId"])
	if err != nil {
		return err
	}
	defer o.Close()
	s, status, err := x.describe(o.Info)
	if err != nil {
		return err
	}
	x.begun = true
	x.w.WriteHeader(status)
	return x.send(o, s)
}

// send sends the content. Its length has been told, so that a failure can only be
// shown by breaking off.
func (x *exchange) send(o *bucket.Object, s span) (err error) {
	if s.whole {
		_, err = o.WriteTo(x.w)
	} else {
		_, err = io.CopyBuffer(struct{ io.Writer }{x.w}, io.NewSectionReader(o, s.first, s.length), make([]byte, min(256<<10, s.length+1)))
	}
	if err == nil {
		return nil
	}
	if x.r.Context().Err() == nil {
		x.Log.ErrorContext(x.r.Context(), "an object was sent in part", "requestId", x.id, "bucket", x.bucket, "key", x.key, "error", err)
	}
	panic(http.ErrAbortHandler)
}

func (x *exchange) headObject() error {
	if err := x.askedPart(); err != nil {
		return err
	}
	info, err := x.store.Head(x.r.Context(), x.bucket, x.key, x.query["versionId"])
	if err != nil {
		return err
	}
	_, status, err := x.describe(info)
	if err != nil {
		return err
	}
	x.begun = true
	x.w.WriteHeader(status)
	return nil
}

// describe tells all of an object but its content, if the conditions of the request
// hold, and returns which part of the content is wanted.
func (x *exchange) describe(info bucket.Info) (span, int, error) {
	if err := x.holds("", info); err != nil {
		return span{}, 0, err
	}
	s, err := x.span(info)
	if err != nil {
		return span{}, 0, err
	}
	x.tell(info)
	x.set("Content-Length", strconv.FormatInt(s.length, 10))
	if s.parts > 0 {
		x.set("x-amz-mp-parts-count", strconv.Itoa(s.parts))
	}
	if strings.EqualFold(x.header("x-amz-checksum-mode"), "ENABLED") && s.checked {
		x.tellChecksum(info.Checksum)
	}
	if s.told == "" {
		return s, http.StatusOK, nil
	}
	x.set("Content-Range", s.told)
	return s, http.StatusPartialContent, nil
}

// holds checks the conditions of a read, whose headers have this prefix, against what
// is there, in the order of RFC 9110, section 13.2.2. A request that names an entity
// tag is not judged by times.
func (x *exchange) holds(prefix string, info bucket.Info) error {
	match, noneMatch := x.header(prefix+"If-Match"), x.header(prefix+"If-None-Match")
	modified, hasModified := httpTime(x.header(prefix + "If-Modified-Since"))
	unmodified, hasUnmodified := httpTime(x.header(prefix + "If-Unmodified-Since"))
	switch {
	case match != "" && !names(match, info.ETag):
		return failed(prefix + "If-Match")
	case match == "" && hasUnmodified && info.LastModified.After(unmodified):
		return failed(prefix + "If-Unmodified-Since")
	case noneMatch != "" && names(noneMatch, info.ETag):
		return x.unchanged(info)
	case noneMatch == "" && hasModified && !info.LastModified.After(modified):
		return x.unchanged(info)
	}
	return nil
}

func failed(condition string) *bucket.Error {
	return bucket.NewError(bucket.PreconditionFailed).With("Condition", condition)
}

// askedPart checks the number of the part that is asked for, if one is.
func (x *exchange) askedPart() error {
	if !x.query.has("partNumber") {
		return nil
	}
	_, err := partNumber(x.query["partNumber"])
	return err
}

// unchanged answers a reader that he has what is there.
func (x *exchange) unchanged(info bucket.Info) *bucket.Error {
	x.set("ETag", info.ETag)
	x.set("Last-Modified", httpDate(info.LastModified))
	x.setSome("x-amz-version-id", info.VersionID)
	return refused("NotModified", http.StatusNotModified, "Not Modified")
}

// names tells whether a list of entity tags, with or without their quotes, names one.
func names(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || strings.Trim(one, `"`) == strings.Trim(tag, `"`) {
			return true
		}
	}
	return false
}
