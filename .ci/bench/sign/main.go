// Sign measures what "signer sign" and "signer verify" take, as multiples of what must
// be done in any case. Run it from the repository's root:
//
//	go run ./.ci/bench/sign [-n RUNS] [-files N] [-dir DIR]
//
// An archive of 250 MB is signed in a multiple of the larger of two times: that of
// uncompressing it and hashing it with SHA-384, both at once on two cores, and that
// of a durable copy; and the signed one is verified in a multiple of the same. Many
// small archives are signed by one command and compared with as many runs of
// "openssl cms -sign". Memory is the most that a process had.
//
// The contestants run in turn, so that all of them see the same machine.
//
// What is wanted, and what was found on two cores of a cloud machine, in November 2026,
// at a priority above all else that ran there ("chrt -f 1"):
//
//	sign 250 MB, random, mixed, text    at most 1.3    1.20, 1.10, 1.02
//	verify 250 MB                       at most 1.3    1.02, 1.03, 1.05
//	1000 runs of openssl cms -sign      at least 10    10.8 times as long
//	most memory, MiB                    at most 48     28; 40 for 1000 archives at once, 47 for a million entries
//
// Where others use the cores, signing loses more than hashing does, since it has more
// to do beside it: then the first figures were between 1.3 and 2.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"signer/.ci/bench/measure"
)

func main() {
	log.SetFlags(0)
	runs := flag.Int("n", 5, "runs of each")
	files := flag.Int("files", 1000, "how many small archives")
	in := flag.String("dir", "", "where to work; by default a directory that is removed again")
	entries := flag.String("write", "", "write an archive of as many small entries as -n says, and end")
	flag.Parse()
	if *entries != "" {
		writeEntries(*entries, *runs)
		return
	}
	dir, remove := measure.Place(*in, "sign")
	defer remove()
	b := &bench{dir: dir, runs: *runs}
	b.setUp()
	for _, kind := range []archiveKind{mixed, random, text} {
		b.large(kind)
	}
	b.entries(2000)
	b.entries(1_000_000)
	b.small(*files)
}

// bench is a home to sign in, and a program that signs.
type bench struct {
	dir, program string
	runs         int
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) setUp() {
	b.program = measure.Build(b.dir, "signer", ".")
	measure.Check(os.Setenv("SIGNER_HOME", b.path("home")))
	measure.Check(os.RemoveAll(b.path("home")))
	fmt.Printf("%-32s %9s %9s %9s %9s %7s %7s %9s\n", "", "sign ms", "verify ms", "hash ms", "copy ms", "sign", "verify", "peak MiB")
}

// row is what was measured of one kind of file.
type row struct {
	sign, verify, hash, copy []time.Duration
	peak                     int64 // KiB
}

// print prints a line of the table.
func (r *row) print(what string) {
	base := float64(max(measure.Median(r.hash), measure.Median(r.copy)))
	ratio := func(d []time.Duration) string {
		if base == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f", float64(measure.Median(d))/base)
	}
	fmt.Printf("%-32s %9s %9s %9s %9s %7s %7s %9.1f\n", what, shown(r.sign), shown(r.verify), shown(r.hash), shown(r.copy), ratio(r.sign), ratio(r.verify), float64(r.peak)/1024)
}

func shown(d []time.Duration) string {
	if len(d) == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", measure.Milliseconds(measure.Median(d)))
}

// sign signs files in one command, none of which has been signed before.
func (b *bench) sign(r *row, words ...string) {
	if err := os.Remove(b.path("home/records.db")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Fatal(err)
	}
	measure.Check(exec.Command(b.program, "put-signing-profile", "--profile-name", "web", "--platform-id", "AWSLambda-SHA384-ECDSA").Run())
	r.sign = append(r.sign, r.run(b.program, append([]string{"sign", "--profile-name", "web", "--output", "off"}, words...)...))
}

// verify judges files in one command.
func (b *bench) verify(r *row, files ...string) {
	r.verify = append(r.verify, r.run(b.program, append([]string{"verify", "--output", "off"}, files...)...))
}

// run returns how long a program took, and notes its memory.
func (r *row) run(program string, args ...string) time.Duration {
	c := exec.Command(program, args...)
	c.Stderr = os.Stderr
	took := timed(func() { measure.Check(c.Run()) })
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = max(r.peak, usage.Maxrss) // in KiB on Linux
	}
	return took
}

// large signs and verifies an archive of 250 MB.
func (b *bench) large(kind archiveKind) {
	source, signed := b.path(kind.name+".zip"), b.path(kind.name+"-signed.zip")
	writeArchive(source, kind)
	r := new(row)
	for i := range b.runs + 1 {
		b.sign(r, source)
		b.verify(r, signed)
		measure.Check(os.Remove(signed))
		r.hash = append(r.hash, timed(func() { inflateAndHash(source) }))
		r.copy = append(r.copy, timed(func() { durableCopy(source, signed) }))
		measure.Check(os.Remove(signed))
		if i == 0 { // the first round is not counted
			*r = row{peak: r.peak}
		}
	}
	r.print("250 MB, " + kind.name)
	measure.Check(os.Remove(source))
}

// entries signs an archive of many entries, none of which may be compressed anew.
func (b *bench) entries(n int) {
	source, signed := b.path("entries.zip"), b.path("entries-signed.zip")
	apart(source, n)
	r := new(row)
	for range b.runs {
		b.sign(r, source)
		b.verify(r, signed)
		sameBeginning(source, signed)
		measure.Check(os.Remove(signed))
	}
	r.print(fmt.Sprint(n, " entries, copied as they are"))
}

// apart writes an archive in a process of its own: what this one has in memory would
// be counted as that of the programs that it starts.
func apart(path string, n int) {
	self, err := os.Executable()
	measure.Check(err)
	measure.Check(exec.Command(self, "-write", path, "-n", fmt.Sprint(n)).Run())
}

// small signs many archives at once, and compares with OpenSSL. Each round has a new
// directory, and nothing is removed between them: some file systems are slow to make
// files where others have just been removed.
func (b *bench) small(n int) {
	measure.Check(os.MkdirAll(b.path("small"), 0o700))
	var files []string
	for i := range n {
		files = append(files, b.path(fmt.Sprintf("small/f%d.zip", i)))
		writeEntries(files[i], 2)
	}
	r := new(row)
	for i := range b.runs {
		out := b.path(fmt.Sprint("signed", i))
		b.sign(r, append([]string{"--out-dir", out}, files...)...)
		signed, err := filepath.Glob(filepath.Join(out, "*"))
		measure.Check(err)
		b.verify(r, signed...)
	}
	r.print(fmt.Sprint(n, " small archives"))
	if _, err := exec.LookPath("openssl"); err != nil {
		fmt.Println("openssl is not here to compare with")
		return
	}
	took := b.openssl(files)
	fmt.Printf("%-32s %9.1f, which is %.1f times as long\n", fmt.Sprint(n, " runs of openssl cms -sign"), measure.Milliseconds(took), float64(took)/float64(measure.Median(r.sign)))
}

// openssl signs each file by a run of OpenSSL.
func (b *bench) openssl(files []string) time.Duration {
	key, certificate := b.path("key.pem"), b.path("certificate.pem")
	measure.Check(exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-days", "3", "-subj", "/CN=bench", "-keyout", key, "-out", certificate).Run())
	return timed(func() {
		for _, f := range files {
			measure.Check(exec.Command("openssl", "cms", "-sign", "-binary", "-md", "sha384", "-outform", "PEM", "-signer", certificate, "-inkey", key, "-in", f, "-out", f+".sf").Run())
		}
	})
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
