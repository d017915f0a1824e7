package bucket

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// maxTries is how often to begin anew when others have changed what was there a
// moment ago. It is not reached unless the directory is broken.
const maxTries = 1000

// keyDir is the directory of a key, which holds its versions. It need not exist.
type keyDir struct {
	root   *os.Root
	bucket string
	key    string
	path   string // from root
}

func newKeyDir(root *os.Root, bucket, key string) keyDir {
	return keyDir{root, bucket, key, bucket + objectsDir + "/" + keyPath(key)}
}

// version is an open version. The null version's file and record are nil where
// there is none.
type version struct {
	f   *os.File
	rec record
}

func (v version) close() {
	if v.f != nil {
		v.f.Close()
	}
}

// open opens a version by the name of its file: fs.ErrNotExist if it is not
// there.
func (k keyDir) open(name string) (version, error) {
	f, err := k.root.Open(k.path + "/" + name)
	if err != nil {
		return version{}, err
	}
	rec, err := readRecord(f)
	if err != nil {
		f.Close()
		return version{}, err
	}
	return version{f, rec}, nil
}

// current opens the newest version, which may be a delete marker: fs.ErrNotExist
// if there is none.
func (k keyDir) current() (version, error) {
	for range maxTries {
		v, again, err := k.lookForCurrent()
		if !again {
			return v, err
		}
	}
	return version{}, errors.New("the object changes faster than it can be opened")
}

// newest reads the record of the newest version; it is empty where there is none.
func (k keyDir) newest() (record, error) {
	v, err := k.current()
	v.close()
	return v.rec, unless(err, fs.ErrNotExist)
}

// record reads the record of a version by the name of its file; it is empty if
// there is none.
func (k keyDir) record(name string) (record, error) {
	v, err := k.open(name)
	v.close()
	return v.rec, unless(err, fs.ErrNotExist)
}

// unless returns err unless it is that one.
func unless(err, that error) error {
	if errors.Is(err, that) {
		return nil
	}
	return err
}

// lookForCurrent is one try of current. It asks for another one if a version is
// gone that was there a moment ago.
func (k keyDir) lookForCurrent() (v version, again bool, err error) {
	newest, null, err := k.newestName()
	if err != nil {
		return version{}, false, err
	}
	if null {
		v, err = k.open(Null)
		if err != nil {
			return version{}, errors.Is(err, fs.ErrNotExist), err
		}
	}
	if id, ok := parseFileName(newest); !ok || id.order < v.rec.Order {
		return v, false, nil
	}
	v.close()
	v, err = k.open(newest)
	return v, errors.Is(err, fs.ErrNotExist), err
}

// newestName returns the name of the newest version that is not null, or "", and
// whether there is a null version: fs.ErrNotExist if there is none at all.
func (k keyDir) newestName() (newest string, null bool, err error) {
	err = scan(k.root, k.path, func(name string) {
		if name == Null {
			null = true
		} else if _, ok := parseFileName(name); ok && name > newest {
			newest = name
		}
	})
	if err == nil && newest == "" && !null {
		err = fs.ErrNotExist
	}
	return newest, null, err
}

// adopt moves a staged version to its place and makes that durable.
func (k keyDir) adopt(s *staged, name string) error {
	if err := k.moveIn(s, name); err != nil {
		k.prune(k.path)
		return err
	}
	err := k.syncUp(k.path)
	if err != nil && name != Null { // a null version has replaced another one: keep it
		_ = k.root.Remove(k.path + "/" + name)
	}
	return err
}

// moveIn renames a staged version to its place and makes the directories that
// it needs. Others may remove these again as long as they are empty.
func (k keyDir) moveIn(s *staged, name string) error {
	for try := 0; ; try++ {
		err := s.moveTo(k.path + "/" + name)
		if !errors.Is(err, fs.ErrNotExist) || try == maxTries {
			return err
		}
		if err := bucketExists(k.root, k.bucket); err != nil {
			return err
		}
		if err := k.mkdirs(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
}

// mkdirs makes the directory and those above it, but none for the bucket itself.
func (k keyDir) mkdirs() error {
	objects, err := k.root.OpenRoot(k.bucket + objectsDir)
	if err != nil {
		return err
	}
	defer objects.Close()
	return objects.MkdirAll(strings.TrimPrefix(k.path, k.bucket+objectsDir+"/"), 0o700)
}

// syncUp makes the entries of a directory durable, and those of all above it up
// to objects/: whoever made them may not have come to that yet.
func (k keyDir) syncUp(dir string) error {
	for top := path.Dir(k.bucket + objectsDir); dir != top; dir = path.Dir(dir) {
		if err := syncDir(k.root, dir); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a version's file and the directories that are empty without it,
// and makes that durable.
func (k keyDir) remove(name string) error {
	err := k.root.Remove(k.path + "/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for dir := k.prune(k.path); ; dir = path.Dir(dir) { // others prune, too
		err := syncDir(k.root, dir)
		if !errors.Is(err, fs.ErrNotExist) || dir == "." {
			return err
		}
	}
}

// prune removes a directory and those above it as far as they are empty, but
// objects/ stays. It returns the first that stays.
func (k keyDir) prune(dir string) string {
	for top := k.bucket + objectsDir; dir != top; dir = path.Dir(dir) {
		if err := k.root.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return dir
}

// lockKey waits for the right to change the key's versions.
func (d *Dir) lockKey(ctx context.Context, k keyDir) (unlock func(), err error) {
	return d.lock(ctx, k.root, keyLock(k.bucket, k.key))
}
