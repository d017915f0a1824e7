package sign

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// addition is an entry that the original archive did not have.
type addition struct {
	name   string
	method uint16
	mode   uint32 // as Unix has it
	time   time.Time
	data   []byte // compressed
	size   int
	crc    uint32
	at     int64 // where its local header is written
}

func newDirectory(name string, t time.Time) *addition {
	return &addition{name: name, method: stored, mode: 0o40755, time: t}
}

func newFile(name string, data []byte, t time.Time) *addition {
	return &addition{
		name: name, method: deflated, mode: 0o100644, time: t,
		data: deflate(data), size: len(data), crc: crc32.ChecksumIEEE(data),
	}
}

// deflate puts data into blocks that are not compressed (RFC 1951, 3.2.4). The
// signature is to be a deflated entry, and short; to set up compress/flate for
// it would take longer than all the rest of signing a small archive.
func deflate(data []byte) []byte {
	const most = 1<<16 - 1
	var out []byte
	for last := false; !last; {
		block := data[:min(len(data), most)]
		data = data[len(block):]
		last = len(data) == 0
		var final byte
		if last {
			final = 1
		}
		out = append(out, final)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(block)))
		out = binary.LittleEndian.AppendUint16(out, ^uint16(len(block)))
		out = append(out, block...)
	}
	return out
}

const (
	version20 = 20 // deflate and directories
	version45 = 45 // ZIP64
	madeUnix  = 3 << 8
)

// local is the local header.
func (e *addition) local() []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, localMagic)
	b = e.common(le.AppendUint16(b, version20))
	b = le.AppendUint16(b, 0) // extra fields
	return append(b, e.name...)
}

// common appends what both headers have, from the flags to the length of the
// name.
func (e *addition) common(b []byte) []byte {
	le := binary.LittleEndian
	day, clock := dosTime(e.time)
	b = le.AppendUint16(b, 0) // flags
	b = le.AppendUint16(b, e.method)
	b = le.AppendUint16(b, clock)
	b = le.AppendUint16(b, day)
	b = le.AppendUint32(b, e.crc)
	b = le.AppendUint32(b, uint32(len(e.data)))
	b = le.AppendUint32(b, uint32(e.size))
	return le.AppendUint16(b, uint16(len(e.name)))
}

// central is the record of the central directory.
func (e *addition) central() []byte {
	le := binary.LittleEndian
	version, at, extra := uint16(version20), uint32(e.at), []byte(nil)
	if e.at >= max32 {
		version, at = version45, max32
		extra = le.AppendUint16(extra, extraZip64)
		extra = le.AppendUint16(extra, 8)
		extra = le.AppendUint64(extra, uint64(e.at))
	}
	attributes := e.mode << 16
	if e.method == stored {
		attributes |= 0x10 // a directory, as MS-DOS has it
	}
	b := le.AppendUint32(nil, centralMagic)
	b = le.AppendUint16(b, madeUnix|version)
	b = e.common(le.AppendUint16(b, version))
	b = le.AppendUint16(b, uint16(len(extra)))
	b = append(b, 0, 0, 0, 0, 0, 0) // comment, disk, internal attributes
	b = le.AppendUint32(b, attributes)
	b = le.AppendUint32(b, at)
	b = append(b, e.name...)
	return append(b, extra...)
}

// endRecords are those that end an archive, the ZIP64 ones only where they must
// be.
func endRecords(entries, dirLen, dirAt uint64, comment []byte) []byte {
	le := binary.LittleEndian
	var b []byte
	if entries >= max16 || dirLen >= max32 || dirAt >= max32 {
		b = end64Records(entries, dirLen, dirAt)
	}
	count := uint16(min(entries, max16))
	b = le.AppendUint32(b, endMagic)
	b = le.AppendUint32(b, 0) // disks
	b = le.AppendUint16(b, count)
	b = le.AppendUint16(b, count)
	b = le.AppendUint32(b, uint32(min(dirLen, max32)))
	b = le.AppendUint32(b, uint32(min(dirAt, max32)))
	b = le.AppendUint16(b, uint16(len(comment)))
	return append(b, comment...)
}

// end64Records are the ZIP64 end record and its locator.
func end64Records(entries, dirLen, dirAt uint64) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, end64Magic)
	b = le.AppendUint64(b, end64Len-12)
	b = le.AppendUint16(b, madeUnix|version45)
	b = le.AppendUint16(b, version45)
	b = le.AppendUint64(b, 0) // disks
	b = le.AppendUint64(b, entries)
	b = le.AppendUint64(b, entries)
	b = le.AppendUint64(b, dirLen)
	b = le.AppendUint64(b, dirAt)
	b = le.AppendUint32(b, locator64Magic)
	b = le.AppendUint32(b, 0) // disk
	b = le.AppendUint64(b, dirAt+dirLen)
	return le.AppendUint32(b, 1) // disks in all
}

// dosTime is t in UTC as MS-DOS writes it, which begins in 1980 and ends in
// 2107.
func dosTime(t time.Time) (day, clock uint16) {
	t = t.UTC()
	if t.Year() < 1980 || t.Year() > 2107 {
		t = time.Date(min(max(t.Year(), 1980), 2107), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	day = uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	return day, clock
}
