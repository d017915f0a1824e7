// Package doctor examines a home of the local engine: whether its files are whole,
// fit together and are nobody else's to read, and what to do where they do not.
//
// It changes nothing, heals nothing, and may be used while others use the home. What
// they do meanwhile it sees or does not see, and calls neither a fault.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/keys"
	"signer/pkg/records"
)

// Config says what to examine.
type Config struct {
	Home  string
	Now   time.Time
	Quick bool // do not read signed objects

	Database string     // the URL of the database that the records are in; "" is the home's
	KeyFiles keys.Files // where keys are; nil: in the home
	Store    Objects    // where signed objects are; nil: in the home's buckets
}

// Objects are buckets, as far as they are examined.
type Objects interface {
	Get(ctx context.Context, bucket, key, version string) (*bucket.Object, error)
}

// Finding is something worth knowing.
type Finding struct {
	Subject string // what it is about: a path, a job, an object
	Found   string // what is the matter, in half a sentence that goes on from the subject
	Advice  string // what to do; "" if there is nothing to do
}

// Report is what an examination has found.
type Report struct {
	Problems []Finding // the home is not sound while there are any
	Notes    []Finding // what is as it may be

	Files, Jobs, Objects, Keys int // how many were looked at
}

// Sound tells whether there are no problems.
func (r *Report) Sound() bool { return len(r.Problems) == 0 }

// Examine examines a home. An error means that it did not come to an end, because ctx
// did; all other trouble is a problem in the report.
func Examine(ctx context.Context, c Config) (*Report, error) {
	home, err := filepath.Abs(c.Home)
	if err != nil {
		return nil, err
	}
	c.Home = home
	e := &examination{Config: c, more: map[kind]int{}, altered: map[place]bucket.Fault{}}
	e.buckets = bucket.Open(bucket.Config{Dir: e.at("buckets"), Now: e.now})
	if e.Store == nil {
		e.Store = e.buckets
	}
	if e.KeyFiles == nil {
		e.KeyFiles = keys.InDir(e.at("keys"))
	}
	e.keys = keys.Open(keys.Config{Files: e.KeyFiles, Now: e.now})
	parts := []func(context.Context){e.files, e.elsewhere, e.store, e.database, e.unsound, e.authority, e.unusedKeys, e.leftovers, e.tellStrangers, e.disk}
	info, err := os.Stat(home)
	if err == nil && info.IsDir() {
		_, err = os.ReadDir(home)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && e.Database != "": // on which others may work
		e.note(Finding{home, "is not there, and need not be while records and objects are elsewhere", ""})
		parts = []func(context.Context){e.elsewhere, e.database, e.authority}
	case errors.Is(err, fs.ErrNotExist):
		e.note(Finding{home, "is not there yet", "the first command that records something makes it"})
		return &e.Report, nil
	case err != nil:
		e.trouble(home, err, "see who may read it")
		return &e.Report, nil
	case !info.IsDir():
		e.problem(Finding{home, "is a file, and should be a directory", "move it away, or choose another home"})
		return &e.Report, nil
	}
	for _, part := range parts {
		part(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	e.summarize()
	return &e.Report, nil
}

// examination is a run of Examine.
type examination struct {
	Config
	Report
	buckets *bucket.Dir
	keys    *keys.Store
	more    map[kind]int

	strangers []string               // files that are nothing of signer's
	broken    []string               // buckets in which nothing can be found
	altered   map[place]bucket.Fault // versions that are not as they were put, and of which nothing has been told yet
	waiting   int                    // jobs that nobody has begun
	rootless  int                    // jobs that were signed by the authority, of which there is no root
}

func (e *examination) now() time.Time { return e.Now }

// at is a path in the home.
func (e *examination) at(name string) string { return filepath.Join(e.Home, name) }

func (e *examination) recordsConfig() records.Config {
	if e.Database != "" {
		return records.Config{Path: "the database", URL: e.Database}
	}
	return records.Config{Path: e.at("records.db")}
}

func (e *examination) problem(f Finding) { e.Problems = append(e.Problems, f) }

func (e *examination) note(f Finding) { e.Notes = append(e.Notes, f) }

// trouble is a problem that is an error with its own words.
func (e *examination) trouble(subject string, err error, advice string) {
	e.problem(Finding{subject, "cannot be examined: " + strings.TrimSuffix(err.Error(), ": "+advice), advice})
}

// kind is a sort of problem of which there may be very many.
type kind string

// enough is how many problems of a kind are told one by one.
const enough = 100

// oneOf is a problem of a kind: the first ones are told, the others counted.
func (e *examination) oneOf(k kind, f Finding) {
	e.more[k]++
	if e.more[k] <= enough {
		e.problem(f)
	}
}

// summarize tells how many problems were only counted.
func (e *examination) summarize() {
	for _, k := range []kind{modes, stuck, objects, contents} {
		if n := e.more[k] - enough; n > 0 {
			e.problem(Finding{e.Home, fmt.Sprintf("has %d more %s", n, k), "deal with those above, and examine it again"})
		}
	}
}

const (
	modes    kind = "files that are not the owner's alone"
	stuck    kind = "jobs that nobody works on"
	objects  kind = "jobs whose signed objects are not as they should be"
	contents kind = "objects that are not as they were put"
)
