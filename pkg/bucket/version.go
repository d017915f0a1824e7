package bucket

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
)

// versionID names a version that is not null: its order among the versions of
// its key, and 16 random bytes.
type versionID struct {
	order  uint64
	random [16]byte
}

// newVersionID returns a fresh id. None begins with a dash, which a command line
// would take for an option.
func newVersionID(order uint64, random io.Reader) (versionID, error) {
	v := versionID{order: order}
	_, err := io.ReadFull(random, v.random[:])
	if v.String()[0] == '-' {
		v.random[0] ^= 4 // the last of the bits that make the first character
	}
	return v, err
}

// String returns the id as callers see it: 32 characters that are safe in a URL.
// The order is masked by the random bytes, since people who tell ids apart look
// at how they begin, and nobody shall take the id for a date.
func (v versionID) String() string {
	var b [24]byte
	binary.BigEndian.PutUint64(b[:], v.order^binary.BigEndian.Uint64(v.random[:]))
	copy(b[8:], v.random[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// parseVersionID is the inverse of String.
func parseVersionID(s string) (v versionID, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 24 {
		return versionID{}, false
	}
	copy(v.random[:], b[8:])
	v.order = binary.BigEndian.Uint64(b) ^ binary.BigEndian.Uint64(v.random[:])
	return v, true
}

// fileName returns the name of the version's file. Names sort as orders do.
func (v versionID) fileName() string {
	b := binary.BigEndian.AppendUint64(nil, v.order)
	return "v" + hex.EncodeToString(append(b, v.random[:]...))
}

// parseFileName is the inverse of fileName.
func parseFileName(name string) (v versionID, ok bool) {
	if len(name) != 49 || name[0] != 'v' {
		return versionID{}, false
	}
	b, err := hex.DecodeString(name[1:])
	if err != nil {
		return versionID{}, false
	}
	copy(v.random[:], b[8:])
	v.order = binary.BigEndian.Uint64(b)
	return v, v.fileName() == name // in lower case
}

// fileOf returns the name of the file of a version that callers name so; ok is
// false if no version of this store has that id.
func fileOf(version string) (name string, ok bool) {
	if version == Null {
		return Null, true
	}
	v, ok := parseVersionID(version)
	return v.fileName(), ok
}
