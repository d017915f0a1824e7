//go:build linux || darwin

package doctor

import (
	"io/fs"
	"os"
	"syscall"
)

// room is how many bytes can be written to the disk of a directory.
func room(dir string) (free uint64, ok bool) {
	var at syscall.Statfs_t
	if err := syscall.Statfs(dir, &at); err != nil {
		return 0, false
	}
	return at.Bavail * uint64(at.Bsize), true
}

// ours tells whether a file belongs to who asks.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Getuid()
}
