package cmd_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/keys/keystest"
)

// request is a signed request.
func request(t testing.TB, url string, key aws.Credentials, at time.Time, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+target, strings.NewReader(body))
	must(t, err)
	must(t, v4.NewSigner().SignHTTP(t.Context(), key, r, payloadDigest(body), "signer", serveRegion, at))
	return r
}

func payloadDigest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// send sends a request and returns the status and the class of error.
func send(t testing.TB, r *http.Request) string {
	t.Helper()
	a, err := http.DefaultClient.Do(r)
	must(t, err)
	defer a.Body.Close()
	_, err = io.Copy(io.Discard, a.Body)
	must(t, err)
	return strings.TrimSpace(fmt.Sprint(a.StatusCode, " ", a.Header.Get("X-Amzn-Errortype")))
}

// No one gets in where he does not belong.
func TestServeRefusesForgeries(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	key := h.key(t, "maria")
	h.app(t, s.client(t, key))
	const profile, tags = "/signing-profiles/web", `{"tags": {"a": "b"}}`
	resource := "/tags/arn%3Aaws%3Asigner%3A" + serveRegion + "%3A" + serveAccount + "%3A%2Fsigning-profiles%2Fweb"
	now := time.Now()
	altered := func(change func(*http.Request)) *http.Request {
		r := request(t, s.url, key, now, "POST", resource, tags)
		change(r)
		return r
	}
	for name, tc := range map[string]struct {
		r    *http.Request
		want string
	}{
		"as it should be": {request(t, s.url, key, now, "GET", profile, ""), "200"},
		"too old":         {request(t, s.url, key, now.Add(-16*time.Minute), "GET", profile, ""), "403 InvalidSignatureException"},
		"of the future":   {request(t, s.url, key, now.Add(16*time.Minute), "GET", profile, ""), "403 InvalidSignatureException"},
		"another secret":  {request(t, s.url, aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: "guessed"}, now, "GET", profile, ""), "403 InvalidSignatureException"},
		"unknown key":     {request(t, s.url, aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, now, "GET", profile, ""), "403 UnrecognizedClientException"},
		"with a token":    {request(t, s.url, aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: "x"}, now, "GET", profile, ""), "403 UnrecognizedClientException"},
		"another body":    {altered(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(strings.Replace(tags, "b", "c", 1))) }), "403 InvalidSignatureException"},
		"another path":    {altered(func(r *http.Request) { r.URL.RawPath, r.URL.Path = r.URL.RawPath+"2", r.URL.Path+"2" }), "403 InvalidSignatureException"},
		"another method":  {altered(func(r *http.Request) { r.Method = "PUT" }), "403 InvalidSignatureException"},
		"more query":      {altered(func(r *http.Request) { r.URL.RawQuery = "x=1" }), "403 InvalidSignatureException"},
		"another host":    {altered(func(r *http.Request) { r.Host = "signer.us-east-1.amazonaws.com" }), "403 InvalidSignatureException"},
		"another date": {altered(func(r *http.Request) {
			r.Header.Set("X-Amz-Date", now.Add(time.Second).UTC().Format("20060102T150405Z"))
		}), "403 InvalidSignatureException"},
		"an amz header": {altered(func(r *http.Request) { r.Header.Set("X-Amz-Target", "x") }), "403 InvalidSignatureException"},
		"no signature":  {altered(func(r *http.Request) { r.Header.Del("Authorization") }), "403 MissingAuthenticationTokenException"},
		"nonsense":      {altered(func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 \x80=,,=") }), "403 IncompleteSignatureException"},
		"another service": {altered(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/signer/", "/acm/", 1))
		}), "400 InvalidSignatureException"},
		"a region that cannot be": {func() *http.Request {
			r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+profile, nil)
			must(t, err)
			must(t, v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(sha256.New().Sum(nil)), "signer", "..", now))
			return r
		}(), "403 InvalidSignatureException"},
	} {
		if got := send(t, tc.r); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
	out, err := s.client(t, key).ListTagsForResource(t.Context(), &signer.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:signer:" + serveRegion + ":" + serveAccount + ":/signing-profiles/web")})
	must(t, err)
	if len(out.Tags) > 0 {
		t.Errorf("somebody got in: %v", out.Tags)
	}
	h.run(t, "iam", "update-access-key", "--user-name", "maria", "--access-key-id", key.AccessKeyID, "--status", "Inactive")
	if got := send(t, request(t, s.url, key, now, "GET", profile, "")); got != "403 UnrecognizedClientException" {
		t.Errorf("with an inactive key: got %s", got)
	}
	s.quiet(t)
	s.secret(t, key.SecretAccessKey, "Signature=")
}

// Who sends garbage, or nothing, or too much, disturbs nobody else.
func TestServeIsNotDisturbed(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t, "--max-connections", "40", "--max-requests", "8")
	key := h.key(t, "maria")
	c := s.client(t, key)
	address := strings.TrimPrefix(s.url, "http://")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	sent := []string{
		"", "\x00", "GET", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", strings.Repeat("\xff\r\n", 1000),
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 1<<20) + "\r\n\r\n",
		"POST /signing-jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nx",
		"POST /signing-jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nx",
		"GET /" + strings.Repeat("a/", 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		// a known id, so that the body is waited for
		"POST /signing-jobs HTTP/1.1\r\nHost: x\r\nX-Amz-Date: " + time.Now().UTC().Format("20060102T150405Z") + "\r\nContent-Length: 100000\r\n" +
			"Authorization: AWS4-HMAC-SHA256 Credential=" + key.AccessKeyID + "/" + time.Now().UTC().Format("20060102") + "/eu-west-1/signer/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n\r\nx",
	}
	for i := range 20 { // enough to fill the place many times over
		go func() {
			for n := i; ctx.Err() == nil; n++ {
				conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
				if err != nil {
					continue
				}
				io.WriteString(conn, sent[n%(len(sent)-1)]) // of the last kind there are a few only
				time.AfterFunc(2*time.Second, func() { conn.Close() })
				time.Sleep(100 * time.Millisecond)
			}
		}()
	}
	for range 4 {
		conn, err := net.Dial("tcp", address)
		must(t, err)
		defer conn.Close()
		io.WriteString(conn, sent[len(sent)-1])
	}
	var slowest time.Duration
	// SDKs try again: their connection may be taken for one that rests.
	again := func(o *signer.Options) { o.Retryer = retry.NewStandard() }
	hurry, rest := context.WithTimeout(t.Context(), patience) // if each had to wait for the attackers it would take far longer
	defer rest()
	for i := range 100 {
		began := time.Now()
		if _, err := c.PutSigningProfile(hurry, &signer.PutSigningProfileInput{ProfileName: aws.String(fmt.Sprint("web", i)), PlatformId: aws.String(lambda)}, again); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		slowest = max(slowest, time.Since(began))
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("the slowest of 100 requests took %v", slowest)
	stop()
	for line := range strings.Lines(s.logged()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("the server says: %s", line)
		}
	}
}

// What a server is told wrong it says, and ends.
func TestServeRefuses(t *testing.T) {
	h := newServeHome(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	for _, tc := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"--addr", "0.0.0.0:0"}, 253, "Other machines can reach 0.0.0.0:0"},
		{[]string{"--addr", ":0"}, 253, "--insecure-plaintext"},
		{[]string{"--addr", "127.0.0.1:0", "--admin-addr", ":0"}, 253, "Other machines can reach :0"},
		{[]string{"--addr", taken.Addr().String()}, 255, "address already in use"},
		{[]string{"--addr", "nowhere"}, 255, "missing port"},
		{[]string{"--workers", "0"}, 252, "argument --workers: 0 is too few"},
		{[]string{"--tls-cert", "x"}, 252, "it goes with --tls-key"},
		{[]string{"--addr", "127.0.0.1:0", "--tls-cert", "none.pem", "--tls-key", "none.key"}, 255, "none.pem"},
		{[]string{"--log-format", "xml"}, 252, "Found invalid choice"},
		{[]string{"--engine", "aws"}, 255, "serve is for the local engine"},
	} {
		c := h.command(append([]string{"serve"}, tc.args...)...)
		out, err := c.CombinedOutput()
		if exitCode(err) != tc.code || !bytes.Contains(out, []byte(tc.text)) {
			t.Errorf("%s: ended with %d: %s", tc.args, exitCode(err), out)
		}
	}
	s := h.start(t, "--addr", "0.0.0.0:0", "--insecure-plaintext") // who says so may
	if err := s.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestServeTLS(t *testing.T) {
	h := newServeHome(t)
	key := h.key(t, "maria")
	pair := keystest.Bundle(t, keystest.Key(t))
	cert, private := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	must(t, os.WriteFile(cert, pair.Certificate, 0o600))
	must(t, os.WriteFile(private, pair.PrivateKey, 0o600))
	s := h.start(t, "--addr", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", private)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pair.Certificate)
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, InsecureSkipVerify: true}} // the name is not a host's
	defer transport.CloseIdleConnections()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "https://"))
	must(t, err)
	c := signer.New(signer.Options{Region: serveRegion, BaseEndpoint: aws.String("https://127.0.0.1:" + port), HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil })})
	for range 3 {
		_, err := c.ListSigningPlatforms(t.Context(), &signer.ListSigningPlatformsInput{})
		must(t, err)
	}
	if a, err := http.Get("http://127.0.0.1:" + port); err == nil {
		defer a.Body.Close()
		if a.StatusCode != 400 {
			t.Errorf("in plain text it answers %s", a.Status)
		}
	}
}

func TestServeAdmin(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	c := s.client(t, h.key(t, "maria"))
	in := h.app(t, c)
	_, err := c.StartSigningJob(t.Context(), in)
	must(t, err)
	allEnded(t, h, c, nil)
	send(t, request(t, s.url, aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, time.Now(), "GET", "/", ""))
	for path, want := range map[string]string{"/healthz": "200 ok\n", "/readyz": "200 ok\n"} {
		status, body := get(t, s.admin+path)
		if got := fmt.Sprint(status, " ", body); got != want {
			t.Errorf("%s: got %s", path, got)
		}
	}
	s.measures(t,
		`signer_requests_total{service="signer",operation="StartSigningJob",status="2xx"} 1`, `signer_request_errors_total{service="",error="UnrecognizedClientException"} 1`,
		`signer_jobs_ended_total{status="Succeeded"} 1`, `signer_jobs_waiting 0`, `signer_job_seconds_count{status="Succeeded"} 1`, `signer_requests_running 0`)
	if status, _ := get(t, s.url+"/metrics"); status != 403 {
		t.Errorf("the metrics are for everybody: %d", status)
	}
	// A request can be followed into another program's trace.
	r := request(t, s.url, aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, time.Now(), "GET", "/", "")
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	send(t, r)
	s.says(t, `"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"`)
}

// measures waits until the metrics have some lines; of one that ends with a blank the number
// is any. A job's end, and a request's, is counted after others can see it.
func (s *served) measures(t *testing.T, lines ...string) {
	t.Helper()
	var text string
	missing := func(line string) bool {
		if strings.HasSuffix(line, " ") {
			return !strings.Contains(text, "\n"+line) || strings.Contains(text, "\n"+line+"NaN")
		}
		return !strings.Contains(text, "\n"+line+"\n")
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, text = get(t, s.admin+"/metrics"); !slices.ContainsFunc(lines, missing) {
			return
		}
	}
	t.Errorf("the metrics have not all of %q:\n%s", lines, text)
}

// Our own command line works against a server, as against AWS.
func TestServeForOurCommandLine(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	key := h.key(t, "maria")
	version, err := h.put(t.Context(), "source", "app.zip", archive(t))
	must(t, err)
	run := func(args ...string) string {
		c := h.command(append(args, "--engine", "aws", "--endpoint-url", s.url)...)
		c = withEnv(c, "AWS_ACCESS_KEY_ID="+key.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+key.SecretAccessKey, "SIGNER_HOME=/nowhere")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("put-signing-profile", "--profile-name", "web", "--platform-id", lambda)
	job := run("start-signing-job", "--source", "s3={bucketName=source,key=app.zip,version="+version+"}", "--destination", "s3={bucketName=destination,prefix=signed-}",
		"--profile-name", "web", "--query", "jobId", "--output", "text")
	for range 1000 {
		if run("describe-signing-job", "--job-id", job, "--query", "status", "--output", "text") != "InProgress" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	run("wait", "successful-signing-job", "--job-id", job)
	if got := run("list-signing-jobs", "--query", "jobs[].[requestedBy,status,signedObject.s3.key]", "--output", "text"); got != "None\tSucceeded\tsigned-"+job+".zip" {
		t.Errorf("got %s", got)
	}
}
