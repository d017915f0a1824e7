package backup

import (
	"archive/tar"
	"bufio"
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
	"time"

	"signer/pkg/interrupt"
)

// writer writes a backup. It goes on with ctx.
type writer struct {
	ctx      context.Context
	out      *bufio.Writer
	tar      *tar.Writer
	sum      hash.Hash // of all that was written
	manifest *bufio.Writer
	spool    *os.File // of the manifest
	buffer   []byte
	now      time.Time
	Summary
}

// newWriter begins a backup. spool is a file for the manifest while it grows.
func newWriter(ctx context.Context, w io.Writer, spool *os.File, now time.Time) (*writer, error) {
	out, sum := bufio.NewWriterSize(w, bufferSize), sha256.New()
	b := &writer{ctx: ctx, out: out, tar: tar.NewWriter(io.MultiWriter(out, sum)), sum: sum, manifest: bufio.NewWriter(spool), spool: spool,
		buffer: make([]byte, bufferSize), now: now.UTC().Truncate(time.Second)}
	return b, b.text(markName, []byte(markText))
}

func (b *writer) header(name string, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: b.now}
}

// text adds a file that is not the directory's.
func (b *writer) text(name string, text []byte) error {
	if err := b.tar.WriteHeader(b.header(name, int64(len(text)))); err != nil {
		return err
	}
	_, err := b.tar.Write(text)
	return err
}

// dir adds a directory.
func (b *writer) dir(name string) error {
	return b.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: path.Join(homeName, name) + "/", Mode: 0o700, ModTime: b.now})
}

// file adds a file of this many bytes. If it has fewer the backup cannot go on.
func (b *writer) file(name string, size int64, r io.Reader) error {
	name = path.Join(homeName, name)
	if err := b.tar.WriteHeader(b.header(name, size)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(b.tar, sum), interrupt.Reader(b.ctx, io.LimitReader(r, size)), b.buffer)
	if err == nil && n < size {
		err = fmt.Errorf("it became shorter while it was read: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.Files++
	b.Bytes += n
	return b.list(name, sum)
}

// list adds a line to the manifest. Names with line ends are written as sha256sum
// writes them.
func (b *writer) list(name string, sum hash.Hash) error {
	mark := ""
	if escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(name); escaped != name {
		mark, name = `\`, escaped
	}
	_, err := fmt.Fprintf(b.manifest, "%s%x  %s\n", mark, sum.Sum(nil), name)
	return err
}

// copy adds a file of the file system, as long as it is now. What is gone meanwhile
// is left out.
func (b *writer) copy(name, at string) error {
	f, err := os.Open(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return b.file(name, info.Size(), f)
}

// batch is how many entries of a directory are looked at together. There may be
// very many.
const batch = 1024

// tree adds what is in a directory, but for what skip is true of. What is gone
// meanwhile is left out.
func (b *writer) tree(name, at string, skip func(name string) bool) error {
	d, err := os.Open(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		entries, err := d.ReadDir(batch)
		for _, e := range entries {
			if inside := path.Join(name, e.Name()); !skip(inside) {
				if err := b.entry(inside, filepath.Join(at, e.Name()), e.Type(), skip); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// entry adds what a directory has. Pipes and sockets hold nothing, and links are
// refused: what they lead to may be anything.
func (b *writer) entry(name, at string, mode fs.FileMode, skip func(string) bool) error {
	switch {
	case mode.IsRegular():
		return b.copy(name, at)
	case mode.IsDir():
		if err := b.dir(name); err != nil {
			return err
		}
		return b.tree(name, at, skip)
	case mode&(fs.ModeNamedPipe|fs.ModeSocket) != 0:
		return nil
	}
	return fmt.Errorf("%s is neither a file nor a directory: put what it stands for in its place, or move it away", at)
}

// close ends the backup.
func (b *writer) close() error {
	if err := b.manifest.Flush(); err != nil {
		return err
	}
	size, err := b.spool.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := b.tar.WriteHeader(b.header(manifestName, size)); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(b.tar, struct{ io.Reader }{io.NewSectionReader(b.spool, 0, size)}, b.buffer); err != nil {
		return err
	}
	if err := b.tar.Flush(); err != nil {
		return err
	}
	if err := b.text(checksumName, checksumText(b.sum)); err != nil {
		return err
	}
	if err := b.tar.Close(); err != nil {
		return err
	}
	return b.out.Flush()
}
