package sigv4_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"signer/pkg/sigv4"
)

// keys are a table of those that may call.
type keys map[string]sigv4.Key

func (k keys) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	key, ok := k[id]
	return key, ok, nil
}

// The keys are those of AWS's documentation, which uses one secret in two spellings.
const (
	iamSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	s3Secret  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func principal(name string) string { return "arn:aws:iam::111122223333:user/" + name }

var documented = keys{
	"AKIDEXAMPLE":          {Secret: iamSecret, Account: "111122223333", Principal: principal("iam"), Active: true},
	"AKIAIOSFODNN7EXAMPLE": {Secret: s3Secret, Account: "111122223333", Principal: principal("s3"), Active: true},
	"AKIDINACTIVE":         {Secret: iamSecret},
	"ASIATOKEN":            {Secret: iamSecret, Token: "session", Active: true, Account: "111122223333", Expires: time.Date(2015, 8, 30, 13, 0, 0, 0, time.UTC)},
}

// verifier has a clock that stands at a time in the form of X-Amz-Date.
func verifier(t *testing.T, now string) *sigv4.Verifier {
	t.Helper()
	at, err := time.Parse("20060102T150405Z", now)
	if err != nil {
		t.Fatal(err)
	}
	return &sigv4.Verifier{Secrets: documented, Now: func() time.Time { return at }}
}

// received parses a request the way a server receives it. Lines end in line feeds.
func received(t *testing.T, text string) *http.Request {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	if body != "" && !strings.Contains(head, "Content-Length") {
		head += fmt.Sprintf("\nContent-Length: %d", len(body))
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func verify(v *sigv4.Verifier, r *http.Request, rules sigv4.Rules) (*sigv4.Verified, error) {
	s, err := sigv4.Read(r)
	if err != nil {
		return nil, err
	}
	return v.Verify(r, s, rules)
}

const s3Credential = "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"

// The requests and signatures are those that AWS's documentation works out: "Elements
// of an API request signature" in the IAM user guide, "Authenticating Requests" in the
// S3 API reference.
var examples = []struct{ name, service, now, request string }{
	{"an IAM query", "iam", "20150830T123600Z", "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\nHost: iam.amazonaws.com\n" +
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8\nX-Amz-Date: 20150830T123600Z\n" +
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, " +
		"Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\n\n"},
	{"a range of an object", "s3", "20130524T000000Z", "GET /test.txt HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nRange: bytes=0-9\n" +
		"x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nx-amz-date: 20130524T000000Z\n" +
		s3Credential + ",SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41\n\n"},
	{"an object", "s3", "20130524T000000Z", "PUT /test%24file.text HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nDate: Fri, 24 May 2013 00:00:00 GMT\n" +
		"x-amz-date: 20130524T000000Z\nx-amz-storage-class: REDUCED_REDUNDANCY\nx-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n" +
		s3Credential + ",SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd\n\n" +
		"Welcome to Amazon S3."},
	{"a parameter without a value", "s3", "20130524T000000Z", "GET /?lifecycle HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nx-amz-date: 20130524T000000Z\n" +
		"x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" +
		s3Credential + ",SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543\n\n"},
	{"a listing", "s3", "20130524T000000Z", "GET /?max-keys=2&prefix=J HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nx-amz-date: 20130524T000000Z\n" +
		"x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" +
		s3Credential + ",SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7\n\n"},
	{"a presigned request", "s3", "20130524T235959Z", "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1\n" +
		"Host: examplebucket.s3.amazonaws.com\n\n"},
	{"chunks", "s3", "20130524T000000Z", chunked},
}

const chunked = "PUT /examplebucket/chunkObject.txt HTTP/1.1\nHost: s3.amazonaws.com\nx-amz-date: 20130524T000000Z\nx-amz-storage-class: REDUCED_REDUNDANCY\n" +
	"x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\nContent-Encoding: aws-chunked\nx-amz-decoded-content-length: 66560\nContent-Length: 66824\n" + s3Credential +
	",SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class," +
	"Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9\n\n"

func TestDocumentedExamples(t *testing.T) {
	for _, tc := range examples {
		t.Run(tc.name, func(t *testing.T) {
			r := received(t, tc.request)
			got, err := verify(verifier(t, tc.now), r, sigv4.Rules{Service: tc.service, ObjectStore: tc.service == "s3"})
			if err != nil {
				t.Fatal(err)
			}
			if got.Account != "111122223333" || got.Principal != principal(tc.service) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The documentation's two examples of a body in signed chunks: 64 KiB of the letter
// a, a KiB of it, the end, and behind the second of them a checksum.
func TestChunks(t *testing.T) {
	trailing := strings.NewReplacer("SHA256-PAYLOAD", "SHA256-PAYLOAD-TRAILER", "Content-Length: 66824", "x-amz-trailer: x-amz-checksum-crc32c", "content-encoding;content-length", "content-encoding",
		"x-amz-storage-class,", "x-amz-storage-class;x-amz-trailer,", "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e").Replace(chunked)
	for _, tc := range []struct {
		name, request, payload string
		chunks                 []string
		trailer                string
	}{
		{"chunks", chunked, sigv4.SignedChunks, []string{"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
			"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}, ""},
		{"trailer", trailing, sigv4.SignedChunksWithTrailer, []string{"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
			"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"},
			"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := verify(verifier(t, "20130524T000000Z"), received(t, tc.request), sigv4.Rules{Service: "s3", ObjectStore: true})
			if err != nil || got.Payload != tc.payload {
				t.Fatalf("payload %+v, %v", got, err)
			}
			for i, size := range []int{64 << 10, 1 << 10, 0} {
				if got.Chain.Chunk(sha256.Sum256([]byte("b")), tc.chunks[i]) {
					t.Errorf("chunk %d: another is taken for it", i)
				}
				if !got.Chain.Chunk(sha256.Sum256([]byte(strings.Repeat("a", size))), tc.chunks[i]) {
					t.Errorf("chunk %d is refused", i)
				}
			}
			sum := sha256.Sum256([]byte("x-amz-checksum-crc32c:sOO8/Q==\n"))
			if got.Chain.Trailer(sum, tc.trailer) != (tc.trailer != "") {
				t.Errorf("the trailer %s", tc.trailer)
			}
		})
	}
}

// The signature was made by @smithy/signature-v4 5, as the SDK for JavaScript signs for HTTP/2.
func TestAuthority(t *testing.T) {
	const request = "GET /signing-platforms?maxResults=1 HTTP/1.1\nHost: example.com:8333\nX-Amz-Date: " + at + "\n" +
		"X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" +
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/signer/aws4_request, SignedHeaders=:authority;x-amz-content-sha256;x-amz-date, " +
		"Signature=5615847f0fedd83fce41d80e453247a448cd460774f8f8e3cf41a3fb617ac1d0\n\n"
	if _, err := verify(verifier(t, at), received(t, request), sigv4.Rules{Service: "signer"}); err != nil {
		t.Error(err)
	}
	elsewhere := strings.Replace(request, "Host: example.com", "Host: example.org", 1)
	if _, err := verify(verifier(t, at), received(t, elsewhere), sigv4.Rules{Service: "signer"}); err == nil {
		t.Error("another host is taken")
	}
}

const at = "20150830T123600Z"

// signed is a good request, of which the tests change a part.
const signed = "POST /a/b?x=1 HTTP/1.1\nHost: example.com\nX-Amz-Date: " + at + "\nX-Amz-Meta: m\n" +
	"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-meta, " +
	"Signature=" + signedValue + "\n\n{}"

// signedValue was made by botocore.
const signedValue = "d86bf119502545b994f5dc1b94860362561cd59d3897cca2ff650fbe66efebd5"

const presigned = "GET /a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date=" + at +
	"&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=32570ddda566703ef9b979bb11de65359f1bf1fdbc11e1dd640864bc47ff43b2 HTTP/1.1\nHost: example.com\n\n"

const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

func TestRefusals(t *testing.T) {
	const (
		none         = "MissingAuthenticationTokenException: Missing Authentication Token"
		incomplete   = "IncompleteSignatureException: "
		unrecognized = "UnrecognizedClientException: The security token included in the request is invalid."
		invalid      = "InvalidSignatureException: "
	)
	replace := func(old, new string) string {
		if !strings.Contains(signed, old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(signed, old, new, 1)
	}
	inQuery := func(old, new string) string { return strings.Replace(presigned, old, new, 1) }
	authorization := func(value string) string {
		return "GET / HTTP/1.1\nHost: example.com\nX-Amz-Date: " + at + "\nAuthorization: " + value + "\n\n"
	}
	for _, tc := range []struct{ name, request, now, want string }{
		{"as it was signed", signed, at, ""},
		{"presigned", presigned, at, ""},
		{"no signature", "GET / HTTP/1.1\nHost: example.com\n\n", at, none},
		{"empty header", authorization(""), at, incomplete + "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."},
		{"another scheme", authorization("Bearer abc"), at, incomplete + "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."},
		{"another algorithm", authorization("AWS4-HMAC-SHA512 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"), at, incomplete + "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'."},
		{"no pair", authorization("AWS4-HMAC-SHA256 Credential= AKID/1, SignedHeaders=host, Signature=0"), at, incomplete + "'AKID/1' not a valid key=value pair (missing equal-sign) in Authorization header."},
		{"two headers", replace("\n\n", "\nAuthorization: x\n\n"), at, incomplete + "There is more than one Authorization header."},
		{"no date", replace("X-Amz-Date: "+at+"\n", ""), at, incomplete + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
		{"no such date", replace("X-Amz-Date: "+at, "X-Amz-Date: 2015-08-30"), at, incomplete + "Date must be in ISO-8601 'basic format'. Got '2015-08-30'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"a short credential", replace("AKIDEXAMPLE/", ""), at, incomplete + "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '20150830/us-east-1/service/aws4_request'"},
		{"another day", replace("/20150830/", "/20150831/"), at, invalid + "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830', from '20150830T123600Z'."},
		{"another service", replace("/service/", "/other/"), at, invalid + "Credential should be scoped to correct service: 'service'. "},
		{"another end", replace("/aws4_request", "/aws5_request"), at, invalid + "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "},
		{"another region", replace("/us-east-1/", "/us-west-1/"), at, invalid + mismatch},
		{"an unknown key", replace("AKIDEXAMPLE", "AKIDOTHER"), at, unrecognized},
		{"an inactive key", replace("AKIDEXAMPLE", "AKIDINACTIVE"), at, unrecognized},
		{"no token", replace("AKIDEXAMPLE", "ASIATOKEN"), at, unrecognized},
		{"a token too many", replace("X-Amz-Meta: m", "X-Amz-Security-Token: t"), at, invalid + "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization."},
		{"a token too many, signed", strings.Replace(replace("X-Amz-Meta: m", "X-Amz-Security-Token: t"), "x-amz-meta", "x-amz-security-token", 1), at, unrecognized},
		{"in the last second", signed, "20150830T125100Z", ""},
		{"too old", signed, "20150830T125101Z", invalid + "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"},
		{"in the first second", signed, "20150830T122100Z", ""},
		{"too new", signed, "20150830T122059Z", invalid + "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"},
		{"host not signed", replace("=host;", "="), at, invalid + "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"a header not signed", replace(";x-amz-meta", ""), at, invalid + "'X-Amz-Meta' must be a 'SignedHeader' in the AWS Authorization."},
		{"a header that is not there", replace("X-Amz-Meta: m\n", ""), at, invalid + "The request has no header 'x-amz-meta', which its signature is said to cover."},
		{"another header", replace("X-Amz-Meta: m", "X-Amz-Meta: n"), at, invalid + mismatch},
		{"a header twice", replace("X-Amz-Meta: m", "X-Amz-Meta: m\nX-Amz-Meta: m"), at, invalid + mismatch},
		{"a header in other blanks", replace("X-Amz-Meta: m", "X-Amz-Meta: \t m  "), at, ""},
		{"another host", replace("Host: example.com", "Host: example.org"), at, invalid + mismatch},
		{"another method", replace("POST", "PUT"), at, invalid + mismatch},
		{"another path", replace("/a/b", "/a/c"), at, invalid + mismatch},
		{"an escaped path", replace("/a/b", "/a%2Fb"), at, invalid + mismatch},
		{"another query", replace("x=1", "x=2"), at, invalid + mismatch},
		{"a longer query", replace("x=1", "x=1&y"), at, invalid + mismatch},
		{"no query", replace("?x=1", ""), at, invalid + mismatch},
		{"another body", replace("\n\n{}", "\n\n[]"), at, invalid + mismatch},
		{"no body", replace("\n\n{}", "\n\n"), at, invalid + mismatch},
		{"another time", replace("X-Amz-Date: "+at, "X-Amz-Date: 20150830T123601Z"), at, invalid + mismatch},
		{"another signature", replace("Signature="+signedValue[:4], "Signature=0000"), at, invalid + mismatch},
		{"a short signature", replace(signedValue, signedValue[:63]), at, invalid + mismatch},
		{"absolute form", replace("POST /a/b", "POST http://example.com/a/b"), at, ""},
		{"presigned, in time", presigned, "20150830T123700Z", ""},
		{"presigned, too late", presigned, "20150830T123701Z", invalid + "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123701Z - 60 sec.)"},
		{"presigned, for longer", inQuery("Expires=60", "Expires=61"), at, invalid + mismatch},
		{"presigned, with more", inQuery("/a?", "/a?x=1&"), at, invalid + mismatch},
		{"presigned, with a body", inQuery("\n\n", "\n\nbody"), at, invalid + mismatch},
		{"presigned, with a header", inQuery("\n\n", "\nX-Amz-Meta: m\n\n"), at, invalid + "'X-Amz-Meta' must be a 'SignedHeader' in the AWS Authorization."},
		{"presigned, without", inQuery("X-Amz-Date="+at+"&", ""), at, incomplete + "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"presigned by another algorithm", inQuery("AWS4-HMAC", "AWS4-ECDSA"), at, incomplete + "Unsupported AWS 'algorithm': 'AWS4-ECDSA-SHA256'."},
		{"presigned for no time", inQuery("Expires=60", "Expires=-1"), at, incomplete + "X-Amz-Expires must be non-negative"},
		{"presigned for ever", inQuery("Expires=60", "Expires=604801"), at, incomplete + "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"},
		{"presigned for long", inQuery("Expires=60", "Expires=long"), at, incomplete + "X-Amz-Expires should be a number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := verify(verifier(t, tc.now), received(t, tc.request), sigv4.Rules{Service: "service"})
			if got := classified(err); got != tc.want {
				t.Errorf("\ngot  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// classified is an error as a service words it.
func classified(err error) string {
	var refusal *sigv4.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return refusal.Class() + ": " + refusal.Message
	}
	return "broken: " + err.Error()
}

func TestRegion(t *testing.T) {
	v := verifier(t, at)
	v.Region = "eu-north-1"
	_, err := verify(v, received(t, signed), sigv4.Rules{Service: "service"})
	if got, want := classified(err), "InvalidSignatureException: Credential should be scoped to a valid region, not 'us-east-1'. "; got != want {
		t.Errorf("got %s", got)
	}
}

// The body can still be read after it was, and an unknown body ends in an error.
func TestBodies(t *testing.T) {
	r := received(t, signed)
	if _, err := verify(verifier(t, at), r, sigv4.Rules{Service: "service"}); err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r.Body); string(body) != "{}" || err != nil {
		t.Errorf("read %q, %v", body, err)
	}
	r = received(t, signed)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
	if _, err := verify(verifier(t, at), r, sigv4.Rules{Service: "service"}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

var errBroken = errors.New("the line is dead")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func (broken) Key(context.Context, string) (sigv4.Key, bool, error) {
	return sigv4.Key{}, false, errBroken
}

func TestSecretsThatCannotBeRead(t *testing.T) {
	v := verifier(t, at)
	v.Secrets = broken{}
	if _, err := verify(v, received(t, signed), sigv4.Rules{Service: "service"}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// A body that S3's clients declare is held to what they declared, while it is read.
func TestDeclaredBodies(t *testing.T) {
	put := examples[2].request
	rules := sigv4.Rules{Service: "s3", ObjectStore: true}
	for _, tc := range []struct{ name, request, wantRead, want string }{
		{"as declared", put, "Welcome to Amazon S3.", ""},
		{"another", strings.Replace(put, "Welcome", "welcome", 1), "welcome to Amazon S3.", "The provided 'x-amz-content-sha256' header does not match what was computed."},
		{"none", strings.Replace(put, "Welcome to Amazon S3.", "", 1), "", "The provided 'x-amz-content-sha256' header does not match what was computed."},
		{"undeclared", strings.Replace(put, "x-amz-content-sha256:", "x-other:", 1), "", "Missing required header for this request: x-amz-content-sha256"},
		{"no digest", strings.Replace(put, "44ce7dd6", "44ce7dd", 1), "", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
			"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := received(t, tc.request)
			_, err := verify(verifier(t, "20130524T000000Z"), r, rules)
			var body []byte
			if err == nil {
				body, err = io.ReadAll(r.Body)
			}
			if string(body) != tc.wantRead || (tc.want == "") != (err == nil) || err != nil && err.Error() != tc.want {
				t.Errorf("read %q, %v", body, err)
			}
		})
	}
}

func TestKeysDoNotTell(t *testing.T) {
	key := documented["ASIATOKEN"]
	text, _ := json.Marshal(key)
	for _, s := range []string{fmt.Sprint(key), fmt.Sprintf("%+v %#v %s %q", key, key, key, &key), string(text)} {
		if strings.Contains(s, "wJalr") || strings.Contains(s, "session") {
			t.Errorf("it tells: %s", s)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	v := &sigv4.Verifier{Secrets: documented, Now: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(strings.Replace(signed, "\n\n", "\nContent-Length: 2\n\n", 1), "\n", "\r\n"))))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader("{}"))
		if _, err := verify(v, r, sigv4.Rules{Service: "service"}); err != nil {
			b.Fatal(err)
		}
	}
}
