package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"signer/pkg/engine"
	"signer/pkg/server"
)

// Nothing that a caller sends, with a good signature, is a panic or the server's
// fault.
func FuzzServer(f *testing.F) {
	h := server.New(server.Config{Secrets: me, EngineFor: func(context.Context, server.Caller) (engine.Engine, error) { return &fake{}, nil }})
	f.Add("PUT", "/signing-profiles/web?x=%zz&=", `{"tags": {"a": [null]}, "overrides": {"signingConfiguration": {}}}`)
	f.Add("PUT", "/signing-profiles/web/revoke", `{"effectiveTime": -1.5e10, "profileVersion": "AbCdEf1234", "reason": "r"}`)
	f.Add("GET", "/signing-jobs?maxResults=1&statuses=%FF&signatureExpiresAfter=0001-01-01T00:00:00%2B23:59", "")
	f.Add("POST", "/signing-jobs/with-payload", `{"payload": "AA==", "profileName": "ok", "payloadFormat": "\ud800"}`)
	f.Fuzz(func(t *testing.T, method, target, body string) {
		r, err := http.NewRequest(method, "http://signer.test", strings.NewReader(body))
		if err != nil || !strings.HasPrefix(target, "/") {
			t.Skip()
		}
		path, query, _ := strings.Cut(target, "?")
		r.URL.Opaque, r.URL.RawQuery = "//signer.test"+path, query
		sum := sha256.Sum256([]byte(body))
		if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, r, hex.EncodeToString(sum[:]), "signer", region, time.Now()); err != nil {
			t.Skip()
		}
		r.RequestURI = path + "?" + r.URL.RawQuery
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
