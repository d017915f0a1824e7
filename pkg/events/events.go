// Package events appends lines to a file that many processes write to: an event log.
//
// The file has whole lines only, whatever happens to those who write, and a line
// that is durable when it has been appended. A line that is appended again is not
// written again if it is one of the last: so whoever is not sure whether it was
// written may say it once more.
//
// The package knows nothing of what the lines say, never reads further back than
// 64 KB, and never removes, renames or compresses a file. Others may rename it at any
// time; what follows goes to a new one.
package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"signer/pkg/durable"
)

// Log is an event log. It may be used by any number of goroutines and processes at
// once, and holds nothing open between calls.
type Log struct{ path string }

// Open returns the log in a file, which need not exist. Nothing is touched before
// something is appended.
func Open(path string) (*Log, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the event log %s: %w", path, err)
	}
	return &Log{abs}, nil
}

// Name is the absolute path of the file.
func (l *Log) Name() string { return l.path }

// reach is how far back a line is looked for that may be there already.
const reach = 64 << 10

// Append writes lines, without their line ends, in one piece, but for those that are
// among the last ones already. They are durable when it returns nil; else none of
// them is there, or all are. The file is made, for its owner only, where it is
// missing. What is no plain file, such as a pipe, is written to as it is. It waits for
// others until ctx ends.
func (l *Log) Append(ctx context.Context, lines []string) error {
	if err := l.append(ctx, lines); err != nil {
		return fmt.Errorf("the event log %s: %w", l.path, err)
	}
	return nil
}

func (l *Log) append(ctx context.Context, lines []string) error {
	info, err := os.Stat(l.path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return l.pour(ctx, lines)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return errors.Join(extend(f, lines), f.Close())
}

// pour writes to what is no plain file. A pipe that nobody reads is an error, and not
// something to wait for.
func (l *Log) pour(ctx context.Context, lines []string) error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	if end, ok := ctx.Deadline(); ok {
		_ = f.SetWriteDeadline(end) // what has none does not keep anybody waiting
	}
	_, err = io.WriteString(f, joined(lines))
	return errors.Join(err, f.Close())
}

// lock opens the file while nobody else writes to it. If it has been renamed before
// that, there is another one.
func (l *Log) lock(ctx context.Context) (*os.File, func(), error) {
	for {
		lock := flock.New(l.lockPath(), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
		if _, err := lock.TryLockContext(ctx, 2*time.Millisecond); err != nil {
			return nil, nil, err
		}
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
		if err == nil && l.holds(lock, f) {
			return f, func() { lock.Close() }, nil
		}
		if err = errors.Join(err, lock.Close()); err != nil {
			return nil, nil, err
		}
		f.Close()
	}
}

// lockPath is the file that is locked: the log itself, but on Windows, where a lock
// keeps even its holder from writing through another handle.
func (l *Log) lockPath() string {
	if runtime.GOOS == "windows" {
		return l.path + ".lock"
	}
	return l.path
}

// holds tells whether the lock is on what was opened.
func (l *Log) holds(lock *flock.Flock, f *os.File) bool {
	if l.lockPath() != l.path {
		return true
	}
	locked, err := lock.Stat()
	opened, err2 := f.Stat()
	return err == nil && err2 == nil && os.SameFile(locked, opened)
}

// extend appends lines to a file that is locked.
func extend(f *os.File, lines []string) error {
	size, tail, err := end(f)
	if err != nil {
		return err
	}
	lines = slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return has(tail, line) })
	text := joined(lines)
	switch rest := unfinished(tail); {
	case len(rest) == 0:
	case begun(lines, string(rest)):
		size -= int64(len(rest))
		if err := f.Truncate(size); err != nil {
			return err
		}
	default:
		text = "\n" + text
	}
	if _, err := io.WriteString(f, text); err != nil {
		return errors.Join(err, f.Truncate(size)) // no part of a line, as on a full disk
	}
	if err := f.Sync(); err != nil || size > 0 {
		return err
	}
	return durable.Names(filepath.Dir(f.Name()))
}

// end returns the size of a file and the last of what is in it.
func end(f *os.File) (size int64, tail []byte, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	tail = make([]byte, min(info.Size(), reach))
	_, err = f.ReadAt(tail, info.Size()-int64(len(tail)))
	if err == io.EOF {
		err = nil
	}
	return info.Size(), tail, err
}

// has tells whether a text has a line.
func has(text []byte, line string) bool {
	return bytes.HasPrefix(text, []byte(line+"\n")) || bytes.Contains(text, []byte("\n"+line+"\n"))
}

// unfinished is what stands behind the last line.
func unfinished(text []byte) []byte { return text[bytes.LastIndexByte(text, '\n')+1:] }

// begun tells whether an unfinished line is what a process that died has left of one of
// the lines that are to be written, and is to be taken away. Whose it is else nobody
// knows, and it is ended.
func begun(lines []string, rest string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, rest) })
}

func joined(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
