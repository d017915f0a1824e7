package sigv4_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"signer/pkg/sigv4"
)

// odd are targets that clients put into canonical form in different ways.
var odd = []string{
	"/", "/a/b", "/a/b/", "/tags/arn%3Aaws%3Asigner%3A%3A%2Fx", "/tags/arn:aws:signer::/x", "/%C3%A9", "/a%20b", "/a~b", "/a+b", "/a%25b", "/a//b", "/a/./b", "/a/../b", "/..", "/a/..",
	"/?", "/?a", "/?a=", "/?a=%2B&b=%20", "/?b=1&a=2", "/?a=2&a=1", "/?a=b%2Fc&a=b-c", "/?A=1&a=2", "/?%C3%A9=%E1%88%B4", "/?a=~-._", "/?a=%26%3D",
}

// The SDK for Go signs; its requests travel over a real connection.
func TestGoSigner(t *testing.T) {
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	var rules sigv4.Rules
	var verified *sigv4.Verified
	var refused error
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		verified, refused = verify(verifier(t, at), r, rules)
		if refused == nil {
			_, refused = io.Copy(io.Discard, r.Body)
		}
	}))
	defer server.Close()
	key := aws.Credentials{AccessKeyID: "ASIATOKEN", SecretAccessKey: iamSecret, SessionToken: "session"}
	for _, service := range []string{"signer", "s3"} {
		for _, target := range odd {
			rules = sigv4.Rules{Service: service, ObjectStore: service == "s3"}
			signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = rules.ObjectStore })
			r, err := http.NewRequest("POST", server.URL+target, strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Amz-Meta-Blanks", "  a   b ")
			sum := sha256.Sum256([]byte("body"))
			digest := hex.EncodeToString(sum[:])
			r.Header.Set("X-Amz-Content-Sha256", digest)
			if err := signer.SignHTTP(t.Context(), key, r, digest, service, "eu-north-1", now); err != nil {
				t.Fatal(err)
			}
			exchange(t, r)
			if want, _, _ := strings.Cut(target, "?"); refused != nil {
				t.Errorf("%s %s is refused: %v", service, target, refused)
			} else if verified.Path != want {
				t.Errorf("%s: the path is taken for %s", target, verified.Path)
			}
		}
	}
}

func TestGoPresigner(t *testing.T) {
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	key := aws.Credentials{AccessKeyID: "ASIATOKEN", SecretAccessKey: iamSecret, SessionToken: "session"}
	for _, tc := range []struct {
		rules  sigv4.Rules
		digest string
	}{
		{sigv4.Rules{Service: "signer"}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{sigv4.Rules{Service: "s3", ObjectStore: true}, "UNSIGNED-PAYLOAD"},
	} {
		for _, target := range odd {
			signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = tc.rules.ObjectStore })
			url, header, err := signer.PresignHTTP(t.Context(), key, httptest.NewRequest("GET", "http://example.com"+target, nil), tc.digest, tc.rules.Service, "eu-north-1", now)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", url, nil)
			r.Header = header
			if _, err := verify(verifier(t, at), r, tc.rules); err != nil {
				t.Errorf("%s %s is refused: %v", tc.rules.Service, target, err)
			}
			if _, err := verify(verifier(t, "20150830T130000Z"), r, tc.rules); classified(err) == "" {
				t.Errorf("%s %s is good for ever", tc.rules.Service, target)
			}
		}
	}
}

func exchange(t *testing.T, r *http.Request) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

func TestExpiredToken(t *testing.T) {
	r := httptest.NewRequest("GET", "http://example.com/", nil)
	key := aws.Credentials{AccessKeyID: "ASIATOKEN", SecretAccessKey: iamSecret, SessionToken: "session"}
	if err := v4.NewSigner().SignHTTP(t.Context(), key, r, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "service", "x", time.Date(2015, 8, 30, 13, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	_, err := verify(verifier(t, "20150830T130000Z"), r, sigv4.Rules{Service: "service"})
	if got := classified(err); got != "ExpiredTokenException: The security token included in the request is expired" {
		t.Errorf("got %s", got)
	}
}

// Clients that normalize a path sign another one than they send. What was signed is
// what counts, or else dots could be put into a request on its way.
func TestSignedPathCounts(t *testing.T) {
	sent := strings.Replace(signed, "POST /a/b", "POST /x/..//a/./b", 1)
	got, err := verify(verifier(t, at), received(t, sent), sigv4.Rules{Service: "service"})
	if err != nil || got.Path != "/a/b" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := verify(verifier(t, at), received(t, strings.Replace(sent, "/x/..", "/x/../..", 1)), sigv4.Rules{Service: "service"}); err != nil {
		t.Error(err) // there is nothing above the root
	}
}

// wire is a request as a client of another language would send it.
type wire struct {
	Name, Service, Method, URL string
	Headers                    map[string]string
	Body                       string
}

func (w wire) received() *http.Request {
	r := httptest.NewRequest(w.Method, w.URL, strings.NewReader(w.Body))
	for name, value := range w.Headers {
		r.Header.Set(name, value)
	}
	return r
}

// botocore signs, in all its ways.
func TestBotocore(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	c := exec.Command(python, filepath.Join("testdata", "sign.py"), iamSecret)
	targets, err := json.Marshal(odd)
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Stderr = bytes.NewReader(targets), os.Stderr
	out, err := c.Output()
	if c.ProcessState.ExitCode() == 77 {
		t.Skip("python3 has no botocore")
	} else if err != nil {
		t.Fatal(err)
	}
	var requests []wire
	if err := json.Unmarshal(out, &requests); err != nil || len(requests) < 5*len(odd) {
		t.Fatalf("%d requests, %v", len(requests), err)
	}
	for _, w := range requests {
		holds(t, w)
	}
}

// holds checks that a request is good, and no longer so once a part is another.
func holds(t *testing.T, w wire) {
	t.Helper()
	v := &sigv4.Verifier{Secrets: documented, Now: func() time.Time { return time.Date(2015, 8, 30, 12, 40, 0, 0, time.UTC) }}
	rules := sigv4.Rules{Service: w.Service, ObjectStore: w.Service == "s3"}
	if _, err := verify(v, w.received(), rules); err != nil {
		t.Errorf("%s: %s %s is refused: %v", w.Name, w.Method, w.URL, err)
	}
	path, query, _ := strings.Cut(w.URL, "?")
	for what, other := range map[string]wire{
		"method": {w.Name, w.Service, "PATCH", w.URL, w.Headers, w.Body},
		"path":   {w.Name, w.Service, w.Method, path + "/x?" + query, w.Headers, w.Body},
		"query":  {w.Name, w.Service, w.Method, path + "?x=y&" + query, w.Headers, w.Body},
		"host":   {w.Name, w.Service, w.Method, strings.Replace(w.URL, "//example.", "//other.", 1), w.Headers, w.Body},
	} {
		if _, err := verify(v, other.received(), rules); classified(err) != "InvalidSignatureException: "+mismatch {
			t.Errorf("%s: %s %s with another %s: %v", w.Name, w.Method, w.URL, what, err)
		}
	}
}

// The test suite that AWS published for Signature Version 4 is not ours to keep. It
// runs where BOTOCORE_TESTS is the directory tests/unit of a copy of botocore, which
// has it.
func TestSuite(t *testing.T) {
	root := os.Getenv("BOTOCORE_TESTS")
	if root == "" {
		t.Skip("BOTOCORE_TESTS is not set")
	}
	var ran int
	err := filepath.WalkDir(filepath.Join(root, "auth", "aws4_testsuite"), func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".req" {
			return err
		}
		ran++
		t.Run(strings.TrimSuffix(filepath.Base(path), ".req"), func(t *testing.T) { testSuiteCase(t, path) })
		return nil
	})
	if err != nil || ran < 30 {
		t.Errorf("ran %d cases, %v", ran, err)
	}
}

func testSuiteCase(t *testing.T, file string) {
	part := func(extension string) string {
		text, err := os.ReadFile(strings.TrimSuffix(file, "req") + extension)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(strings.ReplaceAll(string(text), "\r", ""))
	}
	head, body, _ := strings.Cut(part("req"), "\n\n")
	line, rest, _ := strings.Cut(head, "\n")
	method, target, _ := strings.Cut(strings.TrimSuffix(line, " HTTP/1.1"), " ")
	r := received(t, method+" / HTTP/1.1\n"+rest+"\nAuthorization: "+part("authz")+"\n\n"+body)
	r.RequestURI = target // some are of a form that no server takes
	if _, token, found := strings.Cut(part("creq"), "x-amz-security-token:"); found && r.Header.Get("X-Amz-Security-Token") == "" {
		token, _, _ = strings.Cut(token, "\n") // which the request is to be given
		r.Header.Set("X-Amz-Security-Token", token)
	}
	v := verifier(t, at)
	v.Secrets = keys{"AKIDEXAMPLE": {Secret: iamSecret, Token: r.Header.Get("X-Amz-Security-Token"), Active: true}}
	if _, err := verify(v, r, sigv4.Rules{Service: "service"}); err != nil {
		t.Error(err)
	}
}

// Nothing that a stranger sends is a panic, or good.
func FuzzRead(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", at, "/a?x=%2")
	f.Add("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,SignedHeaders=;;host,Signature=", at, "http://h/..//./%zz?&&=&%=+")
	f.Add("", "", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/20150830/r/service/aws4_request&X-Amz-Date="+at+"&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
	f.Fuzz(func(t *testing.T, authorization, date, target string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI = target
		r.Header.Set("X-Amz-Date", date)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		for _, rules := range []sigv4.Rules{{Service: "service"}, {Service: "service", ObjectStore: true}} {
			if _, err := verify(verifier(t, at), r, rules); classified(err) == "" {
				t.Error("it is taken for good")
			} else if strings.HasPrefix(classified(err), "broken") {
				t.Errorf("it breaks: %v", err)
			}
		}
	})
}
