//go:build !linux

package records

import "syscall"

// limitSilence leaves it to the system to find out that the other side is gone.
func limitSilence(_, _ string, _ syscall.RawConn) error { return nil }
