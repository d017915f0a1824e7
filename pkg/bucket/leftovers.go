package bucket

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// settling is how young a file may be to be about to be locked.
const settling = time.Minute

// Leftovers returns the paths of what processes that died have left while they wrote
// objects. It harms nobody, takes room, and is removed by a later Put. Nothing is
// changed.
func (d *Dir) Leftovers() ([]string, error) {
	root, err := os.OpenRoot(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var all []string
	err = scan(root, tmpDir, func(name string) {
		if d.abandoned(root, tmpDir+"/"+name) {
			all = append(all, filepath.Join(d.dir, tmpDir, name))
		}
	})
	slices.Sort(all)
	return all, unless(err, fs.ErrNotExist)
}

// abandoned tells whether nobody writes a file any more.
func (d *Dir) abandoned(root *os.Root, path string) bool {
	st, err := root.Lstat(path)
	if err != nil || d.now().Sub(st.ModTime()) < settling {
		return false
	}
	if st.IsDir() {
		return d.now().Sub(st.ModTime()) >= leftoverAge
	}
	f, err := root.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	free, err := tryLock(f)
	return free && err == nil
}
