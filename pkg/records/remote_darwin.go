package records

import (
	"slices"
	"syscall"
)

// remote tells whether a directory lies on a file system that another machine,
// or another program, serves.
func remote(dir string) bool {
	var at syscall.Statfs_t
	if err := syscall.Statfs(dir, &at); err != nil {
		return false
	}
	var name []byte
	for _, c := range at.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	return slices.Contains([]string{"nfs", "smbfs", "afpfs", "webdav", "macfuse", "osxfuse", "ftp"}, string(name))
}
