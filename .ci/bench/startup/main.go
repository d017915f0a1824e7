// Startup measures how long signer takes to start and end, as a multiple of what a
// hello-world program made with Cobra takes, and of what the AWS CLI takes where
// there is one. Run it from the repository's root:
//
//	go run ./.ci/bench/startup [-n RUNS] [-aws PATH]
//
// The programs run in turn, so that all of them see the same machine.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"signer/.ci/bench/measure"
)

// contestant is a command line that is timed.
type contestant struct {
	name string
	argv []string
	took []time.Duration
}

func main() {
	log.SetFlags(0)
	runs := flag.Int("n", 40, "runs of each")
	aws := flag.String("aws", "", "the AWS CLI to compare with")
	flag.Parse()
	dir, remove := measure.Place("", "startup")
	defer remove()
	measure.Check(os.Setenv("SIGNER_HOME", filepath.Join(dir, "home")))
	measure.Check(os.Setenv("AWS_EC2_METADATA_DISABLED", "true"))

	hello, signer := measure.Build(dir, "hello", "./.ci/bench/hello"), measure.Build(dir, "signer", ".")
	for i := range 3 {
		measure.Check(exec.Command(signer, "put-signing-profile", "--profile-name", fmt.Sprint("profile", i), "--platform-id", "AWSLambda-SHA384-ECDSA").Run())
	}
	all := []*contestant{
		{name: "hello world", argv: []string{hello}},
		{name: "skeleton", argv: []string{signer, "start-signing-job", "--generate-cli-skeleton"}},
		{name: "local read", argv: []string{signer, "list-signing-profiles"}},
	}
	race(all, *runs)
	report(all)
	if *aws == "" {
		return
	}
	python := &contestant{name: "AWS CLI skeleton", argv: []string{*aws, "signer", "start-signing-job", "--generate-cli-skeleton"}}
	race(append(all, python), max(*runs/8, 3))
	fmt.Printf("\n%-18s %9.0f ms: %.0f times the skeleton, %.0f times the local read\n", python.name, measure.Milliseconds(measure.Median(python.took)),
		float64(measure.Median(python.took))/float64(measure.Median(all[1].took)), float64(measure.Median(python.took))/float64(measure.Median(all[2].took)))
}

// race runs the contestants in turn; the first round is not counted.
func race(all []*contestant, runs int) {
	for i := range runs + 1 {
		for _, c := range all {
			cmd := exec.Command(c.argv[0], c.argv[1:]...)
			cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
			start := time.Now()
			measure.Check(cmd.Run())
			if i > 0 {
				c.took = append(c.took, time.Since(start))
			}
		}
	}
}

func report(all []*contestant) {
	base := measure.Median(all[0].took)
	fmt.Printf("%-18s %9s %9s %9s %7s\n", "", "min ms", "median", "max", "ratio")
	for _, c := range all {
		m := measure.Median(c.took)
		fmt.Printf("%-18s %9.2f %9.2f %9.2f %7.2f\n", c.name, measure.Milliseconds(slices.Min(c.took)), measure.Milliseconds(m), measure.Milliseconds(slices.Max(c.took)), float64(m)/float64(base))
	}
}
