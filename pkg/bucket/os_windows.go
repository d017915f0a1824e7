package bucket

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks a file for its handle alone, and tells whether it could. Closing
// the file unlocks it. Windows keeps others from bytes that are locked, so the
// one that is locked is far behind the end.
func tryLock(f *os.File) (bool, error) {
	c, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	var locked error
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	far := &windows.Overlapped{OffsetHigh: 1 << 30}
	if err := c.Control(func(h uintptr) { locked = windows.LockFileEx(windows.Handle(h), flags, 0, 1, 0, far) }); err != nil {
		return false, err
	}
	if errors.Is(locked, windows.ERROR_LOCK_VIOLATION) || errors.Is(locked, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	if locked != nil {
		return false, &os.PathError{Op: "lock", Path: f.Name(), Err: locked}
	}
	return true, nil
}

// syncDirectory does nothing: NTFS keeps a journal of its directories, and
// Windows has no way to ask for more.
func syncDirectory(*os.File) error { return nil }
