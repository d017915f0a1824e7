package local

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
)

// Who finds the queue full waits, and is asked to come again.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2)
		for range 2 {
			s, err := q.reserve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.take(records.Job{})
			s.leave() // it is taken
		}
		began := time.Now()
		var throttled *types.ThrottlingException
		if _, err := q.reserve(t.Context()); !errors.As(err, &throttled) || *throttled.Message != "Rate exceeded: 2 jobs are waiting to be signed." || time.Since(began) != queuePatience {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		impatient, stop := context.WithTimeoutCause(t.Context(), time.Second, errors.New("no time"))
		defer stop()
		if _, err := q.reserve(impatient); err == nil || err.Error() != "no time" {
			t.Errorf("got %v", err)
		}
		go func() {
			time.Sleep(time.Second)
			<-q.jobs
			<-q.room
		}()
		s, err := q.reserve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.leave()
		if len(q.room) != 1 {
			t.Errorf("%d seats are taken", len(q.room))
		}
	})
}
