package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
)

func TestWait(t *testing.T) {
	lost := errors.New("no connection")
	for _, tc := range []struct {
		name    string
		answers []any // a status, nil for none, or an error; the last one stays
		calls   int
		err     string
	}{
		{"at once", []any{"Succeeded"}, 1, ""},
		{"in time", []any{"InProgress", nil, "succeeded", "Succeeded"}, 4, ""},
		{"failed", []any{"InProgress", "Failed"}, 2, `Waiter SuccessfulSigningJob failed: Waiter encountered a terminal failure state: For expression "status" we matched expected path: "Failed"`},
		{"not there", []any{&engine.APIError{Code: "ResourceNotFoundException", Message: "m"}}, 1, "Waiter SuccessfulSigningJob failed: Waiter encountered a terminal failure state: Matched expected service error code: ResourceNotFoundException"},
		{"refused", []any{&engine.APIError{Code: "AccessDeniedException", Message: "not allowed"}}, 1, "Waiter SuccessfulSigningJob failed: An error occurred (AccessDeniedException): not allowed"},
		{"never", []any{"InProgress"}, 25, "Waiter SuccessfulSigningJob failed: Max attempts exceeded"},
		{"no connection", []any{"InProgress", lost}, 2, "no connection"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			calls, slept := 0, time.Duration(0)
			call := func(_ context.Context, params *document.Object) (*document.Object, error) {
				answer := tc.answers[min(calls, len(tc.answers)-1)]
				calls++
				if err, ok := answer.(error); ok {
					return nil, err
				}
				return document.New(document.Member{Name: "status", Value: answer}), nil
			}
			sleep := func(_ context.Context, d time.Duration) error { slept += d; return nil }
			err := engine.Wait(t.Context(), call, api.Signer.Waiters[0], nil, sleep)
			if got := errorText(err); got != tc.err {
				t.Errorf("got %s", got)
			}
			if calls != tc.calls || slept != time.Duration(tc.calls-1)*20*time.Second {
				t.Errorf("%d calls, slept %v", calls, slept)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	call := func(context.Context, *document.Object) (*document.Object, error) {
		cancel()
		return document.New(), nil
	}
	if err := engine.Wait(ctx, call, api.Signer.Waiters[0], nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
