package listen_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signer/pkg/listen"
)

var hurried = listen.Limits{Patience: 100 * time.Millisecond, Rate: 2000}

// A body that comes too slowly is not waited for; one that moves is.
func TestSlowBodies(t *testing.T) { synctest.Test(t, slowBodies) }

func slowBodies(t *testing.T) {
	failed := make(chan error, 1)
	dial, _ := serveInMemory(t, listen.Config{Limits: listen.Limits{Patience: 600 * time.Millisecond, Rate: 500}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		failed <- err
		time.Sleep(700 * time.Millisecond) // longer than a body may rest
		fmt.Fprint(w, n, r.Context().Err())
	})})
	head := "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
	dial(fmt.Sprintf(head, 1000) + "a bit")
	if err, ok := (<-failed).(net.Error); !ok || !err.Timeout() {
		t.Errorf("got %v", err)
	}
	steady := dial(fmt.Sprintf(head, 1600))
	for range 16 {
		time.Sleep(60 * time.Millisecond)
		steady.Write(make([]byte, 100))
	}
	if err := <-failed; err != nil {
		t.Fatalf("a body that moved: %v", err)
	}
	if status, body := answer(t, steady); status != 200 || body != "1600 <nil>" {
		t.Fatalf("got %d, %s", status, body)
	}
	io.WriteString(steady, fmt.Sprintf(head, 1)+"x") // its time is its own
	<-failed
	if status, body := answer(t, steady); status != 200 || body != "1 <nil>" {
		t.Errorf("got %d, %s", status, body)
	}
}

const stalled = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\na bit"

// Who keeps us waiting for a body makes room for those who wait for his place: that of
// his connection, or that of his request.
func TestStalledBodies(t *testing.T) {
	for name, limits := range map[string]listen.Limits{"connections": {Connections: 2}, "requests": {Requests: 2}} {
		t.Run(name, func(t *testing.T) {
			came := make(chan struct{}, 10)
			limits.Stall = 40 * time.Millisecond
			address, _ := serve(t, listen.Config{Limits: limits, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				came <- struct{}{}
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					hello(w, r)
				}
			})})
			dial(t, address, stalled)
			dial(t, address, stalled)
			<-came
			<-came
			if status, body := answer(t, dial(t, address, get)); status != 200 || body != "hello" {
				t.Errorf("got %d, %s", status, body)
			}
		})
	}
}

// However soon it is to look again for room, it looks.
func TestRoomIsLookedForAgain(t *testing.T) {
	came := make(chan struct{})
	address, _ := serve(t, listen.Config{Limits: listen.Limits{Connections: 1, Stall: 10 * time.Microsecond}, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		io.Copy(io.Discard, r.Body)
	})})
	var before net.Conn
	for i := range 300 {
		conn := dial(t, address, stalled)
		select {
		case <-came:
		case <-time.After(patience):
			t.Fatalf("there is no room for connection %d", i)
		}
		if before != nil {
			before.Close() // which has been dismissed
		}
		before = conn
	}
}

// Who is refused before his body is there is told so without waiting for it.
func TestRefusedBodies(t *testing.T) {
	address, _ := serve(t, listen.Config{Limits: listen.Limits{Stall: 40 * time.Millisecond}, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	})})
	conn := dial(t, address, stalled)
	if status, _ := answer(t, conn); status != 403 {
		t.Errorf("got %d", status)
	}
	if !closed(conn) {
		t.Error("its body is waited for")
	}
	conn = dial(t, address, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na bit")
	answer(t, conn)
	time.Sleep(50 * time.Millisecond) // longer than it would have been waited for
	io.WriteString(conn, get)
	if status, _ := answer(t, conn); status != 403 {
		t.Errorf("behind a body that is there: got %d", status)
	}
}

// Who waits for a word before he sends his body is not waited for in turn.
func TestExpectedWord(t *testing.T) {
	address, _ := serve(t, listen.Config{Handler: hello})
	conn := dial(t, address, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if status, body := answer(t, conn); status != 200 || body != "hello" {
		t.Errorf("got %d, %s", status, body)
	}
}

// An answer that nobody reads is given up, but one that takes time to make is not.
func TestSlowReaders(t *testing.T) { synctest.Test(t, slowReaders) }

func slowReaders(t *testing.T) {
	failed := make(chan error, 2)
	dial, _ := serveInMemory(t, listen.Config{Limits: hurried, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			io.WriteString(w, "begun, ")
			http.NewResponseController(w).Flush()
			time.Sleep(200 * time.Millisecond)
			_, err := io.WriteString(w, "and ended")
			failed <- err
			return
		}
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				failed <- err
				return
			}
		}
	})})
	if _, body := answer(t, dial(strings.Replace(get, "/", "/slow", 1))); body != "begun, and ended" || <-failed != nil {
		t.Errorf("got %s", body)
	}
	reader := dial(get)
	if err, ok := (<-failed).(net.Error); !ok || !err.Timeout() {
		t.Errorf("got %v", err)
	}
	if !closed(reader) {
		t.Error("the reader can go on")
	}
}
