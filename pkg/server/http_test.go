package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/server"
	"signer/pkg/sigv4"
)

// signed is the text of a request that is signed. Its target goes out as it is.
func signed(t testing.TB, method, target, body string) string {
	t.Helper()
	relative := target
	if rest, ok := strings.CutPrefix(target, "http://signer.test"); ok {
		relative = rest
	}
	r := httptest.NewRequest(method, relative, strings.NewReader(body))
	r.Host, r.URL.Host = "signer.test", "signer.test"
	sum := sha256.Sum256([]byte(body))
	credentials := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), "signer", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: signer.test\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\nContent-Length: %d\r\nContent-Type: application/json\r\n\r\n%s",
		method, target, r.Header.Get("X-Amz-Date"), r.Header.Get("Authorization"), len(body), body)
}

// send sends text to a server and returns what it answers.
func send(t testing.TB, s *httptest.Server, text string) (answer *http.Response, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(3 * time.Minute)) // machines may be slow
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, err = http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Header.Get("X-Amzn-RequestId")) != 36 {
		t.Errorf("the request id is %q", answer.Header.Get("X-Amzn-RequestId"))
	}
	return answer, string(all)
}

// What goes over the wire becomes parameters; {} stands for no body.
func TestRequests(t *testing.T) {
	f := &fake{}
	s := serve(t, f)
	const arn, escaped = "arn:aws:signer:r:111122223333:/signing-profiles/web", "arn%3Aaws%3Asigner%3Ar%3A111122223333%3A%2Fsigning-profiles%2Fweb"
	for _, tc := range []struct{ method, target, body, want string }{
		{"GET", "/tags/" + escaped, "", `ListTagsForResource {"resourceArn": "` + arn + `"}`},
		{"GET", "/tags/" + arn, "", `ListTagsForResource {"resourceArn": "` + arn + `"}`},
		{"GET", "/tags/a//b/./../c", "", `ListTagsForResource {"resourceArn": "a//b/./../c"}`},
		{"GET", "/tags/", "", `ListTagsForResource {"resourceArn": ""}`},
		{"DELETE", "/tags/" + arn + "?tagKeys=b&tagKeys=a%2Fb&tagKeys=a-b", "", `UntagResource {"resourceArn": "` + arn + `", "tagKeys": ["b", "a/b", "a-b"]}`},
		{"GET", "/signing-jobs/..", "", `DescribeSigningJob {"jobId": ".."}`},
		{"GET", "/signing-jobs/.", "", `DescribeSigningJob {"jobId": "."}`},
		{"GET", "/signing-jobs/a%2Fb%25%3F", "", `DescribeSigningJob {"jobId": "a/b%?"}`},
		{"GET", "/signing-jobs/with-payload", "", `DescribeSigningJob {"jobId": "with-payload"}`},
		{"GET", "/signing%2Djobs/%C3%A9", "", `DescribeSigningJob {"jobId": "\u00e9"}`},
		{"GET", "/signing-platforms/", "", `GetSigningPlatform {"platformId": ""}`},
		{"GET", "/signing-platforms", "", `ListSigningPlatforms {}`},
		{"GET", "http://signer.test/signing-platforms?target=a", "", `ListSigningPlatforms {"target": "a"}`},
		{"GET", "/signing-platforms?category=a+b&partner=&x=y&target=1&target=2&maxResults=25", "{]", `ListSigningPlatforms {"category": "a b", "partner": "", "target": "1", "maxResults": 25}`},
		{"GET", "/signing-profiles?statuses=Active&includeCanceled=false", "", `ListSigningProfiles {"includeCanceled": false, "statuses": ["Active"]}`},
		{"GET", "/signing-jobs?signatureExpiresBefore=2026-01-02T03:04:05.678Z&signatureExpiresAfter=2026-01-02T03%3A04%3A05%2B01:00", "",
			`ListSigningJobs {"isRevoked": false, "signatureExpiresBefore": "2026-01-02T03:04:05.678Z", "signatureExpiresAfter": "2026-01-02T02:04:05Z"}`},
		{"PUT", "/signing-jobs/j/revoke", `{"reason": "\u00e9", "jobOwner": null, "jobId": "other", "x": [{}]}`, `RevokeSignature {"jobId": "j", "reason": "\u00e9"}`},
		{"PUT", "/signing-profiles/web/revoke", `{"reason": "r", "profileVersion": "AbCdEf1234", "effectiveTime": 1700000000}`,
			`RevokeSigningProfile {"profileName": "web", "profileVersion": "AbCdEf1234", "reason": "r", "effectiveTime": "2023-11-14T22:13:20Z"}`},
		{"PUT", "/signing-profiles/web/revoke", `{"reason": "r", "profileVersion": "AbCdEf1234", "effectiveTime": 1.7000000005e9}`,
			`RevokeSigningProfile {"profileName": "web", "profileVersion": "AbCdEf1234", "reason": "r", "effectiveTime": "2023-11-14T22:13:20.5Z"}`},
		{"PUT", "/signing-profiles/web/revoke", `{"reason": "r", "profileVersion": "AbCdEf1234", "effectiveTime": "2023-11-14T22:13:20Z"}`,
			`RevokeSigningProfile {"profileName": "web", "profileVersion": "AbCdEf1234", "reason": "r", "effectiveTime": "2023-11-14T22:13:20Z"}`},
		{"POST", "/signing-jobs/with-payload", `{"profileName": "web", "payload": "AAH/", "payloadFormat": "x"}`, `SignPayload {"profileName": "web", "payload": "AAH/", "payloadFormat": "x"}`},
		{"PUT", "/signing-profiles/web", `{"platformId": "p", "signatureValidityPeriod": {"value": 3.0, "type": "DAYS", "x": 1}, "tags": {}, "signingParameters": {"a": "b"}}`,
			`PutSigningProfile {"profileName": "web", "signatureValidityPeriod": {"value": 3, "type": "DAYS"}, "platformId": "p", "signingParameters": {"a": "b"}, "tags": {}}`},
		{"DELETE", "/signing-profiles/web", "not read", `CancelSigningProfile {"profileName": "web"}`},
	} {
		answer, body := send(t, s, signed(t, tc.method, tc.target, tc.body))
		calls := f.taken()
		if answer.StatusCode != 200 || len(calls) != 1 {
			t.Errorf("%s %s: %s %s", tc.method, tc.target, answer.Status, body)
		} else if got := calls[0].op + " " + text(calls[0].in); got != tc.want {
			t.Errorf("%s %s %s:\ngot  %s\nwant %s", tc.method, tc.target, tc.body, got, tc.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := serve(t, f, func(c *server.Config) { c.MaxBody = 1000; c.Region = region })
	const (
		serialization = "400 SerializationException "
		validation    = "400 ValidationException 1 validation error detected: Value "
		unknown       = "404 UnknownOperationException No operation has the path "
	)
	revoke := func(body, want string) [4]string {
		return [4]string{"PUT", "/signing-profiles/web/revoke", body, serialization + want}
	}
	put := func(body, want string) [4]string { return [4]string{"PUT", "/signing-profiles/web", body, want} }
	for _, tc := range [][4]string{
		{"GET", "/", "", unknown + "/."},
		{"GET", "/nothing", "", unknown + "/nothing."},
		{"GET", "//signing-jobs", "", unknown + "//signing-jobs."},
		{"GET", "/signing-jobs/", "", ""}, // an empty id is the engine's affair
		{"GET", "/signing-jobs/a/b", "", unknown + "/signing-jobs/a/b."},
		{"GET", "/a/../signing-jobs", "", unknown + "/a/../signing-jobs."},
		{"PATCH", "/signing-jobs", "", "405 UnknownOperationException The operations of this path have the methods GET, POST."},
		{"GET", "/signing-jobs/j/revoke", "", "405 UnknownOperationException The operations of this path have the methods PUT."},
		{"GET", "/signing-jobs?maxResults=x", "", serialization + "maxResults: STRING_VALUE can not be converted to an Integer"},
		{"GET", "/signing-jobs?maxResults=", "", serialization + "maxResults: STRING_VALUE can not be converted to an Integer"},
		{"GET", "/signing-jobs?maxResults=2147483648", "", serialization + "maxResults: STRING_VALUE can not be converted to an Integer"},
		{"GET", "/signing-jobs?isRevoked=True", "", serialization + "isRevoked: STRING_VALUE can not be converted to a Boolean"},
		{"GET", "/signing-jobs?signatureExpiresAfter=soon", "", serialization + "signatureExpiresAfter: soon is not a time of ISO 8601 such as 2006-01-02T15:04:05Z"},
		{"GET", "/signing-jobs?nextToken=%FF", "", serialization + "nextToken: it is not UTF-8"},
		{"GET", "/signing-jobs/%FF", "", serialization + "jobId: it is not UTF-8"},
		{"GET", "/signing-jobs?maxResults=26", "", validation + "'26' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 25"},
		{"GET", "/signing-jobs?status=Lost", "", validation + "'Lost' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [InProgress, Failed, Succeeded]"},
		{"GET", "/signing-profiles/a-b", "", validation + "'a-b' at 'profileName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}"},
		{"PUT", "/signing-jobs/j/revoke", "", validation + "null at 'reason' failed to satisfy constraint: Member must not be null"},
		{"PUT", "/signing-jobs/j/revoke", "null", validation + "null at 'reason' failed to satisfy constraint: Member must not be null"},
		{"DELETE", "/tags/a", "", "400 BadRequestException 1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"},
		{"GET", "/signing-jobs/a%00b", "", validation + "'a\x00b' at 'jobId' failed to satisfy constraint: Member must be text in UTF-8 without U+0000"},
		{"GET", "/signing-jobs?requestedBy=%00", "", validation + "'\x00' at 'requestedBy' failed to satisfy constraint: Member must be text in UTF-8 without U+0000"},
		put(`{"platformId": "p", "tags": {"a": "\u0000"}}`, validation+"'{a=\x00}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: "+
			"[Member must have length less than or equal to 256, Member must be text in UTF-8 without U+0000]"),
		put(`{"platformId": "p", "tags": {"a": "\ud800"}}`, ""), // half a pair is U+FFFD
		{"PUT", "/signing-jobs/j/revoke", "{\"reason\": \"\xff\"}", serialization + "the body is not UTF-8"},
		put(`{"platformId": `, serialization+"the body is not JSON: Expecting value: line 1 column 16 (char 15)"),
		put(`{"platformId": "p"} x`, serialization+"the body is not JSON: Extra data: line 1 column 21 (char 20)"),
		put(`[]`, serialization+"Start of list found where not expected"),
		put(`"x"`, serialization+"STRING_VALUE can not be converted to a Structure"),
		put(`{"platformId": 1}`, serialization+"platformId: NUMBER_VALUE can not be converted to a String"),
		put(`{"platformId": {}}`, serialization+"platformId: Start of structure or map found where not expected"),
		put(`{"signatureValidityPeriod": {"value": "3"}}`, serialization+"signatureValidityPeriod.value: STRING_VALUE can not be converted to an Integer"),
		put(`{"signatureValidityPeriod": {"value": 3.5}}`, serialization+"signatureValidityPeriod.value: NUMBER_VALUE can not be converted to an Integer"),
		put(`{"signatureValidityPeriod": {"value": 99999999999999999999}}`, serialization+"signatureValidityPeriod.value: NUMBER_VALUE can not be converted to an Integer"),
		put(`{"signatureValidityPeriod": {"value": true}}`, serialization+"signatureValidityPeriod.value: TRUE_VALUE can not be converted to an Integer"),
		put(`{"tags": {"a": null}}`, serialization+"tags.a: NULL_VALUE can not be converted to a String"),
		put(`{"tags": "a"}`, serialization+"tags: STRING_VALUE can not be converted to a Map"),
		put(strings.Repeat("[", 999), serialization+"the body is not JSON: Expecting value: line 1 column 1000 (char 999)"),
		put(strings.Repeat("x", 1001), "413 RequestEntityTooLargeException The body of a request may have 1000 bytes."),
		revoke(`{"effectiveTime": true}`, "effectiveTime: TRUE_VALUE can not be converted to a Timestamp"),
		revoke(`{"effectiveTime": "1700000000"}`, "effectiveTime: 1700000000 is not a time of ISO 8601 such as 2006-01-02T15:04:05Z"),
		revoke(`{"effectiveTime": 1e300}`, "effectiveTime: 1e+300 seconds since 1970 is not a time"),
		revoke(`{"effectiveTime": NaN}`, "effectiveTime: NaN seconds since 1970 is not a time"),
		revoke(`{"effectiveTime": 99999999999999999999}`, "effectiveTime: 99999999999999999999 seconds since 1970 is not a time"),
		{"POST", "/signing-jobs/with-payload", `{"payload": "?"}`, serialization + "payload: it is not base64"},
		{"GET", "/signing-jobs/" + strings.Repeat("x", 128<<10), "", "414 RequestEntityTooLargeException The path and the query of a request may have 131072 bytes."},
	} {
		answer, body := send(t, s, signed(t, tc[0], tc[1], tc[2]))
		if got := refusal(t, answer, body); got != tc[3] {
			t.Errorf("%s %s %s:\ngot  %s\nwant %s", tc[0], tc[1], tc[2], got, tc[3])
		}
		if calls := f.taken(); tc[3] != "" && len(calls) > 0 {
			t.Errorf("%s %s reaches the engine", tc[0], tc[1])
		}
	}
}

// refusal is an error's status, class and message; "" is none.
func refusal(t *testing.T, answer *http.Response, body string) string {
	t.Helper()
	if answer.StatusCode == 200 {
		return ""
	}
	v, err := document.ParseJSON(body)
	if err != nil || answer.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s, %s", answer.Header, body)
	}
	o := v.(*document.Object)
	message, _ := o.Get("message")
	if code, ok := o.Get("code"); ok {
		message = fmt.Sprint(message, " ", code)
	}
	return fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("X-Amzn-ErrorType"), " ", message)
}

func TestAllow(t *testing.T) {
	answer, _ := send(t, serve(t, &fake{}), signed(t, "PATCH", "/signing-profiles/web", ""))
	if got := answer.Header.Get("Allow"); got != "DELETE, GET, PUT" {
		t.Errorf("Allow: %s", got)
	}
}

// Without a good signature nobody learns more than that.
func TestUnsigned(t *testing.T) {
	s := serve(t, &fake{})
	good := signed(t, "GET", "/signing-jobs/j", "")
	for text, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":                                 "403 MissingAuthenticationTokenException Missing Authentication Token",
		strings.Replace(good, "/signing-jobs/j", "/signing-jobs/k", 1):      "403 InvalidSignatureException The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
		strings.Replace(good, "/signer/aws4_request", "/x/aws4_request", 1): "403 InvalidSignatureException Credential should be scoped to correct service: 'signer'. ",
		strings.Replace(good, keyID, "AKIDOTHER", 1):                        "403 UnrecognizedClientException The security token included in the request is invalid.",
	} {
		answer, body := send(t, s, text)
		if got := refusal(t, answer, body); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	f := &fake{answer: func(op string, _ *document.Object) (*document.Object, error) {
		switch op {
		case "GetRevocationStatus":
			return document.New(document.Member{Name: "revokedEntities", Value: document.List{}}), nil
		case "GetSigningPlatform":
			return nil, &types.ResourceNotFoundException{Message: aws.String("no\n\"such\" é"), Code: aws.String("PlatformNotFound")}
		}
		return document.New(), nil
	}}
	s := serve(t, f)
	const revocations = "/revocations?signatureTimestamp=2026-01-02T03:04:05Z&platformId=p&certificateHashes=x&profileVersionArn=arn:aws:signer:r:111122223333:/x&jobArn=arn:aws:signer:r:111122223333:/x"
	for _, tc := range []struct{ method, target, body, want string }{
		{"DELETE", "/signing-profiles/web", "", "200  "},
		{"PUT", "/signing-jobs/j/revoke", `{"reason": "r"}`, "200  "},
		{"POST", "/tags/a", `{"tags": {"a": "b"}}`, "200 application/json {}"},
		{"GET", "/signing-jobs", "", "200 application/json {}"},
		{"GET", revocations, "", `200 application/json {"revokedEntities": []}`},
		{"GET", "/signing-platforms/p", "", `404 application/json {"message": "no\n\"such\" \u00e9", "code": "PlatformNotFound"}`},
	} {
		answer, body := send(t, s, signed(t, tc.method, tc.target, tc.body))
		if got := fmt.Sprintf("%d %s %s", answer.StatusCode, answer.Header.Get("Content-Type"), body); got != tc.want || answer.ContentLength != int64(len(body)) {
			t.Errorf("%s %s: got %s", tc.method, tc.target, got)
		}
	}
}

// Whatever breaks, the caller does not see how, and the log does.
func TestTrouble(t *testing.T) {
	const internal = "500 InternalServiceErrorException The service could not carry out the request because of an internal error."
	const revocations = "/revocations?signatureTimestamp=2026-01-02T03:04:05Z&platformId=p&certificateHashes=x&profileVersionArn=arn:aws:signer:r:111122223333:/x&jobArn=arn:aws:signer:r:111122223333:/x"
	var log bytes.Buffer
	for _, tc := range []struct {
		name, target string
		answer       func(string, *document.Object) (*document.Object, error)
		change       func(*server.Config)
		logged       string
	}{
		{"an error", "/signing-jobs", func(string, *document.Object) (*document.Object, error) { return nil, errors.New("/home/me is full") }, nil, "/home/me is full"},
		{"a panic", "/signing-jobs", func(string, *document.Object) (*document.Object, error) { panic("out of cheese") }, nil, "out of cheese"},
		{"silence about revocations", revocations, func(string, *document.Object) (*document.Object, error) { return document.New(), nil }, nil, "did not say what is revoked"},
		{"no answer about revocations", revocations, func(string, *document.Object) (*document.Object, error) { return nil, nil }, nil, "did not say what is revoked"},
		{"no secrets", "/signing-jobs", nil, func(c *server.Config) { c.Secrets = broken{} }, "the keys are gone"},
		{"no engine", "/signing-jobs", nil, func(c *server.Config) {
			c.EngineFor = func(context.Context, server.Caller) (engine.Engine, error) { return nil, errors.New("no room") }
		}, "no room"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			log.Reset()
			s := serve(t, &fake{answer: tc.answer}, func(c *server.Config) {
				c.Log = slog.New(slog.NewTextHandler(&log, nil))
				if tc.change != nil {
					tc.change(c)
				}
			})
			answer, body := send(t, s, signed(t, "GET", tc.target, ""))
			if got := refusal(t, answer, body); got != internal {
				t.Errorf("got %s", got)
			}
			if id := answer.Header.Get("X-Amzn-RequestId"); !strings.Contains(log.String(), tc.logged) || !strings.Contains(log.String(), id) || strings.Contains(log.String(), secret) {
				t.Errorf("logged: %s", &log)
			}
		})
	}
}

type broken struct{}

func (broken) Key(context.Context, string) (sigv4.Key, bool, error) {
	return sigv4.Key{}, false, errors.New("the keys are gone")
}

// A caller may be refused an engine in the service's words.
func TestNoEngine(t *testing.T) {
	s := serve(t, nil, func(c *server.Config) {
		c.EngineFor = func(_ context.Context, caller server.Caller) (engine.Engine, error) {
			return nil, &types.AccessDeniedException{Message: aws.String("not for " + caller.Principal + " in " + caller.Region)}
		}
	})
	answer, body := send(t, s, signed(t, "GET", "/signing-jobs", ""))
	if got := refusal(t, answer, body); got != "403 AccessDeniedException not for "+principal+" in "+region {
		t.Errorf("got %s", got)
	}
}

// Other services have the same listener.
func TestOtherServices(t *testing.T) {
	s := serve(t, &fake{}, func(c *server.Config) {
		c.Services = map[string]http.Handler{"s3": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "a bucket") })}
	})
	if _, body := send(t, s, strings.Replace(signed(t, "GET", "/signing-jobs", ""), "/signer/aws4_request", "/s3/aws4_request", 1)); body != "a bucket" {
		t.Errorf("got %s", body)
	}
}

// Whose signature nobody can read is answered by the service that he will have meant.
func TestAstray(t *testing.T) {
	s := serve(t, &fake{}, func(c *server.Config) {
		c.Astray = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "astray") })
	})
	for _, tc := range []struct {
		request string
		astray  bool
	}{
		{"GET /bucket/key HTTP/1.1\r\nHost: h\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\n\r\n", true},
		{strings.Replace(signed(t, "GET", "/bucket", ""), "/signer/aws4_request", "/s4/aws4_request", 1), true},
		{signed(t, "GET", "/bucket", ""), false},
		{"GET /signing-jobs HTTP/1.1\r\nHost: h\r\n\r\n", false},
		{"PUT /signing-jobs/x HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 x\r\n\r\n", false},
		{strings.Replace(signed(t, "GET", "/signing-jobs", ""), "/signer/aws4_request", "/s4/aws4_request", 1), false},
		{"POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: CertificateManager.ListCertificates\r\n\r\n", false},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n", false},
	} {
		if _, body := send(t, s, tc.request); (body == "astray") != tc.astray {
			t.Errorf("%q: got %s", tc.request, body)
		}
	}
}

// A body that does not come, or not whole, disturbs nobody.
func TestBodiesThatDoNotCome(t *testing.T) {
	t.Parallel()
	h := server.New(server.Config{Secrets: me})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 4 { // the time of the head, and of bodies that come, has no limit
			http.NewResponseController(w).SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	for _, tc := range []struct{ name, old, new, want string }{
		{"late", "Content-Length: 4", "Content-Length: 5", "408 RequestTimeoutException The body of the request did not come in time."},
		{"bad chunks", "Content-Length: 4", "Transfer-Encoding: chunked", "400 MalformedHttpRequestException The body of the request could not be read."},
	} {
		text := strings.Replace(signed(t, "PUT", "/signing-profiles/web", "{}\r\n"), "content-length;", "", 1)
		answer, body := send(t, s, strings.Replace(text, tc.old, tc.new, 1))
		if got := refusal(t, answer, body); got != tc.want {
			t.Errorf("%s: got %s", tc.name, got)
		}
	}
}

// Chance that has run out, and requests that were made by hand.
func TestHandler(t *testing.T) {
	w := httptest.NewRecorder()
	server.New(server.Config{Rand: strings.NewReader("")}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 {
		t.Errorf("without chance: %d", w.Code)
	}
	w = httptest.NewRecorder()
	r, err := http.NewRequest("GET", "http://signer.test/signing-jobs", nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(nil)
	if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, r, hex.EncodeToString(sum[:]), "signer", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	server.New(server.Config{Secrets: me, EngineFor: func(context.Context, server.Caller) (engine.Engine, error) { return &fake{}, nil }}).ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("made by hand: %d %s", w.Code, w.Body)
	}
}
