package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
)

// runsMain has the test's own program be the real one.
const runsMain = "SIGNER_TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runsMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestSaysNothingUnasked has a service answer with a body where there must be none.
func TestSaysNothingUnasked(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		answerTooMuch(t, conn)
	}))
	defer s.Close()
	c := exec.Command(os.Args[0], "list-signing-jobs", "--region", "us-east-1", "--endpoint-url", s.URL)
	c.Env = append(os.Environ(), runsMain+"=yes", "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=secret", "HOME="+t.TempDir())
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, and it said %q", err, stderr.String())
	}
}

func answerTooMuch(t *testing.T, conn net.Conn) {
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\n\r\nunasked"); err != nil {
		t.Error(err)
	}
}
