package remote_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/pkg/remote"
)

// closing is the body of a request as the SDK makes them: once it is closed there is
// nothing in it, which its two methods say in different ways. Who has read some of it
// goes on when it is closed.
type closing struct {
	text   *strings.Reader
	piece  int // what is read before it is waited; 0: all
	closed chan struct{}
	once   sync.Once
}

func newClosing(size, piece int) *closing {
	return &closing{text: strings.NewReader(strings.Repeat("x", size)), piece: piece, closed: make(chan struct{})}
}

func (c *closing) Read(p []byte) (int, error) {
	if c.piece > 0 && c.text.Len() < int(c.text.Size()) {
		<-c.closed
		return 0, io.EOF
	}
	if c.piece > 0 {
		p = p[:c.piece]
	}
	return c.text.Read(p)
}

// WriteTo is what io.Copy calls in the place of Read.
func (c *closing) WriteTo(io.Writer) (int64, error) {
	<-c.closed
	return 0, io.EOF
}

func (c *closing) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// TestAnswersOutliveRequests reads answers after the SDK has closed the request: when
// all of it was sent, and when the service has answered before.
func TestAnswersOutliveRequests(t *testing.T) {
	for name, request := range map[string]*closing{"whole": newClosing(100, 0), "begun": newClosing(100, 10)} {
		t.Run(name, func(t *testing.T) {
			sent := 100
			if request.piece > 0 {
				sent = request.piece
			}
			config, err := remote.Load(t.Context(), remote.Config{Settings: usual().settings()})
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequest(http.MethodPost, slowly(t, sent, request.closed), request)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = 100
			answer, err := config.HTTPClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			request.Close()
			if text, err := io.ReadAll(answer.Body); err != nil || string(text) != "answer" {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

// slowly is a service that has read so many bytes of a body when it begins its answer. It
// ends that some time after the client has closed the body, or when the connection is gone.
func slowly(t *testing.T, read int, closed <-chan struct{}) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for line := ""; line != "\r\n" && err == nil; {
			line, err = in.ReadString('\n')
		}
		io.CopyN(io.Discard, in, int64(read))
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nan")
		<-closed
		c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		in.ReadByte()
		io.WriteString(c, "swer")
	}()
	return "http://" + l.Addr().String()
}
