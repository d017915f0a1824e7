//go:build unix

package cmd_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/keys/keystest"
)

// secrets are texts that must not be seen, by what they are.
type secrets map[string]string

// key adds a private key, in the forms in which it could be shown.
func (s secrets) key(name string, der []byte) {
	text := base64.StdEncoding.EncodeToString(der)
	s[name+", PEM"] = text[len(text)/3:][:36] // the key itself lies in the middle
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return
	}
	if key, ok := parsed.(*ecdsa.PrivateKey); ok {
		d, _ := key.Bytes() // of a curve that the standard library has
		s[name+", hex"], s[name+", base64"], s[name+", bytes"] = hex.EncodeToString(d), base64.StdEncoding.EncodeToString(d)[:40], fmt.Sprint(d)
		s[name+", decimal"] = new(big.Int).SetBytes(d).String()
	}
}

// keysIn adds the private keys that lie in a home as they are.
func (s secrets) keysIn(t *testing.T, home string) {
	t.Helper()
	found := 0
	for _, form := range []string{"authority/*.pem", "authority/*/*.pem", "sealing.pem"} {
		files, err := filepath.Glob(filepath.Join(home, "keys", filepath.FromSlash(form)))
		must(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
				if block.Type == "PRIVATE KEY" {
					s.key(filepath.Base(file), block.Bytes)
					found++
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("%d private keys", found)
	}
}

// seen are the secrets that a text has.
func (s secrets) seen(text string) (names []string) {
	text = strings.ToLower(strings.ReplaceAll(text, "\n", ""))
	for name, secret := range s {
		if strings.Contains(text, strings.ToLower(secret)) {
			names = append(names, name)
		}
	}
	return names
}

// spy runs the program where everybody may read what it makes, as far as it lets
// them, and looks for secrets in what it says.
type spy struct {
	*serveHome
	secrets secrets
}

func (s *spy) does(t *testing.T, ok bool, args ...string) (stdout string) {
	t.Helper()
	c := s.command(append(args, "--debug")...)
	c.Args = append([]string{"sh", "-c", `umask 0; exec "$0" "$@"`, c.Path}, c.Args[1:]...)
	c.Path, _ = exec.LookPath("sh") // every system has it
	c.Dir = filepath.Dir(s.dir)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); ok != (err == nil) {
		t.Errorf("%s: %v\n%s", args, err, &errs)
	}
	if names := s.secrets.seen(out.String() + errs.String()); len(names) > 0 {
		t.Errorf("%s shows %q:\n%s%s", args, names, &out, &errs)
	}
	if !strings.Contains(errs.String(), "start") {
		t.Errorf("%s logs nothing", args)
	}
	return out.String()
}

// Passphrases, private keys and the like are in no output, no log, no error and no
// file that others can read, whatever goes well or wrong.
func TestSecretsStaySecret(t *testing.T) {
	h := newServeHome(t)
	s := &spy{serveHome: h, secrets: secrets{"passphrase": "correct horse", "new passphrase": "battery staple", "wrong passphrase": "incorrect mule",
		"database password": "dbpass5ecret", "master key": "AGE-SECRET-KEY-1"}}
	base := filepath.Dir(h.dir)
	file := func(name string, text []byte) { must(t, os.WriteFile(filepath.Join(base, name), text, 0o600)) }
	imported := keystest.Bundle(t, keystest.Key(t))
	block, _ := pem.Decode(imported.PrivateKey)
	s.secrets.key("imported key", block.Bytes)
	file("cert.pem", imported.Certificate)
	file("key.pem", imported.PrivateKey)
	file("app.zip", archive(t))
	with := func(passphrase string, more ...string) { s.env = append(more, "SIGNER_KEY_PASSPHRASE="+passphrase) }

	arn := strings.TrimSpace(s.does(t, true, "acm", "import-certificate", "--certificate", "fileb://cert.pem", "--private-key", "fileb://key.pem", "--query", "CertificateArn", "--output", "text"))
	s.does(t, true, "put-signing-profile", "--profile-name", "ota", "--platform-id", "AWSIoTDeviceManagement-SHA256-ECDSA", "--signing-material", "certificateArn="+arn)
	s.does(t, true, "put-signing-profile", "--profile-name", "code", "--platform-id", lambda)
	s.does(t, true, "sign", "cert.pem", "--profile-name", "ota")
	s.does(t, true, "sign", "app.zip", "--profile-name", "code")
	access := s.accessKey(t)
	s.secrets.keysIn(t, h.dir)
	s.does(t, false, "keys", "encrypt")
	with("correct horse")
	s.does(t, true, "keys", "encrypt")
	s.does(t, true, "keys", "list")
	s.serves(t, access)
	with("incorrect mule")
	s.does(t, false, "sign", "app.zip", "--profile-name", "code", "--out", "wrong.zip")
	s.does(t, false, "keys", "decrypt")
	with("correct horse", "SIGNER_NEW_KEY_PASSPHRASE=battery staple")
	s.does(t, true, "keys", "rotate")
	s.does(t, false, "keys", "rotate")
	with("battery staple")
	s.does(t, true, "sign", "app.zip", "--profile-name", "code", "--out", "again.zip")
	s.does(t, false, "keys", "import-root", "--certificate", "cert.pem", "--private-key", "key.pem", "--replace")
	s.does(t, false, "keys", "import-root", "--certificate", "key.pem", "--private-key", "cert.pem", "--replace")
	s.does(t, false, "acm", "import-certificate", "--certificate", "fileb://key.pem", "--private-key", "fileb://cert.pem")
	s.does(t, true, "backup", "home.tar")
	s.does(t, true, "restore", "home.tar", "--home", "other")
	s.does(t, true, "doctor")
	s.env = append(s.env, "SIGNER_DATABASE_URL=postgres://me:dbpass5ecret@127.0.0.1:1/none?connect_timeout=1")
	s.does(t, false, "list-signing-jobs")
	with("battery staple")
	for _, name := range []string{"leaf.pem", "ca.pem"} {
		damage(t, filepath.Join(h.dir, "keys", "authority", serveRegion, name))
		s.does(t, false, "sign", "app.zip", "--profile-name", "code", "--out", "damaged.zip")
	}
	s.private(t, base)
}

// accessKey makes an access key, which is shown this once, and is a secret from then on.
func (s *spy) accessKey(t *testing.T) aws.Credentials {
	t.Helper()
	out := s.does(t, true, "iam", "create-access-key", "--user-name", "maria", "--query", "AccessKey.[AccessKeyId,SecretAccessKey]", "--output", "text")
	id, secret, _ := strings.Cut(strings.TrimSpace(out), "\t")
	s.secrets["access key"] = secret
	if !slices.Equal(s.secrets.seen(out), []string{"access key"}) {
		t.Errorf("what is shown is not seen: %q", s.secrets.seen(out))
	}
	return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
}

// serves has a server work, and looks at its log.
func (s *spy) serves(t *testing.T, access aws.Credentials) {
	t.Helper()
	server := s.start(t, "--debug")
	c := server.client(t, access)
	_, err := c.StartSigningJob(t.Context(), s.app(t, c))
	must(t, err)
	must(t, server.stop(t))
	if names := s.secrets.seen(server.logged()); len(names) > 0 {
		t.Errorf("the server logs %q:\n%s", names, server.logged())
	}
}

// private looks at all files in a directory: none has a secret, but for the
// key that was imported, and what the program has made is its owner's alone.
func (s *spy) private(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Remove(filepath.Join(dir, "key.pem")))
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		inHome := slices.ContainsFunc([]string{"home", "home.tar", "other"}, func(name string) bool {
			return path == filepath.Join(dir, name) || strings.HasPrefix(path, filepath.Join(dir, name)+"/")
		})
		if inHome && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %s: %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if names := s.secrets.seen(string(text)); len(names) > 0 {
			t.Errorf("%s has %q", path, names)
		}
		return err
	}))
}

// damage leaves the first half of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, text[:len(text)/2], 0o600))
}
