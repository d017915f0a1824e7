package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A signature has no number of its own: who signs the same request twice in one second
// signs it alike, and means it twice. So one that was met before proves nothing by
// itself. But whoever signs does it at the time that he states, and sends it then; and
// SDKs for Go, Java and JavaScript sign an id of each call and the count of its
// attempts. So a request that changes something is refused if its signature covers
// such an id and was met before, or was met before longer ago than Repeat. Presigned
// requests are made to be sent again.

// Repeat is how long after the first a request may come that is signed like it.
const Repeat = 30 * time.Second

// mostReplays is how many signatures are remembered. Beyond it, those go that lose
// their force first. That they are so many takes a thousand requests a second.
const mostReplays = 1 << 20

// replays remembers the signatures of requests as long as they have force.
type replays struct {
	mu     sync.Mutex
	minute int64                      // up to which those without force were forgotten
	met    map[int64]map[uint64]int64 // when, in seconds; by the minute in which they lose their force, and by their first bytes
	count  int
}

// first tells whether a good signature may be used: it is met for the first time, or as
// good as that.
func (p *replays) first(r *http.Request, s *Signature, now time.Time) bool {
	if s.Presigned || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	id, err := strconv.ParseUint(s.value[:16], 16, 64)
	if err != nil {
		return false // it would not be good
	}
	before, again := p.note(id, s.Time.Add(Skew).Unix()/60, now.Unix())
	if !again {
		return true
	}
	return now.Unix()-before <= int64(Repeat/time.Second) && !slices.Contains(s.Headers, "amz-sdk-invocation-id")
}

// note remembers a signature, or tells when it was met before.
func (p *replays) note(id uint64, minute, now int64) (before int64, again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now / 60)
	if before, again := p.met[minute][id]; again {
		return before, true
	}
	if p.met[minute] == nil {
		p.met[minute] = map[uint64]int64{}
	}
	p.met[minute][id] = now
	p.count++
	return 0, false
}

// forget makes room: it forgets what has no force any more, and if need be a minute
// that is next to.
func (p *replays) forget(now int64) {
	if p.met == nil {
		p.met = map[int64]map[uint64]int64{}
	}
	if p.minute == now && p.count < mostReplays {
		return
	}
	p.minute = now
	next := int64(-1)
	for minute := range p.met {
		if minute < now {
			p.drop(minute)
		} else if next < 0 || minute < next {
			next = minute
		}
	}
	if p.count >= mostReplays {
		p.drop(next)
	}
}

func (p *replays) drop(minute int64) {
	p.count -= len(p.met[minute])
	delete(p.met, minute)
}
