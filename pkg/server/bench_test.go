package server_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/engine"
	"signer/pkg/server"
)

func BenchmarkRequest(b *testing.B) {
	h := server.New(server.Config{Secrets: me, EngineFor: func(context.Context, server.Caller) (engine.Engine, error) { return quiet{}, nil }})
	text := signed(b, "PUT", "/signing-profiles/web", `{"platformId": "AWSLambda-SHA384-ECDSA", "tags": {"team": "web"}}`)
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			b.Fatal(err)
		}
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

// quiet is an engine that does nothing.
type quiet struct{ engine.Engine }

func (quiet) PutSigningProfile(context.Context, *signer.PutSigningProfileInput, ...func(*signer.Options)) (*signer.PutSigningProfileOutput, error) {
	return &signer.PutSigningProfileOutput{ProfileVersion: aws.String("AbCdEf1234")}, nil
}
