package keys_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/keys"
)

// Tags are a certificate's until they are changed, whatever becomes of its key.
func TestTags(t *testing.T) {
	s, _ := open(t, t.TempDir())
	b := device256(t)
	plain := b
	b.Tags = map[string]string{"team": "one", "stage": ""}
	c, err := s.Import(t.Context(), place, b)
	if err != nil {
		t.Fatal(err)
	}
	is := func(when string, want map[string]string) {
		t.Helper()
		got, err := s.Tags(t.Context(), c.ARN)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", when, err, diff)
		}
	}
	is("imported", map[string]string{"team": "one", "stage": ""})
	if err := s.Retag(t.Context(), c.ARN, func(tags map[string]string) { tags["team"] = "two"; delete(tags, "stage") }); err != nil {
		t.Error(err)
	}
	is("changed", map[string]string{"team": "two"})
	if _, err := s.Reimport(t.Context(), c.ARN, plain); err != nil {
		t.Error(err)
	}
	is("imported again", map[string]string{"team": "two"})
	if _, err := s.Reimport(t.Context(), c.ARN, b); code(err) != "ValidationException" {
		t.Errorf("imported again with tags: %v", err)
	}
	if _, err := s.Imported(t.Context(), c.ARN); err != nil {
		t.Errorf("the key: %v", err)
	}
	if err := s.Retag(t.Context(), c.ARN, func(tags map[string]string) { clear(tags) }); err != nil {
		t.Error(err)
	}
	is("cleared", map[string]string{})
}

// Tags that ACM does not take leave those that there are.
func TestTagsRefused(t *testing.T) {
	s, _ := open(t, t.TempDir())
	b := device256(t)
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = "x"
	}
	for want, tags := range map[string]map[string]string{"TooManyTagsException": many, "InvalidTagException": {"aws:x": "y"}} {
		b.Tags = tags
		if _, err := s.Import(t.Context(), place, b); code(err) != want {
			t.Errorf("%s: imported with %v", want, err)
		}
		b.Tags = nil
		c, err := s.Import(t.Context(), place, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Retag(t.Context(), c.ARN, func(had map[string]string) { maps.Copy(had, tags) }); code(err) != want {
			t.Errorf("%s: tagged with %v", want, err)
		}
		if left, err := s.Tags(t.Context(), c.ARN); err != nil || len(left) != 0 {
			t.Errorf("%s: left are %v, %v", want, left, err)
		}
	}
	none := "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-4000-8000-000000000000"
	if _, err := s.Tags(t.Context(), none); code(err) != "ResourceNotFoundException" {
		t.Errorf("tags of none: %v", err)
	}
	if err := s.Retag(t.Context(), none, func(map[string]string) {}); code(err) != "ResourceNotFoundException" {
		t.Errorf("tagging none: %v", err)
	}
}

func code(err error) string {
	var refused *keys.Error
	if !errors.As(err, &refused) {
		return ""
	}
	return refused.Code
}
