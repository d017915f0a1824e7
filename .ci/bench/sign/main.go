// Sign measures what "signer sign" takes, as multiples of what must be done in any
// case. Run it from the repository's root:
//
//	go run ./.ci/bench/sign [-n RUNS] [-files N] [-dir DIR]
//
// An archive of 250 MB is signed in a multiple of the larger of two times: that of
// uncompressing it and hashing it with SHA-384, both at once on two cores, and that
// of a durable copy. Many small archives are signed by one command and compared with
// as many runs of "openssl cms -sign". Memory is the most that the process had.
//
// The contestants run in turn, so that all of them see the same machine.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	runs := flag.Int("n", 5, "runs of each")
	files := flag.Int("files", 1000, "how many small archives")
	in := flag.String("dir", "", "where to work; by default a directory that is removed again")
	flag.Parse()
	dir := *in
	if dir == "" {
		made, err := os.MkdirTemp("", "sign-")
		check(err)
		defer os.RemoveAll(made)
		dir = made
	}
	b := &bench{dir: dir, runs: *runs}
	b.setUp()
	for _, kind := range []archiveKind{mixed, random, text} {
		b.large(kind)
	}
	b.entries(2000)
	b.small(*files)
}

// bench is a home to sign in, and a program that signs.
type bench struct {
	dir, program string
	runs         int
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) setUp() {
	b.program = b.path("signer")
	build := exec.Command("go", "build", "-o", b.program, ".")
	build.Stderr = os.Stderr
	check(build.Run())
	check(os.Setenv("SIGNER_HOME", b.path("home")))
	check(os.RemoveAll(b.path("home")))
	check(exec.Command(b.program, "put-signing-profile", "--profile-name", "web", "--platform-id", "AWSLambda-SHA384-ECDSA").Run())
	fmt.Printf("%-32s %9s %9s %9s %7s %9s\n", "", "sign ms", "hash ms", "copy ms", "ratio", "peak MiB")
}

// sign signs files in one command, and returns how long it took and its memory.
func (b *bench) sign(files ...string) (took time.Duration, peak int64) {
	c := exec.Command(b.program, append([]string{"sign", "--profile-name", "web", "--output", "off"}, files...)...)
	c.Stderr = os.Stderr
	start := time.Now()
	check(c.Run())
	took = time.Since(start)
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = usage.Maxrss // in KiB on Linux
	}
	return took, peak
}

// large signs an archive of 250 MB.
func (b *bench) large(kind archiveKind) {
	source := b.path(kind.name + ".zip")
	writeArchive(source, kind)
	var signing, hashing, copying []time.Duration
	var most int64
	for i := range b.runs + 1 {
		signed := b.path(kind.name + "-signed.zip")
		took, peak := b.sign(source)
		check(os.Remove(signed))
		hashed, copied := timed(func() { inflateAndHash(source) }), timed(func() { durableCopy(source, signed) })
		check(os.Remove(signed))
		if i > 0 { // the first round is not counted
			signing, hashing, copying = append(signing, took), append(hashing, hashed), append(copying, copied)
		}
		most = max(most, peak)
	}
	base := max(median(hashing), median(copying))
	fmt.Printf("%-32s %9.0f %9.0f %9.0f %7.2f %9.1f\n", "250 MB, "+kind.name, ms(median(signing)), ms(median(hashing)), ms(median(copying)),
		float64(median(signing))/float64(base), float64(most)/1024)
	check(os.Remove(source))
}

// entries signs an archive of many entries, none of which may be compressed anew.
func (b *bench) entries(n int) {
	source, signed := b.path("entries.zip"), b.path("entries-signed.zip")
	writeEntries(source, n)
	var signing []time.Duration
	var most int64
	for range b.runs {
		took, peak := b.sign(source)
		signing, most = append(signing, took), max(most, peak)
		sameBeginning(source, signed)
		check(os.Remove(signed))
	}
	fmt.Printf("%-32s %9.1f %9s %9s %7s %9.1f\n", fmt.Sprint(n, " entries, copied as they are"), ms(median(signing)), "", "", "", float64(most)/1024)
}

// small signs many archives at once, and compares with OpenSSL.
func (b *bench) small(n int) {
	check(os.MkdirAll(b.path("small"), 0o700))
	var files []string
	for i := range n {
		files = append(files, b.path(fmt.Sprintf("small/f%d.zip", i)))
		writeEntries(files[i], 2)
	}
	var signing []time.Duration
	var most int64
	for range b.runs {
		took, peak := b.sign(files...)
		signing, most = append(signing, took), max(most, peak)
		for _, f := range files {
			check(os.Remove(f[:len(f)-len(".zip")] + "-signed.zip"))
		}
		check(os.Remove(b.path("home/records.db"))) // so that no file has been signed before
		check(exec.Command(b.program, "put-signing-profile", "--profile-name", "web", "--platform-id", "AWSLambda-SHA384-ECDSA").Run())
	}
	fmt.Printf("%-32s %9.0f %9s %9s %7s %9.1f\n", fmt.Sprint(n, " small archives"), ms(median(signing)), "", "", "", float64(most)/1024)
	if _, err := exec.LookPath("openssl"); err != nil {
		fmt.Println("openssl is not here to compare with")
		return
	}
	took := b.openssl(files)
	fmt.Printf("%-32s %9.0f, which is %.1f times as long\n", fmt.Sprint(n, " runs of openssl cms -sign"), ms(took), float64(took)/float64(median(signing)))
}

// openssl signs each file by a run of OpenSSL.
func (b *bench) openssl(files []string) time.Duration {
	key, certificate := b.path("key.pem"), b.path("certificate.pem")
	check(exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-days", "3", "-subj", "/CN=bench", "-keyout", key, "-out", certificate).Run())
	return timed(func() {
		for _, f := range files {
			check(exec.Command("openssl", "cms", "-sign", "-binary", "-md", "sha384", "-outform", "PEM", "-signer", certificate, "-inkey", key, "-in", f, "-out", f+".sf").Run())
		}
	})
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func median(d []time.Duration) time.Duration {
	d = slices.SortedFunc(slices.Values(d), cmp.Compare[time.Duration])
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
