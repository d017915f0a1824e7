package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"signer/pkg/local"
)

// signFile is a file to be signed, and then what became of it.
type signFile struct {
	name  string // as it was given; - is standard input
	out   string // the name of the signed file; - is standard output
	token string

	signed signedFile
	err    error

	source   *signSource // open while it is signed
	target   local.Target
	progress func(done, total int64)
}

// Of small files each engine signs as many at once as is good for it. A large one
// keeps a core busy, and takes a megabyte or two of memory.
const (
	smallFile   = 1 << 20
	largeAtOnce = 8 // and no more than there are cores
)

// signAll signs files, as many at once as is good.
func (s *session) signAll(ctx context.Context, signer fileSigner, files []*signFile) {
	bar := newSignProgress(s.env, len(files))
	defer bar.clear()
	small := make(chan struct{}, signer.atOnce())
	large := make(chan struct{}, min(runtime.GOMAXPROCS(0), largeAtOnce))
	var all sync.WaitGroup
	for _, f := range files {
		small <- struct{}{}
		all.Go(func() {
			defer func() { <-small }()
			f.err = s.signOne(ctx, signer, f, large, bar)
			bar.finished()
		})
	}
	all.Wait()
}

// signOne opens a file and signs it, when its turn has come.
func (s *session) signOne(ctx context.Context, signer fileSigner, f *signFile, large chan struct{}, bar *signProgress) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if f.source, err = s.openSource(f.name); err != nil {
		return err
	}
	defer f.source.Close()
	if f.target, err = s.signTarget(f.out); err != nil {
		return err
	}
	if f.source.size > smallFile {
		large <- struct{}{}
		defer func() { <-large }()
	}
	f.progress = bar.one()
	f.signed, err = signer.sign(ctx, f)
	var failure *local.FileFailure
	if errors.As(err, &failure) {
		f.signed.job = failure.JobID
	}
	if errors.Is(err, local.ErrSigned) && f.out == "-" {
		return s.passOn(f)
	}
	return err
}

// passOn writes a file that is signed already to standard output as it is: whoever
// reads there waits for a signed file. Its error is that of such a file.
func (s *session) passOn(f *signFile) error {
	if _, err := io.Copy(s.env.Stdout, f.source.content()); err != nil {
		return err
	}
	return local.ErrSigned
}

// signSource is an open file to be signed.
type signSource struct {
	*os.File
	size int64
	info os.FileInfo // nil if nobody else can change it
}

// Size is the size when it was opened.
func (f *signSource) Size() int64 { return f.size }

// unchanged returns an error if somebody has written to the file since it was opened.
func (f *signSource) unchanged() error {
	if f.info == nil {
		return nil
	}
	now, err := f.Stat()
	if err != nil {
		return err
	}
	if now.Size() != f.size || !now.ModTime().Equal(f.info.ModTime()) {
		return errors.New("the file changed while it was signed: try again")
	}
	return nil
}

// openSource opens a file to be signed. What cannot be read at any place, such as a
// pipe, is copied to a file first, and so is standard input.
func (s *session) openSource(name string) (*signSource, error) {
	if name == "-" {
		return s.spooled(s.env.Stdin)
	}
	f, err := s.env.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, errors.Join(err, f.Close())
	case info.IsDir():
		f.Close()
		return nil, errors.New(name + " is a directory: give the files in it")
	case info.Mode().IsRegular():
		return &signSource{f, info.Size(), info}, nil
	}
	defer f.Close()
	return s.spooled(f)
}

// spooled copies what r yields to a file that nobody else has.
func (s *session) spooled(r io.Reader) (*signSource, error) {
	f, err := s.env.TempFile()
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(f, r)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &signSource{f, n, nil}, nil
}

// signTarget is the place that has a name, or standard output.
func (s *session) signTarget(out string) (local.Target, error) {
	if out == "-" {
		return &streamTarget{s.env}, nil
	}
	path, err := absolute(out)
	return &fileTarget{path, s.env}, err
}

// fileTarget is a place in a file system.
type fileTarget struct {
	path string
	env  *Env
}

// Name is the path, absolute.
func (t *fileTarget) Name() string { return t.path }

// Open opens what is there.
func (t *fileTarget) Open() (local.Content, error) {
	f, err := t.env.Open(t.path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is there already, and is no file", t.path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &signSource{f, info.Size(), info}, nil
}

// Draft begins a file that will be there.
func (t *fileTarget) Draft() (local.Draft, error) { return t.env.Draft(t.path) }

// streamTarget is standard output.
type streamTarget struct{ env *Env }

// Name is what stands for it.
func (t *streamTarget) Name() string { return "-" }

// Open finds nothing there.
func (t *streamTarget) Open() (local.Content, error) { return nil, fs.ErrNotExist }

// Draft begins what is written there once it is complete.
func (t *streamTarget) Draft() (local.Draft, error) {
	f, err := t.env.TempFile()
	return &streamDraft{f, t.env.Stdout}, err
}

type streamDraft struct {
	*os.File
	to io.Writer
}

func (d *streamDraft) Sync() error { return nil } // it does not outlive the process

func (d *streamDraft) Place() error {
	if _, err := d.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(d.to, d.File)
	return err
}

func (d *streamDraft) Discard() error { return d.Close() }
