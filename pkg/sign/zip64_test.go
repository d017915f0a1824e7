package sign

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
	"time"
)

// far is a source of gigabytes of zeros, and then tail.
type far struct {
	tail []byte
	at   int64
}

func (f far) Size() int64 { return f.at + int64(len(f.tail)) }

func (f far) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if zeros := f.at - at; zeros < 0 {
		return copy(p, f.tail[-zeros:]), nil
	} else if zeros < int64(len(p)) {
		copy(p[zeros:], f.tail)
	}
	return len(p), nil
}

// TestBeyond4GB reads back what is written behind the reach of 32 bits. An
// archive as large as that would take too long to sign here.
func TestBeyond4GB(t *testing.T) {
	for _, at := range []int64{max32 - 1, max32, max32 + 1, 5 << 30} {
		file := newFile(signatureName, []byte("signature"), time.Unix(0, 0))
		file.at = at
		record := file.central()
		dirAt := at + int64(len(file.local())+len(file.data))
		tail := append(record, endRecords(1, uint64(len(record)), uint64(dirAt), []byte("comment"))...)
		a, err := openArchive(far{tail, dirAt})
		if err != nil {
			t.Fatalf("%d: %v", at, err)
		}
		if a.entries != 1 || a.dirAt != dirAt || string(a.comment) != "comment" {
			t.Errorf("%d: %+v", at, a)
		}
		var e entry
		d := a.directory()
		if err := d.next(&e); err != nil {
			t.Fatalf("%d: %v", at, err)
		}
		if e.at != uint64(at) || string(e.name) != signatureName || e.size != 9 || e.packed != uint64(len(file.data)) {
			t.Errorf("%d: %+v", at, e)
		}
		if err := d.next(&e); err != io.EOF {
			t.Errorf("%d: %v", at, err)
		}
	}
}

// TestDeflate uncompresses what needs several blocks.
func TestDeflate(t *testing.T) {
	for _, n := range []int{0, 1, 1<<16 - 1, 1 << 16, 200_000} {
		data := bytes.Repeat([]byte{'x'}, n)
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(deflate(data))))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
	}
}
