package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"signer/pkg/interrupt"
)

// reader takes a backup apart.
type reader struct {
	ctx    context.Context
	raw    io.Reader // all that is read goes into sum
	tar    *tar.Reader
	sum    *lagging
	to     *os.Root // nil: it is only looked at
	near   *os.Root // the directory in it that was used last, or nil
	below  string   // its name
	buffer []byte
	Summary
}

// lagging hashes what it is given, but for the last block. So the header of the
// checksum is not in the sum when it has just been read.
type lagging struct {
	hash.Hash
	last []byte
}

const block = 512 // of a tar archive

func (l *lagging) Write(p []byte) (int, error) {
	l.last = append(l.last, p...)
	if n := len(l.last) - block; n > 0 {
		l.Hash.Write(l.last[:n])
		l.last = append(l.last[:0], l.last[n:]...)
	}
	return len(p), nil
}

// Check reads a backup to its end and finds out whether it is whole.
func Check(ctx context.Context, r io.Reader) (Summary, error) { return read(ctx, r, nil) }

// extract takes a backup apart into an empty directory. What it leaves there is not
// to be used unless it returns nil, and is not durable.
func extract(ctx context.Context, r io.Reader, dir string) (Summary, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Summary{}, err
	}
	defer root.Close()
	return read(ctx, r, root)
}

func read(ctx context.Context, r io.Reader, to *os.Root) (Summary, error) {
	sum := &lagging{Hash: sha256.New()}
	raw := io.TeeReader(bufio.NewReaderSize(r, bufferSize), sum)
	e := &reader{ctx: ctx, raw: raw, tar: tar.NewReader(raw), sum: sum, to: to, buffer: make([]byte, bufferSize)}
	defer e.leave()
	if err := e.mark(); err != nil {
		return Summary{}, err
	}
	for {
		more, err := e.next()
		if err != nil || !more {
			return e.Summary, err
		}
	}
}

// mark reads what the file says it is.
func (e *reader) mark() error {
	h, err := e.tar.Next()
	if err != nil && broken(err) == err {
		return err // it could not be read
	}
	if err != nil || h.Name != markName || h.Size > 1<<10 {
		return torn("it does not begin as one does")
	}
	text, err := io.ReadAll(e.tar)
	switch {
	case err != nil || !bytes.HasPrefix(text, []byte(markHead)):
		return torn("it does not begin as one does")
	case string(text) != markText:
		return fmt.Errorf("it was made by a newer version of signer (%q): update signer", bytes.TrimSpace(text))
	}
	return nil
}

// next takes out one entry. It returns false behind the last.
func (e *reader) next() (more bool, err error) {
	if err := e.ctx.Err(); err != nil {
		return false, err
	}
	h, err := e.tar.Next()
	if err != nil {
		return false, broken(err)
	}
	switch {
	case h.Typeflag == tar.TypeReg && h.Name == checksumName:
		return false, e.end(h.Size)
	case h.Typeflag == tar.TypeReg && h.Name == manifestName:
		_, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{e.tar}, e.buffer)
		return true, broken(err)
	}
	name, ok := nameInside(h.Name)
	switch {
	case !isPlain(h):
		return false, torn("its entry %q has attributes that none has", h.Name)
	case !ok:
		return false, torn("it has an entry with the name %q", h.Name)
	case h.Typeflag == tar.TypeDir:
		return true, e.dir(name)
	case h.Typeflag == tar.TypeReg:
		return true, e.file(name)
	}
	return false, torn("its entry %q is neither a file nor a directory", h.Name)
}

// isPlain tells whether a header says no more than one of a backup does: no sparse file,
// for example, that a few bytes make very large.
func isPlain(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if key != "path" && key != "size" {
			return false
		}
	}
	return true
}

// nameInside is a name in the directory that was backed up. What begins with a dot
// there, such as a restore's own files, is in no backup.
func nameInside(name string) (string, bool) {
	inside, ok := strings.CutPrefix(path.Clean(name), homeName+"/")
	return inside, ok && filepath.IsLocal(filepath.FromSlash(inside)) && !strings.HasPrefix(inside, ".") && !strings.ContainsRune(name, 0)
}

// broken is the error of what could not be read.
func broken(err error) error {
	switch {
	case err == nil:
		return nil
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return torn("it ends too early")
	case errors.Is(err, tar.ErrHeader) || errors.Is(err, tar.ErrFieldTooLong) || errors.Is(err, tar.ErrInsecurePath):
		return torn("it was altered")
	}
	return err
}

func (e *reader) made(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return torn("it has an entry twice")
	}
	return err
}

// place is where a name leads: to the directory that was used last, if it goes on from
// that, since the way there from the top takes a step for each directory.
func (e *reader) place(name string) (*os.Root, string) {
	if rest, ok := strings.CutPrefix(name, e.below+"/"); ok && e.near != nil {
		return e.near, rest
	}
	return e.to, name
}

// enter makes the directory that something is in the one that was used last.
func (e *reader) enter(name string) error {
	parent := path.Dir(name)
	if parent == "." || e.near != nil && e.below == parent {
		return nil
	}
	if err := e.to.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	near, err := e.to.OpenRoot(parent)
	if err != nil {
		return err
	}
	e.leave()
	e.near, e.below = near, parent
	return nil
}

func (e *reader) leave() {
	if e.near != nil {
		e.near.Close()
	}
}

func (e *reader) dir(name string) error {
	if e.to == nil {
		return nil
	}
	if err := e.enter(name); err != nil {
		return e.made(err)
	}
	root, rest := e.place(name)
	err := root.Mkdir(rest, 0o700)
	if errors.Is(err, fs.ErrExist) { // made for a file in it
		err = root.MkdirAll(rest, 0o700)
	}
	return e.made(err)
}

func (e *reader) file(name string) error {
	n, err := e.content(name)
	e.Files++
	e.Bytes += n
	return broken(err)
}

func (e *reader) content(name string) (int64, error) {
	from := interrupt.Reader(e.ctx, e.tar)
	if e.to == nil {
		return io.CopyBuffer(struct{ io.Writer }{io.Discard}, from, e.buffer)
	}
	f, err := e.create(name)
	if err != nil {
		return 0, e.made(err)
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{f}, from, e.buffer)
	return n, errors.Join(err, f.Close())
}

// create makes a file, and the directory that it is in where the backup does not
// have it.
func (e *reader) create(name string) (*os.File, error) {
	const fresh = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	root, rest := e.place(name)
	f, err := root.OpenFile(rest, fresh, 0o600)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := e.enter(name); err != nil {
		return nil, err
	}
	root, rest = e.place(name)
	return root.OpenFile(rest, fresh, 0o600)
}

// end compares the checksum, and sees that nothing follows but zeros.
func (e *reader) end(size int64) error {
	want := checksumText(e.sum)
	got := make([]byte, len(want))
	if size != int64(len(want)) {
		return torn("it was altered")
	}
	if _, err := io.ReadFull(e.tar, got); err != nil {
		return broken(err)
	}
	if !bytes.Equal(got, want) {
		return torn("it was altered")
	}
	rest, err := io.ReadAll(io.LimitReader(e.raw, 8*block))
	if err != nil {
		return err
	}
	padding := block - len(want)%block
	if len(rest) != padding+2*block || len(bytes.Trim(rest, "\x00")) > 0 {
		return torn("it does not end as one does")
	}
	return nil
}
