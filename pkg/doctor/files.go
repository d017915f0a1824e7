package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/records"
)

// files walks through the home and looks at who may read and write what is there.
func (e *examination) files(ctx context.Context) {
	err := filepath.WalkDir(e.Home, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return filepath.SkipAll
		}
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) { // else it was removed meanwhile
				e.trouble(path, err, "see who may read it")
			}
			return nil
		}
		e.file(path, d)
		return nil
	})
	if err != nil {
		e.trouble(e.Home, err, "see who may read it")
	}
}

func (e *examination) file(path string, d fs.DirEntry) {
	e.Files++
	if path == e.at("faults.yaml") { // the user's own
		e.note(Finding{path, "turns the test mode on", "remove it when the tests are over"})
		return
	}
	if e.stranger(path, d) {
		e.strangers = append(e.strangers, path)
	}
	info, err := d.Info()
	if err != nil || runtime.GOOS == "windows" { // where there are no such modes
		return
	}
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		e.note(Finding{path, "is a symbolic link; what it leads to was not examined", ""})
	case !ours(info):
		e.oneOf(modes, Finding{path, "belongs to another user", fmt.Sprintf("chown it to the user %d who uses the home", os.Getuid())})
	case mode.IsDir() && mode.Perm()&0o077 != 0:
		e.oneOf(modes, Finding{path, fmt.Sprintf("can be entered by others (mode %04o)", mode.Perm()), "chmod 700 it"})
	case mode.IsRegular() && mode.Perm()&0o077 != 0:
		e.oneOf(modes, Finding{path, fmt.Sprintf("can be read or written by others (mode %04o)", mode.Perm()), "chmod 600 it"})
	}
}

// stranger tells whether something in the home, or among the buckets, has no name that
// signer gives.
func (e *examination) stranger(path string, d fs.DirEntry) bool {
	switch filepath.Dir(path) {
	case e.Home:
		return !begins(d.Name(), "config.yaml", "records.db", "buckets", "keys", "faults-counts.json", ".signer-", "before-restore-")
	case e.at("buckets"):
		return !begins(d.Name(), ".tmp", ".locks") && (!d.IsDir() || bucket.CheckBucket(d.Name()) != nil)
	}
	return false
}

func begins(name string, with ...string) bool {
	return slices.ContainsFunc(with, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// someStrangers is how many files are told of that are not signer's.
const someStrangers = 20

// tellStrangers tells what is in the home that signer has not put there.
func (e *examination) tellStrangers(context.Context) {
	for i, path := range e.strangers {
		if i == someStrangers {
			e.note(Finding{e.Home, fmt.Sprintf("has %d more files that are nothing of signer's", len(e.strangers)-i), ""})
			return
		}
		e.note(Finding{path, "is nothing of signer's", "move it to where it belongs, unless it is here on purpose"})
	}
}

// leftovers looks for what processes that died have left.
func (e *examination) leftovers(context.Context) {
	const soon = "nothing: it is removed by a later command that writes there"
	left, err := records.Leftovers(e.recordsConfig())
	if err != nil {
		e.trouble(e.at("records.db"), err, "see who may read it")
	}
	put, err := e.buckets.Leftovers()
	if err != nil {
		e.trouble(e.at("buckets"), err, "see who may read it")
	}
	for _, path := range append(append(left, put...), e.oldDrafts()...) {
		e.note(Finding{path, "was left by a process that died", soon})
	}
}

// oldDrafts are the files that keys and counts are written to before they are
// renamed, where that was not done.
func (e *examination) oldDrafts() []string {
	var all []string
	for _, pattern := range []string{"keys/.new-*", "keys/*/.new-*", "keys/*/*/.new-*", "faults-counts.json.[0-9]*"} {
		found, err := filepath.Glob(e.at(filepath.FromSlash(pattern)))
		if err != nil {
			continue
		}
		for _, path := range found {
			if info, err := os.Stat(path); err == nil && e.Now.Sub(info.ModTime()) > time.Minute {
				all = append(all, path)
			}
		}
	}
	return all
}
