// Package listentest is for tests of what listens: addresses to listen on, programs that
// are waited for, and ways to a server that a test can get between.
//
// It knows nothing of what is said over a connection.
package listentest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"testing"
	"time"
)

// Free returns an address of this machine that nobody listened on a moment ago. Its port
// is below those that systems give to who asks for any, so that nobody gets it by chance
// before it is listened on.
func Free(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprint("127.0.0.1:", 10240+rand.IntN(32768-10240))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Start starts a program that listens on an address, and returns when it does. The
// program ends with the test.
func Start(t testing.TB, program *exec.Cmd, address string) {
	t.Helper()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	})
	for until := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%s does not listen: %v", program.Path, err)
		}
	}
}

// Between returns an address from which connections lead to a server's, as long as the
// test lasts. Each is carry's to carry, which closes both its ends.
func Between(t testing.TB, server string, carry func(from, to net.Conn)) (address string) {
	t.Helper()
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			if to, err := net.Dial("tcp", server); err == nil {
				go carry(from, to)
			} else {
				from.Close()
			}
		}
	}()
	return l.Addr().String()
}
