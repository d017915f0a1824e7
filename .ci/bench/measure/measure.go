// Package measure is what the benchmarks have in common: a place to work in, the
// program that they measure, something to sign, and times in order.
//
// What goes wrong ends the program: half a benchmark tells nothing.
package measure

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// Check ends the program if something went wrong.
func Check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Place returns the directory that was asked for, which is kept, or one for now.
func Place(dir, name string) (place string, remove func()) {
	if dir != "" {
		Check(os.MkdirAll(dir, 0o700))
		return dir, func() {}
	}
	dir, err := os.MkdirTemp("", name+"-")
	Check(err)
	return dir, func() { os.RemoveAll(dir) }
}

// Build builds a program of this repository in a directory, and returns where it is.
func Build(dir, name, from string) string {
	out := filepath.Join(dir, name)
	c := exec.Command("go", "build", "-o", out, from)
	c.Stderr = os.Stderr
	Check(c.Run())
	return out
}

// Archive is something small to sign.
func Archive(text string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("index.js")
	Check(err)
	_, err = io.WriteString(f, text)
	Check(errors.Join(err, z.Close()))
	return b.Bytes()
}

// Median returns the one in the middle, and 0 of none.
func Median(d []time.Duration) time.Duration { return At(d, .5) }

// At returns the time that such a part of all took at most, and 0 of none.
func At(d []time.Duration, part float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.SortedFunc(slices.Values(d), cmp.Compare[time.Duration])
	return d[min(len(d)-1, int(part*float64(len(d))))]
}

// Milliseconds returns a time as people compare them.
func Milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
