package cmd

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

// A server that stops does not wait for ever for what hangs.
func TestStoppingHangs(t *testing.T) {
	d := &daemon{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	late := make(chan time.Time, 1)
	late <- time.Now()
	if err := d.await(make(chan struct{}), make(chan os.Signal), late); err == nil || !strings.Contains(err.Error(), "others take it over") {
		t.Errorf("it ended with %v", err)
	}
}
