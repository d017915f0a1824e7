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
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"signer/.ci/bench/measure"
)

func main() {
	log.SetFlags(0)
	small, large := flag.Int("small", 1000, "jobs in the small store"), flag.Int("large", 1_000_000, "jobs in the large store")
	runs := flag.Int("n", 30, "runs of each")
	only := flag.String("only", "", "run only the cases whose names have this in them")
	dir := flag.String("dir", "", "where the stores are kept")
	flag.Parse()
	place, remove := measure.Place(*dir, "scale")
	defer remove()
	measure.Check(os.Setenv("AWS_EC2_METADATA_DISABLED", "true"))

	signer := measure.Build(place, "signer", ".")
	stores := []*store{open(signer, place, *small), open(signer, place, *large)}
	fmt.Printf("%-38s %29s   %29s\n", "median of ms", "whole program", "engine alone")
	fmt.Printf("%-38s %9d %9d %9s   %9d %9d %9s\n", "", *small, *large, "ratio", *small, *large, "ratio")
	for _, c := range append(lists(), start) {
		if strings.Contains(c.name, *only) {
			fmt.Printf("%-38s %s   %s\n", c.name, race(stores, *runs, program(signer, c)), race(stores, *runs*5, engine(c)))
		}
	}
}

// open returns the store with so many jobs, which is made if it is not there.
func open(signer, dir string, jobs int) *store {
	home := filepath.Join(dir, fmt.Sprint("home-", jobs))
	whole := home + ".version"
	if version, err := os.ReadFile(whole); err == nil {
		return &store{home: home, jobs: jobs, version: string(version)}
	}
	measure.Check(os.RemoveAll(home))
	s := newStore(signer, home, jobs)
	measure.Check(os.WriteFile(whole, []byte(s.version), 0o600))
	return s
}

// times are the medians of one case over the small and the large store.
type times struct{ small, large time.Duration }

func (t times) String() string {
	if t == (times{}) {
		return ""
	}
	return fmt.Sprintf("%9.2f %9.2f %9.2f", measure.Milliseconds(t.small), measure.Milliseconds(t.large), float64(t.large)/float64(t.small))
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
	return times{measure.Median(took[0]), measure.Median(took[1])}
}

// program runs a case as people do.
func program(signer string, c testCase) func(*store) func() {
	return func(s *store) func() {
		words := c.words(s)
		return func() {
			cmd := exec.Command(signer, words...)
			cmd.Env = append(os.Environ(), "SIGNER_HOME="+s.home)
			cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
			measure.Check(cmd.Run())
		}
	}
}

// startingToken is the command line's token for the page behind a job.
func startingToken(token string) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"nextToken": "` + token + `"}`))
}

// pageToken is the engine's token for the page behind a job.
func pageToken(s *store, job int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "jobs\x00%d\x00", s.at(job).UnixMicro()))
}

var ctx = context.Background()
