package cmd

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// unnamedFile makes a file in a directory that has no name, so that nothing is left
// of it when the process dies. Not every file system can.
func unnamedFile(dir string) (*os.File, error) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		return nil, err // it could not get a name
	}
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o666)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// nameFile gives a file without a name its first.
func nameFile(f *os.File, path string) error {
	old := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	for {
		err := unix.Linkat(unix.AT_FDCWD, old, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
		if !errors.Is(err, unix.EINTR) {
			return linkError(path, err)
		}
	}
}

func linkError(path string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: "name", Path: path, Err: err}
}

// beginSync has a part of a file brought to the disk, and does not wait for it. Where
// that fails, Sync will tell.
func beginSync(f *os.File, at, n int64) {
	unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
}
