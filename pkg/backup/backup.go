// Package backup puts a directory with all that is in it into one file, and back.
//
// The file is a tar archive, so that it can be looked at, and in need unpacked, with
// what every system has:
//
//	SIGNER-BACKUP     what it is: one line
//	home/…            the directory, and all that is in it
//	MANIFEST          the SHA-256 of each file, as sha256sum -c reads them
//	CHECKSUM          the SHA-256 of everything before it
//
// Whoever reads it holds every byte to the checksum, so that a file that was cut off
// or altered by accident is refused, wherever that was. It is no protection against
// somebody who wants to alter it: for that a backup has to be kept where others
// cannot write.
//
// [Home] knows which parts of the local engine's directory have to be read in which
// order, so that they fit together although others use it meanwhile. The package
// knows nothing of what is in the files.
package backup

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

const (
	markName     = "SIGNER-BACKUP"
	homeName     = "home"
	manifestName = "MANIFEST"
	checksumName = "CHECKSUM"

	markText = "backup of signer, format 1\n"
	markHead = "backup of signer, format "
)

// Summary is what was put into a backup, or taken out of it.
type Summary struct {
	Files int
	Bytes int64 // in the files
}

// ErrTorn is the error of a file that is no whole backup.
var ErrTorn = errors.New("it is not a whole backup of signer")

func torn(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTorn, fmt.Sprintf(format, args...))
}

const bufferSize = 128 << 10

func checksumText(sum hash.Hash) []byte { return []byte(hex.EncodeToString(sum.Sum(nil)) + "\n") }
