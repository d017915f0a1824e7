package listen_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"signer/pkg/listen"
)

// memory is a listener whose connections are made in memory, so that tests of what takes
// time, in a bubble of package synctest, have a time of their own: a slow machine's is not
// that of the test.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// serveInMemory is serve, with a way to make connections instead of an address. If nobody
// listens any more they are closed.
func serveInMemory(t *testing.T, c listen.Config) (dial func(send string) net.Conn, stop func() error) {
	t.Helper()
	m := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	stop = serveOn(t, m, c)
	return func(send string) net.Conn {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { ours.Close() })
		select {
		case m.conns <- theirs:
		case <-m.closed:
			theirs.Close()
		}
		ours.SetDeadline(time.Now().Add(patience))
		go io.WriteString(ours, send)
		return ours
	}, stop
}
