//go:build unix

package cmd_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store/s3test"
	"signer/pkg/engine"
	"signer/pkg/engine/enginetest"
	"signer/pkg/keys"
	"signer/pkg/listen/listentest"
	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// keyPhrase is the passphrase of keys that tests share.
const keyPhrase = "correct horse battery staple"

// newSharedHome is a home whose records, and keys, are on a server of PostgreSQL.
func newSharedHome(t *testing.T) (*serveHome, *recordstest.Server) {
	database := recordstest.Start(t)
	h := newServeHome(t)
	h.database = database.New(t)
	h.env = append(h.env, "SIGNER_KEY_PASSPHRASE="+keyPhrase)
	h.keys = h.sharedKeys(t, keyPhrase)
	must(t, os.WriteFile(filepath.Join(h.dir, "config.yaml"), []byte("databaseUrl: "+h.database+"\n"), 0o600))
	return h, database
}

// onAnother is the home on another machine: it has the variables of this one, and is
// not there and cannot be made.
func (h *serveHome) onAnother() *serveHome {
	other := *h
	other.dir = "/proc/signer/home"
	other.env = slices.Clone(h.env)
	return &other
}

// sharedKeys are the keys in the database.
func (h *serveHome) sharedKeys(t testing.TB, passphrase string) *keys.Store {
	t.Helper()
	return keys.Open(keys.Config{Files: h.sharedFiles(t), Passphrase: func() (keys.Secret, error) { return keys.Secret(passphrase), nil }})
}

// sharedFiles are their files.
func (h *serveHome) sharedFiles(t testing.TB) keys.Files {
	t.Helper()
	store, err := records.Open(t.Context(), records.Config{URL: h.database})
	must(t, err)
	t.Cleanup(func() { store.Close() })
	return keyFiles{store.KeyFiles()}
}

// keyFiles are the files of keys in a database as package keys wants them.
type keyFiles struct{ *records.KeyFiles }

func (k keyFiles) Change(ctx context.Context, f func(keys.Draft) error) error {
	return k.KeyFiles.Change(ctx, func(d *records.KeyDraft) error { return f(d) })
}

func (k keyFiles) At(name string) string { return name }

// robin is a client whose requests go to one server after the other. It tries again as
// the SDKs do, and as long as a test has patience. A server that is silent for a while
// counts as lost; 0 is for ever, for requests that must not be made twice.
func robin(t testing.TB, silent time.Duration, key func() aws.Credentials, servers ...func() string) *signer.Client {
	const backoff = 300 * time.Millisecond // at most, half of it on average
	var n atomic.Int64
	transport := &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: silent, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, servers[int(n.Add(1))%len(servers)]())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return signer.New(signer.Options{
		Region: serveRegion, BaseEndpoint: aws.String("http://signer.test"), HTTPClient: &http.Client{Transport: transport},
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = int(2*patience/backoff), backoff, noLimit{}
		}),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key(), nil }),
	})
}

// noLimit lets a client try again as often as it likes.
type noLimit struct{}

func (noLimit) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (noLimit) AddTokens(uint) error { return nil }

func (s *served) address() string { return strings.TrimPrefix(s.url, "http://") }

func always[T any](v T) func() T { return func() T { return v } }

// Three servers on one database are AWS Signer, whichever is asked.
func TestServersAreAWSSigner(t *testing.T) {
	h, _ := newSharedHome(t)
	h.onS3(t, s3test.Own(t), "")
	var servers []*served
	var addresses []func() string
	for range 3 { // which have the database in common, and nothing else
		s := h.onAnother().start(t)
		servers, addresses = append(servers, s), append(addresses, s.address)
	}
	h.isAWSSigner(t, func(account, principal string) engine.Engine {
		return enginetest.SDK{Client: robin(t, 0, always(h.keyOf(t, account, principal)), addresses...)}
	})
	for _, s := range servers {
		if err := s.stop(t); err != nil {
			t.Errorf("it ended with %v", err)
		}
		s.quiet(t)
	}
}

// cut is a way to a server that can be cut: then nothing comes through, and nobody is
// told.
type cut struct{ silent atomic.Bool }

func (c *cut) carry(from, to net.Conn) {
	go c.pass(from, to)
	c.pass(to, from)
}

// pass passes on what comes from one end.
func (c *cut) pass(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		for c.silent.Load() {
			time.Sleep(10 * time.Millisecond)
		}
		if _, wrong := to.Write(buf[:n]); err != nil || wrong != nil {
			return
		}
	}
}

// Of three servers one is killed, one is stopped for longer than its claims last, one is
// cut off from the database, and the database restarts. Every job that was acknowledged
// is signed once, and no client is told anything that it does not try again.
func TestServersSurvive(t *testing.T) {
	h, database := newSharedHome(t)
	must(t, h.buckets.PutVersioning(t.Context(), "destination", bucket.Enabled))
	way := &cut{}
	direct := h.database
	through := strings.Replace(direct, database.Addr(), listentest.Between(t, database.Addr(), way.carry), 1)
	var mu sync.Mutex
	servers := make([]*served, 3)
	begin := func(i int) {
		h.database = direct
		if i == 2 {
			h.database = through
		}
		s := h.start(t, "--lease", "2", "--workers", "2")
		mu.Lock()
		servers[i] = s
		mu.Unlock()
		h.database = direct
	}
	var addresses []func() string
	for i := range servers {
		begin(i)
		addresses = append(addresses, func() string {
			mu.Lock()
			defer mu.Unlock()
			return servers[i].address()
		})
	}
	c := robin(t, 2*time.Second, always(h.key(t, "maria")), addresses...)
	in := h.app(t, c)
	busy := h.keepBusy(t, c, in)
	busy.more(8)
	servers[0].kill()
	busy.more(5)
	begin(0)
	must(t, servers[1].process.Process.Signal(syscall.SIGSTOP))
	busy.more(5)
	way.silent.Store(true)
	busy.more(5)
	database.End(t, "immediate")
	database.Begin(t)
	busy.more(5)
	must(t, servers[1].process.Process.Signal(syscall.SIGCONT))
	way.silent.Store(false)
	database.End(t, "fast")
	database.Begin(t)
	busy.more(5)
	busy.end(t, servers)
}

// busy are clients who start one job after the other.
type busy struct {
	h      *serveHome
	c      *signer.Client
	enough func()
	all    sync.WaitGroup
	mu     sync.Mutex
	ids    map[string]bool // of the jobs that were acknowledged
}

// keepBusy starts clients. None may be told anything that it does not try again.
func (h *serveHome) keepBusy(t *testing.T, c *signer.Client, in *signer.StartSigningJobInput) *busy {
	ctx, enough := context.WithCancel(t.Context())
	b := &busy{h: h, c: c, enough: enough, ids: map[string]bool{}}
	for w := range 6 {
		b.all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				mine := *in
				mine.ClientRequestToken = aws.String(fmt.Sprint("token-", w, "-", i))
				out, err := c.StartSigningJob(context.WithoutCancel(ctx), &mine)
				if err != nil {
					t.Errorf("a client is told %v", err)
					return
				}
				b.mu.Lock()
				if b.ids[*out.JobId] {
					t.Errorf("job %s has two tokens", *out.JobId)
				}
				b.ids[*out.JobId] = true
				b.mu.Unlock()
			}
		})
	}
	return b
}

func (b *busy) acknowledged() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.ids)
}

// more waits until some more jobs were acknowledged.
func (b *busy) more(n int) {
	to := b.acknowledged() + n
	for deadline := time.Now().Add(patience); b.acknowledged() < to && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
}

// end ends the clients, and looks whether all jobs that were acknowledged are signed once,
// and whether servers and home are sound.
func (b *busy) end(t *testing.T, servers []*served) {
	t.Helper()
	b.enough()
	b.all.Wait()
	b.h.checkSignedOnce(t, b.c, b.ids)
	t.Logf("%d jobs", len(b.ids))
	b.h.run(t, "doctor")
	for _, s := range servers {
		if strings.Contains(s.logged(), "DATA RACE") || strings.Contains(s.logged(), "panic") {
			t.Errorf("a server says: %s", s.logged())
		}
	}
}

// checkSignedOnce waits until all jobs have succeeded, and looks for what is signed
// twice.
func (h *serveHome) checkSignedOnce(t *testing.T, c *signer.Client, ids map[string]bool) {
	t.Helper()
	for id := range ids {
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			out, err := c.DescribeSigningJob(t.Context(), &signer.DescribeSigningJobInput{JobId: &id})
			must(t, err)
			if out.Status == "Succeeded" {
				break
			}
			if out.Status == "Failed" || time.Now().After(deadline) {
				t.Errorf("job %s is %s: %s", id, out.Status, aws.ToString(out.StatusReason))
				break
			}
		}
	}
	versions := map[string]int{}
	page, err := h.objects.ListVersions(t.Context(), "destination", bucket.VersionOptions{})
	for ; ; page, err = h.objects.ListVersions(t.Context(), "destination", bucket.VersionOptions{KeyMarker: page.NextKeyMarker, VersionMarker: page.NextVersionMarker}) {
		must(t, err)
		for _, v := range page.Versions {
			versions[v.Key]++
		}
		if !page.Truncated {
			break
		}
	}
	for key, n := range versions {
		if n != 1 || !ids[strings.TrimSuffix(key, ".zip")] {
			t.Errorf("%s has %d versions, and its job was acknowledged: %v", key, n, ids[strings.TrimSuffix(key, ".zip")])
		}
	}
	if len(versions) != len(ids) {
		t.Errorf("%d jobs have %d objects", len(ids), len(versions))
	}
}

// What is wrong with the configuration is said without the password in it.
func TestSharedConfiguration(t *testing.T) {
	h := newServeHome(t)
	for _, tc := range []struct{ file, env, want string }{
		{"databaseUrl: [p@ssword]", "", "config.yaml cannot be understood"},
		{"database: p@ssword", "", "config.yaml cannot be understood"},
		{"", "mysql://me:p@ssword@here/db", "postgres://USER:PASSWORD@HOST:PORT/DATABASE"},
		{"", "postgres://me:p%40ssword@here/db?sslmode=verify-full&sslrootcert=/none.pem", "names a file that cannot be read: open /none.pem: no such file or directory"},
		{"databaseUrl: postgres://me:p%40ssword@127.0.0.1:1/db", "", "postgres://me@127.0.0.1:1/db: the database cannot be reached"},
	} {
		must(t, os.WriteFile(filepath.Join(h.dir, "config.yaml"), []byte(tc.file), 0o600))
		c := h.command("list-signing-profiles")
		if tc.env != "" {
			c = withEnv(c, "SIGNER_DATABASE_URL="+tc.env)
		}
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), tc.want) || strings.Contains(string(out), "ssword") {
			t.Errorf("%+v: %v: %s", tc, err, out)
		}
	}
	if out, err := h.command("doctor").CombinedOutput(); err == nil || !strings.Contains(string(out), "cannot be examined: the records in postgres://me@127.0.0.1:1/db: the database cannot be reached") {
		t.Errorf("doctor: %v: %s", err, out)
	}
	must(t, os.WriteFile(filepath.Join(h.dir, "config.yaml"), nil, 0o600))
	h.run(t, "list-signing-profiles")
}

// While the database is away callers are told so in a way that SDKs try again, and
// whoever watches over the server is told that it is not ready.
func TestServerWithoutItsDatabase(t *testing.T) {
	h, database := newSharedHome(t)
	s := h.start(t)
	c := s.client(t, h.key(t, "maria"))
	_, err := c.ListSigningProfiles(t.Context(), &signer.ListSigningProfilesInput{})
	must(t, err)
	database.End(t, "immediate")
	_, err = c.ListSigningProfiles(t.Context(), &signer.ListSigningProfilesInput{})
	if err == nil || !retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool() {
		t.Errorf("got %v", err)
	}
	if status, _ := get(t, s.admin+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("it is %d ready", status)
	}
	database.Begin(t)
	_, err = c.ListSigningProfiles(t.Context(), &signer.ListSigningProfilesInput{})
	must(t, err)
	if status, _ := get(t, s.admin+"/readyz"); status != http.StatusOK {
		t.Errorf("it is %d ready", status)
	}
	must(t, s.stop(t))
	s.secret(t, database.Password())
}

// Access keys and the like that no database can have are those of nobody.
func TestServerIsAskedForOddTexts(t *testing.T) {
	h, _ := newSharedHome(t)
	s := h.start(t)
	for _, id := range []string{"a%00b", "%FF", "%ED%A0%80", strings.Repeat("a", 100_000), "%F0%9F%98%80"} {
		status, body := get(t, s.url+"/signing-profiles?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&X-Amz-Expires=60&X-Amz-Signature="+strings.Repeat("0", 64)+
			"&X-Amz-Date="+time.Now().UTC().Format("20060102T150405Z")+"&X-Amz-Credential="+id+"/"+time.Now().UTC().Format("20060102")+"/"+serveRegion+"/signer/aws4_request")
		if status != http.StatusForbidden {
			t.Errorf("%.20s: %d %s", id, status, body)
		}
	}
	must(t, s.stop(t))
	s.quiet(t)
}
