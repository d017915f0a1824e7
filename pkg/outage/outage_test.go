package outage_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/outage"
)

// An outage is told of when it begins, when it has another reason, and when it is over,
// however often what goes wrong is done.
func TestWent(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	l := &outage.Log{Now: func() time.Time { return now }, To: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))}
	went := func(what string, err error, says ...string) {
		t.Helper()
		out.Reset()
		l.Went(what, err)
		if d := cmp.Diff(strings.Join(says, "\n"), strings.TrimSpace(out.String())); d != "" {
			t.Error(d)
		}
		now = now.Add(2 * time.Second)
	}
	went("look", nil)
	went("look", errors.New("away"), `level=WARN msg=look error=away`)
	for range 100 {
		went("look", errors.New("away"))
	}
	went("listen", errors.New("away"), `level=WARN msg=listen error=away`)
	for i := range 28 {
		went("listen", fmt.Errorf("away, port %d", i))
	}
	went("look", errors.New("read-only"), `level=WARN msg=look error=read-only`)
	went("listen", errors.New("away, port 99"), `level=WARN msg=listen error="away, port 99"`)
	if n := l.Open(); n != 2 {
		t.Errorf("%d outages", n)
	}
	went("look", nil, `level=INFO msg=over was=look after=4m24s times=102`)
	went("look", nil)
	went("look", errors.New("read-only"), `level=WARN msg=look error=read-only`)
	went("listen", nil, `level=INFO msg=over was=listen after=1m8s times=30`)
}
