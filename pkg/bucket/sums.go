package bucket

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"

	"signer/pkg/bucket/checksum"
)

// sums are the digests of a body: its MD5, which S3 makes the entity tag, and
// checksums.
type sums struct {
	md5  hash.Hash
	more map[checksum.Algorithm]hash.Hash
}

func newSums(algorithms []checksum.Algorithm) sums {
	s := sums{md5: md5.New(), more: map[checksum.Algorithm]hash.Hash{}}
	for _, a := range algorithms {
		s.more[a] = a.New()
	}
	return s
}

// algorithmsOf are the algorithms of these checksums.
func algorithmsOf(all ...Checksum) (algorithms []checksum.Algorithm) {
	for _, c := range all {
		if c.Algorithm != "" {
			algorithms = append(algorithms, c.Algorithm)
		}
	}
	return algorithms
}

// Write has the digests calculated at once, where that is worth it: none is quicker than
// a disk.
func (s sums) Write(p []byte) (int, error) {
	var others sync.WaitGroup
	for _, h := range s.more {
		if len(p) < firstBuffer {
			h.Write(p)
		} else {
			others.Go(func() { h.Write(p) })
		}
	}
	s.md5.Write(p)
	others.Wait()
	return len(p), nil
}

// tag is the entity tag of a body that came in one piece.
func (s sums) tag() string { return `"` + hex.EncodeToString(s.md5.Sum(nil)) + `"` }

// of returns the checksum of the body, or nil if there is no algorithm.
func (s sums) of(a checksum.Algorithm) *Checksum {
	h := s.more[a]
	if h == nil {
		return nil
	}
	return &Checksum{a, FullObject, checksum.Encode(h.Sum(nil))}
}

// proof is what a body has to have.
type proof struct {
	md5      string
	checksum Checksum
	trailer  func() string
}

// check returns a BadDigest unless the body is the one that is proven, and the
// checksum by which it was.
func (s sums) check(p proof) (*Checksum, error) {
	if got := checksum.Encode(s.md5.Sum(nil)); p.md5 != "" && p.md5 != got {
		expected, _ := checksum.MD5.Decode(p.md5)
		return nil, NewError(BadDigest).With("CalculatedDigest", got).With("ExpectedDigest", hex.EncodeToString(expected))
	}
	sum := s.of(p.checksum.Algorithm)
	if p.trailer != nil {
		p.checksum.Value = p.trailer()
	}
	if sum != nil && p.checksum.Value != "" && p.checksum.Value != sum.Value {
		return nil, unlike(sum.Algorithm)
	}
	return sum, nil
}

// unlike returns what S3 says of a checksum that is another one than was told.
func unlike(a checksum.Algorithm) *Error {
	e := NewError(BadDigest)
	e.Message = fmt.Sprintf("The %s you specified did not match the calculated checksum.", a)
	return e
}

// about adds to a refusal which object it is about.
func about(err error, k keyDir) error {
	if e, ok := err.(*Error); ok {
		e.Bucket, e.Key = k.bucket, k.key
	}
	return err
}
