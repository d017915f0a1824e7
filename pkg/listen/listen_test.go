package listen_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signer/pkg/listen"
)

// serve serves until the test or stop ends, and returns the address and what stop
// and the end of Serve are.
func serve(t *testing.T, c listen.Config) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), serveOn(t, l, c)
}

func serveOn(t *testing.T, l net.Listener, c listen.Config) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- listen.Serve(ctx, l, c) }()
	stop = func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
	t.Cleanup(func() { stop() })
	return stop
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })

// patience only ends tests that have failed: machines may be slow.
const patience = 3 * time.Minute

func dial(t *testing.T, address, send string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, send)
	return conn
}

const get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

// answer reads one answer.
func answer(t *testing.T, conn net.Conn) (status int, body string) {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("no answer: %v", err)
		return 0, ""
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return r.StatusCode, err.Error()
	}
	return r.StatusCode, string(b)
}

func closed(conn net.Conn) bool {
	_, err := io.Copy(io.Discard, conn)
	timeout, ok := err.(net.Error)
	return !ok || !timeout.Timeout()
}

// Who only holds connections makes room for who comes.
func TestSilentConnections(t *testing.T) {
	for name, send := range map[string]string{"nothing": "", "half a head": "GET / HTTP/1.1\r\nHost:", "rested": get} {
		t.Run(name, func(t *testing.T) {
			address, _ := serve(t, listen.Config{Handler: hello, Limits: listen.Limits{Connections: 3, Stall: 20 * time.Millisecond}})
			first := dial(t, address, send)
			if send == get {
				answer(t, first)
			}
			for range 20 {
				dial(t, address, send)
			}
			if status, body := answer(t, dial(t, address, get)); status != 200 || body != "hello" {
				t.Errorf("got %d, %s", status, body)
			}
			if !closed(first) {
				t.Error("the first connection is still there")
			}
		})
	}
}

// For each that comes one goes, and no more.
func TestOneForOne(t *testing.T) {
	address, _ := serve(t, listen.Config{Handler: hello, Limits: listen.Limits{Connections: 10}})
	var rested []net.Conn
	for range 10 {
		rested = append(rested, dial(t, address, get))
		answer(t, rested[len(rested)-1])
	}
	for range 3 {
		answer(t, dial(t, address, get))
	}
	gone := 0
	for _, conn := range rested {
		io.WriteString(conn, get)
		if n, _ := conn.Read(make([]byte, 1)); n == 0 {
			gone++
		}
	}
	if gone != 3 {
		t.Errorf("%d have gone", gone)
	}
}

// Who is being answered is not sent away, and who comes waits.
func TestBusyConnectionsStay(t *testing.T) {
	release, came := make(chan struct{}), make(chan struct{})
	address, _ := serve(t, listen.Config{Limits: listen.Limits{Connections: 2}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		<-release
		hello(w, r)
	})})
	conns := []net.Conn{dial(t, address, get), dial(t, address, get)}
	<-came
	<-came
	conns = append(conns, dial(t, address, get))
	select {
	case <-came:
		t.Error("there are three")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-came
	for _, conn := range conns {
		if status, body := answer(t, conn); status != 200 || body != "hello" {
			t.Errorf("got %d, %s", status, body)
		}
	}
}

// What is no request, or too much of one, harms only who sends it.
func TestBadRequests(t *testing.T) { synctest.Test(t, badRequests) }

func badRequests(t *testing.T) {
	dial, _ := serveInMemory(t, listen.Config{Handler: hello, Limits: listen.Limits{Head: 8 << 10, HeadTime: 100 * time.Millisecond}})
	witness := dial(get)
	answer(t, witness)
	for want, send := range map[int]string{
		400: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		431: "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		505: "GET / HTTP/9.9\r\n\r\n",
	} {
		if status, _ := answer(t, dial(send)); status != want {
			t.Errorf("%.20q: got %d, want %d", send, status, want)
		}
	}
	if slow := dial("GET / HTTP/1.1\r\nHost:"); !closed(slow) {
		t.Error("half a head is waited for")
	}
	io.WriteString(witness, get)
	if status, _ := answer(t, witness); status != 200 {
		t.Errorf("the others are disturbed: %d", status)
	}
}

// A request that gets no turn is told to come again.
func TestTooMuchToDo(t *testing.T) {
	release, came := make(chan struct{}), make(chan struct{}, 2)
	address, _ := serve(t, listen.Config{Limits: listen.Limits{Requests: 1, Wait: 20 * time.Millisecond}, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		came <- struct{}{}
		<-release
	})})
	first := dial(t, address, get)
	<-came
	if status, body := answer(t, dial(t, address, get)); status != 503 || !strings.Contains(body, "message") {
		t.Errorf("got %d, %s", status, body)
	}
	close(release)
	answer(t, first)
	if status, _ := answer(t, dial(t, address, get)); status != 200 {
		t.Errorf("got %d", status)
	}
}

func TestPanics(t *testing.T) {
	var log bytes.Buffer
	address, stop := serve(t, listen.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/late":
			w.Header().Set("Content-Length", "9")
			io.WriteString(w, "begun")
			http.NewResponseController(w).Flush()
			panic("oh")
		case "/early":
			panic("oh")
		case "/quiet":
			panic(http.ErrAbortHandler)
		}
		hello(w, r)
	})})
	for path, want := range map[string]string{"/late": "200 unexpected EOF", "/early": "500 ", "/": "200 hello"} {
		status, body := answer(t, dial(t, address, strings.Replace(get, "/", path, 1)))
		if got := fmt.Sprint(status, " ", body); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if b, err := io.ReadAll(dial(t, address, strings.Replace(get, "/", "/quiet", 1))); len(b) > 0 {
		t.Errorf("got %s, %v", b, err)
	}
	stop() // so that nobody writes to the log any more
	if n := strings.Count(log.String(), "panic=oh"); n != 2 {
		t.Errorf("the log says: %s", &log)
	}
}

// The end waits for those who are being answered, and for nobody else.
func TestEnd(t *testing.T) { synctest.Test(t, end) }

func end(t *testing.T) {
	release, came := make(chan struct{}), make(chan struct{}, 2)
	c := listen.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		<-release
		hello(w, r)
	})}
	dial, stop := serveInMemory(t, c)
	silent := dial("")
	busy := dial(get)
	<-came
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- stop() }()
	if !closed(silent) {
		t.Error("the silent one is still there")
	}
	select {
	case err := <-ended:
		t.Fatalf("it ended too early: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if status, body := answer(t, busy); status != 200 || body != "hello" {
		t.Errorf("got %d, %s", status, body)
	}
	if err := <-ended; err != nil || time.Since(began) > 3*time.Second {
		t.Errorf("it ended with %v after %v", err, time.Since(began))
	}
	if !closed(dial(get)) {
		t.Error("it still listens")
	}
}

func TestEndOfPatience(t *testing.T) {
	came := make(chan struct{})
	address, stop := serve(t, listen.Config{Grace: 50 * time.Millisecond, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(came)
		<-r.Context().Done() // which it is told then
	})})
	dial(t, address, get)
	<-came
	if err := stop(); err == nil || err.Error() != "1 requests were cut off, because they took too long to come to their end" {
		t.Errorf("got %v", err)
	}
}
