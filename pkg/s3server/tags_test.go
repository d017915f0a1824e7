package s3server_test

import (
	"context"
	"strings"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/s3server"
)

// tagsOf tells the tags that a target has.
func (s *site) tagsOf(target string) string {
	s.t.Helper()
	_, text := s.must("GET", target+"?tagging", "")
	_, set, _ := strings.Cut(text, "<TagSet>")
	set, _, _ = strings.Cut(set, "</TagSet>")
	return strings.NewReplacer("<Tag><Key>", "", "</Key><Value>", "=", "</Value></Tag>", ";").Replace(set)
}

func tagging(tags ...string) string {
	var b strings.Builder
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		b.WriteString("<Tag><Key>" + key + "</Key><Value>" + value + "</Value></Tag>")
	}
	return `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>` + b.String() + "</TagSet></Tagging>"
}

func TestTags(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	s.must("PUT", "/bkt/k", "hello", "x-amz-tagging: color=red&a%20b=c+d&&empty")
	same("put", s.tagsOf("/bkt/k"), "color=red;a b=c d;empty=;")
	answer, body := s.must("GET", "/bkt/k", "")
	same("counted", answer.Header.Get("X-Amz-Tagging-Count")+body, "3hello")
	s.must("PUT", "/bkt/copy", "", "x-amz-copy-source: bkt/k")
	same("copied", s.tagsOf("/bkt/copy"), "color=red;a b=c d;empty=;")
	s.must("PUT", "/bkt/copy", "", "x-amz-copy-source: bkt/k", "x-amz-tagging-directive: REPLACE", "x-amz-tagging: x=y")
	same("copied anew", s.tagsOf("/bkt/copy"), "x=y;")
	s.must("PUT", "/bkt/k?tagging", tagging("one=1", "two="))
	same("put anew", s.tagsOf("/bkt/k"), "one=1;two=;")
	answer, _ = s.must("DELETE", "/bkt/k?tagging", "")
	same("deleted", answer.Status+s.tagsOf("/bkt/k"), "204 No Content")
	answer, _ = s.must("HEAD", "/bkt/k", "")
	same("counted", answer.Header.Get("X-Amz-Tagging-Count"), "")
	_, text := s.must("POST", "/bkt/parts?uploads", "", "x-amz-tagging: up=load")
	id := content(text, "UploadId")
	answer, _ = s.must("PUT", "/bkt/parts?partNumber=1&uploadId="+id, "x")
	s.must("POST", "/bkt/parts?uploadId="+id, "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"+answer.Header.Get("ETag")+"</ETag></Part></CompleteMultipartUpload>")
	same("put in parts", s.tagsOf("/bkt/parts"), "up=load;")
}

func TestTagsRefused(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	s.must("PUT", "/bkt/k", "hello")
	for _, tc := range []struct{ method, target, body, header, want string }{
		{"PUT", "/bkt/k", "", "x-amz-tagging: =b", "InvalidArgument"},
		{"PUT", "/bkt/k", "", "x-amz-tagging: a%", "InvalidArgument"},
		{"PUT", "/bkt/k", "", "x-amz-tagging: a=b&a=c", "InvalidArgument"},
		{"PUT", "/bkt/k", "", "x-amz-tagging: a=b!", "InvalidTag"},
		{"POST", "/bkt/k?uploads", "", "x-amz-tagging: a!=b", "InvalidTag"},
		{"PUT", "/bkt/k?tagging", tagging("a=!"), "", "InvalidTag"},
		{"PUT", "/bkt/k?tagging", tagging("a=b", "a=c"), "", "InvalidTag"},
		{"PUT", "/bkt/k?tagging", tagging(strings.Split(strings.Repeat("a=b ", 11), " ")[:11]...), "", "BadRequest"},
		{"PUT", "/bkt/k?tagging", tagging("a=b"), "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==", "BadDigest"},
		{"PUT", "/bkt/k?tagging", "<Tagging/>", "", "MalformedXML"},
		{"PUT", "/bkt/k?tagging", "", "", "MalformedXML"},
		{"PUT", "/bkt/none?tagging", tagging(), "", "NoSuchKey"},
		{"DELETE", "/bkt/none?tagging", "", "", "NoSuchKey"},
		{"GET", "/bkt/none?tagging", "", "", "NoSuchKey"},
		{"GET", "/bkt?tagging", "", "", "NoSuchTagSet"},
		{"GET", "/none?tagging", "", "", "NoSuchBucket"},
		{"PUT", "/none?tagging", tagging(), "", "NoSuchBucket"},
	} {
		var headers []string
		if tc.header != "" {
			headers = append(headers, tc.header)
		}
		answer, text := s.do(tc.method, tc.target, tc.body, headers...)
		if got := content(text, "Code"); got != tc.want || answer.StatusCode < 400 {
			t.Errorf("%s %s %s %s: %s %s", tc.method, tc.target, tc.body, tc.header, answer.Status, text)
		}
	}
	if got := s.tagsOf("/bkt/k"); got != "" {
		t.Errorf("tags: %s", got)
	}
}

func TestBucketTags(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>")
	if got := s.tagsOf("/bkt"); got != "a=b;" {
		t.Errorf("made with %q", got)
	}
	s.must("PUT", "/bkt?tagging", tagging("c=d"))
	if got := s.tagsOf("/bkt"); got != "c=d;" {
		t.Errorf("put %q", got)
	}
	s.must("DELETE", "/bkt?tagging", "")
	if _, text := s.do("GET", "/bkt?tagging", ""); content(text, "Code") != "NoSuchTagSet" {
		t.Errorf("deleted: %s", text)
	}
}

// A store that keeps no tags gets none.
func TestNoTags(t *testing.T) {
	s := serve(t, func(c *s3server.Config) {
		open := c.StoreFor
		c.StoreFor = func(ctx context.Context, caller s3server.Caller) (bucket.Store, error) {
			store, err := open(ctx, caller)
			return struct{ bucket.Store }{store}, err
		}
	})
	s.must("PUT", "/bkt", "")
	s.must("PUT", "/bkt/k", "hello")
	for _, tc := range [][]string{
		{"PUT", "/bkt/new", "", "x-amz-tagging: a=b"}, {"PUT", "/bkt/k?tagging", tagging("a=b")}, {"DELETE", "/bkt/k?tagging", ""}, {"PUT", "/bkt?tagging", tagging("a=b")},
		{"PUT", "/new", "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>"},
	} {
		if answer, text := s.do(tc[0], tc[1], tc[2], tc[3:]...); answer.StatusCode != 501 {
			t.Errorf("%v: %s %s", tc, answer.Status, text)
		}
	}
	if got := s.tagsOf("/bkt/k"); got != "" {
		t.Errorf("tags %q", got)
	}
}
