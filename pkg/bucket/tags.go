package bucket

import (
	"context"
	"net/url"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tag is a word that callers give to an object or a bucket, and what it says.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// Tagger is a Store that keeps tags. Those of an object come with Put, an upload or
// PutTags, and are told by Head and Get; those of a bucket come with CreateBucket or
// PutBucketTags. What CheckTags refuses is refused.
type Tagger interface {
	Store

	// PutTags replaces the tags of a version, which is named as in Get, and describes
	// the version. Nothing else of it changes. It is durable when PutTags returns.
	PutTags(ctx context.Context, bucket, key, version string, tags []Tag) (Info, error)
	// BucketTags returns the tags of a bucket.
	BucketTags(ctx context.Context, bucket string) ([]Tag, error)
	// PutBucketTags replaces the tags of a bucket. It is durable when PutBucketTags
	// returns.
	PutBucketTags(ctx context.Context, bucket string, tags []Tag) error
}

var _ Tagger = (*Dir)(nil)

// How many tags there can be.
const (
	MaxTags       = 10 // of an object
	MaxBucketTags = 50
)

// CheckTags returns S3's error for tags that it does not take
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Tag.html).
func CheckTags(tags []Tag, most int) error {
	if len(tags) > most {
		e := &Error{Code: "BadRequest", Status: 400, Message: "Object tags cannot be greater than 10"}
		if most == MaxBucketTags {
			e.Message = "Bucket tag count cannot be greater than 50"
		}
		return e
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || !plainTag(t.Key, 128):
			return invalidTag("The TagKey you have provided is invalid").With("TagKey", t.Key)
		case !plainTag(t.Value, 256):
			return invalidTag("The TagValue you have provided is invalid").With("TagKey", t.Key).With("TagValue", t.Value)
		case seen[t.Key]:
			return invalidTag("Cannot provide multiple Tags with the same key").With("TagKey", t.Key)
		}
		seen[t.Key] = true
	}
	return nil
}

// ParseTags reads tags that are written like the query of a URL, as in the header
// x-amz-tagging: InvalidArgument.
func ParseTags(text string) (tags []Tag, err error) {
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, keyErr := url.QueryUnescape(key)
		value, valueErr := url.QueryUnescape(value)
		if keyErr != nil || valueErr != nil || key == "" || seen[key] {
			e := NewError(InvalidArgument).With("ArgumentName", "x-amz-tagging").With("ArgumentValue", text)
			e.Message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."
			return nil, e
		}
		seen[key] = true
		tags = append(tags, Tag{key, value})
	}
	return tags, nil
}

func invalidTag(text string) *Error { return &Error{Code: InvalidTag, Status: 400, Message: text} }

// plainTag tells whether a text is made of what tags are made of.
func plainTag(text string, most int) bool {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > most {
		return false
	}
	for _, c := range text {
		switch c {
		case '+', '-', '=', '.', '_', ':', '/', '@':
		default:
			if !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.Is(unicode.Z, c) {
				return false
			}
		}
	}
	return true
}

// PutTags replaces the tags of a version. A version is one file, so that it takes a copy
// of it, which the file system shares where it can.
func (d *Dir) PutTags(ctx context.Context, bucket, key, version string, tags []Tag) (_ Info, err error) {
	defer d.explain(&err, "tag", bucket, key)
	if err := CheckTags(tags, MaxTags); err != nil {
		return Info{}, err
	}
	info, rec, f, err := d.open(ctx, bucket, key, version)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	root, err := d.enter(bucket)
	if err != nil {
		return Info{}, err
	}
	defer root.Close()
	info.Tags, rec.Tags = tags, tags
	return info, d.replace(ctx, newKeyDir(root, bucket, key), f, rec)
}

// replace puts another record to a version whose file this is.
func (d *Dir) replace(ctx context.Context, k keyDir, f *os.File, rec record) error {
	s, err := d.stage(k.root)
	if err != nil {
		return err
	}
	defer s.discard()
	if err := s.append(ctx, f, rec.Size+rec.Table); err != nil {
		return err
	}
	s.size = rec.Size
	if err := s.seal(rec); err != nil {
		return err
	}
	unlock, err := d.lockKey(ctx, k)
	if err != nil {
		return err
	}
	defer unlock()
	name, _ := fileOf(rec.Version)
	now, err := k.record(name)
	if err != nil {
		return err
	}
	if now.Order != rec.Order { // it has been deleted or overwritten meanwhile
		return refuse(NoSuchVersion, k.bucket, k.key, rec.Version)
	}
	if err := s.moveTo(k.path + "/" + name); err != nil {
		return err
	}
	return syncDir(k.root, k.path)
}

// BucketTags returns the tags of a bucket.
func (d *Dir) BucketTags(_ context.Context, bucket string) (_ []Tag, err error) {
	defer d.explain(&err, "read the tags of", bucket, "")
	r, err := d.record(bucket)
	return r.Tags, err
}

// PutBucketTags replaces the tags of a bucket.
func (d *Dir) PutBucketTags(ctx context.Context, bucket string, tags []Tag) (err error) {
	defer d.explain(&err, "tag", bucket, "")
	return d.changeBucket(ctx, bucket, func(root *os.Root, r bucketRecord) error {
		if err := CheckTags(tags, MaxBucketTags); err != nil {
			return err
		}
		r.Tags = tags
		return d.writeBucket(root, r)
	})
}
