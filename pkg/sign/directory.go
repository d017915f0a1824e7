package sign

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	stored   = 0
	deflated = 8
	aes      = 99 // stands in for the method of an entry encrypted with AES

	flagEncrypted  = 1<<0 | 1<<6 | 1<<13
	flagDescriptor = 1 << 3
	flagPatch      = 1 << 5
	flagUTF8       = 1 << 11

	extraZip64       = 0x0001
	extraUnicodePath = 0x7075
)

// entry is one record of the central directory, its ZIP64 fields resolved.
type entry struct {
	name         []byte
	flags        uint16
	method       uint16
	crc          uint32
	packed, size uint64
	disk         uint64
	at           uint64 // of its local header
	extra        []byte

	buf []byte // what name and extra are parts of
}

// directory reads the central directory record by record.
type directory struct {
	r    *bufio.Reader
	left uint64
}

func (a *archive) directory() *directory {
	section := io.NewSectionReader(a.src, a.dirAt, a.dirLen)
	return &directory{bufio.NewReaderSize(section, chunkFor(a.dirLen)), a.entries}
}

// next reads the next record into e, whose slices are good until the next use of
// e. At the end it returns io.EOF.
func (d *directory) next(e *entry) error {
	if d.left == 0 {
		if _, err := d.r.ReadByte(); err != io.EOF {
			return orMalformed(err, "its central directory has more than its entries")
		}
		return io.EOF
	}
	d.left--
	var fixed [centralLen]byte
	if _, err := io.ReadFull(d.r, fixed[:]); err != nil {
		return orMalformed(err, "its central directory is cut short")
	}
	if binary.LittleEndian.Uint32(fixed[:]) != centralMagic {
		return malformed("its central directory is damaged")
	}
	if err := d.variable(e, fixed[:]); err != nil {
		return err
	}
	return e.parse(fixed[:])
}

// variable reads the name, the extra fields and the comment of a record.
func (d *directory) variable(e *entry, fixed []byte) error {
	le := binary.LittleEndian
	name, extra := int(le.Uint16(fixed[28:])), int(le.Uint16(fixed[30:]))
	e.buf = grown(e.buf, name+extra)
	if _, err := io.ReadFull(d.r, e.buf); err != nil {
		return orMalformed(err, "its central directory is cut short")
	}
	if _, err := d.r.Discard(int(le.Uint16(fixed[32:]))); err != nil {
		return orMalformed(err, "its central directory is cut short")
	}
	e.name, e.extra = e.buf[:name], e.buf[name:]
	return nil
}

// grown is a slice of length n, b's if that has the room. Names and extra fields
// are shorter than 64 KiB each, so it never grows far.
func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// orMalformed tells a source that ends too early for what it declares from one
// that cannot be read.
func orMalformed(err error, what string) error {
	if err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("%s", what)
	}
	return err
}

func (e *entry) parse(b []byte) error {
	le := binary.LittleEndian
	e.flags, e.method = le.Uint16(b[8:]), le.Uint16(b[10:])
	e.crc = le.Uint32(b[16:])
	e.packed, e.size = uint64(le.Uint32(b[20:])), uint64(le.Uint32(b[24:]))
	e.disk = uint64(le.Uint16(b[34:]))
	e.at = uint64(le.Uint32(b[42:]))
	wide, err := e.field(extraZip64)
	if err != nil {
		return err
	}
	if !widen(wide, wideField{&e.size, max32}, wideField{&e.packed, max32}, wideField{&e.at, max32}) {
		return malformed("entry %s lacks its ZIP64 sizes", e)
	}
	return nil
}

// field finds an extra field; nil means there is none. Two of a kind could be
// read in two ways.
func (e *entry) field(kind uint16) ([]byte, error) {
	found, twice := extraField(e.extra, kind)
	if twice {
		return nil, malformed("entry %s has an extra field twice", e)
	}
	return found, nil
}

// extraField finds the field of a kind among extra fields. What follows the last
// whole field is padding to some writers, and is passed over.
func extraField(extra []byte, kind uint16) (found []byte, twice bool) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		k, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			break
		}
		if k == kind {
			twice = found != nil
			found = extra[4 : 4+n : 4+n]
			if twice {
				return found, true
			}
		}
		extra = extra[4+n:]
	}
	return found, false
}

// wideField is a field whose true value is in the ZIP64 extra field if it is
// full.
type wideField struct {
	value *uint64
	full  uint64
}

// widen takes the values of the full fields from a ZIP64 extra field, where they
// stand in this order, and reports whether all were there. Without any such
// extra field the values are what they are.
func widen(extra []byte, fields ...wideField) bool {
	if extra == nil {
		return true
	}
	for _, f := range fields {
		if *f.value != f.full {
			continue
		}
		if len(extra) < 8 {
			return false
		}
		*f.value = binary.LittleEndian.Uint64(extra)
		extra = extra[8:]
	}
	return true
}

// String is the name as people may see it: quoted, and not longer than a line.
func (e *entry) String() string {
	const most = 80
	if len(e.name) > most {
		return strconv.Quote(string(e.name[:most])) + "..."
	}
	return strconv.Quote(string(e.name))
}

// check refuses an entry that other readers of ZIP archives would not read as
// this package does, or not at all.
func (e *entry) check() error {
	switch {
	case e.flags&flagEncrypted != 0 || e.method == aes:
		return refuse("The source ZIP archive has an encrypted entry: %s.", e)
	case e.method != stored && e.method != deflated || e.flags&flagPatch != 0:
		return refuse("The source ZIP archive has an entry with an unsupported compression method: %s.", e)
	case e.disk != 0:
		return malformed("entry %s is in another file", e)
	case e.method == stored && e.packed != e.size:
		return malformed("entry %s is stored, yet declares two sizes", e)
	case e.isDir() && e.size != 0:
		return malformed("entry %s is a directory, yet has data", e)
	}
	if err := e.checkName(); err != nil {
		return err
	}
	return e.checkUnicodePath()
}

func (e *entry) isDir() bool { return len(e.name) > 0 && e.name[len(e.name)-1] == '/' }

// checkName refuses names that some reader would cut off, or unpack outside the
// directory it unpacks to. Backslashes separate directories for some readers.
func (e *entry) checkName() error {
	name := slashed(e.name)
	drive := len(name) > 1 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
	switch {
	case name == "":
		return malformed("it has an entry without a name")
	case strings.Contains(name, "\x00"):
		return malformed("the name of entry %s has a NUL byte", e)
	case e.flags&flagUTF8 != 0 && !utf8.ValidString(name):
		return malformed("the name of entry %s is not the UTF-8 that it is said to be", e)
	case name[0] == '/' || drive:
		return refuse("The source ZIP archive has an entry with an absolute name: %s.", e)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return refuse("The source ZIP archive has an entry whose name leads out of it: %s.", e)
		}
	}
	return nil
}

func slashed(name []byte) string { return strings.ReplaceAll(string(name), `\`, "/") }

// checkUnicodePath refuses a second name beside the one that is signed. Readers
// that know this extra field (APPNOTE 4.6.9) would unpack to that.
func (e *entry) checkUnicodePath() error {
	path, err := e.field(extraUnicodePath)
	if err != nil || path == nil {
		return err
	}
	if len(path) < 5 || string(path[5:]) != string(e.name) || !utf8.Valid(e.name) {
		return malformed("entry %s has a second name in its extra fields", e)
	}
	return nil
}
