package verify

import (
	"crypto/sha512"
	"crypto/x509"
	"slices"
	"sync"
	"time"
)

// Paths remembers the ways to roots that were found. One signer signs many objects,
// and to check the certificates takes longer than all else that is done with a small
// one. Paths belong to the roots of one [Trust]; the zero Paths are empty, and may be
// used by several goroutines at once.
type Paths struct {
	mu    sync.Mutex
	found map[[sha512.Size384]byte][]*x509.Certificate // by what came with the signature
}

// mostPaths is how many ways are kept. Certificates live for days: more of them are
// seldom met in one run.
const mostPaths = 16

// find returns the way that was found for a chain, or nil if there is none that was
// valid at a time. Whether a path holds depends on its certificates and the time
// alone.
func (p *Paths) find(chain []*x509.Certificate, at time.Time) []*x509.Certificate {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	path := p.found[chainSum(chain)]
	if slices.ContainsFunc(path, func(c *x509.Certificate) bool { return at.Before(c.NotBefore) || at.After(c.NotAfter) }) {
		return nil
	}
	return path
}

// keep remembers a way.
func (p *Paths) keep(chain, path []*x509.Certificate) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil || len(p.found) == mostPaths {
		p.found = map[[sha512.Size384]byte][]*x509.Certificate{}
	}
	p.found[chainSum(chain)] = path
}

func chainSum(chain []*x509.Certificate) (sum [sha512.Size384]byte) {
	h := sha512.New384()
	for _, c := range chain {
		h.Write(c.Raw)
	}
	h.Sum(sum[:0])
	return sum
}
