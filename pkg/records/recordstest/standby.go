//go:build unix

package recordstest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"signer/pkg/listen/listentest"
)

// Standby starts another server, which follows this one. That takes a restart of this
// one, whose files it begins with.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	other := &Server{bin: s.bin, dir: t.TempDir(), password: s.password, addr: listentest.Free(t)}
	other.args = settings(other, []string{"wal_retrieve_retry_interval=100ms"})
	other.become(t)
	s.End(t, "fast")
	if out, err := other.run("cp", "-a", s.data(), other.data()); err != nil {
		t.Fatalf("copy the files: %v\n%s", err, out)
	}
	s.Begin(t)
	other.watch(t)
	other.Follow(t, s)
	return other
}

// Follow starts a server that has been ended as the standby of another: one that has its
// files, or had them when it became a standby's successor.
func (s *Server) Follow(t testing.TB, other *Server) {
	t.Helper()
	host, port, _ := net.SplitHostPort(other.addr)
	settings := fmt.Sprintf("primary_conninfo = 'host=%s port=%s user=signer password=%s sslmode=disable'\nsynchronous_standby_names = ''\n", host, port, other.password)
	for name, text := range map[string]string{"postgresql.auto.conf": settings, "standby.signal": ""} {
		if err := os.WriteFile(filepath.Join(s.data(), name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.Begin(t)
}

// Promote makes a standby one that can be written.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	if out, err := s.control("promote", "-w"); err != nil {
		t.Fatalf("pg_ctl promote: %v\n%s", err, out)
	}
}

// Synchronous makes the server acknowledge only what a standby has on its disk. When it
// returns a standby has all that was acknowledged before.
func (s *Server) Synchronous(t testing.TB) {
	t.Helper()
	s.Exec(t, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	s.Exec(t, "SELECT pg_reload_conf()")
	for s.setting(t, "synchronous_standby_names") != "*" { // then all its processes have been told
		time.Sleep(5 * time.Millisecond)
	}
	s.Exec(t, "CHECKPOINT") // by the process for whose sake the others begin to wait, and which looks at what it was told first
	s.Exec(t, "SELECT pg_logical_emit_message(true, 'recordstest', 'all before is there')")
}

// Asynchronous makes the server wait for no standby, and lets go of all who did.
func (s *Server) Asynchronous(t testing.TB) {
	t.Helper()
	s.Exec(t, "ALTER SYSTEM RESET synchronous_standby_names")
	s.Exec(t, "SELECT pg_reload_conf()")
}

// setting is what a session that begins now has.
func (s *Server) setting(t testing.TB, name string) (value string) {
	t.Helper()
	s.connected(t, func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value)
	})
	return value
}

// Kill ends the server as kill -9 does. Nobody is told, and its files stay as they are.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// Either is the URL of what has one on any of several servers: of whichever can be
// written.
func (s *Server) Either(at string, others ...*Server) string {
	u, err := url.Parse(at)
	if err != nil {
		return ""
	}
	for _, other := range others {
		u.Host += "," + other.addr
	}
	return u.String() + "&target_session_attrs=read-write"
}
