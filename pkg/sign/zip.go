package sign

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// The parts of a ZIP archive by PKWARE's APPNOTE.TXT: sections 4.3.7 (local
// header), 4.3.9 (data descriptor), 4.3.12 (central directory record), 4.3.14 to
// 4.3.16 (end records).
const (
	localMagic      = 0x04034b50
	descriptorMagic = 0x08074b50
	centralMagic    = 0x02014b50
	endMagic        = 0x06054b50
	end64Magic      = 0x06064b50
	locator64Magic  = 0x07064b50

	localLen     = 30
	centralLen   = 46
	endLen       = 22
	end64Len     = 56
	locator64Len = 20

	// Where a short field holds its greatest value, a ZIP64 one has the true one.
	max16 = 1<<16 - 1
	max32 = 1<<32 - 1
)

// archive is a source whose end records have been read and found in agreement.
type archive struct {
	src     Source
	entries uint64
	dirAt   int64 // where the central directory begins
	dirLen  int64
	comment []byte
}

func notZip() error { return refuse("The source object is not a valid ZIP archive.") }

func malformed(format string, args ...any) error {
	return refuse("The source ZIP archive is malformed: %s.", fmt.Sprintf(format, args...))
}

// openArchive finds the central directory. It takes no archive about whose end
// two readers could disagree: nothing may stand behind the end records, nor
// between them and the directory.
func openArchive(src Source) (*archive, error) {
	tail := make([]byte, min(src.Size(), endLen+max16))
	start := src.Size() - int64(len(tail))
	if err := readAt(src, tail, start); err != nil {
		return nil, err
	}
	// Of several the last is taken, as other readers do. One that hides in the
	// comment of another leaves bytes no entry accounts for, and is refused then.
	i := bytes.LastIndex(tail, binary.LittleEndian.AppendUint32(nil, endMagic))
	if i < 0 || i+endLen > len(tail) {
		return nil, notZip()
	}
	end, comment := parseEnd(tail[i:]), tail[i+endLen:]
	if end.comment != len(comment) {
		return nil, malformed("it does not end where its end record says")
	}
	at := start + int64(i)
	at, err := end.widen(src, at)
	if err != nil {
		return nil, err
	}
	if err := end.check(at); err != nil {
		return nil, err
	}
	return &archive{src, end.entries, int64(end.dirAt), int64(end.dirLen), bytes.Clone(comment)}, nil
}

// readAt fills p from offset at of the source.
func readAt(src Source, p []byte, at int64) error {
	n, err := src.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read the source at %d: %w", at, err)
}

// endRecord is what one of the end records says.
type endRecord struct {
	disk, dirDisk        uint64
	diskEntries, entries uint64
	dirLen, dirAt        uint64
	comment              int
}

func parseEnd(b []byte) endRecord {
	le := binary.LittleEndian
	return endRecord{
		disk:        uint64(le.Uint16(b[4:])),
		dirDisk:     uint64(le.Uint16(b[6:])),
		diskEntries: uint64(le.Uint16(b[8:])),
		entries:     uint64(le.Uint16(b[10:])),
		dirLen:      uint64(le.Uint32(b[12:])),
		dirAt:       uint64(le.Uint32(b[16:])),
		comment:     int(le.Uint16(b[20:])),
	}
}

func parseEnd64(b []byte) endRecord {
	le := binary.LittleEndian
	return endRecord{
		disk:        uint64(le.Uint32(b[16:])),
		dirDisk:     uint64(le.Uint32(b[20:])),
		diskEntries: le.Uint64(b[24:]),
		entries:     le.Uint64(b[32:]),
		dirLen:      le.Uint64(b[40:]),
		dirAt:       le.Uint64(b[48:]),
	}
}

// widen takes over the ZIP64 end record if there is one before the end record at
// at, and returns where the end records begin. Some readers look for it always
// and some only when they must, so the two may not differ.
func (e *endRecord) widen(src Source, at int64) (int64, error) {
	le := binary.LittleEndian
	locatorAt := at - locator64Len
	if locatorAt < end64Len {
		return at, nil
	}
	b := make([]byte, end64Len)
	if err := readAt(src, b[:locator64Len], locatorAt); err != nil {
		return 0, err
	}
	if le.Uint32(b) != locator64Magic {
		return at, nil
	}
	where := le.Uint64(b[8:])
	if where > uint64(locatorAt-end64Len) {
		return 0, malformed("its ZIP64 end record is missing")
	}
	if err := readAt(src, b, int64(where)); err != nil {
		return 0, err
	}
	if le.Uint32(b) != end64Magic || le.Uint64(b[4:]) != uint64(locatorAt)-where-12 {
		return 0, malformed("its ZIP64 end record is missing")
	}
	wide := parseEnd64(b)
	if !e.agrees(wide) {
		return 0, malformed("its two end records differ")
	}
	*e = wide
	return int64(where), nil
}

func (e *endRecord) agrees(wide endRecord) bool {
	same := func(short, long, full uint64) bool { return short == long || short == full }
	return same(e.disk, wide.disk, max16) && same(e.dirDisk, wide.dirDisk, max16) &&
		same(e.diskEntries, wide.diskEntries, max16) && same(e.entries, wide.entries, max16) &&
		same(e.dirLen, wide.dirLen, max32) && same(e.dirAt, wide.dirAt, max32)
}

// check compares what the end records say with where they stand.
func (e *endRecord) check(at int64) error {
	where := uint64(at)
	switch {
	case e.disk != 0 || e.dirDisk != 0 || e.diskEntries != e.entries:
		return malformed("it is a part of an archive in several files")
	case e.dirLen > where || e.dirAt > where-e.dirLen:
		return malformed("its central directory is not where its end record says")
	case e.entries == 0:
		return refuse("The source ZIP archive is empty.")
	case e.dirAt+e.dirLen != where:
		return malformed("it has %d bytes that belong to no entry, such as a program before the archive", where-e.dirAt-e.dirLen)
	}
	return nil
}
