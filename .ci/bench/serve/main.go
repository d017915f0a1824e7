// Serve measures "signer serve" under the load of many clients: how many payloads it
// signs and how many jobs it starts and ends, how long callers wait, and how much
// memory it takes; whether it loses a job when it is killed in the middle of that; and
// whether those who send garbage slow the others down. Beside it stands moto's
// PutSigningProfile, where moto_server is there. Run it from the repository's root:
//
//	go run ./.ci/bench/serve [-clients N] [-seconds N] [-only TEXT] [-workers N] [-profile FILE] [-dir DIR]
//
// The clients share the machine with the server, so the processor time of both is
// shown. With -profile the server writes a profile of its processor time, of what it
// did in all phases. It ends with status 1 if a job was lost or a request failed that
// should not.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	"signer/cmd"

	"signer/.ci/bench/measure"
)

// options are what the flags say.
type options struct {
	clients int
	length  time.Duration // of a phase
	profile string
	dir     string
	workers string
}

func main() {
	if file := os.Getenv(profileVariable); file != "" {
		os.Exit(profiled(file))
	}
	log.SetFlags(0)
	var o options
	seconds := flag.Int("seconds", 60, "how long a phase takes")
	only := flag.String("only", "", "run only the phases whose names have this in them")
	flag.IntVar(&o.clients, "clients", 64, "how many clients there are at once")
	flag.StringVar(&o.profile, "profile", "", "where the server writes a profile")
	flag.StringVar(&o.workers, "workers", "", "how many jobs the server signs at once, if not as many as it will")
	flag.StringVar(&o.dir, "dir", "", "where the home is kept; a temporary directory unless given")
	flag.Parse()
	o.length = time.Duration(*seconds) * time.Second
	h, remove := newHome(o)
	defer remove()
	for _, phase := range []struct {
		name string
		run  func(*home)
	}{
		{"SignPayload", payloads}, {"StartSigningJob", jobs}, {"PutSigningProfile", profiles},
		{"moto", moto}, {"attacked", attacked}, {"killed", killed},
	} {
		if strings.Contains(phase.name, *only) {
			fmt.Printf("== %s\n", phase.name)
			phase.run(h)
		}
	}
	if h.failed {
		remove()
		os.Exit(1)
	}
}

// profileVariable has the server run in this program, with a profile.
const profileVariable = "SERVE_BENCH_PROFILE"

// profiled is the program itself, and writes a profile of what it does.
func profiled(file string) int {
	f, err := os.Create(file)
	measure.Check(err)
	defer f.Close()
	measure.Check(pprof.StartCPUProfile(f))
	defer pprof.StopCPUProfile()
	return cmd.Main(context.Background(), cmd.OS())
}
