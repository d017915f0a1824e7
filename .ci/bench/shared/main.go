// Shared measures what it costs to share a database and an object store. Run it from
// the repository's root, with a PostgreSQL database that may be filled with rubbish:
//
//		go run ./.ci/bench/shared -database postgres://… [-jobs N] [-million N] [-store URL] [-only jobs|page|objects]
//
//	  - jobs: how many jobs a second one server signs on records in its home, and one, two
//	    and three servers on the database.
//	  - page: how long a page of 25 of so many jobs takes, with each filter.
//	  - objects: how long objects of 1 KB, 1 MB and 250 MB take to put and to get in a
//	    directory and on the object store, an S3 endpoint for which AWS_ACCESS_KEY_ID and
//	    so on are set.
//
// Everything runs on this machine, so servers take processors from the database and from
// each other: it shows what sharing costs, and not how far it goes.
package main

import (
	"cmp"
	"flag"
	"log"

	"signer/.ci/bench/measure"
)

// bench is what all measurements have in common.
type bench struct {
	dir, signer     string
	database, store string
	jobs, million   int
}

func main() {
	log.SetFlags(0)
	var b bench
	flag.StringVar(&b.database, "database", "", "the URL of a PostgreSQL database")
	flag.StringVar(&b.store, "store", "", "the endpoint of an object store")
	flag.IntVar(&b.jobs, "jobs", 600, "jobs to sign")
	flag.IntVar(&b.million, "million", 1_000_000, "jobs to list")
	flag.StringVar(&b.signer, "signer", "", "the program, if it is not to be built")
	only := flag.String("only", "", "measure only this")
	flag.Parse()
	dir, remove := measure.Place("", "shared")
	defer remove()
	b.dir = dir
	nothing := true
	for _, part := range []struct {
		name  string
		run   func()
		needs string
	}{{"jobs", b.measureJobs, b.database}, {"page", b.measurePages, b.database}, {"objects", b.measureObjects, b.store}} {
		if cmp.Or(*only, part.name) == part.name && part.needs != "" {
			part.run()
			nothing = false
		}
	}
	if nothing {
		log.Fatal("nothing was measured: jobs and page need -database, objects needs -store")
	}
}

// build makes the program, unless there is one.
func (b *bench) build() {
	if b.signer != "" {
		return
	}
	b.signer = measure.Build(b.dir, "signer", ".")
}
