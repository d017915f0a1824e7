package engine

import (
	"context"
	"fmt"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
)

// Call carries out one operation: parameters in, answer out.
type Call func(ctx context.Context, params *document.Object) (*document.Object, error)

// WaitError says why a waiter gave up. Its text is the AWS CLI's; the service's
// error, if that was the reason, is wrapped.
type WaitError struct {
	Waiter string // SuccessfulSigningJob
	Reason string
	Err    error
}

func (e *WaitError) Error() string { return fmt.Sprintf("Waiter %s failed: %s", e.Waiter, e.Reason) }

// Unwrap returns the service's error.
func (e *WaitError) Unwrap() error { return e.Err }

// Wait calls until an answer is what the waiter waits for. Between two calls it
// sleeps for the waiter's delay: sleep returns at once, with an error, when the
// context ends; nil is a sleep by the clock of the machine.
//
// The error is a *WaitError if the waiter gave up: an answer or an error said
// that what it waits for will not come, the service refused the call, or there
// were answers enough. Any other error of a call, such as no connection, is
// returned as it is.
func Wait(ctx context.Context, call Call, w *api.Waiter, params *document.Object, sleep func(context.Context, time.Duration) error) error {
	if sleep == nil {
		sleep = sleepFor
	}
	for attempt := 1; ; attempt++ {
		answer, err := call(ctx, params)
		if done, err := judge(w, answer, err); done || err != nil {
			return err
		}
		if attempt >= w.MaxAttempts {
			return &WaitError{Waiter: w.Name, Reason: "Max attempts exceeded"}
		}
		if err := sleep(ctx, time.Duration(w.Delay)*time.Second); err != nil {
			return err
		}
	}
}

// judge tells whether the waiting is over, well or with an error.
func judge(w *api.Waiter, answer *document.Object, err error) (done bool, _ error) {
	refused, isRefused := AsAPIError(err)
	if err != nil && !isRefused {
		return true, err
	}
	for _, a := range w.Acceptors {
		met, reason := accepts(a, answer, refused)
		switch {
		case met && a.Success:
			return true, nil
		case met:
			return true, &WaitError{w.Name, "Waiter encountered a terminal failure state: " + reason, err}
		}
	}
	if isRefused {
		return true, &WaitError{w.Name, fmt.Sprintf("An error occurred (%s): %s", refused.Code, refused.Message), err}
	}
	return false, nil
}

// accepts tells whether a call ended as an acceptor says, and in which words.
func accepts(a api.Acceptor, answer *document.Object, refused *APIError) (met bool, reason string) {
	if a.Error != "" {
		return refused != nil && refused.Code == a.Error, "Matched expected service error code: " + a.Error
	}
	v, _ := answer.Get(a.Member)
	return refused == nil && v == a.Value, fmt.Sprintf("For expression %q we matched expected path: %q", a.Member, a.Value)
}

func sleepFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
