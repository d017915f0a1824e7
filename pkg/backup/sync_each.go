//go:build !linux

package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"signer/pkg/durable"
)

// syncTree makes a directory and all in it durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return durable.Names(path)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
