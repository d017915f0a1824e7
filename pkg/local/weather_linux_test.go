package local_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const weatherEnv = "LOCAL_TEST_WEATHER"

// TestStormInBadWeather is TestStorm on a small disk of its own, to which things happen
// while processes work and are killed: it is full again and again, it cannot be written,
// pages of the database are damaged. Whoever meets it is to say what is wrong, and once
// it is over all that was answered is to be there, as in TestStorm. What was damaged is
// restored from a copy of before; what was answered after that copy is not expected.
//
// A longer one: go test ./pkg/local -run TestStorm -storm 5m
func TestStormInBadWeather(t *testing.T) {
	if os.Getenv(weatherEnv) == "" {
		c := exec.Command(os.Args[0], "-test.run=^TestStormInBadWeather$", "-test.v", "-storm="+stormFor.String())
		c.Env = append(os.Environ(), weatherEnv+"=bad")
		out, err := confined(t, c)
		t.Log(out)
		if err != nil {
			t.Error(err)
		}
		return
	}
	w := newWeather(t)
	for _, gust := range []struct {
		name string
		do   func()
	}{{"full", w.full}, {"read-only", w.readOnly}, {"damaged", w.damaged}, {"clear", w.clear}} {
		t.Run(gust.name, func(t *testing.T) {
			w.t = t
			gust.do()
			w.check(w.home)
		})
	}
}

// room is how many bytes the disk has beside what is in use; with less the doctor would
// complain.
const room = 96 << 20

func sizeOf(bytes uint64) string { return fmt.Sprint("size=", bytes) }

// weather is a home on a disk to which things happen.
type weather struct {
	*ledger
	disk string
	home *home
	each time.Duration // how long each thing lasts
}

func newWeather(t *testing.T) *weather {
	w := &weather{ledger: newLedger(t), disk: t.TempDir(), each: *stormFor / 4}
	if err := syscall.Mount("tmpfs", w.disk, "tmpfs", 0, sizeOf(room)+",mode=700"); err != nil {
		t.Skip("cannot mount: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(w.disk, syscall.MNT_DETACH) })
	w.home = homeIn(filepath.Join(w.disk, "home"))
	e, err := w.home.furnish()
	must(t, errors.Join(err, e.Close()))
	return w
}

// says returns a function that tells whether an error has one of these words in it.
func says(words ...string) func(string) bool {
	return func(wrong string) bool {
		for _, word := range words {
			if strings.Contains(wrong, word) {
				return true
			}
		}
		return false
	}
}

// full fills the disk and makes room again, while processes work.
func (w *weather) full() {
	w.weather = says("no space left on device", "the disk is full")
	stop, stopped := make(chan struct{}), make(chan error)
	go func() { stopped <- w.tide(stop) }()
	w.rageUntil(w.home, w.each, w.busy)
	close(stop)
	must(w.t, <-stopped)
}

// tide fills the disk and empties it, until it is stopped.
func (w *weather) tide(stop chan struct{}) error {
	path := filepath.Join(w.disk, "ballast")
	for {
		if err := fill(path); !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		if err := errors.Join(os.Remove(path), w.widen(room)); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-time.After(time.Duration(rand.IntN(100)) * time.Millisecond):
		}
	}
}

// widen gives the disk as much room as that, beside what is in use.
func (w *weather) widen(room uint64) error {
	var at syscall.Statfs_t
	if err := syscall.Statfs(w.disk, &at); err != nil {
		return err
	}
	used := (at.Blocks - at.Bfree) * uint64(at.Bsize)
	return syscall.Mount("", w.disk, "", syscall.MS_REMOUNT, sizeOf(used+room))
}

// fill writes until there is no room any more.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if size > 4096 && errors.Is(err, syscall.ENOSPC) {
			err = nil
		}
	}
	return err
}

// readOnly lets nobody write while processes work.
func (w *weather) readOnly() {
	done, wrong := len(w.done), w.wrong
	w.weather = says("read-only")
	must(w.t, syscall.Mount("", w.disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	w.rageUntil(w.home, w.each, func() bool { return w.wrong > wrong })
	must(w.t, syscall.Mount("", w.disk, "", syscall.MS_REMOUNT, ""))
	if len(w.done) != done || w.wrong == wrong {
		w.t.Errorf("of a disk that cannot be written: %d things were done to it, and %d times it was noticed", len(w.done)-done, w.wrong-wrong)
	}
	w.weather = says("no space left on device", "the disk is full", "read-only")
}

// damaged damages a page of the database, sees who notices while processes work, and
// restores the home from a copy.
func (w *weather) damaged() {
	for end := time.Now().Add(w.each); time.Now().Before(end); {
		good := filepath.Join(w.disk, "good")
		must(w.t, w.widen(room))
		must(w.t, duplicate(w.home.Dir, good))
		must(w.t, damage(filepath.Join(w.home.Dir, "records.db")))
		other := newLedger(w.t)
		other.weather = says("damaged")
		other.rage(w.home, w.each/8)
		w.wrong += other.wrong
		must(w.t, errors.Join(os.RemoveAll(w.home.Dir), os.Rename(good, w.home.Dir)))
	}
}

// duplicate copies a home. Of objects, which nobody changes once they are there, it makes
// links.
func duplicate(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		copied := to + strings.TrimPrefix(path, from)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Mkdir(copied, 0o700)
		case strings.Contains(path, "/objects/"):
			return os.Link(path, copied)
		}
		text, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(copied, text, 0o600))
	})
}

// damage overwrites any page of a file.
func damage(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	const page = 4096
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	noise := make([]byte, page)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	_, err = f.WriteAt(noise, rand.Int64N(size/page)*page)
	return err
}

// clear is good weather.
func (w *weather) clear() {
	must(w.t, w.widen(100*room))
	w.rage(w.home, w.each)
}
