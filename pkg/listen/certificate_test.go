package listen_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/pkg/listen"
)

// write makes a certificate with a serial number, and its key.
func write(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	put(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return certFile, keyFile
}

func put(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	certFile, keyFile := write(t, dir, 1)
	config, err := listen.Certificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	address, _ := serve(t, listen.Config{Handler: hello, TLS: config})
	for proto, transport := range map[string]*http.Transport{
		"HTTP/2.0": {ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		"HTTP/1.1": {TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	} {
		r, err := (&http.Client{Transport: transport}).Get("https://" + address)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		transport.CloseIdleConnections()
		if r.Proto != proto || r.StatusCode != 200 {
			t.Errorf("got %s %d, want %s", r.Proto, r.StatusCode, proto)
		}
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is good enough")
	}
	// Plain text, and half a handshake, harm nobody.
	dial(t, address, get)
	dial(t, address, "\x16\x03\x01")
	put(t, keyFile, []byte("not a key"))
	put(t, certFile, []byte("not a certificate"))
	time.Sleep(120 * time.Millisecond)
	if got := serial(t, address); got != 1 || !strings.Contains(log.String(), "the new certificate is not used") {
		t.Errorf("got %d; %s", got, &log)
	}
	write(t, dir, 2)
	time.Sleep(120 * time.Millisecond)
	if got := serial(t, address); got != 2 {
		t.Errorf("got %d", got)
	}
}

func serial(t *testing.T, address string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestNoCertificate(t *testing.T) {
	if _, err := listen.Certificate("none.pem", "none.key", nil); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("got %v", err)
	}
}
