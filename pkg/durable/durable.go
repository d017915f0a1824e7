// Package durable makes what has happened to a directory outlast a machine that stops.
//
// A file that is durable, as after [os.File.Sync], is found again only if its name is.
// The package writes nothing itself: how a file comes to be whole is the business of
// whoever writes it.
package durable

import (
	"errors"
	"os"
	"runtime"
)

// Names makes the names in a directory durable: what was made, renamed and removed
// there before has happened, also after a crash of the machine. Windows has no such
// call; NTFS keeps a journal of its directories.
func Names(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
