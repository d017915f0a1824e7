// Scale measures whether a store with a million jobs is as quick as one with a
// thousand: list-signing-jobs --max-items 25 at the beginning, in the middle and at
// the end of the list, with each filter and with several, and start-signing-job.
// Run it from the repository's root:
//
//	go run ./.ci/bench/scale [-small JOBS] [-large JOBS] [-n RUNS] [-only TEXT] [-dir DIR]
//
// The two stores take turns, so that both see the same machine. What is timed is
// the whole program, from its start to its end; beside it stands what only the
// engine takes in a process that goes on, where the start does not blur the ratio.
// With -dir the stores are kept, and used again when they are there.
package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	small, large := flag.Int("small", 1000, "jobs in the small store"), flag.Int("large", 1_000_000, "jobs in the large store")
	runs := flag.Int("n", 30, "runs of each")
	only := flag.String("only", "", "run only the cases whose names have this in them")
	dir := flag.String("dir", "", "where the stores are kept")
	flag.Parse()
	place, remove := workplace(*dir)
	defer remove()
	check(os.Setenv("AWS_EC2_METADATA_DISABLED", "true"))

	signer := build(place)
	stores := []*store{open(signer, place, *small), open(signer, place, *large)}
	fmt.Printf("%-38s %29s   %29s\n", "median of ms", "whole program", "engine alone")
	fmt.Printf("%-38s %9d %9d %9s   %9d %9d %9s\n", "", *small, *large, "ratio", *small, *large, "ratio")
	for _, c := range append(lists(), start) {
		if strings.Contains(c.name, *only) {
			fmt.Printf("%-38s %s   %s\n", c.name, race(stores, *runs, program(signer, c)), race(stores, *runs*5, engine(c)))
		}
	}
}

// workplace is the directory that was asked for, or one for now.
func workplace(dir string) (place string, remove func()) {
	if dir != "" {
		check(os.MkdirAll(dir, 0o700))
		return dir, func() {}
	}
	dir, err := os.MkdirTemp("", "scale-")
	check(err)
	return dir, func() { os.RemoveAll(dir) }
}

func build(dir string) string {
	out := filepath.Join(dir, "signer")
	c := exec.Command("go", "build", "-o", out, ".")
	c.Stderr = os.Stderr
	check(c.Run())
	return out
}

// open returns the store with so many jobs, which is made if it is not there.
func open(signer, dir string, jobs int) *store {
	home := filepath.Join(dir, fmt.Sprint("home-", jobs))
	whole := home + ".version"
	if version, err := os.ReadFile(whole); err == nil {
		return &store{home: home, jobs: jobs, version: string(version)}
	}
	check(os.RemoveAll(home))
	s := newStore(signer, home, jobs)
	check(os.WriteFile(whole, []byte(s.version), 0o600))
	return s
}

// times are the medians of one case over the small and the large store.
type times struct{ small, large time.Duration }

func (t times) String() string {
	if t == (times{}) {
		return ""
	}
	return fmt.Sprintf("%9.2f %9.2f %9.2f", ms(t.small), ms(t.large), float64(t.large)/float64(t.small))
}

// race times an action over the stores in turn. The first round is not counted.
func race(stores []*store, runs int, action func(*store) func()) times {
	var actions []func()
	for _, s := range stores {
		actions = append(actions, action(s))
	}
	took := make([][]time.Duration, len(stores))
	for i := range runs + 1 {
		for j, act := range actions {
			if act == nil {
				return times{}
			}
			start := time.Now()
			act()
			if i > 0 {
				took[j] = append(took[j], time.Since(start))
			}
		}
	}
	return times{median(took[0]), median(took[1])}
}

// program runs a case as people do.
func program(signer string, c testCase) func(*store) func() {
	return func(s *store) func() {
		words := c.words(s)
		return func() {
			cmd := exec.Command(signer, words...)
			cmd.Env = append(os.Environ(), "SIGNER_HOME="+s.home)
			cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
			check(cmd.Run())
		}
	}
}

// smallArchive is something to sign.
func smallArchive() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("index.js")
	check(err)
	_, err = io.WriteString(f, "exports.handler = async () => 'hello'\n")
	check(err)
	check(z.Close())
	return b.Bytes()
}

// startingToken is the command line's token for the page behind a job.
func startingToken(token string) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"nextToken": "` + token + `"}`))
}

// pageToken is the engine's token for the page behind a job.
func pageToken(s *store, job int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "jobs\x00%d\x00", s.at(job).UnixMicro()))
}

func median(d []time.Duration) time.Duration {
	d = slices.SortedFunc(slices.Values(d), cmp.Compare[time.Duration])
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

var ctx = context.Background()
