package records_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signer/pkg/listen/listentest"
	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// A standby can be read. All that writes says that it is one, also where PostgreSQL has
// other words and another code for that.
func testServerIsAStandby(t *testing.T, server *recordstest.Server) {
	url := server.New(t)
	primary := openURL(t, url)
	must(t, primary.AddProfile(ctx, profile(here, "web")))
	standby := server.Standby(t)
	defer standby.End(t, "fast")
	s := openURL(t, strings.Replace(url, server.Addr(), standby.Addr(), 1))
	_, err := s.Profile(ctx, here, "web")
	must(t, err)
	for name, write := range map[string]func() error{
		"serializable": func() error { return s.AddProfile(ctx, profile(here, "other")) },
		"plain": func() error {
			_, _, err := s.AddJob(ctx, job(here, "job"))
			return err
		},
		"told":  func() error { return s.Announce(ctx) },
		"ready": func() error { return s.Ready(ctx) },
	} {
		t.Run(name, func(t *testing.T) { says(t, write(), records.ErrReadOnly, "it is a replica", standby.Addr()) })
	}
	both := standby.Addr() + "," + server.Addr()
	for _, attributes := range []string{"", "&target_session_attrs=read-write", "&target_session_attrs=primary"} {
		s := openURL(t, strings.Replace(url, server.Addr(), both, 1)+attributes)
		must(t, s.Ready(ctx))
	}
	t.Run("moves", func(t *testing.T) { testServerMoves(t, server, standby, url) })
	t.Run("none", func(t *testing.T) {
		none := strings.Replace(url, server.Addr(), standby.Addr()+",127.0.0.1:1", 1)
		_, err := records.Open(ctx, records.Config{URL: none})
		says(t, err, records.ErrUnreachable, "signer@"+standby.Addr()+",127.0.0.1:1/postgres", "read only connection")
		_, err = records.Open(ctx, records.Config{URL: none + "&target_session_attrs=any"})
		must(t, err)
	})
	t.Run("away", func(t *testing.T) { testServerHangs(t, server, standby, url) })
}

// While the only synchronous standby is away all that writes hangs, and all that reads
// goes on; what the matter is can be asked for.
func testServerHangs(t *testing.T, primary, standby *recordstest.Server, url string) {
	primary.Synchronous(t)
	defer primary.Asynchronous(t)
	s := openURL(t, url)
	standby.End(t, "fast")
	var all sync.WaitGroup
	const many = 30
	for i := range many {
		all.Go(func() {
			if _, _, err := s.AddJob(ctx, job(here, fmt.Sprint("hanging", i))); err != nil {
				t.Error(err)
			}
		})
	}
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := s.Hanging(ctx, time.Microsecond)
		if err != nil && strings.Contains(err.Error(), "no synchronous standby confirms them") && s.Load().Writers == many-records.SharedWriters {
			break
		}
		if time.Now().After(until) {
			t.Errorf("it is %v that hangs, and %+v", err, s.Load())
			break
		}
	}
	if s.Load().Oldest == 0 || s.Hanging(ctx, time.Hour) != nil {
		t.Errorf("for %v, %v", s.Load().Oldest, s.Hanging(ctx, time.Hour))
	}
	_, err := s.Profile(ctx, here, "web")
	must(t, err)
	must(t, s.Ready(ctx))
	standby.Begin(t)
	all.Wait()
	must(t, s.Hanging(ctx, time.Nanosecond))
}

// and who writes does not notice.
func testServerMoves(t *testing.T, primary, standby *recordstest.Server, url string) {
	var to atomic.Pointer[recordstest.Server]
	to.Store(primary)
	var mu sync.Mutex
	var open []net.Conn
	way := listentest.Between(t, primary.Addr(), func(from, unused net.Conn) {
		unused.Close()
		there, err := net.Dial("tcp", to.Load().Addr())
		if err != nil {
			from.Close()
			return
		}
		mu.Lock()
		open = append(open, from)
		mu.Unlock()
		go func() {
			io.Copy(from, there)
			from.Close()
		}()
		io.Copy(there, from)
		there.Close()
	})
	s := openURL(t, strings.Replace(url, primary.Addr(), way, 1))
	add := func(id string) error {
		_, _, err := s.AddJob(ctx, job(here, id))
		return err
	}
	must(t, add("before"))
	to.Store(standby)
	mu.Lock()
	for _, c := range open {
		c.Close()
	}
	mu.Unlock()
	_, err := s.Profile(ctx, here, "web")
	must(t, err)
	to.Store(primary)
	must(t, add("after"))
	must(t, s.Ready(ctx))
}

// What is too old, or says so, is refused.
func testServerIsOld(t *testing.T, server *recordstest.Server) {
	way := listentest.Between(t, server.Addr(), func(from, to net.Conn) {
		go func() {
			io.Copy(to, from)
			to.Close()
		}()
		defer from.Close()
		for buf := make([]byte, 32<<10); ; {
			n, err := to.Read(buf)
			if i := bytes.Index(buf[:n], []byte("server_version\x00")); i >= 0 {
				copy(buf[i+len("server_version\x00"):], "11")
			}
			if _, wrong := from.Write(buf[:n]); err != nil || wrong != nil {
				return
			}
		}
	})
	_, err := records.Open(ctx, records.Config{URL: strings.Replace(server.URL("postgres"), server.Addr(), way, 1)})
	says(t, err, nil, "the database postgres://signer@"+way+"/postgres is PostgreSQL 11", "use PostgreSQL 12 or newer")
}
