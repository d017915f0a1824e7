package records

import "syscall"

// userTimeout is TCP_USER_TIMEOUT of Linux, see tcp(7): for how many milliseconds
// what was sent may stay without an answer before the connection is given up.
const userTimeout = 18

// limitSilence keeps a connection from waiting for a side that is gone: keep-alives
// are not sent while something else waits for an answer.
func limitSilence(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		// Where there is no such option, as on a Unix socket, there is no need for it.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, int(silence.Milliseconds()))
	})
}
