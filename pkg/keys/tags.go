package keys

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// mostTags is how many tags a certificate has at most (ACM User Guide, "Tagging").
const mostTags = 50

// Tags returns the tags of the certificate at arn, which are the caller's to change.
// It fails with ResourceNotFoundException if there is no certificate.
func (s *Store) Tags(ctx context.Context, arn string) (map[string]string, error) {
	r, _, err := s.find(ctx, s.files, arn)
	if err != nil {
		return nil, err
	}
	return r.tags(), nil
}

// Retag has the tags of the certificate at arn changed, durably; its key is not
// touched, and needs no passphrase. The change may be made twice, of which one is
// kept. It fails with ResourceNotFoundException if there is no certificate, and with
// TooManyTagsException or InvalidTagException when the tags are not to be like that.
func (s *Store) Retag(ctx context.Context, arn string, change func(tags map[string]string)) error {
	return s.files.Change(ctx, func(d Draft) error {
		r, _, err := s.find(ctx, d, arn)
		if err != nil {
			return err
		}
		tags := r.tags()
		change(tags)
		if err := checkTags(tags); err != nil {
			return err
		}
		r.Tags = tags
		data, err := r.encode()
		if err != nil {
			return err
		}
		id, err := parseARN(arn)
		if err != nil {
			return err
		}
		return d.Write(ctx, importedFile(id), data)
	})
}

// tags are a copy of those of a record, and never nil.
func (r *record) tags() map[string]string {
	tags := map[string]string{}
	maps.Copy(tags, r.Tags)
	return tags
}

func checkTags(tags map[string]string) error {
	if len(tags) > mostTags {
		return &Error{"TooManyTagsException", fmt.Sprintf("A certificate can have %d tags, and would have %d.", mostTags, len(tags))}
	}
	for key := range tags {
		if strings.HasPrefix(key, "aws:") {
			return &Error{"InvalidTagException", fmt.Sprintf("The tag %s begins with aws:, which is kept for AWS.", key)}
		}
	}
	return nil
}
