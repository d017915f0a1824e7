package sigv4

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

type oneKey struct{}

func (oneKey) Key(context.Context, string) (Key, bool, error) {
	return Key{Secret: "secret", Active: true}, true, nil
}

// madeAt is a request that the SDK for Go signs.
func madeAt(t *testing.T, at time.Time, method string, header map[string]string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, "http://example.com/", nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, r, emptyDigest, "service", "x", at); err != nil {
		t.Fatal(err)
	}
	return r
}

// What was sent before is taken again only where nobody can tell whether it is meant
// twice, or where it does not matter.
func TestReplays(t *testing.T) {
	signed := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	call := map[string]string{"Amz-Sdk-Invocation-Id": "a", "Amz-Sdk-Request": "attempt=1"}
	again := map[string]string{"Amz-Sdk-Invocation-Id": "a", "Amz-Sdk-Request": "attempt=2"}
	for _, tc := range []struct {
		name        string
		first, then *http.Request
		after       time.Duration
		good        bool
	}{
		{"at once", madeAt(t, signed, "POST", nil), madeAt(t, signed, "POST", nil), 0, true},
		{"in time", madeAt(t, signed, "PUT", nil), madeAt(t, signed, "PUT", nil), Repeat, true},
		{"too late", madeAt(t, signed, "PUT", nil), madeAt(t, signed, "PUT", nil), Repeat + time.Second, false},
		{"in its last second", madeAt(t, signed, "DELETE", nil), madeAt(t, signed, "DELETE", nil), Skew, false},
		{"signed anew", madeAt(t, signed, "PUT", nil), madeAt(t, signed.Add(time.Second), "PUT", nil), time.Minute, true},
		{"reading", madeAt(t, signed, "GET", nil), madeAt(t, signed, "GET", nil), time.Minute, true},
		{"a call that is numbered", madeAt(t, signed, "POST", call), madeAt(t, signed, "POST", call), 0, false},
		{"its next attempt", madeAt(t, signed, "POST", call), madeAt(t, signed, "POST", again), 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now := signed
			v := &Verifier{Secrets: oneKey{}, Now: func() time.Time { return now }}
			if err := proven(v, tc.first); err != nil {
				t.Fatal(err)
			}
			now = now.Add(tc.after)
			if err := proven(v, tc.then); (err == nil) != tc.good || err != nil && err.Error() != "The request was sent before: sign it again." {
				t.Errorf("got %v", err)
			}
		})
	}
}

func proven(v *Verifier, r *http.Request) error {
	s, err := Read(r)
	if err != nil {
		return err
	}
	_, err = v.Verify(r, s, Rules{Service: "service"})
	return err
}

// A forgery is not remembered, or it could take a request's place.
func TestReplaysOfForgeries(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	v := &Verifier{Secrets: oneKey{}, Now: func() time.Time { return now }}
	good := madeAt(t, now, "POST", map[string]string{"Amz-Sdk-Invocation-Id": "a"})
	bad := good.Clone(t.Context())
	bad.Header.Set("Authorization", strings.Replace(bad.Header.Get("Authorization"), "Signature=", "Signature=0", 1))
	for range 2 {
		if proven(v, bad) == nil {
			t.Error("it is taken for good")
		}
	}
	if err := proven(v, good); err != nil {
		t.Error(err)
	}
}

// However many requests there are, what is remembered of them is bounded, and goes
// when it has no use.
func TestReplaysAreBounded(t *testing.T) {
	var p replays
	for id := range uint64(mostReplays) + 10 {
		p.note(id, 100+int64(id%30), 100*60)
	}
	if p.count > mostReplays || p.count < mostReplays/2 {
		t.Errorf("%d are remembered", p.count)
	}
	if _, again := p.note(129, 100+129%30, 100*60); !again {
		t.Error("one with long force was forgotten")
	}
	p.note(1, 200, 200*60)
	if p.count != 1 || len(p.met) != 1 {
		t.Errorf("%d are remembered that have no force", p.count-1)
	}
}
