//go:build unix

package recordstest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/listen/listentest"
)

// Pooled is the URL of a database by way of a pooler, PgBouncer, which ends with the
// test. mode is what it hands connections out for: "session" or "transaction". What it
// is not told of settings it refuses, as it comes.
func (s *Server) Pooled(t testing.TB, mode, at string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("no PgBouncer is installed (Debian: apt-get install pgbouncer)")
	}
	addr := listentest.Free(t)
	c := exec.Command(program, s.poolerFile(t, mode, addr))
	c.Dir, c.SysProcAttr = s.dir, s.command("").SysProcAttr
	listentest.Start(t, c, addr)
	return strings.Replace(at, s.addr, addr, 1)
}

// poolerFile writes PgBouncer's configuration. It gets in with the user's password.
func (s *Server) poolerFile(t testing.TB, mode, addr string) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	behind, _ := url.Parse(s.URL("postgres"))
	users, file := filepath.Join(s.dir, "users-"+port), filepath.Join(s.dir, "pooler-"+port)
	text := fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr=%s\nlisten_port=%s\nunix_socket_dir=\nauth_type=plain\nauth_file=%s\npool_mode=%s\nmax_client_conn=100\ndefault_pool_size=50\n",
		behind.Hostname(), behind.Port(), host, port, users, mode)
	for name, text := range map[string]string{users: fmt.Sprintf("%q %q\n", "signer", s.password), file: text} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return file
}
