// Verify measures what "signer verify" takes for a signed archive of 250 MB, as a
// multiple of what other programs take to uncompress and hash it, "unzip -p" piped
// into "openssl dgst -sha384", and the most memory that it has. Beside it stand
// firmware that is embedded in JSON, and firmware that is apart from its signature.
// Run it from the repository's root:
//
//	go run ./.ci/bench/verify [-n RUNS] [-dir DIR]
//
// The contestants run in turn, so that all of them see the same machine.
package main

import (
	"archive/zip"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"signer/.ci/bench/measure"
)

func main() {
	log.SetFlags(0)
	runs := flag.Int("n", 5, "runs of each")
	in := flag.String("dir", "", "where to work; by default a directory that is removed again")
	flag.Parse()
	dir, remove := measure.Place(*in, "verify")
	defer remove()
	b := &bench{dir: dir, runs: *runs}
	b.setUp()
	fmt.Printf("%-30s %10s %10s %7s %9s\n", "", "verify ms", "others ms", "ratio", "peak MiB")
	b.race("archive of 250 MB", b.archive("text.zip", 1), "unzip -p %s | openssl dgst -sha384")
	b.race("archive of 250 MB, half random", b.archive("mixed.zip", 2), "unzip -p %s | openssl dgst -sha384")
	b.race("firmware of 16 MB, embedded", b.firmware("small", 16_000_000, "embedded"), `sed 's/.*"payload":"//; s/"}$//' %s | base64 -d | openssl dgst -sha256`)
	b.race("firmware of 1 GB, apart", b.firmware("large", 1_000_000_000, "detached"), "openssl dgst -sha256 "+b.path("large"))
}

// bench is a home to sign in, and a program that verifies.
type bench struct {
	dir, program string
	runs         int
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) setUp() {
	b.program = measure.Build(b.dir, "signer", ".")
	measure.Check(os.Setenv("SIGNER_HOME", b.path("home")))
	measure.Check(os.RemoveAll(b.path("home")))
	b.do("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", b.path("key.pem"), "-out", b.path("cert.pem"),
		"-subj", "/CN=bench", "-addext", "keyUsage=critical,digitalSignature", "-addext", "extendedKeyUsage=codeSigning")
	arn := b.do(b.program, "acm", "import-certificate", "--certificate", "fileb://"+b.path("cert.pem"), "--private-key", "fileb://"+b.path("key.pem"), "--query", "CertificateArn", "--output", "text")
	b.profile("web", "AWSLambda-SHA384-ECDSA")
	b.profile("embedded", "AmazonFreeRTOS-Default", "--signing-material", "certificateArn="+arn)
	b.profile("detached", "AWSIoTDeviceManagement-SHA256-ECDSA", "--signing-material", "certificateArn="+arn)
}

func (b *bench) profile(name, platform string, more ...string) {
	b.do(b.program, append([]string{"put-signing-profile", "--profile-name", name, "--platform-id", platform}, more...)...)
}

// do runs a program that must succeed, and returns what it prints.
func (b *bench) do(name string, args ...string) string {
	c := exec.Command(name, args...)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		log.Fatalf("%s: %v\n%s", name, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// archive makes a signed archive of 250 MB, of which one entry in every so many
// cannot be compressed unless there is but one in one.
func (b *bench) archive(name string, every int) string {
	const large, entry = 250_000_000, 4_000_000
	path := b.path(name)
	out, err := os.Create(path)
	measure.Check(err)
	w := zip.NewWriter(out)
	random := rand.NewChaCha8([32]byte{1})
	body := make([]byte, entry)
	for i := 0; ; i++ {
		at, err := out.Seek(0, io.SeekCurrent)
		measure.Check(err)
		if at+entry > large {
			break
		}
		if random.Read(body); i%every == 0 {
			words(body)
		}
		e, err := w.Create(fmt.Sprint("entry", i))
		measure.Check(err)
		_, err = e.Write(body)
		measure.Check(errors.Join(err, w.Flush()))
	}
	measure.Check(errors.Join(w.Close(), out.Close()))
	b.do(b.program, "sign", path, "--profile-name", "web")
	return b.path(strings.TrimSuffix(name, ".zip") + "-signed.zip")
}

// words makes text of random bytes.
func words(p []byte) {
	const text = "exports handler async function return const require module response status code body event context "
	for n := 0; n < len(p); {
		at := int(p[n]) % (len(text) - 16)
		n += copy(p[n:], text[at:at+4+int(p[n])%12])
	}
}

// firmware makes a signed image.
func (b *bench) firmware(name string, size int, profile string) string {
	path := b.path(name)
	out, err := os.Create(path)
	measure.Check(err)
	_, err = io.CopyN(out, rand.NewChaCha8([32]byte{2}), int64(size))
	measure.Check(errors.Join(err, out.Close()))
	b.do(b.program, "sign", path, "--profile-name", profile)
	return path + "-signed.json"
}

// race has a file verified, and the other programs do their work, in turn. The first
// round is not counted.
func (b *bench) race(what, path, others string) {
	if strings.Contains(others, "%s") {
		others = fmt.Sprintf(others, path)
	}
	var ours, theirs []time.Duration
	var peak int64
	for i := range b.runs + 1 {
		took, memory := timed(exec.Command(b.program, "verify", path, "--output", "off"))
		other, _ := timed(exec.Command("sh", "-c", others+" >/dev/null"))
		if i > 0 {
			ours, theirs, peak = append(ours, took), append(theirs, other), max(peak, memory)
		}
	}
	x, y := measure.Median(ours), measure.Median(theirs)
	fmt.Printf("%-30s %10.0f %10.0f %7.2f %9.1f\n", what, measure.Milliseconds(x), measure.Milliseconds(y), float64(x)/float64(y), float64(peak)/1024)
}

// timed runs a program, and returns how long it took and its memory in KiB.
func timed(c *exec.Cmd) (took time.Duration, memory int64) {
	c.Stderr = os.Stderr
	start := time.Now()
	measure.Check(c.Run())
	return time.Since(start), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}
