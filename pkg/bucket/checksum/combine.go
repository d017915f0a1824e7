package checksum

import (
	"encoding/binary"
	"hash/crc32"
)

// nvme is the polynomial of CRC64NVME, the lowest power in the highest bit
// (NVM Express NVM Command Set Specification, section 5.2.1.3.4).
const nvme = 0x9a6c9329ac4bc9b5

// Linear tells whether the checksum of a whole can be calculated from those of its
// parts. S3 gives objects that came in parts a checksum of the whole only then.
func (a Algorithm) Linear() bool {
	return a == CRC32 || a == CRC32C || a == CRC64NVME
}

// Combine returns the checksum of two parts behind one another from the checksum of
// each. The second has this size. The algorithm must be Linear, and the checksums
// must be of its size.
func (a Algorithm) Combine(first, second []byte, size int64) []byte {
	switch a {
	case CRC32:
		return combine32(crc32.IEEE, first, second, size)
	case CRC32C:
		return combine32(crc32.Castagnoli, first, second, size)
	case CRC64NVME:
		f := field{nvme, 1 << 63}
		sum := f.shift(binary.BigEndian.Uint64(first), size) ^ binary.BigEndian.Uint64(second)
		return binary.BigEndian.AppendUint64(nil, sum)
	}
	return nil
}

func combine32(poly uint32, first, second []byte, size int64) []byte {
	f := field{uint64(poly), 1 << 31}
	sum := uint32(f.shift(uint64(binary.BigEndian.Uint32(first)), size)) ^ binary.BigEndian.Uint32(second)
	return binary.BigEndian.AppendUint32(nil, sum)
}

// field are the polynomials over GF(2) modulo that of a CRC. The highest bit of a
// number is the power 0, which is one.
type field struct{ poly, one uint64 }

// shift returns what a CRC becomes when as many bytes follow that are zero: it times
// x to the power of eight times as much. Since a CRC is inverted before and after,
// that of the bytes which really follow only has to be added.
func (f field) shift(crc uint64, bytes int64) uint64 {
	for power := f.one >> 8; bytes > 0; bytes >>= 1 {
		if bytes&1 == 1 {
			crc = f.times(crc, power)
		}
		power = f.times(power, power)
	}
	return crc
}

// times multiplies.
func (f field) times(a, b uint64) (product uint64) {
	for bit := f.one; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 == 1 {
			b = b>>1 ^ f.poly
		} else {
			b >>= 1
		}
	}
	return product
}
