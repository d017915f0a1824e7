package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
)

// client is the SDK's client for a server in this process.
func client(t testing.TB, h http.HandlerFunc) *signer.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return signer.New(signer.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			stack.Finalize.Remove("EndpointHostPrefix") // data-127.0.0.1 is nowhere; most operations have no prefix
			return nil
		}},
	})
}

// canned answers every request with the same.
func canned(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// The requests are those that the AWS CLI sends.
func TestRequests(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.FixedZone("", 7200))
	for _, tc := range []struct {
		op   string
		give *document.Object
		want string
	}{
		{"DescribeSigningJob", object(t, `{"jobId": ".."}`), "GET /signing-jobs/.. "},
		{"DescribeSigningJob", object(t, `{"jobId": "a/../b c"}`), "GET /signing-jobs/a%2F..%2Fb%20c "},
		{"GetSigningPlatform", object(t, `{"platformId": ""}`), "GET /signing-platforms/ "},
		{"CancelSigningProfile", object(t, `{"profileName": "é~_{profileName}"}`), "DELETE /signing-profiles/%C3%A9~_%7BprofileName%7D "},
		{"UntagResource", object(t, `{"resourceArn": "arn:aws:signer:x:/y", "tagKeys": ["team", "env"]}`), "DELETE /tags/arn%3Aaws%3Asigner%3Ax%3A%2Fy?tagKeys=team&tagKeys=env "},
		{"ListSigningJobs", object(t, `{"status": "", "requestedBy": "a b*", "isRevoked": false, "maxResults": 5, "nextToken": "t"}`), "GET /signing-jobs?status=&requestedBy=a%20b%2A&isRevoked=false&maxResults=5&nextToken=t "},
		{"ListSigningJobs", object(t, `{"nextToken": "t", "maxResults": true}`), "GET /signing-jobs?nextToken=t&maxResults=True "},
		{"ListSigningJobs", document.New(document.Member{Name: "signatureExpiresAfter", Value: at}), "GET /signing-jobs?signatureExpiresAfter=2024-05-06T05%3A08%3A09.123456Z "},
		{"ListSigningJobs", document.New(document.Member{Name: "signatureExpiresAfter", Value: at.Truncate(time.Second)}), "GET /signing-jobs?signatureExpiresAfter=2024-05-06T05%3A08%3A09Z "},
		{"ListSigningJobs", document.New(document.Member{Name: "signatureExpiresAfter", Value: time.Date(99, time.March, 2, 0, 0, 0, 0, time.UTC)}), "GET /signing-jobs?signatureExpiresAfter=99-03-02T00%3A00%3A00Z "},
		{"ListSigningProfiles", object(t, `{"includeCanceled": true, "statuses": []}`), "GET /signing-profiles?includeCanceled=true "},
		{"RevokeSignature", object(t, `{"jobId": "j1", "reason": "key \"lost\" \u00e9"}`), `PUT /signing-jobs/j1/revoke {"reason": "key \"lost\" \u00e9"}`},
		{"RevokeSigningProfile", document.New(document.Member{Name: "profileName", Value: "p"}, document.Member{Name: "effectiveTime", Value: at}), `PUT /signing-profiles/p/revoke {"effectiveTime": 1714972089}`},
		{"SignPayload", document.New(document.Member{Name: "payload", Value: []byte("{}")}), `POST /signing-jobs/with-payload {"payload": "e30="}`},
		{"PutSigningProfile", object(t, `{"tags": {"b": "1", "a": "2"}, "profileName": "p", "signingParameters": {}, "overrides": null, "signatureValidityPeriod": {"type": "DAYS", "value": 3, "x": null}}`),
			`PUT /signing-profiles/p {"tags": {"b": "1", "a": "2"}, "signingParameters": {}, "signatureValidityPeriod": {"type": "DAYS", "value": 3, "x": null}}`},
		{"RevokeSignature", object(t, `{"jobId": "j1"}`), "PUT /signing-jobs/j1/revoke {}"},
		{"RevokeSignature", object(t, `{"jobId": "j1", "unknown": 1}`), `PUT /signing-jobs/j1/revoke {"unknown": 1}`},
	} {
		t.Run(tc.want, func(t *testing.T) {
			var got string
			c := client(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Method + " " + r.RequestURI + " " + string(body)
				if wantType := map[bool]string{true: "application/json"}[len(body) > 0]; r.Header.Get("Content-Type") != wantType {
					t.Errorf("Content-Type: %s", r.Header.Get("Content-Type"))
				}
				io.WriteString(w, "{}")
			})
			if _, err := engine.Do(t.Context(), c, operation(tc.op), tc.give); err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("sent %s", got)
			}
		})
	}
}

// The request is signed as it is sent, although the signer sorts the query.
func TestTheSignatureHolds(t *testing.T) {
	for _, tc := range []struct{ op, params, want string }{
		{"ListSigningProfiles", `{"statuses": ["b", "a"], "platformId": "p"}`, "/signing-profiles?statuses=b&statuses=a&platformId=p"},
		{"TagResource", `{"resourceArn": "arn:x/\u00e9", "tags": {"a": "b"}}`, "/tags/arn%3Ax%2F%C3%A9"},
	} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			if r.RequestURI != tc.want {
				t.Errorf("sent %s, want %s", r.RequestURI, tc.want)
			}
			if got, want := r.Header.Get("Authorization"), signAgain(t, r); got != want {
				t.Errorf("%s: signed %s, want %s", r.RequestURI, got, want)
			}
		})
		if _, err := engine.Do(t.Context(), c, operation(tc.op), object(t, tc.params)); err != nil {
			t.Fatal(err)
		}
	}
}

// signAgain signs what was received the way a service checks it.
func signAgain(t *testing.T, r *http.Request) string {
	t.Helper()
	again := &http.Request{Method: r.Method, URL: &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery}, Header: http.Header{}}
	_, list, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	for name := range strings.SplitSeq(list, ";") {
		again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
	}
	delete(again.Header, "Host")
	if r.ContentLength > 0 {
		again.ContentLength = r.ContentLength
	}
	body, _ := io.ReadAll(r.Body)
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}
	if err := v4.NewSigner().SignHTTP(t.Context(), key, again, hex.EncodeToString(sum[:]), "signer", "us-east-1", at); err != nil {
		t.Fatal(err)
	}
	return again.Header.Get("Authorization")
}

// Whatever the operation, the service is given what the caller gave, and the
// caller what the service answered.
func TestRoundTrips(t *testing.T) {
	for _, op := range api.Signer.Operations {
		t.Run(op.Name, func(t *testing.T) {
			give, answer := sample(op.Input).(*document.Object), sample(op.Output).(*document.Object)
			var given *document.Object
			c := client(t, func(w http.ResponseWriter, r *http.Request) {
				given = receive(t, op, r)
				w.Write(document.AppendJSON(nil, onWire(answer)))
			})
			got, err := engine.Do(t.Context(), c, op, give)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(text(give), text(given)); diff != "" {
				t.Errorf("the service was given: %s", diff)
			}
			if diff := cmp.Diff(text(answer), text(got)); diff != "" {
				t.Errorf("the caller got: %s", diff)
			}
		})
	}
}

// sample is a value in which everything is set.
func sample(s *api.Shape) document.Value {
	switch s.Kind {
	case api.Structure:
		o := document.New()
		for _, m := range s.Members {
			o.Set(m.Name, sample(m.Shape))
		}
		return o
	case api.List:
		return document.List{sample(s.Elem), sample(s.Elem)}
	case api.Map:
		return document.New(document.Member{Name: "b/=&", Value: sample(s.Elem)}, document.Member{Name: "a", Value: sample(s.Elem)})
	case api.Integer, api.Long:
		return int64(7)
	case api.Boolean:
		return false
	case api.Timestamp:
		return time.Unix(1700000000, 0).UTC()
	case api.Blob:
		return "AAEC"
	}
	return s.Name + " é/%?&=+"
}

// onWire has numbers in the place of times.
func onWire(v document.Value) document.Value {
	switch v := v.(type) {
	case time.Time:
		return v.Unix()
	case document.List:
		out := make(document.List, len(v))
		for i := range v {
			out[i] = onWire(v[i])
		}
		return out
	case *document.Object:
		out := document.New()
		for name, member := range v.All() {
			out.Set(name, onWire(member))
		}
		return out
	}
	return v
}

// receive is the service's side of a request, by the data of the API alone.
func receive(t *testing.T, op *api.Operation, r *http.Request) *document.Object {
	labels := labelsOf(t, op.Path, r.URL.EscapedPath())
	query := r.URL.Query()
	text, _ := io.ReadAll(r.Body)
	body := document.New()
	if len(text) > 0 {
		body = object(t, string(text))
	}
	got := document.New()
	for _, m := range op.Input.Members {
		switch m.In {
		case api.Path:
			got.Set(m.Name, labels[m.Name])
		case api.Query:
			got.Set(m.Name, fromText(t, m.Shape, query[m.Name]))
		default:
			v, _ := body.Get(m.Name)
			got.Set(m.Name, fromBody(m.Shape, v))
		}
	}
	return got
}

func labelsOf(t *testing.T, pattern, path string) map[string]string {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		t.Fatalf("path %s, want %s", path, pattern)
	}
	labels := map[string]string{}
	for i, segment := range want {
		plain, err := url.PathUnescape(got[i])
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(segment, "{") {
			labels[strings.Trim(segment, "{}")] = plain
		} else if plain != segment {
			t.Fatalf("path %s, want %s", path, pattern)
		}
	}
	return labels
}

func fromText(t *testing.T, s *api.Shape, values []string) document.Value {
	if s.Kind == api.List {
		l := document.List{}
		for _, v := range values {
			l = append(l, fromText(t, s.Elem, []string{v}))
		}
		return l
	}
	if len(values) != 1 {
		t.Fatalf("%s: %q", s.Name, values)
	}
	switch s.Kind {
	case api.Integer:
		return document.Integer(values[0])
	case api.Boolean:
		return values[0] == "true"
	case api.Timestamp:
		at, err := time.Parse(time.RFC3339, values[0])
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	return values[0]
}

func fromBody(s *api.Shape, v document.Value) document.Value {
	if n, ok := v.(int64); ok && s.Kind == api.Timestamp {
		return time.Unix(n, 0).UTC()
	}
	return v
}

func TestAnswers(t *testing.T) {
	for _, tc := range []struct{ op, body, want string }{
		{"GetSigningProfile", `{"status": "New", "x": {}, "profileName": "p", "arn": null}`, `{"profileName": "p", "status": "New"}`},
		{"GetSigningProfile", `{"tags": {"b": null, "a": "2"}, "profileName": 5}`, `{"profileName": 5, "tags": {"b": null, "a": "2"}}`},
		{"GetSigningProfile", `hello`, `{}`},
		{"GetSigningProfile", "\ufeff{}", `{}`},
		{"GetSigningProfile", `{"profileName": "x`, `{}`},
		{"GetSigningProfile", ``, `{}`},
		{"ListProfilePermissions", `{"policySizeBytes": " 1_2 "}`, `{"policySizeBytes": 12}`},
		{"ListProfilePermissions", `{"policySizeBytes": -12.9}`, `{"policySizeBytes": -12}`},
		{"ListProfilePermissions", `{"policySizeBytes": 1e20}`, `{"policySizeBytes": 100000000000000000000}`},
		{"ListProfilePermissions", `{"policySizeBytes": true}`, `{"policySizeBytes": 1}`},
		{"GetSigningPlatform", `{"revocationSupported": "TRUE"}`, `{"revocationSupported": true}`},
		{"GetSigningPlatform", `{"revocationSupported": 1}`, `{"revocationSupported": false}`},
		{"ListSigningJobs", `{"jobs": [null, {"jobId": "a"}]}`, `{"jobs": [null, {"jobId": "a"}]}`},
		{"GetRevocationStatus", `{"revokedEntities": "ab"}`, `{"revokedEntities": ["a", "b"]}`},
		{"GetRevocationStatus", `{"revokedEntities": {"x": 1}}`, `{"revokedEntities": ["x"]}`},
		{"SignPayload", `{"signature": "not base64!", "metadata": {"z": 1, "a": []}}`, `{"metadata": {"z": 1, "a": []}, "signature": "not base64!"}`},
		{"CancelSigningProfile", `[1]`, `{}`},
		{"TagResource", `[1]`, `{}`},
		{"DescribeSigningJob", `{"createdAt": 1700000000.1234565}`, `{"createdAt": "2023-11-14T22:13:20.123456Z"}`},
		{"DescribeSigningJob", `{"createdAt": "1.7e9", "completedAt": -1.5}`, `{"createdAt": "2023-11-14T22:13:20Z", "completedAt": "1969-12-31T23:59:58.5Z"}`},
		{"DescribeSigningJob", `{"createdAt": "2023-11-14T22:13:20.5+02:00"}`, `{"createdAt": "2023-11-14T22:13:20.5+02:00"}`},
		{"DescribeSigningJob", `{"createdAt": "Tue, 14 Nov 2023 22:13:20 GMT"}`, `{"createdAt": "2023-11-14T22:13:20Z"}`},
		{"DescribeSigningJob", `{"createdAt": "2023-11-14T22:13:20", "completedAt": "2023-11-14"}`, `{"createdAt": "2023-11-14T22:13:20", "completedAt": "2023-11-14T00:00:00"}`},
	} {
		t.Run(tc.op+" "+tc.body, func(t *testing.T) {
			got, err := engine.Do(t.Context(), client(t, canned(200, nil, tc.body)), operation(tc.op), nil)
			if err != nil || text(got) != tc.want {
				t.Errorf("got %s, %v, want %s", text(got), err, tc.want)
			}
		})
	}
}

func TestAnswersInAZone(t *testing.T) {
	body := `{"createdAt": 1700000000, "completedAt": "2023-11-14T22:13:20Z"}`
	for want, option := range map[string]func(*engine.Options){
		`{"createdAt": "2023-11-15T03:43:20+05:30", "completedAt": "2023-11-14T22:13:20Z"}`: func(o *engine.Options) { o.Zone = time.FixedZone("", 5*3600+1800) },
		body: func(o *engine.Options) { o.WireTimes = true },
	} {
		got, err := engine.Do(t.Context(), client(t, canned(202, nil, body)), operation("DescribeSigningJob"), nil, option)
		if err != nil || text(got) != want {
			t.Errorf("got %s, %v, want %s", text(got), err, want)
		}
	}
}

// Dates are python-dateutil's: what one leaves out is of today.
func TestAnswersWithDates(t *testing.T) {
	option := func(o *engine.Options) {
		o.Zone = time.FixedZone("EST", -5*3600)
		o.Now = func() time.Time { return time.Date(2026, time.November, 22, 3, 0, 0, 0, time.UTC) }
	}
	for in, want := range map[string]string{
		"1700000000.25":                      "2023-11-14T17:13:20.25-05:00",
		"Jan 2024":                           "2024-01-21T00:00:00",
		"10pm":                               "2026-11-21T22:00:00",
		"2024-1-2 03:04 +0100":               "2024-01-02T03:04:00+01:00",
		"Tue, 02 Jan 2024 03:04:05 GMT":      "2024-01-02T03:04:05Z",
		"2024-01-02 03:04:05.5 EST":          "2024-01-02T03:04:05.5-05:00",
		"2024-01-02T03:04:05.123456789":      "2024-01-02T03:04:05.123456",
		"\u0662\u0660\u0662\u0664-01-01T07Z": "2024-01-01T07:00:00Z",
	} {
		body := fmt.Sprintf(`{"createdAt": "%s"}`, in)
		got, err := engine.Do(t.Context(), client(t, canned(200, nil, body)), operation("DescribeSigningJob"), nil, option)
		if err != nil || text(got) != fmt.Sprintf(`{"createdAt": "%s"}`, want) {
			t.Errorf("%s: got %s, %v, want %s", in, text(got), err, want)
		}
	}
}

func TestUnreadableAnswers(t *testing.T) {
	for _, tc := range []struct{ op, body, want string }{
		{"ListSigningJobs", `{"jobs": "abc"}`, `The answer to ListSigningJobs cannot be understood: jobs[0] is "a", not an object.`},
		{"ListSigningJobs", `{"jobs": 5}`, `The answer to ListSigningJobs cannot be understood: jobs is 5, not a list.`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": "soon"}]}`, `Invalid timestamp "soon": Unknown string format: soon`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": ""}]}`, `Invalid timestamp "": String does not contain a date: `},
		{"ListSigningJobs", `{"jobs": [{"createdAt": "25:00"}]}`, `Invalid timestamp "25:00": hour must be in 0..23: 25:00`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": "1700000000123"}]}`, `Unable to calculate correct timezone offset for "1700000000123"`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": []}]}`, `The answer to ListSigningJobs cannot be understood: jobs[0].createdAt is [], not a time.`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": 1e15}]}`, `year 31690708 is out of range`},
		{"ListTagsForResource", `{"tags": []}`, `The answer to ListTagsForResource cannot be understood: tags is [], not an object.`},
		{"ListProfilePermissions", `{"policySizeBytes": "many"}`, `The answer to ListProfilePermissions cannot be understood: policySizeBytes is "many", not an integer.`},
		{"ListProfilePermissions", `[1]`, `The answer to ListProfilePermissions cannot be understood: the body is [1], not an object.`},
		{"TagResource", `null`, `The answer to TagResource cannot be understood: the body is null.`},
		{"TagResource", "{\"\xff\": 1}", `The answer to TagResource cannot be understood: it is not UTF-8.`},
	} {
		t.Run(tc.body, func(t *testing.T) {
			var unreadable *engine.AnswerError
			if _, err := engine.Do(t.Context(), client(t, canned(200, nil, tc.body)), operation(tc.op), nil); !errors.As(err, &unreadable) || unreadable.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// Nothing a service sends is a panic.
func FuzzAnswers(f *testing.F) {
	f.Add(uint8(0), uint16(200), `{"jobs": [{"createdAt": 1.5}]}`, "")
	f.Add(uint8(7), uint16(503), `<html>`, "a#b:c")
	f.Add(uint8(12), uint16(400), `{"code": [], "message": {}, "__type": 5}`, "")
	f.Fuzz(func(t *testing.T, op uint8, status uint16, body, class string) {
		c := signer.New(signer.Options{Region: "r", Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{}, HTTPClient: answer{int(status), class, body}})
		engine.Do(context.Background(), c, api.Signer.Operations[int(op)%len(api.Signer.Operations)], nil)
	})
}

type answer struct {
	status      int
	class, body string
}

func (a answer) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{"X-Amzn-Errortype": {a.class}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}
