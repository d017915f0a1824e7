package checksum

import (
	"encoding/binary"
	"math/bits"
)

// secret is the specification's default one.
const secret = "\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe\x7c\x01\x81\x2c\xf7\x21\xad\x1c\xde\xd4\x6d\xe9\x83\x90\x97\xdb\x72\x40\xa4\xa4\xb7\xb3\x67\x1f" +
	"\xcb\x79\xe6\x4e\xcc\xc0\xe5\x78\x82\x5a\xd0\x7d\xcc\xff\x72\x21\xb8\x08\x46\x74\xf7\x43\x24\x8e\xe0\x35\x90\xe6\x81\x3a\x26\x4c" +
	"\x3c\x28\x52\xbb\x91\xc3\x00\xcb\x88\xd0\x65\x8b\x1b\x53\x2e\xa3\x71\x64\x48\x97\xa2\x0d\xf9\x4e\x38\x19\xef\x46\xa9\xde\xac\xd8" +
	"\xa8\xfa\x76\x3f\xe3\x9c\x34\x3f\xf9\xdc\xbb\xc7\xc7\x0b\x4f\x1d\x8a\x51\xe0\x4b\xcd\xb4\x59\x31\xc8\x9f\x7e\xc9\xd9\x78\x73\x64" +
	"\xea\xc5\xac\x83\x34\xd3\xeb\xc3\xc5\x81\xa0\xff\xfa\x13\x63\xeb\x17\x0d\xdd\x51\xb7\xf0\xda\x49\xd3\x16\x55\x26\x29\xd4\x68\x9e" +
	"\x2b\x16\xbe\x58\x7d\x47\xa1\xfc\x8f\xf8\xb8\xd1\x7a\xd0\x31\xce\x45\xcb\x3a\x8f\x95\x16\x04\x28\xaf\xd7\xfb\xca\xbb\x4b\x40\x7e"

const (
	stripeSize = 64
	blockSize  = 1024 // after which the lanes are scrambled
	longest    = 240  // that has a calculation of its own
)

// xxh3 calculates XXH3 with 64 or 128 bits.
type xxh3 struct {
	wide  bool
	lanes [8]uint64
	buf   [blockSize]byte // what may be the last block; the first one also is the whole of a short message
	n     int
	last  [stripeSize]byte // of the block before
	total uint64
}

func newXXH3(wide bool) *xxh3 {
	x := &xxh3{wide: wide}
	x.Reset()
	return x
}

func (x *xxh3) BlockSize() int { return blockSize }

func (x *xxh3) Size() int {
	if x.wide {
		return 16
	}
	return 8
}

func (x *xxh3) Reset() {
	*x = xxh3{wide: x.wide, lanes: [8]uint64{short3, prime1, prime2, prime3, prime4, short2, prime5, short1}}
}

func (x *xxh3) Write(p []byte) (int, error) {
	size := len(p)
	x.total += uint64(size)
	for len(p) > 0 {
		if x.n == blockSize { // and something follows
			stripes(&x.lanes, x.buf[:])
			scramble(&x.lanes)
			x.n = 0
			copy(x.last[:], x.buf[blockSize-stripeSize:])
		}
		m := copy(x.buf[x.n:], p)
		x.n, p = x.n+m, p[m:]
	}
	return size, nil
}

// stripes takes in whole stripes from the beginning of a block.
func stripes(lanes *[8]uint64, b []byte) {
	for at := 0; len(b) >= stripeSize; at, b = at+8, b[stripeSize:] {
		stripe(lanes, b, at)
	}
}

// stripe takes in one stripe with the secret from there on.
func stripe(lanes *[8]uint64, b []byte, at int) {
	for i := range lanes {
		in := read64(b[8*i:])
		keyed := in ^ key64(at+8*i)
		lanes[i^1] += in
		lanes[i] += keyed & 0xffffffff * (keyed >> 32)
	}
}

func scramble(lanes *[8]uint64) {
	for i := range lanes {
		lanes[i] = (lanes[i] ^ lanes[i]>>47 ^ key64(len(secret)-stripeSize+8*i)) * short1
	}
}

// key64 reads the secret.
func key64(at int) uint64 {
	s := secret[at : at+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func key32(at int) uint64 { return key64(at) & 0xffffffff }

func (x *xxh3) Sum(b []byte) []byte {
	if x.wide {
		low, high := x.sum128()
		b = binary.BigEndian.AppendUint64(b, high)
		return binary.BigEndian.AppendUint64(b, low)
	}
	return binary.BigEndian.AppendUint64(b, x.sum64())
}

func (x *xxh3) sum64() uint64 {
	if x.total <= longest {
		return short64(x.buf[:x.n])
	}
	lanes := x.ended()
	return merge(&lanes, 11, x.total*prime1)
}

func (x *xxh3) sum128() (low, high uint64) {
	if x.total <= longest {
		return short128(x.buf[:x.n])
	}
	lanes := x.ended()
	return merge(&lanes, 11, x.total*prime1), merge(&lanes, len(secret)-stripeSize-11, ^(x.total * prime2))
}

// ended returns the lanes with what is in the buffer taken in: its stripes but the
// last, which ends with the message and may have begun in the block before.
func (x *xxh3) ended() [8]uint64 {
	lanes := x.lanes
	stripes(&lanes, x.buf[:(x.n-1)/stripeSize*stripeSize])
	end := x.buf[max(0, x.n-stripeSize):x.n]
	if len(end) < stripeSize {
		end = append(append(make([]byte, 0, stripeSize), x.last[len(end):]...), end...)
	}
	stripe(&lanes, end, len(secret)-stripeSize-7)
	return lanes
}

func merge(lanes *[8]uint64, at int, h uint64) uint64 {
	for i := 0; i < 8; i += 2 {
		h += fold(lanes[i]^key64(at+8*i), lanes[i+1]^key64(at+8*i+8))
	}
	return avalanche(h)
}

// fold multiplies and adds the halves of the product without carry.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

func avalanche(h uint64) uint64 {
	h = (h ^ h>>37) * 0x165667919E3779F9
	return h ^ h>>32
}

const mixer uint64 = 0x9FB21C651E98DF25

// mix takes in 16 bytes with the secret from there on.
func mix(b []byte, at int) uint64 {
	return fold(read64(b)^key64(at), read64(b[8:])^key64(at+8))
}
