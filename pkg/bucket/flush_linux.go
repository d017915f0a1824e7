package bucket

import (
	"os"

	"golang.org/x/sys/unix"
)

// startFlush asks the kernel to start writing a part of the file to the disk, so
// that the disk works while the rest of the body arrives, and the fsync at the
// end finds little to do. It is only a hint: a failure shows at that fsync.
func startFlush(f *os.File, off, n int64) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) {
		_ = unix.SyncFileRange(int(fd), off, n, unix.SYNC_FILE_RANGE_WRITE)
	})
}
