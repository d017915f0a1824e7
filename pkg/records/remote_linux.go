package records

import "syscall"

// remote tells whether a directory lies on a file system that another machine,
// or another program, serves. The numbers are those of statfs(2).
func remote(dir string) bool {
	var at syscall.Statfs_t
	if err := syscall.Statfs(dir, &at); err != nil {
		return false
	}
	switch uint32(at.Type) {
	case 0x6969, // NFS
		0x517b, 0xff534d42, 0xfe534d42, // SMB, CIFS, SMB2
		0x01021997,                                 // 9P: Windows' disks seen from WSL
		0x65735546,                                 // FUSE: sshfs, virtiofs and their like
		0x00c36400,                                 // Ceph
		0x0bd00bd0,                                 // Lustre
		0x47504653,                                 // GPFS
		0x19830326,                                 // BeeGFS
		0x5346414f, 0x6b414653, 0x73757245, 0x564c: // AFS, kAFS, Coda, NCP
		return true
	}
	return false
}
