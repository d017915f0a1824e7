package checksum

import "math/bits"

// Messages of up to 240 bytes have calculations of their own in XXH3, by their
// length.

func short64(b []byte) uint64 {
	n := len(b)
	switch {
	case n == 0:
		return avalanche64(key64(56) ^ key64(64))
	case n <= 3:
		return avalanche64(ends(b) ^ key32(0) ^ key32(4))
	case n <= 8:
		h := read32(b[n-4:]) + read32(b)<<32 ^ key64(8) ^ key64(16)
		h ^= bits.RotateLeft64(h, 49) ^ bits.RotateLeft64(h, 24)
		h *= mixer
		h = (h ^ (h>>35 + uint64(n))) * mixer
		return h ^ h>>28
	case n <= 16:
		low, high := read64(b)^key64(24)^key64(32), read64(b[n-8:])^key64(40)^key64(48)
		return avalanche(uint64(n) + bits.ReverseBytes64(low) + high + fold(low, high))
	case n <= 128:
		h := uint64(n) * prime1
		for i := (n - 1) / 32; i >= 0; i-- {
			h += mix(b[16*i:], 32*i) + mix(b[n-16*i-16:], 32*i+16)
		}
		return avalanche(h)
	}
	return middle64(b)
}

// ends makes a number of the bytes of a message that has up to three.
func ends(b []byte) uint64 {
	n := len(b)
	return uint64(b[0])<<16 | uint64(b[n/2])<<24 | uint64(b[n-1]) | uint64(n)<<8
}

func middle64(b []byte) uint64 {
	n := len(b)
	h := uint64(n) * prime1
	for i := range 8 {
		h += mix(b[16*i:], 16*i)
	}
	h = avalanche(h)
	for i := 8; i < n/16; i++ {
		h += mix(b[16*i:], 16*(i-8)+3)
	}
	return avalanche(h + mix(b[n-16:], 136-17))
}

func short128(b []byte) (low, high uint64) {
	n := len(b)
	switch {
	case n == 0:
		return avalanche64(key64(64) ^ key64(72)), avalanche64(key64(80) ^ key64(88))
	case n <= 3:
		in := uint32(ends(b))
		turned := bits.RotateLeft32(bits.ReverseBytes32(in), 13)
		return avalanche64(uint64(in) ^ key32(0) ^ key32(4)), avalanche64(uint64(turned) ^ key32(8) ^ key32(12))
	case n <= 8:
		high, low = bits.Mul64(read32(b)+read32(b[n-4:])<<32^key64(16)^key64(24), prime1+uint64(n)<<2)
		high += low << 1
		low ^= high >> 3
		low = (low ^ low>>35) * mixer
		return low ^ low>>28, avalanche(high)
	case n <= 16:
		return nine128(b)
	}
	return middle128(b)
}

// nine128 is for nine to sixteen bytes.
func nine128(b []byte) (low, high uint64) {
	n := len(b)
	begin, end := read64(b), read64(b[n-8:])
	high, low = bits.Mul64(begin^end^key64(32)^key64(40), prime1)
	low += uint64(n-1) << 54
	end ^= key64(48) ^ key64(56)
	high += end + end&0xffffffff*(short2-1)
	low ^= bits.ReverseBytes64(high)
	over, low := bits.Mul64(low, prime2)
	return avalanche(low), avalanche(over + high*prime2)
}

// pair is the state for 17 to 240 bytes.
type pair struct{ low, high uint64 }

// take takes in 16 bytes from each of two places, with the secret from there on.
func (p *pair) take(a, b []byte, at int) {
	p.low = (p.low + mix(a, at)) ^ (read64(b) + read64(b[8:]))
	p.high = (p.high + mix(b, at+16)) ^ (read64(a) + read64(a[8:]))
}

func middle128(b []byte) (low, high uint64) {
	n := len(b)
	p := pair{low: uint64(n) * prime1}
	if n <= 128 {
		for i := (n - 1) / 32; i >= 0; i-- {
			p.take(b[16*i:], b[n-16*i-16:], 32*i)
		}
		return p.ended(n)
	}
	for i := 0; i < 128; i += 32 {
		p.take(b[i:], b[i+16:], i)
	}
	p.low, p.high = avalanche(p.low), avalanche(p.high)
	for i := 128; i+32 <= n; i += 32 {
		p.take(b[i:], b[i+16:], i-128+3)
	}
	p.take(b[n-16:], b[n-32:], 136-17-16)
	return p.ended(n)
}

func (p *pair) ended(n int) (low, high uint64) {
	low = p.low + p.high
	high = p.low*prime1 + p.high*prime4 + uint64(n)*prime2
	return avalanche(low), -avalanche(high)
}
