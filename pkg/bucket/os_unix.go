//go:build !windows

package bucket

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock locks a file for its open file description alone, and tells whether
// it could. Closing the file unlocks it.
func tryLock(f *os.File) (bool, error) {
	c, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	var locked error
	if err := c.Control(func(fd uintptr) { locked = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return false, err
	}
	if errors.Is(locked, unix.EWOULDBLOCK) {
		return false, nil
	}
	if locked != nil {
		return false, &os.PathError{Op: "lock", Path: f.Name(), Err: locked}
	}
	return true, nil
}

// syncDirectory makes the entries of an open directory durable.
func syncDirectory(f *os.File) error { return f.Sync() }
