package records_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// What keeps a server from being used is said so that its owner can act on it, and
// without the password.
func testServerRefuses(t *testing.T, server *recordstest.Server) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer deaf.Close()
	newer, replica, others := server.New(t), server.New(t), server.New(t)
	must(t, openURL(t, newer).Close())
	must(t, openURL(t, replica).Close())
	execute(t, newer, "INSERT INTO signer_schema VALUES (99)")
	execute(t, others, "CREATE TABLE jobs (id TEXT)")
	server.Exec(t, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	server.Exec(t, "CREATE USER guest PASSWORD '"+server.Password()+"'; REVOKE CREATE ON SCHEMA public FROM PUBLIC") // as from PostgreSQL 15
	for _, tc := range []struct {
		name, url string
		want      error
		says      string
	}{
		{"nothing there", strings.Replace(server.URL("postgres"), server.Addr(), "127.0.0.1:1", 1), records.ErrUnreachable, "127.0.0.1:1/postgres"},
		{"no such host", strings.Replace(server.URL("postgres"), server.Addr(), "nowhere.invalid:5432", 1), records.ErrUnreachable, "nowhere.invalid"},
		{"silence", strings.Replace(server.URL("postgres"), server.Addr(), deaf.Addr().String(), 1) + "&connect_timeout=1", records.ErrUnreachable, "see that it runs"},
		{"wrong password", strings.Replace(server.URL("postgres"), "p%40ss", "wrong", 1), records.ErrRefused, "see the user, the password"},
		{"no database", server.URL("absent"), nil, "make it with createdb"},
		{"newer", newer, records.ErrNewer, "schema 99, this program knows "},
		{"others' tables", others, records.ErrCorrupt, "search_path"},
		{"another encoding", server.URL("latin"), nil, "LATIN1"},
		{"no rights", strings.Replace(server.URL("postgres"), "signer:", "guest:", 1), nil, "make the user owner"},
		{"no URL", "mysql://" + server.Password() + "@x/", nil, "postgres://USER:PASSWORD@HOST"},
		{"bad URL", "postgres://a:" + server.Password() + "%zz@x/", nil, "what is special in a password as %XX"},
		{"bad password", "postgres://a:p@ss@127.0.0.1:1/x", nil, "what is special in a password as %XX"},
		{"bad option", server.URL("postgres") + "&sslmode=perhaps", nil, "see its port, its sslmode"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := records.Open(ctx, records.Config{URL: tc.url})
			if err == nil {
				s.Close()
				t.Fatal("it is opened")
			}
			if tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "p@ss") || strings.Contains(err.Error(), "p%40ss") || strings.Contains(err.Error(), "\n") {
				t.Errorf("it says too much: %v", err)
			}
		})
	}
	t.Run("read-only", func(t *testing.T) {
		s := openURL(t, replica+"&default_transaction_read_only=on")
		err := s.AddProfile(ctx, profile(here, "web"))
		refused(t, err, records.ErrReadOnly)
		if !strings.Contains(err.Error(), "it is a replica") {
			t.Error(err)
		}
		_, err = s.Jobs(ctx, records.JobQuery{Partition: here, Limit: 1})
		must(t, err)
		refused(t, s.Ready(ctx), records.ErrReadOnly)
		must(t, openURL(t, replica).Ready(ctx))
	})
	t.Run("several hosts", func(t *testing.T) {
		s := openURL(t, strings.Replace(replica, server.Addr(), "127.0.0.1:1,"+server.Addr(), 1)+"&target_session_attrs=read-write")
		must(t, s.Ready(ctx))
	})
	t.Run("existing", func(t *testing.T) {
		_, err := records.Open(ctx, records.Config{URL: server.New(t), Existing: true})
		refused(t, err, fs.ErrNotExist)
		_, err = records.OpenToRead(ctx, records.Config{URL: server.New(t)})
		refused(t, err, fs.ErrNotExist)
	})
	t.Run("examined", func(t *testing.T) {
		s, err := records.OpenToRead(ctx, records.Config{URL: replica})
		must(t, err)
		defer s.Close()
		faults, err := s.Check(ctx)
		must(t, err)
		same(t, len(faults), 0)
		refused(t, s.AddProfile(ctx, profile(here, "web")), records.ErrReadOnly)
		execute(t, replica, "DROP INDEX jobs_token")
		faults, err = s.Check(ctx)
		must(t, err)
		same(t, faults, []string{"the index jobs_token is missing, or not to be used"})
	})
}

func execute(t *testing.T, url, text string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	must(t, err)
	defer db.Close()
	_, err = db.Exec(text)
	must(t, err)
}

// Many who open new records at once make them once.
func testServerIsMadeOnce(t *testing.T, server *recordstest.Server) {
	url := server.New(t)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			s, err := records.Open(ctx, records.Config{URL: url})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if current, err := s.Current(ctx); err != nil || !current {
				t.Error(current, err)
			}
			if err := s.AddProfile(ctx, profile(here, fmt.Sprint("p", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// The database restarts, in order and by a crash, while many write. If it is quick
// nobody notices; else they are told that it is away, and may ask again. What was
// answered is there, once.
func testServerRestarts(t *testing.T, server *recordstest.Server) {
	s := openURL(t, server.New(t))
	must(t, s.AddProfile(ctx, profile(here, "web")))
	stop, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	var mu sync.Mutex
	ended := map[string]bool{}
	for w := range 4 {
		all.Go(func() {
			for i := 0; stop.Err() == nil; i++ {
				j := job(here, fmt.Sprint(w, "-", i))
				if i%2 == 0 {
					j.Token = "token " + j.ID
				}
				var isNew bool
				err := insist(func() (err error) {
					_, isNew, err = s.AddJob(ctx, j, event("begun "+j.ID, noon, 0))
					return err
				})
				if err != nil || !isNew {
					t.Errorf("add %s: %v, %v", j.ID, isNew, err)
					return
				}
				err = insist(func() error { return s.FinishJob(ctx, j.ID, j.Claim, records.Result{Status: "Succeeded"}) })
				if err != nil && !errors.Is(err, records.ErrChanged) {
					t.Errorf("finish %s: %v", j.ID, err)
					return
				}
				mu.Lock()
				ended[j.ID] = true
				mu.Unlock()
			}
		})
	}
	for _, how := range []string{"fast", "immediate"} {
		for before := 0; before < 20; {
			mu.Lock()
			before = len(ended)
			mu.Unlock()
			time.Sleep(time.Millisecond)
		}
		server.End(t, how)
		server.Begin(t)
	}
	cancel()
	all.Wait()
	for id := range ended {
		j, err := s.Job(ctx, here, id)
		must(t, err)
		same(t, j.Status, "Succeeded")
	}
	same(t, len(told(t, s, "log")), len(ended))
}

// insist does something until the database is there.
func insist(do func() error) error {
	for {
		if err := do(); !errors.Is(err, records.ErrUnreachable) {
			return err
		}
	}
}
