package s3server

import (
	"encoding/xml"
	"net/http"
	"strconv"

	"signer/pkg/bucket"
)

// tagger returns the store, if it keeps tags.
func (x *exchange) tagger() (bucket.Tagger, error) {
	t, ok := x.store.(bucket.Tagger)
	if !ok {
		return nil, notImplemented("tags", "")
	}
	return t, nil
}

const taggingHeader = "x-amz-tagging"

// tags reads the header with the tags of a new object, which are written like the
// query of a URL.
func (x *exchange) tags() ([]bucket.Tag, error) {
	header := x.header(taggingHeader)
	if header == "" {
		return nil, nil
	}
	if _, err := x.tagger(); err != nil {
		return nil, notImplemented("", taggingHeader)
	}
	return bucket.ParseTags(header)
}

// copiedTags are those of the source, or what the request says.
func (x *exchange) copiedTags(source []bucket.Tag) ([]bucket.Tag, error) {
	switch directive := x.header("x-amz-tagging-directive"); directive {
	case "", "COPY":
		return source, nil
	case "REPLACE":
		return x.tags()
	default:
		return nil, badArgument("x-amz-tagging-directive", directive, "Unknown tagging directive.")
	}
}

// tellTagCount tells how many tags there are, if any.
func (x *exchange) tellTagCount(tags []bucket.Tag) {
	if len(tags) > 0 {
		x.set("x-amz-tagging-count", strconv.Itoa(len(tags)))
	}
}

type taggingXML struct {
	XMLName xml.Name `xml:"Tagging"`
	TagSet  *tagSetXML
}

type tagSetXML struct {
	Tags []tagXML `xml:"Tag"`
}

type tagXML struct{ Key, Value string }

func (s *tagSetXML) tags() (tags []bucket.Tag) {
	if s == nil {
		return nil
	}
	for _, t := range s.Tags {
		tags = append(tags, bucket.Tag(t))
	}
	return tags
}

func (x *exchange) answerTags(tags []bucket.Tag) error {
	set := &tagSetXML{}
	for _, t := range tags {
		set.Tags = append(set.Tags, tagXML(t))
	}
	return x.answer("Tagging", struct{ TagSet *tagSetXML }{set})
}

// readTags reads the tags in the body of a request.
func (x *exchange) readTags() ([]bucket.Tag, error) {
	body, err := x.provenBody(false)
	if err != nil {
		return nil, err
	}
	var in taggingXML
	if err := parseXML(body, &in); err != nil {
		return nil, err
	}
	if in.TagSet == nil {
		return nil, bucket.NewError(bucket.MalformedXML)
	}
	return in.TagSet.tags(), nil
}

func (x *exchange) objectTags() error {
	info, err := x.store.Head(x.r.Context(), x.bucket, x.key, x.query["versionId"])
	if err != nil {
		return err
	}
	x.setSome("x-amz-version-id", info.VersionID)
	return x.answerTags(info.Tags)
}

func (x *exchange) putObjectTags() error {
	tags, err := x.readTags()
	if err != nil {
		return err
	}
	return x.changeTags(tags, http.StatusOK)
}

func (x *exchange) deleteObjectTags() error { return x.changeTags(nil, http.StatusNoContent) }

func (x *exchange) changeTags(tags []bucket.Tag, status int) error {
	t, err := x.tagger()
	if err != nil {
		return err
	}
	info, err := t.PutTags(x.r.Context(), x.bucket, x.key, x.query["versionId"], tags)
	if err != nil {
		return err
	}
	x.setSome("x-amz-version-id", info.VersionID)
	return x.nothing(status)
}

func (x *exchange) bucketTags() error {
	t, err := x.tagger()
	if err != nil {
		return err
	}
	tags, err := t.BucketTags(x.r.Context(), x.bucket)
	if err != nil {
		return err
	}
	if len(tags) == 0 {
		return refused("NoSuchTagSet", http.StatusNotFound, "The TagSet does not exist.").With("BucketName", x.bucket)
	}
	return x.answerTags(tags)
}

func (x *exchange) putBucketTags() error {
	tags, err := x.readTags()
	if err != nil {
		return err
	}
	return x.changeBucketTags(tags)
}

func (x *exchange) deleteBucketTags() error { return x.changeBucketTags(nil) }

func (x *exchange) changeBucketTags(tags []bucket.Tag) error {
	t, err := x.tagger()
	if err != nil {
		return err
	}
	if err := t.PutBucketTags(x.r.Context(), x.bucket, tags); err != nil {
		return err
	}
	return x.nothing(http.StatusNoContent)
}
