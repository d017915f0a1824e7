package s3server_test

import (
	"net/url"
	"strings"
	"testing"

	"signer/pkg/s3server"
)

// contents returns the texts of all elements of a name.
func contents(document, name string) (all []string) {
	for {
		_, rest, ok := strings.Cut(document, "<"+name+">")
		if !ok {
			return all
		}
		text, after, _ := strings.Cut(rest, "</"+name+">")
		all, document = append(all, text), after
	}
}

func (s *site) fill(keys ...string) {
	s.t.Helper()
	for _, key := range keys {
		s.must("PUT", "/bkt/"+url.PathEscape(key), key)
	}
}

func TestListings(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	s.fill("a", "b/1", "b/2", "c d", "e<&>", "f\x01")
	for target, want := range map[string]struct{ keys, prefixes, more string }{
		"/bkt":                                    {"a b/1 b/2 c d e&lt;&amp;&gt; f\ufffd", "", "false"},
		"/bkt?list-type=2&encoding-type=url":      {"a b/1 b/2 c%20d e%3C%26%3E f%01", "", "false"},
		"/bkt?delimiter=/":                        {"a c d e&lt;&amp;&gt; f\ufffd", "b/", "false"},
		"/bkt?delimiter=/&max-keys=2":             {"a", "b/", "true"},
		"/bkt?delimiter=/&marker=b/":              {"c d e&lt;&amp;&gt; f\ufffd", "", "false"},
		"/bkt?list-type=2&prefix=b/&max-keys=1":   {"b/1", "", "true"},
		"/bkt?list-type=2&start-after=b/1":        {"b/2 c d e&lt;&amp;&gt; f\ufffd", "", "false"},
		"/bkt?list-type=2&max-keys=0":             {"", "", "false"},
		"/bkt?list-type=2&prefix=none":            {"", "", "false"},
		"/bkt?versions&prefix=b":                  {"b/1 b/2", "", "false"},
		"/bkt?versions&delimiter=/&max-keys=2":    {"a", "b/", "true"},
		"/bkt?versions&encoding-type=url&prefix=": {"a b/1 b/2 c%20d e%3C%26%3E f%01", "", "false"},
		"/bkt?versions&key-marker=c%20d":          {"e&lt;&amp;&gt; f\ufffd", "", "false"},
	} {
		_, text := s.must("GET", target, "")
		body, _, _ := strings.Cut(text, "<CommonPrefixes>")
		got := strings.Join(contents(body, "Key"), " ")
		var prefixes []string
		for _, group := range contents(text, "CommonPrefixes") {
			prefixes = append(prefixes, content(group, "Prefix"))
		}
		if got != want.keys || strings.Join(prefixes, " ") != want.prefixes || content(text, "IsTruncated") != want.more {
			t.Errorf("%s: %q %q\n%s", target, got, prefixes, text)
		}
	}
	for target, want := range map[string]string{
		"/bkt?max-keys=-1": "InvalidArgument", "/bkt?max-keys=x": "InvalidArgument", "/bkt?list-type=3": "InvalidArgument", "/bkt?encoding-type=xml": "InvalidArgument",
		"/bkt?list-type=2&continuation-token=": "InvalidArgument", "/bkt?list-type=2&continuation-token=base64:!": "InvalidArgument", "/none": "NoSuchBucket",
		"/bkt?versions&version-id-marker=x": "InvalidArgument", "/bkt?max-keys=99999999999": "InvalidArgument", "/bkt/k?versions": "InvalidRequest", "/bkt/k?uploads": "InvalidRequest",
		"/none?list-type=2&max-keys=0": "NoSuchBucket", "/Bad_Name": "InvalidBucketName", "//k": "InvalidBucketName",
	} {
		answer, text := s.do("GET", target, "")
		if answer.StatusCode < 400 || content(text, "Code") != want {
			t.Errorf("%s: %s %s", target, answer.Status, text)
		}
	}
}

// The token of a page leads to the next one, whatever the key is in which it ends.
func TestTokens(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	keys := []string{" ", "a\x01", "a&<>\"", "base64:x", "é", "\U0001F511"}
	s.fill(keys...)
	var got []string
	token := ""
	for range keys {
		_, text := s.must("GET", "/bkt?list-type=2&encoding-type=url&max-keys=1"+token, "")
		key, err := url.PathUnescape(content(text, "Key"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, key)
		next := strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(content(text, "NextContinuationToken"))
		token = "&continuation-token=" + url.QueryEscape(next)
	}
	if strings.Join(got, "|") != strings.Join(keys, "|") {
		t.Errorf("listed %q", got)
	}
}

func TestBuckets(t *testing.T) {
	s := serve(t, func(c *s3server.Config) { c.Region = "" })
	s.must("PUT", "/bkt-a", "<CreateBucketConfiguration><LocationConstraint>EU</LocationConstraint></CreateBucketConfiguration>")
	s.must("PUT", "/bkt-b", "")
	_, text := s.must("GET", "/?prefix=bkt", "")
	if strings.Join(contents(text, "Name"), " ") != "bkt-a bkt-b" || strings.Join(contents(text, "BucketRegion"), " ") != "eu-west-1 us-east-1" {
		t.Errorf("buckets: %s", text)
	}
	_, text = s.must("GET", "/?max-buckets=1", "")
	if content(text, "Name") != "bkt-a" || content(text, "ContinuationToken") != "bkt-a" {
		t.Errorf("first page: %s", text)
	}
	if _, text = s.must("GET", "/?continuation-token=bkt-a", ""); content(text, "Name") != "bkt-b" || content(text, "ContinuationToken") != "" {
		t.Errorf("second page: %s", text)
	}
	if _, text = s.must("GET", "/bkt-a?location", ""); !strings.HasSuffix(text, ">eu-west-1</LocationConstraint>") {
		t.Errorf("location: %s", text)
	}
	if _, text = s.must("GET", "/bkt-b?location", ""); !strings.HasSuffix(text, "></LocationConstraint>") {
		t.Errorf("location: %s", text)
	}
	if answer, _ := s.must("HEAD", "/bkt-a", ""); answer.Header.Get("X-Amz-Bucket-Region") != "eu-west-1" {
		t.Errorf("head: %v", answer.Header)
	}
	const place = "<CreateBucketConfiguration><LocationConstraint>%</LocationConstraint></CreateBucketConfiguration>"
	for _, tc := range []struct{ method, target, body, want string }{
		{"PUT", "/bkt-a", "", "BucketAlreadyOwnedByYou"},
		{"PUT", "/bkt-c", strings.Replace(place, "%", "us-east-1", 1), "InvalidLocationConstraint"},
		{"PUT", "/bkt-c", strings.Replace(place, "%", "nowhere", 1), "InvalidLocationConstraint"},
		{"PUT", "/bkt-c", "<CreateBucket/>", "MalformedXML"},
		{"PUT", "/bkt-c", "<CreateBucketConfiguration><Location><Type>AvailabilityZone</Type></Location></CreateBucketConfiguration>", "NotImplemented"},
		{"PUT", "/bkt-a?versioning", "<VersioningConfiguration/>", "IllegalVersioningConfigurationException"},
		{"PUT", "/bkt-a?versioning", "<VersioningConfiguration><Status>On</Status></VersioningConfiguration>", "MalformedXML"},
		{"PUT", "/bkt-a?versioning", "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>", "NotImplemented"},
		{"GET", "/none?location", "", "NoSuchBucket"},
		{"DELETE", "/none", "", "NoSuchBucket"},
		{"POST", "/", "", "MethodNotAllowed"},
		{"PATCH", "/bkt-a", "", "MethodNotAllowed"},
		{"GET", "/?max-buckets=0", "", "InvalidArgument"},
	} {
		answer, text := s.do(tc.method, tc.target, tc.body)
		if answer.StatusCode < 400 || content(text, "Code") != tc.want {
			t.Errorf("%s %s %s: %s %s", tc.method, tc.target, tc.body, answer.Status, text)
		}
	}
	if answer, text := s.do("HEAD", "/none", ""); answer.StatusCode != 404 || text != "" {
		t.Errorf("head of none: %s %s", answer.Status, text)
	}
	s.must("DELETE", "/bkt-a", "")
}
