package bucket

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"time"
)

// record is what a version's file tells about the version. It stands behind the
// object's bytes, so that bytes and record are one file.
type record struct {
	Key         string            `json:"key"`
	Version     string            `json:"version"`
	Order       uint64            `json:"order"` // grows with each version of a key
	Modified    time.Time         `json:"modified"`
	Marker      bool              `json:"deleteMarker,omitempty"`
	Size        int64             `json:"size"`
	ETag        string            `json:"etag,omitempty"` // with its quotes
	ContentType string            `json:"contentType,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Headers
	Tags     []Tag     `json:"tags,omitempty"`
	Checksum *Checksum `json:"checksum,omitempty"`
	Upload   string    `json:"upload,omitempty"` // the id, if the object was put in parts
	Parts    int       `json:"parts,omitempty"`  // how many these were
	Table    int64     `json:"table,omitempty"`  // bytes that the table of parts has, which is before the record
}

// A footer ends the file: the record's length and checksum, four bytes each, and
// a magic whose last byte is the format. Programs that know no tables of parts must
// not take one for a part of the object.
const (
	footerSize  = 16
	plainMagic  = "bucket\x00\x01"
	tabledMagic = "bucket\x00\x02"
)

// maxRecord is more than a record can have: a key of 1 KB, metadata of 2 KB, 8 KB of
// other headers, all of it escaped, and ten tags of 1.5 KB.
const maxRecord = 128 << 10

// ErrDamaged is wrapped by the error of whoever reads a version that is not as it was
// written. It cannot be read, but deleted.
var ErrDamaged = errors.New("damaged")

func damaged(why string) error { return fmt.Errorf("%w: %s", ErrDamaged, why) }

// encode returns the record and the footer.
func (r record) encode() ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	size, sum := len(b), crc32.ChecksumIEEE(b)
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = binary.BigEndian.AppendUint32(b, sum)
	if r.Table > 0 {
		return append(b, tabledMagic...), nil
	}
	return append(b, plainMagic...), nil
}

// readRecord reads the record of a version's file.
func readRecord(f *os.File) (record, error) {
	r, err := decodeRecord(f)
	if err != nil {
		return record{}, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return r, nil
}

func decodeRecord(f *os.File) (record, error) {
	st, err := f.Stat()
	if err != nil {
		return record{}, err
	}
	b, err := recordBytes(f, st.Size())
	if err != nil {
		return record{}, err
	}
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return record{}, damaged("its record is not JSON")
	}
	if r.Size+r.Table+int64(len(b))+footerSize != st.Size() {
		return record{}, damaged("it does not have its length")
	}
	return r, nil
}

// recordBytes returns the record's JSON from a file of this size.
func recordBytes(f *os.File, size int64) ([]byte, error) {
	tail, err := tailOf(f, size, 2048) // nearly always enough
	if err != nil {
		return nil, err
	}
	n, err := recordSize(tail)
	if err != nil {
		return nil, err
	}
	whole := n + footerSize
	if whole > len(tail) {
		if tail, err = tailOf(f, size, int64(whole)); err != nil {
			return nil, err
		}
	}
	if whole > len(tail) {
		return nil, damaged("it is shorter than its record")
	}
	b, footer := tail[len(tail)-whole:len(tail)-footerSize], tail[len(tail)-footerSize:]
	if crc32.ChecksumIEEE(b) != binary.BigEndian.Uint32(footer[4:]) {
		return nil, damaged("its record does not have its checksum")
	}
	return b, nil
}

// tailOf returns the last n bytes of a file of this size, or all of them.
func tailOf(f *os.File, size, n int64) ([]byte, error) {
	tail := make([]byte, min(size, n))
	_, err := f.ReadAt(tail, size-int64(len(tail)))
	return tail, err
}

// recordSize reads the footer at the end of tail.
func recordSize(tail []byte) (int, error) {
	if len(tail) < footerSize {
		return 0, damaged("it has no record")
	}
	footer := tail[len(tail)-footerSize:]
	magic := string(footer[8:])
	if magic[:7] != plainMagic[:7] {
		return 0, damaged("it does not end as an object does")
	}
	if magic != plainMagic && magic != tabledMagic {
		return 0, errors.New("it was made by a newer version of this program: use that one")
	}
	if size := binary.BigEndian.Uint32(footer); size <= maxRecord {
		return int(size), nil
	}
	return 0, damaged("its record is too long")
}

// info returns what callers are told of the version.
func (r record) info() Info {
	return Info{
		Key:          r.Key,
		VersionID:    r.Version,
		Size:         r.Size,
		ETag:         r.ETag,
		LastModified: r.Modified,
		ContentType:  r.ContentType,
		Metadata:     r.Metadata,
		DeleteMarker: r.Marker,
		Headers:      r.Headers,
		Checksum:     r.checksum(),
		Parts:        r.Parts,
		Tags:         r.Tags,
	}
}

func (r record) checksum() Checksum {
	if r.Checksum == nil {
		return Checksum{}
	}
	return *r.Checksum
}

// listed returns what pages tell of the version.
func (r record) listed() Info {
	i := r.info()
	i.ContentType, i.Metadata, i.Headers, i.Tags, i.Checksum.Value = "", nil, Headers{}, nil, ""
	return i
}
