package sign

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// body is where the name and the uncompressed data of an entry go.
type body func(*entry) io.Writer

// walker reads the entries of an archive in one pass from its first byte to its
// central directory, and accounts for every byte on the way.
type walker struct {
	in      *tape
	inflate io.Reader // made for the first entry that needs it
	header  entry     // the local header
	buf     []byte
}

func newWalker(p *pipe) *walker {
	return &walker{in: &tape{pipe: p}, buf: make([]byte, p.size)}
}

// walk reads all entries of a, whose bytes come through w.
func (w *walker) walk(ctx context.Context, a *archive, to body) error {
	d, e, next := a.directory(), new(entry), new(entry)
	err := d.next(e)
	for err == nil {
		end := uint64(a.dirAt)
		if err = d.next(next); err == nil {
			end = next.at
		} else if err != io.EOF {
			return err
		}
		if err := w.entry(ctx, e, end, to(e)); err != nil {
			return err
		}
		e, next = next, e
	}
	if err != io.EOF {
		return err
	}
	return nil
}

// entry reads one entry, which ends where the next begins, and gives its data to
// out.
func (w *walker) entry(ctx context.Context, e *entry, end uint64, out io.Writer) error {
	if err := w.local(e); err != nil {
		return err
	}
	if e.packed > end || w.in.at > end-e.packed {
		return malformed("entry %s overlaps the next", e)
	}
	if err := w.data(ctx, e, out); err != nil {
		return err
	}
	if e.flags&flagDescriptor != 0 {
		return w.descriptor(e, end)
	}
	if w.in.at != end {
		return malformed("%d bytes after entry %s belong to no entry", end-w.in.at, e)
	}
	return nil
}

// local reads the local header and compares it with the central one.
func (w *walker) local(e *entry) error {
	le := binary.LittleEndian
	var b [localLen]byte
	if err := w.in.read(b[:]); err != nil {
		return orMalformed(err, "it is cut short")
	}
	if le.Uint32(b[:]) != localMagic {
		return malformed("entry %s has no local header", e)
	}
	h := &w.header
	h.flags, h.method = le.Uint16(b[6:]), le.Uint16(b[8:])
	h.crc, h.packed, h.size = le.Uint32(b[14:]), uint64(le.Uint32(b[18:])), uint64(le.Uint32(b[22:]))
	name := int(le.Uint16(b[26:]))
	h.buf = grown(h.buf, name+int(le.Uint16(b[28:])))
	if err := w.in.read(h.buf); err != nil {
		return orMalformed(err, "it is cut short")
	}
	h.name, h.extra = h.buf[:name], h.buf[name:]
	return h.agrees(e)
}

// agrees reports a local header that says other things than the central one.
func (h *entry) agrees(central *entry) error {
	if err := h.checkUnicodePath(); err != nil {
		return err
	}
	wide, err := h.field(extraZip64)
	if err != nil {
		return err
	}
	complete := widen(wide, wideField{&h.size, max32}, wideField{&h.packed, max32})
	if !complete || !h.sameKind(central) || !h.sameSizes(central) {
		return malformed("the local and the central header of entry %s differ", central)
	}
	return nil
}

// sameKind compares what says how to read an entry.
func (h *entry) sameKind(central *entry) bool {
	flags := uint16(flagEncrypted | flagDescriptor | flagPatch)
	if !ascii(central.name) {
		flags |= flagUTF8
	}
	return bytes.Equal(h.name, central.name) && h.method == central.method && (h.flags^central.flags)&flags == 0
}

// sameSizes compares the sizes and the checksum, which a local header may leave
// to the data descriptor.
func (h *entry) sameSizes(central *entry) bool {
	late := h.flags&flagDescriptor != 0
	same := func(local, central uint64) bool { return local == central || late && local == 0 }
	return same(uint64(h.crc), uint64(central.crc)) && same(h.packed, central.packed) && same(h.size, central.size)
}

func ascii(name []byte) bool {
	return !bytes.ContainsFunc(name, func(r rune) bool { return r > 0x7f })
}

// data reads the data of an entry, and holds it to the size and the checksum
// that were declared.
func (w *walker) data(ctx context.Context, e *entry, out io.Writer) error {
	w.in.end = w.in.at + e.packed
	crc, size, err := w.copy(ctx, out, w.plain(e), e.size)
	var bad *badData
	switch {
	case errors.As(err, &bad):
		return malformed("the data of entry %s cannot be uncompressed", e)
	case err != nil:
		return err
	case size != e.size:
		return malformed("entry %s does not have the size it declares", e)
	case w.in.at != w.in.end:
		return malformed("entry %s has bytes behind its compressed data", e)
	case crc != e.crc:
		return malformed("entry %s does not have the checksum it declares", e)
	}
	return nil
}

// plain is the data of an entry, up to the mark of the tape.
func (w *walker) plain(e *entry) io.Reader {
	switch inflate, made := w.inflate.(flate.Resetter); {
	case e.method == stored:
		return w.in
	case made:
		inflate.Reset(w.in, nil) // fails only with a dictionary
	default:
		w.inflate = flate.NewReader(w.in)
	}
	return w.inflate
}

// badData is a fault in compressed data, and not in reading it.
type badData struct{ error }

// copy reads r to its end, or to just beyond the size that was declared, so that
// a small entry cannot keep it busy forever.
func (w *walker) copy(ctx context.Context, out io.Writer, r io.Reader, declared uint64) (crc uint32, size uint64, _ error) {
	for size <= declared {
		if err := context.Cause(ctx); err != nil {
			return 0, 0, err
		}
		n, end := r.Read(w.buf)
		crc = crc32.Update(crc, crc32.IEEETable, w.buf[:n])
		size += uint64(n)
		if _, err := out.Write(w.buf[:n]); err != nil {
			return 0, 0, err
		}
		if end == io.EOF {
			break
		}
		if end != nil {
			return 0, 0, w.blame(end)
		}
	}
	return crc, size, nil
}

// blame tells bad data from a source that could not be read.
func (w *walker) blame(err error) error {
	if w.in.failure != nil {
		return w.in.failure
	}
	return &badData{err}
}

// descriptor reads the data descriptor, which fills what is left before end. It
// has four forms: with and without a magic number, with short and with long
// sizes; no two are of one length.
func (w *walker) descriptor(e *entry, end uint64) error {
	var b [24]byte
	length := end - w.in.at
	switch length {
	case 12, 16, 20, 24:
	default:
		return malformed("the data descriptor of entry %s is missing", e)
	}
	if err := w.in.read(b[:length]); err != nil {
		return orMalformed(err, "it is cut short")
	}
	if !e.describedBy(b[:length]) {
		return malformed("the data descriptor of entry %s differs from its header", e)
	}
	return nil
}

func (e *entry) describedBy(b []byte) bool {
	le := binary.LittleEndian
	if len(b)%8 == 0 {
		if le.Uint32(b) != descriptorMagic {
			return false
		}
		b = b[4:]
	}
	packed, size := uint64(le.Uint32(b[4:])), uint64(le.Uint32(b[8:]))
	if len(b) == 20 {
		packed, size = le.Uint64(b[4:]), le.Uint64(b[12:])
	}
	return le.Uint32(b) == e.crc && packed == e.packed && size == e.size
}

// tape is the reading end of a pipe that knows how far it has come, and at whose
// mark reading ends.
type tape struct {
	*pipe
	at, end uint64
	failure error // why the pipe could not be read, if it could not
}

// read fills p, whatever the mark.
func (t *tape) read(p []byte) error {
	t.end = t.at + uint64(len(p))
	_, err := io.ReadFull(t, p)
	return err
}

// Read is for stored data, and for compress/flate.
func (t *tape) Read(p []byte) (int, error) {
	if t.at == t.end {
		return 0, io.EOF
	}
	if left := t.end - t.at; uint64(len(p)) > left {
		p = p[:left]
	}
	n, err := t.pipe.Read(p)
	t.at += uint64(n)
	if err != nil {
		t.failure = err
	}
	return n, err
}

// ReadByte lets compress/flate read exactly as far as the data goes.
func (t *tape) ReadByte() (byte, error) {
	if t.at == t.end {
		return 0, io.EOF
	}
	if len(t.in) == 0 {
		if err := t.fill(); err != nil {
			t.failure = err
			return 0, err
		}
	}
	b := t.in[0]
	t.in = t.in[1:]
	t.at++
	return b, nil
}
