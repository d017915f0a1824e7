package checksum

import (
	"encoding/binary"
	"math/bits"
)

const (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F
	prime3 uint64 = 0x165667B19E3779F9
	prime4 uint64 = 0x85EBCA77C2B2AE63
	prime5 uint64 = 0x27D4EB2F165667C5

	short1 uint64 = 0x9E3779B1
	short2 uint64 = 0x85EBCA77
	short3 uint64 = 0xC2B2AE3D
)

func read64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
func read32(b []byte) uint64 { return uint64(binary.LittleEndian.Uint32(b)) }

// xxh64 calculates XXH64.
type xxh64 struct {
	lanes [4]uint64
	buf   [32]byte // what does not make a stripe yet
	n     int
	total uint64
}

func newXXH64() *xxh64 {
	x := new(xxh64)
	x.Reset()
	return x
}

func (x *xxh64) Size() int      { return 8 }
func (x *xxh64) BlockSize() int { return 32 }

func (x *xxh64) Reset() {
	first := prime1 // a variable wraps around, a constant does not
	*x = xxh64{lanes: [4]uint64{first + prime2, prime2, 0, -first}}
}

func (x *xxh64) Write(p []byte) (int, error) {
	size := len(p)
	x.total += uint64(size)
	if x.n > 0 {
		m := copy(x.buf[x.n:], p)
		x.n, p = x.n+m, p[m:]
		if x.n < len(x.buf) {
			return size, nil
		}
		x.stripe(x.buf[:])
	}
	for ; len(p) >= 32; p = p[32:] {
		x.stripe(p)
	}
	x.n = copy(x.buf[:], p)
	return size, nil
}

func (x *xxh64) stripe(b []byte) {
	for i := range x.lanes {
		x.lanes[i] = round64(x.lanes[i], read64(b[8*i:]))
	}
}

func round64(lane, in uint64) uint64 { return bits.RotateLeft64(lane+in*prime2, 31) * prime1 }

func (x *xxh64) Sum(b []byte) []byte { return binary.BigEndian.AppendUint64(b, x.sum()) }

func (x *xxh64) sum() uint64 {
	h := prime5
	if x.total >= 32 {
		h = 0
		for i, turn := range []int{1, 7, 12, 18} {
			h += bits.RotateLeft64(x.lanes[i], turn)
		}
		for _, lane := range x.lanes {
			h = (h^round64(0, lane))*prime1 + prime4
		}
	}
	return avalanche64(tail64(h+x.total, x.buf[:x.n]))
}

// tail64 takes in what does not make a stripe.
func tail64(h uint64, b []byte) uint64 {
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^round64(0, read64(b)), 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^read32(b)*prime1, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*prime5, 11) * prime1
	}
	return h
}

func avalanche64(h uint64) uint64 {
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}
