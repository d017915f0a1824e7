package local

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// backlog knows how many jobs wait, by the accounts that asked for them: as many as
// the records said some time ago, and what this process knows of since. It keeps them
// from becoming too many, and one account from taking all the room.
type backlog struct {
	most    int // that may wait
	team    atomic.Pointer[team]
	working atomic.Int64

	heard chan struct{} // there may be jobs that wait
	tell  chan struct{} // others should hear of it
	adds  atomic.Int64  // jobs that were let wait here

	mu      sync.Mutex
	total   int
	by      map[string]int
	counted time.Time
}

// newBacklog returns a backlog of n jobs, or nil for 0.
func newBacklog(n int) *backlog {
	if n == 0 {
		return nil
	}
	return &backlog{most: n, by: map[string]int{}, heard: make(chan struct{}, 1), tell: make(chan struct{}, 1)}
}

// poke says that there may be jobs that wait.
func (b *backlog) poke() { signal(b.heard) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been said, and nobody has heard it yet
	}
}

func (b *backlog) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total
}

// add counts a job that waits.
func (b *backlog) add(account string) {
	b.mu.Lock()
	b.total++
	b.by[account]++
	b.mu.Unlock()
	b.adds.Add(1)
	b.poke()
	signal(b.tell)
}

// drop counts a job that waits no more.
func (b *backlog) drop(account string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by[account] > 0 {
		b.by[account]--
		b.total--
	}
}

// count asks the records how many wait.
func (b *backlog) count(ctx context.Context, waiting func(context.Context) (map[string]int, error)) error {
	by, err := waiting(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total, b.by, b.counted = 0, map[string]int{}, time.Now()
	maps.Copy(b.by, by)
	for _, n := range by {
		b.total += n
	}
	return nil
}

const (
	queuePatience = 5 * time.Second        // how long StartSigningJob waits for room
	recount       = 100 * time.Millisecond // how often it asks, while room is scarce
)

// admit waits until one more job of an account may wait, of which there are as many
// as the records say are waiting. It asks them when there seem to be too many.
func (b *backlog) admit(ctx context.Context, waiting func(context.Context) (map[string]int, error), account string) error {
	if b == nil {
		return nil
	}
	for last := time.Now().Add(queuePatience); ; {
		room, old := b.room(account)
		if room {
			return nil
		}
		if old {
			if err := b.count(ctx, waiting); err != nil {
				return err
			}
			continue
		}
		if time.Now().After(last) {
			return &types.ThrottlingException{Message: message("Rate exceeded: %d jobs are waiting to be signed.", []any{b.size()})}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(recount):
		}
	}
}

// room tells whether one more job of an account may wait, or else whether that was
// found by counting that is old by now. There is room for so many jobs, and twice so
// many as long as an account that has less than its share is among those who wait.
func (b *backlog) room(account string) (room, old bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	accounts := len(b.by)
	if b.by[account] == 0 {
		accounts++
	}
	switch {
	case b.total < b.most:
		return true, false
	case b.total < 2*b.most && accounts > 1 && b.by[account] < b.most/accounts:
		return true, false
	}
	return false, time.Since(b.counted) > recount
}
