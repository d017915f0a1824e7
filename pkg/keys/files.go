package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync/atomic"
)

// Files is where keys lie: few files, all small, each under a name of one to three
// parts with slashes between them, such as authority/root.pem. Package keystest holds
// every such place to what is said here.
//
// It may be used from several goroutines, and the place by several processes, at once.
// Whoever reads a file gets all of what was written last.
type Files interface {
	// Read returns what is in a file, or fs.ErrNotExist.
	Read(ctx context.Context, name string) ([]byte, error)

	// List returns the names that begin with a prefix, which is "" or ends with a
	// slash, in order.
	List(ctx context.Context, prefix string) ([]string, error)

	// ReadAll returns what is in the files that List names.
	ReadAll(ctx context.Context, prefix string) (map[string][]byte, error)

	// Revision returns a text that is another one whenever the file has been written
	// since, by whomever, and "" if there is no such file. It costs less than to read
	// the file, and means something to this value alone.
	Revision(ctx context.Context, name string) (string, error)

	// Change calls f while nobody else changes anything. What f has written and removed
	// is durable when Change returns nil. Where f fails, or the process dies, all of it
	// has happened or nothing has, if the place can do that; else each file is as it was
	// or as it was to be.
	//
	// f may be called again, with nothing of what it did before left, when the place
	// could not say whether that came about. Its own errors come back as they are.
	Change(ctx context.Context, f func(Draft) error) error

	// At says to people where a file is; "" is all of them. It has no secrets.
	At(name string) string
}

// Draft is Files while they are changed. It sees what was written to it.
type Draft interface {
	Read(ctx context.Context, name string) ([]byte, error)
	List(ctx context.Context, prefix string) ([]string, error)
	Write(ctx context.Context, name string, text []byte) error // makes or replaces a file
	Remove(ctx context.Context, name string) error             // or fs.ErrNotExist
}

// reader is what Files and a Draft of them have in common.
type reader interface {
	Read(ctx context.Context, name string) ([]byte, error)
	List(ctx context.Context, prefix string) ([]string, error)
}

// The names of files.
const (
	authorityDir     = "authority/"
	importedDir      = "certificates/"
	rootFile         = authorityDir + "root.pem"
	intermediateFile = authorityDir + "intermediate.pem"
	caFile           = "ca.pem"   // in a region's directory
	leafFile         = "leaf.pem" // likewise
	formerFile       = "former-roots.pem"
	sealingFile      = "sealing.pem"
	masterFile       = "master.age"
)

// ErrNotCopied is the error of who would begin with new keys where there have been others
// that are not here.
var ErrNotCopied = errors.New("they have not been copied there")

// Trace tells what shows that there have been keys; "" if nothing does.
type Trace func(context.Context) (string, error)

// Unless returns files that are not begun where there is a trace of others: as long as no
// file is here traces are looked for, and where there is one nothing can be made here and
// every method returns ErrNotCopied. Otherwise a root would be made beside the one that
// everybody trusts.
func Unless(files Files, traces ...Trace) Files { return &beginning{Files: files, traces: traces} }

// LeftIn is the trace that is keys in a place.
func LeftIn(in Files) Trace {
	return func(ctx context.Context) (string, error) {
		names, err := in.List(ctx, "")
		if err != nil {
			return "", fmt.Errorf("see whether there are keys in %s: %w", in.At(""), err)
		}
		if slices.ContainsFunc(names, isOurs) {
			return "there are keys in " + in.At(""), nil
		}
		return "", nil
	}
}

type beginning struct {
	Files
	traces []Trace
	begun  atomic.Bool // some file is known to be here
}

// allow returns an error if there is no file here, and there have been others.
func (s *beginning) allow(ctx context.Context, in reader) error {
	for _, trace := range s.traces {
		if here, err := s.any(ctx, in); here || err != nil {
			return err
		}
		found, err := trace(ctx)
		if err != nil {
			return err
		}
		if found == "" {
			continue
		}
		if here, err := s.any(ctx, in); here || err != nil { // somebody has begun meanwhile
			return err
		}
		return fmt.Errorf("%s, and none are in %s: %w", found, s.At(""), ErrNotCopied)
	}
	return nil
}

func (s *beginning) any(ctx context.Context, in reader) (bool, error) {
	if s.begun.Load() {
		return true, nil
	}
	names, err := in.List(ctx, "")
	if err == nil && len(names) > 0 {
		s.begun.Store(true)
	}
	return len(names) > 0, err
}

func (s *beginning) Read(ctx context.Context, name string) ([]byte, error) {
	text, err := s.Files.Read(ctx, name)
	switch {
	case err == nil:
		s.begun.Store(true)
	case errors.Is(err, fs.ErrNotExist):
		if refused := s.allow(ctx, s.Files); refused != nil {
			return nil, refused
		}
	}
	return text, err
}

func (s *beginning) List(ctx context.Context, prefix string) ([]string, error) {
	names, err := s.Files.List(ctx, prefix)
	if err == nil && len(names) == 0 {
		err = s.allow(ctx, s.Files)
	}
	return names, err
}

func (s *beginning) ReadAll(ctx context.Context, prefix string) (map[string][]byte, error) {
	all, err := s.Files.ReadAll(ctx, prefix)
	if err == nil && len(all) == 0 {
		err = s.allow(ctx, s.Files)
	}
	return all, err
}

func (s *beginning) Change(ctx context.Context, f func(Draft) error) error {
	return s.Files.Change(ctx, func(d Draft) error {
		if err := s.allow(ctx, d); err != nil {
			return err
		}
		return f(d)
	})
}

// ErrOtherKeys is the error of who would copy keys to where there are others.
var ErrOtherKeys = errors.New("there are other keys")

// Copy copies keys from a directory to another place, all of them at once, and reads
// them back. It returns how many files there are. Those that are there already must be
// the same, and no others may be: else nothing is changed, and the error is
// ErrOtherKeys. So it can be run again. The directory is only read, under its lock if
// somebody can write there.
func Copy(ctx context.Context, from *Dir, to Files) (n int, err error) {
	if names, err := from.List(ctx, ""); err != nil || !slices.ContainsFunc(names, isOurs) {
		return 0, err
	}
	var all map[string][]byte
	err = from.Hold(ctx, func() (err error) {
		all, err = from.ReadAll(ctx, "")
		return err
	})
	if err != nil {
		return 0, err
	}
	maps.DeleteFunc(all, func(name string, _ []byte) bool { return !isOurs(name) })
	if err := to.Change(ctx, func(d Draft) error { return copyTo(ctx, all, d, to) }); err != nil {
		return 0, fmt.Errorf("copy the keys in %s: %w", from.At(""), err)
	}
	copied, err := to.ReadAll(ctx, "")
	if err == nil && !maps.EqualFunc(all, copied, func(a, b []byte) bool { return string(a) == string(b) }) {
		err = fmt.Errorf("%s has something else than was copied there: %w", to.At(""), ErrOtherKeys)
	}
	return len(all), err
}

// copyTo writes what is missing.
func copyTo(ctx context.Context, all map[string][]byte, d Draft, to Files) error {
	there, err := d.List(ctx, "")
	if err != nil {
		return err
	}
	for _, name := range there {
		text, err := d.Read(ctx, name)
		if err != nil {
			return err
		}
		if ours, ok := all[name]; !ok || string(ours) != string(text) {
			return fmt.Errorf("there is %s, which is not that of the keys to be copied: %w", to.At(name), ErrOtherKeys)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(there, name) {
			continue
		}
		if err := d.Write(ctx, name, all[name]); err != nil {
			return err
		}
	}
	return nil
}
