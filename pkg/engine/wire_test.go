package engine_test

import (
	"crypto/sha256"
	"encoding/hex"
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
