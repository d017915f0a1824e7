package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// Who finds too many jobs waiting waits, and is asked to come again.
func TestBacklogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog(2)
		var there atomic.Int64
		there.Store(2)
		waiting := func(context.Context) (map[string]int, error) { return map[string]int{"a": int(there.Load())}, nil }
		for range 2 {
			if err := b.admit(t.Context(), waiting, "a"); err != nil {
				t.Fatal(err)
			}
			b.add("a")
		}
		began := time.Now()
		var throttled *types.ThrottlingException
		err := b.admit(t.Context(), waiting, "a")
		if !errors.As(err, &throttled) || *throttled.Message != "Rate exceeded: 2 jobs are waiting to be signed." || time.Since(began) < queuePatience {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		impatient, stop := context.WithTimeoutCause(t.Context(), time.Second, errors.New("no time"))
		defer stop()
		if err := b.admit(impatient, waiting, "a"); err == nil || err.Error() != "no time" {
			t.Errorf("got %v", err)
		}
		go func() {
			time.Sleep(time.Second)
			there.Store(1) // somebody somewhere has begun one
		}()
		if err := b.admit(t.Context(), waiting, "a"); err != nil {
			t.Error(err)
		}
		if err := b.count(t.Context(), func(context.Context) (map[string]int, error) { return nil, fmt.Errorf("away") }); err == nil {
			t.Error("it was counted")
		}
	})
}

// What goes wrong with a job is told ever less often.
func TestWorthTelling(t *testing.T) {
	var told []int64
	for attempt := range int64(70) {
		if worthTelling(attempt + 1) {
			told = append(told, attempt+1)
		}
	}
	if !slices.Equal(told, []int64{1, 2, 4, 8, 16, 32, 64}) {
		t.Errorf("got %v", told)
	}
}

// An account that has little waiting is not turned away for one that has much.
func TestBacklogIsShared(t *testing.T) {
	b := newBacklog(4)
	for range 4 {
		b.add("greedy")
	}
	for _, tc := range []struct {
		account string
		room    bool
	}{{"greedy", false}, {"modest", true}, {"third", true}} {
		if room, _ := b.room(tc.account); room != tc.room {
			t.Errorf("%s: %v", tc.account, room)
		}
	}
	for range 2 {
		b.add("modest")
	}
	if room, _ := b.room("modest"); room {
		t.Error("the modest one has its share and gets more")
	}
	b.add("third")
	b.add("fourth")
	if room, _ := b.room("fifth"); room {
		t.Error("it has no bound")
	}
}
