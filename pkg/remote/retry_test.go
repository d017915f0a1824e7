package remote_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"signer/pkg/remote"
)

func TestRetries(t *testing.T) {
	for _, tc := range []struct {
		name     string
		env      []string
		attempts int
	}{
		{"standard", nil, 3},
		{"fewer", []string{"AWS_MAX_ATTEMPTS", " 2 "}, 2},
		{"adaptive", []string{"AWS_RETRY_MODE", "adaptive", "AWS_MAX_ATTEMPTS", "4"}, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
			c := remote.Config{Settings: usual(tc.env...).settings(), Endpoint: s.URL, Now: func() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC) }}
			if err := call(t, c); err == nil {
				t.Error("no error")
			}
			if got := s.header(0, "Amz-Sdk-Request"); got != "attempt=1" {
				t.Errorf("the first says %s", got)
			}
			if got, want := s.header(1, "Amz-Sdk-Request"), "ttl=20240506T070909Z; attempt=2; max="+string(rune('0'+tc.attempts)); got != want {
				t.Errorf("the second says %s, want %s", got, want)
			}
			if a, b := s.header(0, "Amz-Sdk-Invocation-Id"), s.header(1, "Amz-Sdk-Invocation-Id"); a == "" || a != b {
				t.Errorf("the invocation is %s, then %s", a, b)
			}
			if got := s.count(); got != tc.attempts {
				t.Errorf("%d attempts, want %d", got, tc.attempts)
			}
		})
	}
}

// An error of the last attempt there may be is the end of all attempts, whether it
// was worth another one or not; success and earlier errors are not.
func TestLastAttemptIsAdmitted(t *testing.T) {
	for _, tc := range []struct {
		attempts string
		statuses []int
		want     int
	}{
		{"1", []int{403}, 0}, {"2", []int{500, 403}, 1}, {"2", []int{403}, -1}, {"3", []int{500, 403}, -1},
	} {
		var n int
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(tc.statuses[n]); n++ })
		c := remote.Config{Settings: usual("AWS_MAX_ATTEMPTS", tc.attempts).settings(), Endpoint: s.URL, Jitter: func() float64 { return 0 }}
		var last *retry.MaxAttemptsError
		got := -1
		if errors.As(call(t, c), &last) {
			got = last.Attempt - 1
		}
		if got != tc.want {
			t.Errorf("%s attempts, %v: tried again %d times, want %d", tc.attempts, tc.statuses, got, tc.want)
		}
	}
}

func TestDelays(t *testing.T) {
	half := func() float64 { return 0.5 }
	config, err := remote.Load(t.Context(), remote.Config{Settings: usual().settings(), Jitter: half})
	if err != nil {
		t.Fatal(err)
	}
	retryer := config.Retryer()
	for attempt, want := range map[int]time.Duration{1: 500 * time.Millisecond, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second, 7: 20 * time.Second, 100: 20 * time.Second} {
		if got, err := retryer.RetryDelay(attempt, nil); err != nil || got != want {
			t.Errorf("after attempt %d: %v, %v, want %v", attempt, got, err, want)
		}
	}
}
