//go:build unix

// Package recordstest starts PostgreSQL for tests: a server of the test's own, with
// nothing in it, on an address of this machine. What is installed is used; without
// it the test is skipped, and says so.
package recordstest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"signer/pkg/listen/listentest"
)

// Server is a PostgreSQL server. It ends with the test.
type Server struct {
	bin, dir string
	password string
	as       *syscall.Credential // whom it runs as; nil: as the test
	addr     string
	args     string
}

// Start starts a server. args are settings beside the usual ones, such as
// "fsync=on": without that nothing survives the machine, which no test looks at.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{bin: installed(t), dir: t.TempDir(), password: "p@ss/" + rand.Text(), addr: listentest.Free(t)}
	s.args = settings(s, args)
	s.become(t)
	s.initialize(t)
	s.watch(t)
	s.Begin(t)
	return s
}

// watch ends the server, and removes its files, when the test ends, in whatever way: then
// a shell, which has the other end of a pipe, reads no more.
func (s *Server) watch(t testing.TB) {
	t.Helper()
	c := exec.Command("/bin/sh", "-c", `read -r _; "$0" -D "$1" -s -m immediate stop; rm -rf "$1"`, filepath.Join(s.bin, "pg_ctl"), s.data())
	c.Dir, c.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as, Setpgid: true}
	pipe, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pipe.Close()
		c.Wait()
	})
}

// installed is where a server's programs are: those that PATH has, else the newest that
// Debian has put where PATH does not have them.
func installed(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("no PostgreSQL is installed (Debian: apt-get install postgresql)")
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return release(a) - release(b) })
	return filepath.Dir(newest)
}

func release(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// settings are all settings. authentication_timeout is there because a server that is told
// to end waits that long for whoever has connected in that moment and says nothing, and
// pg_ctl waits for a minute only, which it is otherwise.
func settings(s *Server, args []string) string {
	_, port, _ := net.SplitHostPort(s.addr)
	all := []string{"listen_addresses=127.0.0.1", "port=" + port, "unix_socket_directories=" + s.dir, "fsync=off",
		"max_connections=200", "authentication_timeout=10s", "autovacuum=on", "log_min_messages=fatal"}
	var b strings.Builder
	for _, setting := range append(all, args...) {
		fmt.Fprintf(&b, "-c %s ", setting)
	}
	return b.String()
}

// become finds another user where the test is root's, whom PostgreSQL does not serve.
func (s *Server) become(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(s.dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(s.dir); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a program that is not PostgreSQL's as the server's user.
func (s *Server) run(name string, args ...string) ([]byte, error) {
	c := s.command("", args...)
	program, err := exec.LookPath(name)
	if err != nil {
		return nil, err
	}
	c.Path, c.Args[0] = program, name
	return c.CombinedOutput()
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = s.dir
	if s.as != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	}
	return c
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// initialize makes the server's files. It sorts text as people do, not as bytes, so
// that what relies on bytes fails.
func (s *Server) initialize(t testing.TB) {
	t.Helper()
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"-D", s.data(), "-U", "signer", "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"}
	if !s.older(t) {
		args = append(args, "--locale-provider=icu", "--icu-locale=en-US")
	}
	if out, err := s.command("initdb", args...).CombinedOutput(); err != nil {
		t.Skipf("initdb: %v\n%s", err, out)
	}
}

// older tells whether the server cannot sort all text as people do: one before PostgreSQL 15.
func (s *Server) older(t testing.TB) bool {
	t.Helper()
	out, err := s.command("initdb", "--help").Output()
	if err != nil {
		t.Skip("initdb: ", err)
	}
	return !strings.Contains(string(out), "--icu-locale")
}

// Begin starts the server when it has been ended.
func (s *Server) Begin(t testing.TB) {
	t.Helper()
	if out, err := s.control("start", "-w", "-o", s.args, "-l", filepath.Join(s.dir, "log")); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		t.Fatalf("pg_ctl start: %v\n%s%s", err, out, log)
	}
}

// End ends the server: "fast" tells those who use it, "immediate" is a crash.
func (s *Server) End(t testing.TB, how string) {
	t.Helper()
	if out, err := s.control("stop", "-w", "-m", how); err != nil {
		t.Fatalf("pg_ctl stop: %v\n%s", err, out)
	}
}

// control runs pg_ctl. Its output goes to a file, which the server may keep open.
func (s *Server) control(args ...string) (string, error) {
	file, err := os.CreateTemp("", "pg_ctl-")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	c := s.command("pg_ctl", append([]string{"-D", s.data(), "-s"}, args...)...)
	c.Stdout, c.Stderr = file, file
	err = c.Run()
	out, _ := os.ReadFile(file.Name())
	return string(out), err
}

// Addr is the server's address.
func (s *Server) Addr() string { return s.addr }

// Password is that of the server's only user.
func (s *Server) Password() string { return s.password }

// URL is that of a database of the server's, or of one that is not there.
func (s *Server) URL(database string) string {
	at := url.URL{Scheme: "postgres", User: url.UserPassword("signer", s.password), Host: s.addr, Path: "/" + database, RawQuery: "sslmode=disable"}
	return at.String()
}

// New is the URL of new records: a schema of their own in one database, which is
// made faster than a database.
func (s *Server) New(t testing.TB) string {
	t.Helper()
	name := "s" + strings.ToLower(rand.Text())
	s.Exec(t, "CREATE SCHEMA "+name)
	return s.URL("postgres") + "&search_path=" + name
}

// Exec runs SQL as the owner of all.
func (s *Server) Exec(t testing.TB, text string) {
	t.Helper()
	s.connected(t, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, text)
		return err
	})
}

// connected does something in a session of its own, as the owner of all.
func (s *Server) connected(t testing.TB, do func(context.Context, *pgx.Conn) error) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if err := do(ctx, c); err != nil {
		t.Fatal(err)
	}
}
