package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// acm asks a server for an operation of AWS Certificate Manager.
func (s *served) acm(t testing.TB, key aws.Credentials, operation string, params map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(params)
	must(t, err)
	r, err := http.NewRequest(http.MethodPost, s.url+"/", bytes.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "CertificateManager."+operation)
	sum := sha256.Sum256(body)
	must(t, v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(sum[:]), "acm", serveRegion, time.Now()))
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", operation, answer.StatusCode, text)
	}
	out := map[string]any{}
	if len(bytes.TrimSpace(text)) > 0 {
		must(t, json.Unmarshal(text, &out))
	}
	return out
}
