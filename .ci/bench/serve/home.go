package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/.ci/bench/measure"
)

const (
	region  = "us-east-1"
	account = "111122223333"
)

// home is what a server serves: a bucket with an archive, one to write to, profiles
// and a key.
type home struct {
	options
	place, program string
	key            aws.Credentials
	version        string // of the archive
	failed         bool
}

func newHome(o options) (h *home, remove func()) {
	place, remove := measure.Place(o.dir, "serve")
	h = &home{options: o, place: place, program: measure.Build(place, "signer", ".")}
	measure.Check(os.RemoveAll(filepath.Join(place, "home")))
	h.fill()
	return h, remove
}

func (h *home) fill() {
	archive := filepath.Join(h.place, "app.zip")
	measure.Check(os.WriteFile(archive, measure.Archive("exports.handler = async () => 'hello'\n"), 0o600))
	for _, bucket := range []string{"source", "destination"} {
		h.run("s3api", "create-bucket", "--bucket", bucket)
	}
	h.run("s3api", "put-bucket-versioning", "--bucket", "source", "--versioning-configuration", "Status=Enabled")
	h.version = h.run("s3api", "put-object", "--bucket", "source", "--key", "app.zip", "--body", archive, "--query", "VersionId", "--output", "text")
	h.run("put-signing-profile", "--profile-name", "web", "--platform-id", "AWSLambda-SHA384-ECDSA")
	h.run("put-signing-profile", "--profile-name", "images", "--platform-id", "Notation-OCI-SHA384-ECDSA")
	id, secret, _ := strings.Cut(h.run("iam", "create-access-key", "--query", "AccessKey.[AccessKeyId,SecretAccessKey]", "--output", "text"), "\t")
	h.key = aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
}

func (h *home) command(args ...string) *exec.Cmd {
	c := exec.Command(h.program, args...)
	c.Env = append(os.Environ(), "SIGNER_HOME="+filepath.Join(h.place, "home"), "SIGNER_ACCOUNT_ID="+account, "AWS_REGION="+region, "AWS_EC2_METADATA_DISABLED=true")
	return c
}

func (h *home) run(args ...string) string {
	c := h.command(args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	measure.Check(err)
	return strings.TrimSpace(string(out))
}

// server is one that runs.
type server struct {
	*home
	process *exec.Cmd
	address string
}

// start starts a server and waits until it serves.
func (h *home) start() *server {
	s := &server{home: h, process: h.command("serve", "--addr", "127.0.0.1:0", "--log-format", "json", "--log-level", "info")}
	if h.workers != "" {
		s.process.Args = append(s.process.Args, "--workers", h.workers)
	}
	if h.profile != "" {
		self, err := os.Executable()
		measure.Check(err)
		s.process.Path = self
		s.process.Env = append(s.process.Env, profileVariable+"="+h.profile)
	}
	log, err := s.process.StderrPipe()
	measure.Check(err)
	measure.Check(s.process.Start())
	address := make(chan string, 1)
	go follow(log, address)
	s.address = <-address
	return s
}

// follow reads the log to its end, shows complaints, and finds the address.
func follow(log io.Reader, address chan<- string) {
	for lines := bufio.NewScanner(log); lines.Scan(); {
		switch {
		case bytes.Contains(lines.Bytes(), []byte(`"msg":"serving"`)):
			var line struct{ URL string }
			measure.Check(json.Unmarshal(lines.Bytes(), &line))
			address <- strings.TrimPrefix(line.URL, "http://")
		case bytes.Contains(lines.Bytes(), []byte(`"level":"ERROR"`)):
			fmt.Printf("   the server says %s\n", lines.Bytes())
		}
	}
}

// stop asks the server to stop, and waits for that.
func (s *server) stop() {
	measure.Check(s.process.Process.Signal(syscall.SIGTERM))
	if err := s.process.Wait(); err != nil {
		s.fail("the server ended with %v", err)
	}
}

func (h *home) fail(format string, args ...any) {
	h.failed = true
	fmt.Printf("   FAILED: "+format+"\n", args...)
}

// usage is what a process has used so far.
type usage struct {
	resident  int // MB
	processor time.Duration
}

// usage reads what the kernel of Linux tells; elsewhere nothing is known.
func (s *server) usage() (u usage) {
	dir := fmt.Sprint("/proc/", s.process.Process.Pid)
	statm, _ := os.ReadFile(dir + "/statm")
	var size, pages int
	fmt.Sscan(string(statm), &size, &pages)
	u.resident = pages * os.Getpagesize() >> 20
	stat, _ := os.ReadFile(dir + "/stat")
	_, rest, _ := strings.Cut(string(stat), ") ") // behind the name
	if fields := strings.Fields(rest); len(fields) > 13 {
		var user, system int
		fmt.Sscan(fields[11], &user)
		fmt.Sscan(fields[12], &system)
		u.processor = time.Duration(user+system) * time.Second / 100
	}
	return u
}
