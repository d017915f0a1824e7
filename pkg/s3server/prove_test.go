package s3server_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"signer/pkg/s3server"
	"signer/pkg/sigv4"
)

// Whoever does not sign as he must is told so in S3's words, and learns nothing else.
func TestSignatures(t *testing.T) {
	s, _ := stocked(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			if r.Header.Set(name, value); value == "" {
				r.Header.Del(name)
			}
		}
	}
	authorization := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	for name, tc := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"none":            {header("Authorization", ""), "403 AccessDenied"},
		"another path":    {func(r *http.Request) { r.URL.Path = "/bkt/other" }, "403 SignatureDoesNotMatch"},
		"another query":   {func(r *http.Request) { r.URL.RawQuery = "versionId=null" }, "403 SignatureDoesNotMatch"},
		"another header":  {header("X-Amz-Meta-A", "c"), "403 SignatureDoesNotMatch"},
		"unsigned header": {header("X-Amz-Acl", "private"), "403 AccessDenied"},
		"another method":  {func(r *http.Request) { r.Method = "DELETE" }, "403 SignatureDoesNotMatch"},
		"another body":    {header("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), "403 SignatureDoesNotMatch"},
		"no digest":       {header("X-Amz-Content-Sha256", ""), "400 InvalidRequest"},
		"odd digest":      {header("X-Amz-Content-Sha256", "x"), "400 InvalidArgument"},
		"unknown key":     {authorization(keyID, "AKIDOTHER"), "403 InvalidAccessKeyId"},
		"another service": {authorization("/s3/", "/signer/"), "400 AuthorizationHeaderMalformed"},
		"another region":  {authorization("/us-east-1/", "/eu-west-1/"), "400 AuthorizationHeaderMalformed"},
		"another end":     {authorization("/aws4_request", "/aws5_request"), "400 AuthorizationHeaderMalformed"},
		"odd date":        {authorization(keyID+"/20", keyID+"/x"), "400 AuthorizationHeaderMalformed"},
		"another date":    {authorization(keyID+"/20", keyID+"/10"), "400 AuthorizationHeaderMalformed"},
		"no signature":    {authorization(", Signature=", ", Sig="), "400 AuthorizationHeaderMalformed"},
		"two components":  {authorization(", SignedHeaders=", "/"), "400 AuthorizationHeaderMalformed"},
		"version 2":       {header("Authorization", "AWS "+keyID+":x"), "400 InvalidRequest"},
		"basic":           {func(r *http.Request) { r.SetBasicAuth("a", "b") }, "400 InvalidArgument"},
		"no date":         {header("X-Amz-Date", ""), "403 AccessDenied"},
		"session token":   {header("X-Amz-Security-Token", "x"), "403 AccessDenied"},
	} {
		r := s.sign(s.request("PUT", "/bkt/k", "hello", "X-Amz-Meta-A: b"), "hello")
		tc.change(r)
		answer, text := s.send(r)
		if got := answer.Status[:4] + content(text, "Code"); got != tc.want || strings.Contains(text, secret) {
			t.Errorf("%s: %s %s", name, got, text)
		}
	}
	if _, text := s.must("GET", "/bkt/k", ""); !strings.HasPrefix(text, "0123") {
		t.Errorf("the object is %q", text)
	}
}

func TestPresigned(t *testing.T) {
	s, _ := stocked(t)
	presign := func(method, target string, at time.Time) *url.URL {
		r := s.request(method, target, "")
		signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, r, "UNSIGNED-PAYLOAD", "s3", region, at, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(signed)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	now := time.Now()
	for name, tc := range map[string]struct {
		at     time.Time
		expire string
		change func(q url.Values)
		want   string
	}{
		"good":             {now, "60", nil, "200 "},
		"expired":          {now.Add(-2 * time.Minute), "60", nil, "403 AccessDenied"},
		"of the future":    {now.Add(time.Hour), "60", nil, "403 AccessDenied"},
		"longer":           {now, "60", func(q url.Values) { q.Set("X-Amz-Expires", "61") }, "403 SignatureDoesNotMatch"},
		"another response": {now, "60", func(q url.Values) { q.Set("response-content-type", "a/b") }, "403 SignatureDoesNotMatch"},
		"for ever":         {now, "604801", nil, "400 AuthorizationQueryParametersError"},
		"in words":         {now, "soon", nil, "400 AuthorizationQueryParametersError"},
		"no lifetime":      {now, "", nil, "400 AuthorizationQueryParametersError"},
		"no date":          {now, "60", func(q url.Values) { q.Del("X-Amz-Date") }, "400 AuthorizationQueryParametersError"},
		"asymmetric":       {now, "60", func(q url.Values) { q.Set("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256") }, "400 AuthorizationQueryParametersError"},
		"odd credential":   {now, "60", func(q url.Values) { q.Set("X-Amz-Credential", keyID) }, "400 AuthorizationQueryParametersError"},
		"version 2":        {now, "60", func(q url.Values) { clear(q); q.Set("AWSAccessKeyId", keyID); q.Set("Signature", "x") }, "400 InvalidRequest"},
	} {
		target := "/bkt/k"
		if tc.expire != "" {
			target += "?X-Amz-Expires=" + tc.expire
		}
		u := presign("GET", target, tc.at)
		q := u.Query()
		if tc.change != nil {
			tc.change(q)
		}
		answer, text := s.send(s.request("GET", "/bkt/k?"+q.Encode(), ""))
		got := answer.Status[:4]
		if answer.StatusCode >= 300 {
			got += content(text, "Code")
		}
		if got != tc.want {
			t.Errorf("%s: %s %s", name, answer.Status, text)
		}
	}
}

// When nobody knows the keys at the moment, nobody is let in.
func TestNoKeys(t *testing.T) {
	s := serve(t, func(c *s3server.Config) { c.Secrets = keyless{} })
	if answer, text := s.do("GET", "/", ""); answer.StatusCode != 500 || strings.Contains(text, "gone") {
		t.Errorf("%s %s", answer.Status, text)
	}
}

type keyless struct{}

func (keyless) Key(context.Context, string) (sigv4.Key, bool, error) {
	return sigv4.Key{}, false, errors.New("the keys are gone")
}
