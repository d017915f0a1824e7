package remote

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const defaultAttempts = 3

// retryer returns what makes retryers by the settings. What is worth another try
// and how many there may be in a row is what the SDK and the AWS CLI agree on; how
// long to wait in between is the AWS CLI's.
func (l *loader) retryer() (func() aws.Retryer, error) {
	attempts, err := l.attempts()
	if err != nil {
		return nil, err
	}
	standard := func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		if v, _ := l.settings.Env("AWS_NEW_RETRIES_2026"); v != "true" { // with that the SDK's own delays are those
			o.Backoff = retry.BackoffDelayerFunc(l.delay)
		}
	}
	switch mode, ok := l.settings.Lookup("retry_mode", "AWS_RETRY_MODE"); {
	case !ok || mode == "standard":
		return func() aws.Retryer { return retry.NewStandard(standard) }, nil
	case mode == "adaptive":
		return func() aws.Retryer {
			return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
				o.StandardOptions = append(o.StandardOptions, standard)
			})
		}, nil
	default:
		return nil, &Error{Text: fmt.Sprintf(`Invalid value provided to "mode": "%s" must be one of: "standard" or "adaptive"`, mode)}
	}
}

func (l *loader) attempts() (int, error) {
	v, ok := l.settings.Lookup("max_attempts", "AWS_MAX_ATTEMPTS")
	if !ok {
		return defaultAttempts, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	switch {
	case err != nil:
		return 0, &Error{Text: fmt.Sprintf(`Value provided to "max_attempts": %q is not an integer.`, v), Err: err}
	case n < 1:
		return 0, &Error{Text: fmt.Sprintf(`Value provided to "max_attempts": %d must be an integer greater than or equal to one.`, n)}
	}
	return n, nil
}

// longest is the longest time between two attempts.
const longest = 20 * time.Second

// delay is the time before the attempt after this one: at random up to a second,
// and twice as much each time.
func (l *loader) delay(attempt int, _ error) (time.Duration, error) {
	seconds := l.Jitter() * math.Pow(2, float64(attempt-1))
	return time.Duration(min(seconds, longest.Seconds()) * float64(time.Second)), nil
}

// countAttempts tells the service which attempt a request is, in the AWS CLI's form.
func (l *loader) countAttempts(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CountAttempts",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if request, ok := in.Request.(*smithyhttp.Request); ok {
				request.Header.Set(attemptHeader, l.attempt(request.Header.Get(attemptHeader)))
			}
			return next.HandleFinalize(ctx, in)
		}), "Signing", middleware.Before)
}

const attemptHeader = "Amz-Sdk-Request"

// attempt rewrites "attempt=2; max=3": the first attempt says no more than that, a
// later one until when its answer is waited for.
func (l *loader) attempt(header string) string {
	count, most, ok := strings.Cut(header, "; ")
	if !ok || count == "attempt=1" {
		return count
	}
	until := l.Now().UTC().Add(seconds(l.ReadTimeout))
	return fmt.Sprintf("ttl=%s; %s; %s", until.Format("20060102T150405Z"), count, most)
}

// admitLast says of every error that the last attempt there may be ended in that
// enough had been made, be it worth another one or not, as the AWS CLI does.
func (l *loader) admitLast(stack *middleware.Stack) error {
	most, err := l.attempts()
	if err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("AdmitLast",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleFinalize(ctx, in)
			var refused smithy.APIError
			var already *retry.MaxAttemptsError
			results, _ := retry.GetAttemptResults(metadata)
			if errors.As(err, &refused) && !errors.As(err, &already) && len(results.Results) == most {
				err = &retry.MaxAttemptsError{Attempt: most, Err: err}
			}
			return out, metadata, err
		}), "Retry", middleware.Before)
}

// introduce names the program to the service.
func (l *loader) introduce(stack *middleware.Stack) error {
	if l.UserAgent == "" {
		return nil
	}
	return stack.Build.Add(middleware.BuildMiddlewareFunc("Introduce",
		func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			if request, ok := in.Request.(*smithyhttp.Request); ok {
				request.Header.Set("User-Agent", l.UserAgent+" "+request.Header.Get("User-Agent"))
			}
			return next.HandleBuild(ctx, in)
		}), middleware.After)
}
