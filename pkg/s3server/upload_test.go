package s3server_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

func crc32Of(text string) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))))
}

// begin begins an upload and returns the query that leads to it.
func (s *site) begin(target string, headers ...string) string {
	s.t.Helper()
	_, text := s.must("POST", target+"?uploads", "", headers...)
	return "uploadId=" + content(text, "UploadId")
}

const partSize = 5 << 20

func TestUpload(t *testing.T) {
	s, _ := stocked(t)
	id := s.begin("/bkt/big", "x-amz-meta-color: red", "Content-Type: text/plain")
	one, _ := s.must("PUT", "/bkt/big?partNumber=1&"+id, strings.Repeat("a", partSize))
	two, text := s.must("PUT", "/bkt/big?partNumber=2&"+id, "", "x-amz-copy-source: bkt/k", "x-amz-copy-source-range: bytes=1-3")
	if content(text, "ETag") == "" || two.Header.Get("Etag") != "" {
		t.Errorf("copied: %s", text)
	}
	_, listed := s.must("GET", "/bkt/big?"+id, "")
	if strings.Count(listed, "<Part>") != 2 || content(listed, "NextPartNumberMarker") != "2" || content(listed, "IsTruncated") != "false" {
		t.Errorf("parts: %s", listed)
	}
	_, listed = s.must("GET", "/bkt?uploads&prefix=b", "")
	if content(listed, "Key") != "big" || "uploadId="+content(listed, "UploadId") != id {
		t.Errorf("uploads: %s", listed)
	}
	order := `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><PartNumber>1</PartNumber><ETag>` + one.Header.Get("Etag") +
		`</ETag></Part><Part><ETag>` + content(text, "ETag") + `</ETag><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>`
	_, done := s.must("POST", "/bkt/big?"+id, order)
	if !strings.HasSuffix(content(done, "ETag"), "-2&#34;") || content(done, "Bucket") != "bkt" || content(done, "Key") != "big" || content(done, "Location") != s.URL+"/bkt/big" {
		t.Errorf("completed: %s", done)
	}
	if _, again := s.must("POST", "/bkt/big?"+id, order); again != done {
		t.Errorf("completed again: %s", again)
	}
	whole, text := s.must("GET", "/bkt/big", "")
	if text != strings.Repeat("a", partSize)+"123" || whole.Header.Get("X-Amz-Meta-Color") != "red" || whole.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("%d bytes, %v", len(text), whole.Header)
	}
	part, text := s.must("GET", "/bkt/big?partNumber=2", "")
	if text != "123" || part.StatusCode != 206 || part.Header.Get("X-Amz-Mp-Parts-Count") != "2" || part.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", partSize, partSize+2, partSize+3) {
		t.Errorf("a part: %q %v", text, part.Header)
	}
	if _, text := s.do("GET", "/bkt/big?partNumber=3", ""); content(text, "Code") != "InvalidPartNumber" {
		t.Errorf("no part: %s", text)
	}
	_, told := s.must("GET", "/bkt/big?attributes", "", "x-amz-object-attributes: ETag,ObjectParts", "x-amz-object-attributes: ObjectSize")
	if content(told, "PartsCount") != "2" || content(told, "ObjectSize") != fmt.Sprint(partSize+3) || strings.Contains(content(told, "ETag"), `"`) {
		t.Errorf("attributes: %s", told)
	}
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestUploadRefused(t *testing.T) {
	s, _ := stocked(t)
	id := s.begin("/bkt/big")
	part, _ := s.must("PUT", "/bkt/big?partNumber=1&"+id, "x")
	good := "<Part><PartNumber>1</PartNumber><ETag>" + part.Header.Get("Etag") + "</ETag></Part>"
	complete := func(parts string) string {
		return "<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>"
	}
	for _, tc := range []struct{ method, target, body, header, want string }{
		{"PUT", "/bkt/big?partNumber=0&" + id, "x", "", "InvalidArgument"},
		{"PUT", "/bkt/big?partNumber=x&" + id, "x", "", "InvalidArgument"},
		{"PUT", "/bkt/big?partNumber=1&uploadId=none", "x", "", "NoSuchUpload"},
		{"PUT", "/bkt/other?partNumber=1&" + id, "x", "", "NoSuchUpload"},
		{"PUT", "/bkt/big?partNumber=1", "x", "", "InvalidArgument"},
		{"PUT", "/bkt/big?" + id, "x", "", "MethodNotAllowed"},
		{"PUT", "/bkt/big?partNumber=1&" + id, "", "x-amz-copy-source: bkt/k\nx-amz-copy-source-range: bytes=0-100", "InvalidArgument"},
		{"PUT", "/bkt/big?partNumber=1&" + id, "", "x-amz-copy-source: bkt/k\nx-amz-copy-source-range: bytes=5-", "InvalidArgument"},
		{"POST", "/bkt/big?uploads", "", "x-amz-checksum-algorithm: CRC16", "InvalidRequest"},
		{"POST", "/bkt/big?uploads", "", "x-amz-checksum-algorithm: SHA1\nx-amz-checksum-type: FULL_OBJECT", "InvalidRequest"},
		{"POST", "/bkt/big?uploads", "", "x-amz-checksum-type: COMPOSITE", "InvalidRequest"},
		{"POST", "/bkt/big?" + id, "", "", "MalformedXML"},
		{"POST", "/bkt/big?" + id, "<Complete/>", "", "MalformedXML"},
		{"POST", "/bkt/big?" + id, complete(""), "", "MalformedXML"},
		{"POST", "/bkt/big?" + id, complete(good) + complete(good), "", "MalformedXML"},
		{"POST", "/bkt/big?" + id, complete("<Part><PartNumber>1</PartNumber></Part>"), "", "MalformedXML"},
		{"POST", "/bkt/big?" + id, complete("<Part><PartNumber>one</PartNumber><ETag>x</ETag></Part>"), "", "MalformedXML"},
		{"POST", "/bkt/big?" + id, complete("<Part><PartNumber>-1</PartNumber><ETag>x</ETag></Part>"), "", "InvalidArgument"},
		{"POST", "/bkt/big?" + id, complete("<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>"), "", "InvalidPart"},
		{"POST", "/bkt/big?" + id, complete(good + good), "", "InvalidPartOrder"},
		{"POST", "/bkt/big?" + id, complete(strings.Replace(good, "</Part>", "<ChecksumCRC32>x</ChecksumCRC32></Part>", 1)), "", "InvalidArgument"},
		{"POST", "/bkt/big?" + id, complete(good), "x-amz-mp-object-size: 2", "InvalidRequest"},
		{"POST", "/bkt/big?" + id, complete(good), "x-amz-checksum-type: PARTIAL", "InvalidRequest"},
		{"POST", "/bkt/big?" + id, complete(good), "If-None-Match: \"x\"", "NotImplemented"},
		{"POST", "/bkt/big?" + id, strings.Repeat(" ", 4<<20) + complete(good), "", "MaxMessageLengthExceeded"},
		{"DELETE", "/bkt/big?uploadId=none", "", "", "NoSuchUpload"},
		{"GET", "/bkt/big?max-parts=-1&" + id, "", "", "InvalidArgument"},
		{"GET", "/bkt?uploads&max-uploads=x", "", "", "InvalidArgument"},
		{"GET", "/bkt?uploads&key-marker=a&upload-id-marker=b", "", "", "InvalidArgument"},
	} {
		var headers []string
		if tc.header != "" {
			headers = strings.Split(tc.header, "\n")
		}
		answer, text := s.do(tc.method, tc.target, tc.body, headers...)
		if got := content(text, "Code"); got != tc.want || answer.StatusCode < 400 {
			t.Errorf("%s %s %.60s %v: %s %s", tc.method, tc.target, tc.body, headers, answer.Status, text)
		}
	}
	s.must("DELETE", "/bkt/big?"+id, "")
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// broken is a body that sends something and then breaks off.
type broken struct{ sent bool }

func (b *broken) Read(p []byte) (int, error) {
	if b.sent {
		return 0, errors.New("the line is dead")
	}
	b.sent = true
	return len(p), nil
}

// TestAborted has clients go away in the middle of an upload: nothing is left of it.
func TestAborted(t *testing.T) {
	s, _ := stocked(t)
	id := s.begin("/bkt/big")
	for _, target := range []string{"/bkt/gone", "/bkt/big?partNumber=1&" + id} {
		r := s.request("PUT", target, "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
		r.Body, r.ContentLength = io.NopCloser(&broken{}), 1<<30
		if answer, err := s.Server.Client().Transport.RoundTrip(s.sign(r, "")); err == nil {
			answer.Body.Close()
			t.Errorf("%s: %s", target, answer.Status)
		}
	}
	eventually(t, "nothing is left", func() bool { return len(s.left()) == 1 }) // the upload itself
	if answer, _ := s.do("GET", "/bkt/gone", ""); answer.StatusCode != 404 {
		t.Errorf("an object came about: %s", answer.Status)
	}
	if _, text := s.must("GET", "/bkt/big?"+id, ""); strings.Contains(text, "<Part>") {
		t.Errorf("parts: %s", text)
	}
}

// TestSlowUpload has a body come so slowly that the server gives up.
func TestSlowUpload(t *testing.T) {
	s, _ := stocked(t)
	handler := s.Config.Handler
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Error(err)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	r := s.request("PUT", "/bkt/slow", "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
	stop := make(chan struct{})
	defer close(stop)
	r.Body, r.ContentLength = io.NopCloser(waiting{stop}), 5
	answer, text := s.send(s.sign(r, ""))
	if answer.StatusCode != 400 || content(text, "Code") != "RequestTimeout" {
		t.Errorf("%s %s", answer.Status, text)
	}
	eventually(t, "nothing is left", func() bool { return len(s.left()) == 0 })
}

// waiting is a body that does not come.
type waiting struct{ stop chan struct{} }

func (w waiting) Read([]byte) (int, error) {
	<-w.stop
	return 0, io.EOF
}

func TestLengths(t *testing.T) {
	s, _ := stocked(t)
	r := s.request("PUT", "/bkt/k", "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("hello")), -1
	if answer, text := s.send(s.sign(r, "")); answer.StatusCode != 411 || content(text, "Code") != "MissingContentLength" {
		t.Errorf("without a length: %s %s", answer.Status, text)
	}
	r = s.request("PUT", "/bkt/k", "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", "Expect: 100-continue")
	r.Body, r.ContentLength = io.NopCloser(&broken{}), 5<<30+1
	r = s.sign(r, "")
	transport := s.Server.Client().Transport.(*http.Transport).Clone()
	transport.ExpectContinueTimeout = 3 * time.Minute
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if answer.StatusCode != 400 || content(string(text), "Code") != "EntityTooLarge" {
		t.Errorf("too long: %s %s", answer.Status, text)
	}
	if answer, text := s.do("GET", "/bkt/k", "", "X-Filler: "+strings.Repeat("x", 9000)); content(text, "Code") != "RequestHeaderSectionTooLarge" {
		t.Errorf("long headers: %s %s", answer.Status, text)
	}
}

// zeros is as many bytes as one likes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestMemory checks that bodies take memory for their buffers, in whatever form they
// come.
func TestMemory(t *testing.T) {
	s, _ := stocked(t)
	const size = 24 << 20
	id := s.begin("/bkt/big")
	for _, target := range []string{"/bkt/big", "/bkt/big?partNumber=1&" + id} {
		r := s.request("PUT", target, "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
		r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, size)), size
		r = s.sign(r, "")
		if used := allocatedBy(func() { s.send(r) }); used > 4<<20 {
			t.Errorf("%s: %d bytes were allocated for a body of %d", target, used, size)
		}
	}
	r := s.sign(s.request("GET", "/bkt/big", ""), "")
	used := allocatedBy(func() {
		answer, err := s.Server.Client().Transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if n, err := io.Copy(io.Discard, answer.Body); n != size || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
	if used > 4<<20 {
		t.Errorf("%d bytes were allocated to send %d", used, size)
	}
}

func allocatedBy(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
