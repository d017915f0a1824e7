//go:build unix

package recordstest_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"signer/pkg/records/recordstest"
)

// child is what this program is told to be when it is to start a server and die.
const child = "RECORDSTEST_CHILD"

// Nothing is left of a server whose test has ended, in whatever way: it fails, or it is
// killed.
func TestNothingIsLeft(t *testing.T) {
	if how := os.Getenv(child); how != "" {
		dies(t, how)
		return
	}
	for _, how := range []string{"kill", "fail"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			c := exec.Command(os.Args[0], "-test.run", "^TestNothingIsLeft$")
			c.Env = append(os.Environ(), child+"="+how)
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			url := ""
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if at, ok := strings.CutPrefix(lines.Text(), "URL "); ok {
					url = at
				}
			}
			switch err := c.Wait(); {
			case err == nil:
				t.Skip("no server can be started here")
			case url == "":
				t.Fatal("it died of something else: ", err)
			}
			ends(t, url)
		})
	}
}

func dies(t *testing.T, how string) {
	s := recordstest.Start(t)
	os.Stdout.WriteString("URL " + s.URL("postgres") + "\n")
	if how == "kill" {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	t.Fatal("as it was told")
}

// ends waits until nobody answers any more.
func ends(t *testing.T, url string) {
	t.Helper()
	for until := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return
		}
		c.Close(t.Context())
		if time.Now().After(until) {
			t.Fatal("the server goes on")
		}
	}
}
