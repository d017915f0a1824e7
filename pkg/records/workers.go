package records

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// workers are the processes that work on jobs, by name. The name of each is that
// of a file beside the database, which the process keeps locked: the system lets
// go of the lock when the process ends, in whatever way. So anybody can tell
// whether the worker of a job still lives.
type workers struct {
	dir string

	mu   sync.Mutex
	name string       // of this process; "" while it has not worked
	lock *flock.Flock // of the file of that name
}

// Enlist returns the name of this process as a worker, for [Claim]. It is the
// same name until the Store is closed, and lives as long as that and the process
// do. A job must not name a worker before Enlist has returned. On a server there
// is no file: there a name is one that nobody else has.
func (s *Store) Enlist() (string, error) {
	w := &s.workers
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.server != nil {
		if w.name == "" {
			host, _ := os.Hostname()
			w.name = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text())
		}
		return w.name, nil
	}
	if w.lock == nil {
		if s.reading {
			return "", fmt.Errorf("get ready to work on jobs: the records in %s are %w", s.path, ErrReadOnly)
		}
		if err := w.enlist(); err != nil {
			return "", fmt.Errorf("get ready to work on jobs: %w", err)
		}
	}
	return w.name, nil
}

func (w *workers) enlist() error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return err
	}
	w.sweep()
	file, err := os.CreateTemp(w.dir, fmt.Sprint(os.Getpid(), "-*"))
	if err != nil {
		return err
	}
	lock := flock.New(file.Name())
	if err := errors.Join(file.Close(), lock.Lock()); err != nil {
		return err
	}
	w.name, w.lock = filepath.Base(file.Name()), lock
	return nil
}

// sweep removes the files of workers that died long ago. The young ones may be
// about to be locked.
func (w *workers) sweep() {
	entries, _ := os.ReadDir(w.dir) // what is left over harms nobody
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > time.Hour {
			bury(filepath.Join(w.dir, e.Name()))
		}
	}
}

// Lives tells whether a worker of this machine still works. If that cannot be found
// out, it does. The worker "" never lives: a job of its is anybody's.
func (s *Store) Lives(worker string) bool {
	w := &s.workers
	w.mu.Lock()
	defer w.mu.Unlock()
	if worker == "" || worker == w.name {
		return worker != ""
	}
	return !bury(filepath.Join(w.dir, filepath.Base(worker)))
}

func textFrom(r row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// bury removes a worker's file and returns true if the worker is dead. Where the file
// cannot be removed the next one tries again.
func bury(path string) bool { return dead(path, os.Remove) }

// dead returns true if the worker of a file is dead, after doing something with the
// file that nobody else can do meanwhile.
func dead(path string, do func(path string) error) bool {
	if _, err := os.Stat(path); err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDWR))
	defer lock.Close()
	free, err := lock.TryLock()
	if free {
		do(path)
	}
	return free || errors.Is(err, fs.ErrNotExist)
}

func leave(string) error { return nil }

// retire ends the worker. Its jobs are for others.
func (w *workers) retire() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return nil
	}
	err := errors.Join(os.Remove(w.lock.Path()), w.lock.Close())
	w.lock, w.name = nil, ""
	return err
}
