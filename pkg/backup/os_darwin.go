package backup

import (
	"errors"

	"golang.org/x/sys/unix"
)

// swap exchanges two directories in one step.
func swap(a, b string) error {
	err := unix.RenamexNp(a, b, unix.RENAME_SWAP)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return errors.ErrUnsupported // by this file system
	}
	return err
}
