package listen

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificate returns the TLS configuration of a server that has its certificate,
// with the chain above it, and its key in two files of PEM. When the files change
// they are read again; a pair that is not whole leaves the one before in its place,
// and the log is told.
func Certificate(certFile, keyFile string, log *slog.Logger) (*tls.Config, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.current}, nil
}

// lookEvery is how often the files are looked at, at most.
const lookEvery = 100 * time.Millisecond

// certificate is read from files that others may change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   string    // of the files that were read last
	checked time.Time // when they were last looked at
}

func (c *certificate) load() error {
	c.stamp = stamp(c.certFile) + stamp(c.keyFile)
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("the certificate in %s and its key in %s: %w", c.certFile, c.keyFile, err)
	}
	c.pair = &pair
	return nil
}

// stamp changes when a file does.
func stamp(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return "gone;"
	}
	return fmt.Sprint(info.ModTime().UnixNano(), ",", info.Size(), ";")
}

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) > lookEvery {
		c.checked = time.Now()
		if stamp(c.certFile)+stamp(c.keyFile) != c.stamp {
			if err := c.load(); err != nil {
				c.log.Error("the new certificate is not used", "error", err)
			}
		}
	}
	return c.pair, nil
}
