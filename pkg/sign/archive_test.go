package sign_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var le = binary.LittleEndian

// file is an entry of a handmade archive, with the fields that writers get
// wrong.
type file struct {
	name       string
	body       string
	deflate    bool
	flags      uint16
	extra      string                     // of both headers
	descriptor string                     // bytes after the data
	before     string                     // bytes before the local header
	local      func(header []byte)        // changes the local header
	central    func(record []byte)        // changes the central record
	data       func(packed []byte) []byte // changes the compressed data
}

// handmade builds an archive; end may change the end record.
func handmade(end func(record []byte), files ...file) []byte {
	var out, directory []byte
	for _, f := range files {
		out = append(out, f.before...)
		at := len(out)
		packed := f.packed()
		header := f.header(packed)
		local := append(le.AppendUint32(nil, 0x04034b50), header...)
		local = append(local, f.name+f.extra...)
		central := append(le.AppendUint32(nil, 0x02014b50), 20, 0)
		central = append(central, header...)
		central = append(central, make([]byte, 10)...)
		central = le.AppendUint32(central, uint32(at))
		central = append(central, f.name+f.extra...)
		if f.local != nil {
			f.local(local)
		}
		if f.central != nil {
			f.central(central)
		}
		out = slices.Concat(out, local, packed, []byte(f.descriptor))
		directory = append(directory, central...)
	}
	record := le.AppendUint32(nil, 0x06054b50)
	record = le.AppendUint32(record, 0)
	record = le.AppendUint16(record, uint16(len(files)))
	record = le.AppendUint16(record, uint16(len(files)))
	record = le.AppendUint32(record, uint32(len(directory)))
	record = le.AppendUint32(record, uint32(len(out)))
	record = le.AppendUint16(record, 0)
	if end != nil {
		end(record)
	}
	return slices.Concat(out, directory, record)
}

func (f file) packed() []byte {
	packed := []byte(f.body)
	if f.deflate {
		packed = deflated(f.body)
	}
	if f.data != nil {
		packed = f.data(packed)
	}
	return packed
}

// header is what both headers have in common, from the version on.
func (f file) header(packed []byte) []byte {
	method := uint16(0)
	if f.deflate {
		method = 8
	}
	b := le.AppendUint16(nil, 20)
	b = le.AppendUint16(b, f.flags)
	b = le.AppendUint16(b, method)
	b = le.AppendUint32(b, 0x5d757420)
	b = le.AppendUint32(b, crc32.ChecksumIEEE([]byte(f.body)))
	b = le.AppendUint32(b, uint32(len(packed)))
	b = le.AppendUint32(b, uint32(len(f.body)))
	b = le.AppendUint16(b, uint16(len(f.name)))
	return le.AppendUint16(b, uint16(len(f.extra)))
}

func deflated(body string) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write([]byte(body))
	w.Close()
	return b.Bytes()
}

// Offsets of fields within a local header and within a central record.
const (
	localFlags, localMethod, localCRC, localPacked, localSize, localName = 6, 8, 14, 18, 22, 30
	dirFlags, dirMethod, dirCRC, dirPacked, dirSize, dirDisk, dirAt      = 8, 10, 16, 20, 24, 34, 42
	dirName                                                              = 46
)

func put16(at int, v uint16) func([]byte) { return func(b []byte) { le.PutUint16(b[at:], v) } }
func put32(at int, v uint32) func([]byte) { return func(b []byte) { le.PutUint32(b[at:], v) } }

func all(fs ...func([]byte)) func([]byte) {
	return func(b []byte) {
		for _, f := range fs {
			f(b)
		}
	}
}

func words(v ...uint32) string {
	var b []byte
	for _, w := range v {
		b = le.AppendUint32(b, w)
	}
	return string(b)
}

func extra(kind uint16, data string) string {
	b := le.AppendUint16(nil, kind)
	b = le.AppendUint16(b, uint16(len(data)))
	return string(b) + data
}

func crc(s string) uint32 { return crc32.ChecksumIEEE([]byte(s)) }

// written builds an archive with archive/zip, which writes data descriptors.
func written(t testing.TB, comment string, headers ...*zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.SetComment(comment)
	for _, h := range headers {
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "/") {
			f.Write([]byte(strings.Repeat("body of "+h.Name+"\n", 50)))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func header(name string, mode fs.FileMode, method uint16) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Method: method, Modified: time.Date(2026, 9, 28, 9, 19, 26, 0, time.UTC)}
	h.SetMode(mode)
	return h
}

func many(n int) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range n {
		f, _ := w.CreateHeader(&zip.FileHeader{Name: "f/" + strconv.Itoa(i), Method: zip.Store})
		f.Write([]byte{byte(i)})
	}
	w.Close()
	return b.Bytes()
}

// wide gives an archive ZIP64 end records that it does not need, unless short
// changes its end record so that it does.
func wide(archive []byte, change, short func(record []byte)) []byte {
	end := len(archive) - 22
	record := archive[end:]
	b := le.AppendUint32(nil, 0x06064b50)
	b = le.AppendUint64(b, 44)
	b = le.AppendUint32(b, 45<<16|45)
	b = le.AppendUint64(b, 0)
	b = le.AppendUint64(b, uint64(le.Uint16(record[10:])))
	b = le.AppendUint64(b, uint64(le.Uint16(record[10:])))
	b = le.AppendUint64(b, uint64(le.Uint32(record[12:])))
	b = le.AppendUint64(b, uint64(le.Uint32(record[16:])))
	b = le.AppendUint32(b, 0x07064b50)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, uint64(end))
	b = le.AppendUint32(b, 1)
	if change != nil {
		change(b)
	}
	if short != nil {
		short(record)
	}
	return slices.Concat(archive[:end], b, record)
}

// odd are archives that are unlike most and yet read in one way only.
func odd(t testing.TB) map[string][]byte {
	descriptor := words(crc("abc"), 3, 3)
	wideDescriptor := words(crc("abc"), 3, 0, 3, 0)
	noSizes := all(put32(localCRC, 0), put32(localPacked, 0), put32(localSize, 0))
	zip64 := all(put32(localPacked, 0xffffffff), put32(localSize, 0xffffffff))
	return map[string][]byte{
		"one file":   handmade(nil, file{name: "a.py", body: "abc"}),
		"no bytes":   handmade(nil, file{name: "empty"}, file{name: "e2", deflate: true}),
		"META_INF":   handmade(nil, file{name: "META_INF/"}, file{name: "META_INF/x", body: "x"}),
		"in it":      handmade(nil, file{name: "META_INF/x", body: "x"}),
		"dot names":  handmade(nil, file{name: "./"}, file{name: "./a", body: "a"}, file{name: "b..c/d", body: "d"}),
		"raw name":   handmade(nil, file{name: "caf\x82.txt", body: "a"}, file{name: `dir\file`, body: "b"}),
		"java dir":   handmade(nil, file{name: "d/", deflate: true}, file{name: "d/a", body: "abc", deflate: true}),
		"padding":    handmade(nil, file{name: "a", body: "abc", extra: "\x00\x00\x00"}),
		"same path":  handmade(nil, file{name: "é", body: "a", extra: extra(0x7075, "\x01    é"), flags: 1 << 11}),
		"12 bytes":   handmade(nil, file{name: "a", body: "abc", flags: 8, local: noSizes, descriptor: descriptor}),
		"16 bytes":   handmade(nil, file{name: "a", body: "abc", flags: 8, descriptor: "PK\x07\x08" + descriptor}),
		"20 bytes":   handmade(nil, file{name: "a", body: "abc", flags: 8, local: noSizes, descriptor: wideDescriptor}),
		"24 bytes":   handmade(nil, file{name: "a", body: "abc", flags: 8, descriptor: "PK\x07\x08" + wideDescriptor}, file{name: "b"}),
		"wide local": handmade(nil, file{name: "a", body: "abc", extra: extra(1, words(3, 0, 3, 0)), local: zip64}),
		"wide": handmade(nil, file{name: "a", body: "abc", extra: extra(1, words(3, 0, 3, 0)), local: zip64,
			central: all(put32(dirPacked, 0xffffffff), put32(dirSize, 0xffffffff))}),
		"wide end":    wide(handmade(nil, file{name: "a", body: "abc"}), nil, nil),
		"wide only":   wide(handmade(nil, file{name: "a"}), nil, all(put16(10, 0xffff), put16(8, 0xffff), put32(16, 0xffffffff), put32(12, 0xffffffff))),
		"comment":     written(t, "made by hand", header("a", 0o644, zip.Deflate)),
		"link":        written(t, "", header("link", fs.ModeSymlink|0o777, zip.Store), header("x", 0o755, zip.Deflate)),
		"descriptors": written(t, "", header("d/", fs.ModeDir|0o755, zip.Store), header("d/ü", 0o644, zip.Deflate), header("s", 0o600, zip.Store)),
	}
}
