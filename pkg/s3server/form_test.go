package s3server_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"
)

// signedForm is the fields of a form with this policy, in which EXPIRES, BUCKET and the
// fields that sign stand for themselves.
func signedForm(policy string) map[string]string {
	now := time.Now().UTC()
	day := now.Format("20060102")
	fields := map[string]string{"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": keyID + "/" + day + "/" + region + "/s3/aws4_request", "x-amz-date": now.Format("20060102T150405Z")}
	usual := `{"bucket":"bkt"},{"x-amz-algorithm":"AWS4-HMAC-SHA256"},{"x-amz-credential":"` + fields["x-amz-credential"] + `"},{"x-amz-date":"` + fields["x-amz-date"] + `"}`
	policy = strings.NewReplacer("EXPIRES", `"expiration":"`+now.Add(time.Minute).Format(time.RFC3339)+`"`, "USUAL", usual).Replace(policy)
	fields["policy"] = base64.StdEncoding.EncodeToString([]byte(policy))
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, "s3", "aws4_request", fields["policy"]} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	fields["x-amz-signature"] = hex.EncodeToString(key)
	return fields
}

// post posts a form with a file, as a browser does.
func (s *site) post(fields map[string]string, file string) (*http.Response, string) {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		w.WriteField(name, value)
	}
	f, _ := w.CreateFormFile("file", "photo.jpg")
	f.Write([]byte(file))
	w.Close()
	return s.send(s.request("POST", "/bkt", b.String(), "Content-Type: "+w.FormDataContentType()))
}

func TestForm(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	for _, tc := range []struct{ policy, fields, want string }{
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key","me/"]]}`, "key=me/${filename}", "204 "},
		{`{EXPIRES,"conditions":[USUAL,{"key":"k"},{"success_action_status":"201"}]}`, "key=k success_action_status=201", "201 "},
		{`{EXPIRES,"conditions":[USUAL,["eq","$key","k"],["starts-with","$success_action_redirect","http://"]]}`, "key=k success_action_redirect=http://there.test/x?y=z", "303 "},
		{`{EXPIRES,"conditions":[USUAL,["eq","$Key","k"],["content-length-range",5,5],["starts-with","$x-amz-meta-a",""],{"content-type":"a/b"}]}`, "key=k X-Amz-Meta-A=b Content-Type=a/b x-ignore-me=1", "204 "},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key","me/"]]}`, "key=you/${filename}", "403 AccessDenied"},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""]]}`, "key=../${filename}", "400 400"},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""]]}`, "", "400 InvalidArgument"},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""]]}`, "key=k acl=private", "403 AccessDenied"},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""],{"acl":"public-read"}]}`, "key=k acl=public-read", "501 NotImplemented"},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""],["content-length-range",6,9]]}`, "key=k", "400 EntityTooSmall"},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""],["content-length-range","0","4"]]}`, "key=k", "400 EntityTooLarge"},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""],{"x-amz-checksum-sha1":"qvTGHdzF6KLavt4PO0gs2a6pQ00="}]}`, "key=k x-amz-checksum-sha1=qvTGHdzF6KLavt4PO0gs2a6pQ00=", "204 "},
		{`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""],{"x-amz-checksum-sha1":"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`, "key=k x-amz-checksum-sha1=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "400 BadDigest"},
		{`{"expiration":"2001-01-01T00:00:00Z","conditions":[USUAL,["starts-with","$key",""]]}`, "key=k", "403 AccessDenied"},
		{`{EXPIRES,"conditions":[["starts-with","$key",""]]}`, "key=k", "403 AccessDenied"},
		{`{EXPIRES}`, "key=k", "400 InvalidPolicyDocument"},
		{`{EXPIRES,"conditions":[{"a":"b","c":"d"}]}`, "key=k", "400 InvalidPolicyDocument"},
		{`{EXPIRES,"conditions":[["eq","$key"]]}`, "key=k", "400 InvalidPolicyDocument"},
		{`{EXPIRES,"conditions":[["content-length-range",-1,3]]}`, "key=k", "400 InvalidPolicyDocument"},
		{`{EXPIRES,"conditions":[null]}`, "key=k", "400 InvalidPolicyDocument"},
		{`null`, "key=k", "400 InvalidPolicyDocument"},
		{`[`, "key=k", "400 InvalidPolicyDocument"},
	} {
		fields := signedForm(tc.policy)
		for field := range strings.FieldsSeq(tc.fields) {
			name, value, _ := strings.Cut(field, "=")
			fields[name] = value
		}
		answer, text := s.post(fields, "hello")
		if got := answer.Status[:4] + content(text, "Code"); got != tc.want {
			t.Errorf("%s with %s: %s %s", tc.policy, tc.fields, answer.Status, text)
		}
		if answer.StatusCode == 303 && !strings.HasPrefix(answer.Header.Get("Location"), "http://there.test/x?bucket=bkt&etag=%22") {
			t.Errorf("led to %s", answer.Header.Get("Location"))
		}
	}
	if _, text := s.must("GET", "/bkt/me/photo.jpg", ""); text != "hello" {
		t.Errorf("the file is %q", text)
	}
	if len(s.left()) > 0 {
		t.Errorf("left: %s", s.left())
	}
}

// Whoever cannot sign a policy can post nothing.
func TestForgedForms(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	for name, tc := range map[string]struct {
		change func(fields map[string]string)
		want   string
	}{
		"nobody":            {func(f map[string]string) { clear(f); f["key"] = "k" }, "403 AccessDenied"},
		"no policy":         {func(f map[string]string) { delete(f, "policy") }, "400 InvalidArgument"},
		"no signature":      {func(f map[string]string) { delete(f, "x-amz-signature") }, "400 InvalidArgument"},
		"empty signature":   {func(f map[string]string) { f["x-amz-signature"] = "" }, "403 SignatureDoesNotMatch"},
		"another policy":    {func(f map[string]string) { f["policy"] = base64.StdEncoding.EncodeToString([]byte("{}")) }, "403 SignatureDoesNotMatch"},
		"another algorithm": {func(f map[string]string) { f["x-amz-algorithm"] = "none" }, "400 InvalidArgument"},
		"odd date":          {func(f map[string]string) { f["x-amz-date"] = "today" }, "400 InvalidArgument"},
		"unknown key":       {func(f map[string]string) { f["x-amz-credential"] = "AKIDOTHER" + f["x-amz-credential"][len(keyID):] }, "403 InvalidAccessKeyId"},
		"another region": {func(f map[string]string) {
			f["x-amz-credential"] = strings.Replace(f["x-amz-credential"], region, "eu-west-1", 1)
		}, "400 InvalidArgument"},
		"another service": {func(f map[string]string) {
			f["x-amz-credential"] = strings.Replace(f["x-amz-credential"], "/s3/", "/iam/", 1)
		}, "400 InvalidArgument"},
		"too much": {func(f map[string]string) { f["x-ignore"] = strings.Repeat("x", 20<<10) }, "400 MaxPostPreDataLengthExceeded"},
	} {
		fields := signedForm(`{EXPIRES,"conditions":[USUAL,["starts-with","$key",""]]}`)
		fields["key"] = "k"
		tc.change(fields)
		answer, text := s.post(fields, "hello")
		if got := answer.Status[:4] + content(text, "Code"); got != tc.want || strings.Contains(text, secret) {
			t.Errorf("%s: %s %s", name, answer.Status, text)
		}
	}
	for kind, want := range map[string]string{
		"": "PreconditionFailed", "text/plain": "PreconditionFailed", "multipart/form-data": "MalformedPOSTRequest", "multipart/form-data; boundary=x": "InvalidArgument",
	} {
		if _, text := s.send(s.request("POST", "/bkt", "hello", "Content-Type: "+kind)); content(text, "Code") != want {
			t.Errorf("%q: %s", kind, text)
		}
	}
	if answer, text := s.send(s.request("POST", "/bkt", "--x--\r\n", "Content-Type: multipart/form-data; boundary=x")); content(text, "Code") != "InvalidArgument" {
		t.Errorf("no file: %s %s", answer.Status, text)
	}
	for _, long := range []string{strings.Repeat("x", 1<<20), strings.Repeat("--x\r\nA: b\r\n\r\n\r\n", 1<<16), "--x\r\nA: " + strings.Repeat("x", 1<<20)} {
		answer, text := s.send(s.request("POST", "/bkt", long, "Content-Type: multipart/form-data; boundary=x"))
		if code := content(text, "Code"); answer.StatusCode != 400 || code != "MaxPostPreDataLengthExceeded" && code != "MalformedPOSTRequest" {
			t.Errorf("%.30q...: %s", long, text)
		}
	}
	if _, text := s.must("GET", "/bkt?list-type=2", ""); strings.Contains(text, "<Key>") {
		t.Errorf("posted: %s", text)
	}
}
