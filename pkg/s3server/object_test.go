package s3server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// stocked is a server with an object of 100 bytes.
func stocked(t *testing.T) (*site, string) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	answer, _ := s.must("PUT", "/bkt/k", strings.Repeat("0123456789", 10))
	return s, answer.Header.Get("Etag")
}

func TestRanges(t *testing.T) {
	s, _ := stocked(t)
	for header, want := range map[string]string{
		"bytes=0-0": "206 1 bytes 0-0/100", "bytes=95-": "206 5 bytes 95-99/100", "bytes=-3": "206 3 bytes 97-99/100", "bytes=0-999": "206 100 bytes 0-99/100",
		"bytes=-200": "206 100 bytes 0-99/100", "bytes=100-": "416 InvalidRange", "bytes=-0": "416 InvalidRange", "bytes=9-5": "200 100 ", "bytes=a-b": "200 100 ",
		"bytes=0-1,3-4": "200 100 ", "lines=0-1": "200 100 ", "bytes=": "200 100 ", "bytes=99999999999999999999-": "200 100 ", "bytes=0-9223372036854775807": "206 100 bytes 0-99/100",
	} {
		answer, text := s.do("GET", "/bkt/k", "", "Range: "+header)
		got := fmt.Sprint(answer.StatusCode, " ", len(text), " ", answer.Header.Get("Content-Range"))
		if answer.StatusCode == 416 {
			got = "416 " + content(text, "Code")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
		head, _ := s.do("HEAD", "/bkt/k", "", "Range: "+header)
		if head.StatusCode != answer.StatusCode || answer.StatusCode < 300 && head.ContentLength != int64(len(text)) {
			t.Errorf("%s: HEAD answers %s, %d bytes", header, head.Status, head.ContentLength)
		}
	}
}

func TestConditions(t *testing.T) {
	s, tag := stocked(t)
	ago, hence := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for _, tc := range []struct {
		want    int
		headers []string
	}{
		{200, []string{"If-Match: " + tag}},
		{200, []string{"If-Match: \"x\", " + tag}},
		{200, []string{"If-Match: *"}},
		{412, []string{`If-Match: "x"`}},
		{304, []string{"If-None-Match: " + tag}},
		{304, []string{"If-None-Match: W/" + tag}},
		{200, []string{`If-None-Match: "x"`}},
		{304, []string{"If-Modified-Since: " + hence}},
		{200, []string{"If-Modified-Since: " + ago}},
		{412, []string{"If-Unmodified-Since: " + ago}},
		{200, []string{"If-Unmodified-Since: " + hence}},
		{200, []string{"If-Match: " + tag, "If-Unmodified-Since: " + ago}},
		{200, []string{`If-None-Match: "x"`, "If-Modified-Since: " + hence}},
		{200, []string{"If-Modified-Since: whenever"}},
	} {
		answer, text := s.do("GET", "/bkt/k", "", tc.headers...)
		if answer.StatusCode != tc.want || tc.want == 304 && (text != "" || answer.Header.Get("Etag") != tag) {
			t.Errorf("%v: %s %s", tc.headers, answer.Status, text)
		}
		if head, _ := s.do("HEAD", "/bkt/k", "", tc.headers...); head.StatusCode != tc.want {
			t.Errorf("HEAD %v: %s", tc.headers, head.Status)
		}
	}
}

func TestHeaders(t *testing.T) {
	s, _ := stocked(t)
	kept := []string{
		"Cache-Control: max-age=5", "Content-Disposition: attachment", "Content-Encoding: gzip,aws-chunked", "Content-Language: de", "Content-Type: text/plain",
		"Expires: Thu, 01 Dec 1994 16:00:00 GMT", "x-amz-meta-Color: Red", "x-amz-website-redirect-location: /there",
	}
	s.must("PUT", "/bkt/h", "hello", append(kept, "X-Amz-Meta-Color: blue")...)
	answer, _ := s.must("GET", "/bkt/h", "")
	for name, want := range map[string]string{
		"Cache-Control": "max-age=5", "Content-Disposition": "attachment", "Content-Encoding": "gzip", "Content-Language": "de", "Content-Type": "text/plain",
		"Expires": "Thu, 01 Dec 1994 16:00:00 GMT", "X-Amz-Meta-Color": "Red,blue", "X-Amz-Website-Redirect-Location": "/there", "Accept-Ranges": "bytes",
		"Etag": `"5d41402abc4b2a76b9719d911017c592"`, "Content-Length": "5",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	answer, _ = s.must("GET", "/bkt/h?response-content-type=a%2Fb&response-cache-control=no-store&response-expires=never&response-content-language=", "")
	for name, want := range map[string]string{"Content-Type": "a/b", "Cache-Control": "no-store", "Expires": "never", "Content-Language": "", "Content-Encoding": "gzip"} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("asked for others, %s: %q, want %q", name, got, want)
		}
	}
}

func TestChecksums(t *testing.T) {
	s, _ := stocked(t)
	for _, tc := range []struct {
		header, name, want string
	}{
		{"x-amz-checksum-crc32: NhCmhg==", "X-Amz-Checksum-Crc32", "NhCmhg=="},
		{"x-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=", "X-Amz-Checksum-Sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="},
		{"Content-MD5: XUFAKrxLKna5cZ2REBfFkg==", "X-Amz-Checksum-Crc64nvme", "M3eFcAZSQlc="},
	} {
		stored, _ := s.must("PUT", "/bkt/c", "hello", tc.header)
		told, _ := s.must("HEAD", "/bkt/c", "", "x-amz-checksum-mode: ENABLED")
		silent, _ := s.must("HEAD", "/bkt/c", "")
		for _, answer := range []*http.Response{stored, told} {
			if answer.Header.Get(tc.name) != tc.want || answer.Header.Get("X-Amz-Checksum-Type") != "FULL_OBJECT" {
				t.Errorf("%s: told %v", tc.header, answer.Header)
			}
		}
		if silent.Header.Get(tc.name) != "" {
			t.Errorf("%s: told without being asked", tc.header)
		}
		part, _ := s.must("GET", "/bkt/c", "", "x-amz-checksum-mode: ENABLED", "Range: bytes=0-1")
		if part.Header.Get(tc.name) != "" {
			t.Errorf("%s: told for a part", tc.header)
		}
	}
	for header, want := range map[string]string{
		"x-amz-checksum-crc32: NhCmhA==":        "BadDigest The CRC32 you specified did not match the calculated checksum.",
		"x-amz-checksum-crc32: x":               "InvalidRequest Value for x-amz-checksum-crc32 header is invalid.",
		"x-amz-checksum-crc16: NhCmhg==":        "InvalidRequest The algorithm type you specified in x-amz-checksum- header is invalid.",
		"Content-MD5: XUFAKrxLKna5cZ2REBfFkQ==": "BadDigest The Content-MD5 you specified did not match what we received.",
		"Content-MD5: x":                        "InvalidDigest The Content-Md5 you specified is not valid.",
		"x-amz-sdk-checksum-algorithm: CRC32":   "InvalidRequest x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
	} {
		_, text := s.do("PUT", "/bkt/bad", "hello", header)
		if got := content(text, "Code") + " " + content(text, "Message"); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
	if answer, _ := s.do("GET", "/bkt/bad", ""); answer.StatusCode != 404 {
		t.Errorf("an object came about: %s", answer.Status)
	}
}

// What a request says of its body's digest is held against the body.
func TestDigest(t *testing.T) {
	s, _ := stocked(t)
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	for body, want := range map[string]string{"hello": "", "hallo": "XAmzContentSHA256Mismatch", "": "XAmzContentSHA256Mismatch"} {
		_, text := s.do("PUT", "/bkt/d", body, "X-Amz-Content-Sha256: "+hello)
		if got := content(text, "Code"); got != want {
			t.Errorf("%q: %s", body, text)
		}
	}
	if _, text := s.must("GET", "/bkt/d", ""); text != "hello" {
		t.Errorf("the object is %q", text)
	}
	s.must("PUT", "/bkt/d", "any", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
}

func TestCopy(t *testing.T) {
	s, tag := stocked(t)
	s.must("PUT", "/bkt?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	first, _ := s.must("PUT", "/bkt/a b+%25", "first", "x-amz-meta-color: red", "Content-Type: text/plain", "Cache-Control: no-cache")
	s.must("PUT", "/bkt/a b+%25", "second")
	source := "x-amz-copy-source: /bkt/a%20b%2B%25?versionId=" + first.Header.Get("X-Amz-Version-Id")
	answer, text := s.must("PUT", "/bkt/copy", "", source)
	if content(text, "ETag") != "&#34;8b04d5e3775d298e78455efc5ca404d5&#34;" || answer.Header.Get("X-Amz-Copy-Source-Version-Id") == "" || answer.Header.Get("X-Amz-Version-Id") == "" {
		t.Errorf("copied: %v %s", answer.Header, text)
	}
	copied, text := s.must("GET", "/bkt/copy", "")
	if text != "first" || copied.Header.Get("X-Amz-Meta-Color") != "red" || copied.Header.Get("Content-Type") != "text/plain" || copied.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("the copy is %v %s", copied.Header, text)
	}
	s.must("PUT", "/bkt/copy", "", source, "x-amz-metadata-directive: REPLACE", "x-amz-meta-size: small", "x-amz-checksum-algorithm: SHA256")
	copied, _ = s.must("HEAD", "/bkt/copy", "", "x-amz-checksum-mode: ENABLED")
	if copied.Header.Get("X-Amz-Meta-Color") != "" || copied.Header.Get("X-Amz-Meta-Size") != "small" || copied.Header.Get("X-Amz-Checksum-Sha256") == "" {
		t.Errorf("the other copy is %v", copied.Header)
	}
	for _, tc := range []struct{ source, header, want string }{
		{"bkt/none", "", "NoSuchKey"}, {"none/k", "", "NoSuchBucket"}, {"bkt/k", "x-amz-metadata-directive: MERGE", "InvalidArgument"}, {"bkt", "", "InvalidArgument"},
		{"bkt/%zz", "", "InvalidArgument"}, {"bkt/k?versionId=x", "", "InvalidArgument"}, {"bkt/k", `x-amz-copy-source-if-match: "x"`, "PreconditionFailed"},
		{"bkt/k", "x-amz-copy-source-if-none-match: " + tag, ""}, {"bkt/copy", "", "InvalidRequest"}, {"bkt/k", "If-None-Match: *", "PreconditionFailed"},
	} {
		headers := []string{"x-amz-copy-source: " + tc.source}
		if tc.header != "" {
			headers = append(headers, tc.header)
		}
		answer, text := s.do("PUT", "/bkt/copy", "", headers...)
		if content(text, "Code") != tc.want || answer.StatusCode < 300 {
			t.Errorf("%v: %s %s", headers, answer.Status, text)
		}
	}
}

func TestDeleteMany(t *testing.T) {
	s, _ := stocked(t)
	const twoKeys = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>k</Key></Object><Object><Key>k</Key><VersionId>x</VersionId></Object></Delete>`
	if _, text := s.do("POST", "/bkt?delete", twoKeys); content(text, "Code") != "InvalidRequest" {
		t.Errorf("without a checksum: %s", text)
	}
	if _, text := s.do("POST", "/bkt?delete", twoKeys, "Content-MD5: XUFAKrxLKna5cZ2REBfFkg=="); content(text, "Code") != "BadDigest" {
		t.Errorf("with another's checksum: %s", text)
	}
	_, text := s.must("POST", "/bkt?delete", twoKeys, "x-amz-checksum-crc32: "+crc32Of(twoKeys))
	if !strings.Contains(text, "<Deleted><Key>k</Key></Deleted>") || content(content(text, "Error"), "Code") != "InvalidArgument" {
		t.Errorf("deleted: %s", text)
	}
	quiet := strings.Replace(twoKeys, "<Object>", "<Quiet>true</Quiet><Object>", 1)
	if _, text := s.must("POST", "/bkt?delete", quiet, "x-amz-checksum-crc32: "+crc32Of(quiet)); strings.Contains(text, "<Deleted>") || !strings.Contains(text, "<Error>") {
		t.Errorf("deleted quietly: %s", text)
	}
	many := "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", 1001) + "</Delete>"
	if _, text := s.do("POST", "/bkt?delete", many, "x-amz-checksum-crc32: "+crc32Of(many)); content(text, "Code") != "MalformedXML" {
		t.Errorf("too many: %s", text)
	}
}

// Keys whose paths lead nowhere or elsewhere are not made, as in S3; those that are
// there are served.
func TestPathLikeKeys(t *testing.T) {
	s, _ := stocked(t)
	for key, want := range map[string]int{
		"..": 400, "../x": 400, "a/../../x": 400, "/": 400, ".": 400, "a/../x": 200, "a//b": 200, "/a": 200, "...": 200, "a/./b": 200, "a/..": 200, "%2e%2e/x": 400, "..%2fx": 400,
	} {
		answer, text := s.do("PUT", "/bkt/"+key, "x")
		if answer.StatusCode != want {
			t.Errorf("%s: %s %s", key, answer.Status, text)
		}
		if want != 200 {
			continue
		}
		if _, text := s.must("GET", "/bkt/"+key, ""); text != "x" {
			t.Errorf("%s: got %q", key, text)
		}
	}
}
