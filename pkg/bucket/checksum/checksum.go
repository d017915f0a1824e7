// Package checksum has the checksums that S3 guards objects by, beside the entity
// tag: CRCs, digests and xxHashes
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
//
// The xxHashes are written after their specification
// (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), without a seed.
//
// It knows nothing of objects, and decides nothing.
package checksum

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"strings"
)

// Algorithm is a way to calculate a checksum, by S3's name.
type Algorithm string

// The algorithms.
const (
	CRC32     Algorithm = "CRC32"
	CRC32C    Algorithm = "CRC32C"
	CRC64NVME Algorithm = "CRC64NVME"
	MD5       Algorithm = "MD5"
	SHA1      Algorithm = "SHA1"
	SHA256    Algorithm = "SHA256"
	SHA512    Algorithm = "SHA512"
	XXHASH128 Algorithm = "XXHASH128"
	XXHASH3   Algorithm = "XXHASH3"
	XXHASH64  Algorithm = "XXHASH64"
)

// Algorithms returns all algorithms by name.
func Algorithms() []Algorithm {
	return []Algorithm{CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64}
}

// Find returns the algorithm that a caller names so, in any case.
func Find(name string) (_ Algorithm, ok bool) {
	for _, a := range Algorithms() {
		if strings.EqualFold(name, string(a)) {
			return a, true
		}
	}
	return "", false
}

// New returns a hash that calculates the checksum, or nil if there is no such
// algorithm.
func (a Algorithm) New() hash.Hash {
	switch a {
	case CRC32:
		return crc32.NewIEEE()
	case CRC32C:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case CRC64NVME:
		return crc64.New(crc64.MakeTable(nvme))
	case MD5:
		return md5.New()
	case SHA1:
		return sha1.New()
	case SHA256:
		return sha256.New()
	case SHA512:
		return sha512.New()
	case XXHASH128:
		return newXXH3(true)
	case XXHASH3:
		return newXXH3(false)
	case XXHASH64:
		return newXXH64()
	}
	return nil
}

// Size is how many bytes a checksum has, or 0 if there is no such algorithm.
func (a Algorithm) Size() int {
	if h := a.New(); h != nil {
		return h.Size()
	}
	return 0
}

// Decode reads a checksum as S3 writes it, in base64.
func (a Algorithm) Decode(text string) (sum []byte, ok bool) {
	sum, err := base64.StdEncoding.DecodeString(text)
	return sum, err == nil && text != "" && len(sum) == a.Size() && Encode(sum) == text // base64 overlooks line breaks
}

// Encode writes a checksum as S3 does.
func Encode(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }
