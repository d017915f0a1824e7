package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/bucket"
	"signer/pkg/keys"
	"signer/pkg/local/localtest"
	"signer/pkg/records"
)

const (
	serveAccount = "111122223333"
	serveRegion  = "eu-west-1"
	lambda       = "AWSLambda-SHA384-ECDSA"
)

// patience is how long a test waits for what a server does sooner or later. It only
// ends tests that have failed: machines may be slow.
const patience = 3 * time.Minute

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serveHome is a home with buckets, and the program to work with it.
type serveHome struct {
	dir      string
	program  string
	database string // the URL of its records; "" is a file in the home
	env      []string
	objects  bucket.Store // where its buckets are
	buckets  *bucket.Dir
	keys     *keys.Store
}

func newServeHome(t testing.TB) *serveHome {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	must(t, err)
	h := &serveHome{dir: filepath.Join(dir, "home"), program: filepath.Join(dir, "signer")}
	must(t, os.Symlink(self, h.program)) // under this name it is the program, see TestMain
	h.in(localtest.At(h.dir).Furnish(t))
	return h
}

// in says where the home keeps what it has.
func (h *serveHome) in(own *localtest.Home) {
	h.buckets, h.keys, h.objects = own.Buckets, own.Keys, own.Buckets
}

// command is the program with some arguments, in an environment of its own.
func (h *serveHome) command(args ...string) *exec.Cmd {
	c := exec.Command(h.program, args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(h.program), "SIGNER_HOME=" + h.dir, "SIGNER_ACCOUNT_ID=" + serveAccount, "TZ=UTC",
		"AWS_REGION=" + serveRegion, "AWS_EC2_METADATA_DISABLED=true", "GORACE=atexit_sleep_ms=0", "SIGNER_PRINCIPAL_ARN=arn:aws:iam::" + serveAccount + ":user/admin"}
	if h.database != "" {
		c.Env = append(c.Env, "SIGNER_DATABASE_URL="+h.database)
	}
	return withEnv(c, h.env...)
}

// run runs the program, which must succeed, and returns what it prints.
func (h *serveHome) run(t testing.TB, args ...string) string {
	t.Helper()
	c := h.command(args...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", args, err, &errs)
	}
	return strings.TrimSpace(string(out))
}

// key makes an access key for a user.
func (h *serveHome) key(t testing.TB, user string) aws.Credentials {
	t.Helper()
	id, secret, ok := strings.Cut(h.run(t, "iam", "create-access-key", "--user-name", user, "--query", "AccessKey.[AccessKeyId,SecretAccessKey]", "--output", "text"), "\t")
	if !ok {
		t.Fatal("no key")
	}
	return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
}

// keyOf makes an access key for any principal of any account.
func (h *serveHome) keyOf(t testing.TB, account, principal string) aws.Credentials {
	t.Helper()
	store, err := records.Open(t.Context(), records.Config{Path: filepath.Join(h.dir, "records.db"), URL: h.database})
	must(t, err)
	defer store.Close()
	c := aws.Credentials{AccessKeyID: fmt.Sprint("AKIATEST", time.Now().UnixNano()), SecretAccessKey: "made for a test"}
	sealed, err := h.keys.Seal(t.Context(), c.AccessKeyID, keys.Secret(c.SecretAccessKey))
	must(t, err)
	must(t, store.AddAccessKey(t.Context(), records.AccessKey{ID: c.AccessKeyID, Account: account, User: c.AccessKeyID, Principal: principal, Secret: sealed, Status: "Active", CreatedAt: time.Now()}, 1))
	return c
}

// served is a server that runs.
type served struct {
	url, admin string
	process    *exec.Cmd
	ended      chan error
	gone       chan struct{} // is closed when it has ended

	mu  sync.Mutex
	log bytes.Buffer
}

// start starts a server, and waits until it serves.
func (h *serveHome) start(t testing.TB, args ...string) *served {
	t.Helper()
	s := &served{ended: make(chan error, 1), gone: make(chan struct{})}
	s.process = h.command(append([]string{"serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0", "--log-format", "json"}, args...)...)
	out, err := s.process.StderrPipe()
	must(t, err)
	must(t, s.process.Start())
	t.Cleanup(func() { // before its home is removed
		s.process.Process.Kill()
		<-s.gone
	})
	serving := make(chan struct{})
	go s.follow(out, serving)
	select {
	case <-serving:
	case err := <-s.ended:
		t.Fatalf("the server ended: %v\n%s", err, s.logged())
	case <-time.After(patience):
		t.Fatalf("the server does not serve\n%s", s.logged())
	}
	return s
}

// follow keeps the log, and finds out where the server is.
func (s *served) follow(out io.Reader, serving chan<- struct{}) {
	known := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var line struct{ Msg, URL string }
		json.Unmarshal(lines.Bytes(), &line)
		s.mu.Lock()
		s.log.Write(append(lines.Bytes(), '\n'))
		switch line.Msg {
		case "admin":
			s.admin = line.URL
		case "serving":
			s.url = line.URL
		}
		if !known && s.url != "" && s.admin != "" {
			known = true
			close(serving)
		}
		s.mu.Unlock()
	}
	s.ended <- s.process.Wait()
	close(s.gone)
}

func (s *served) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// says waits until the log has a text.
func (s *served) says(t testing.TB, text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(s.logged(), text) {
			return
		}
	}
	t.Errorf("the log has no %s:\n%s", text, s.logged())
}

// quiet checks that the server has nothing to complain about.
func (s *served) quiet(t testing.TB) {
	t.Helper()
	for line := range strings.Lines(s.logged()) {
		if !strings.Contains(line, `"level":"INFO"`) {
			t.Errorf("the server says: %s", line)
		}
	}
}

// stop asks the server to stop and returns how it ended.
func (s *served) stop(t testing.TB) error {
	t.Helper()
	must(t, s.process.Process.Signal(syscall.SIGTERM))
	return s.end(t)
}

// end waits for the server's end and returns how it ended.
func (s *served) end(t testing.TB) error {
	t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		t.Fatalf("the server does not stop\n%s", s.logged())
		return nil
	}
}

// kill ends the server in the middle of things.
func (s *served) kill() {
	s.process.Process.Kill()
	<-s.ended
}

// client is the SDK's client. Whichever host it asks for, it gets to the server.
func (s *served) client(t testing.TB, key aws.Credentials) *signer.Client {
	address := strings.TrimPrefix(s.url, "http://")
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return signer.New(signer.Options{
		Region: serveRegion, BaseEndpoint: aws.String("http://signer.test"), HTTPClient: &http.Client{Transport: transport}, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
	})
}

// python runs a script of testdata with boto3, gives it a task as JSON and returns
// its answers. Without boto3 the test is skipped.
func (h *serveHome) python(t *testing.T, script string, task, answer any) {
	t.Helper()
	in, err := json.Marshal(task)
	must(t, err)
	c := h.command()
	c.Path, err = exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	c.Args = []string{"python3", filepath.Join("testdata", script)}
	c.Stdin = bytes.NewReader(in)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if c.ProcessState.ExitCode() == 77 {
		t.Skip("python3 has no boto3")
	}
	must(t, err)
	must(t, json.Unmarshal(out, answer))
}

// get asks the admin listener, or anything else.
func get(t testing.TB, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	must(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(t, err)
	return r.StatusCode, string(b)
}

// withEnv is a command with more variables.
func withEnv(c *exec.Cmd, more ...string) *exec.Cmd {
	c.Env = slices.Concat(c.Env, more)
	return c
}
